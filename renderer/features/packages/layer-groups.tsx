// The packages of each layer, below a line for the layer.
import type { ImageSummary, PackageLayerReport, PackageRow } from '#contract';
import { MoreItems, useFirst } from '../../components/first-items.tsx';
import { Counts } from '../../components/mark.tsx';
import { Size, sizeTitle } from '../../components/size.tsx';
import type { PackageOrder } from '../../state/packages.ts';
import { lineText, titleText } from '../../words/cut.ts';
import { words } from '../../words/index.ts';
import { LayerCommands } from '../layer-commands.tsx';
import { Lines, replacedBytes, ShareCell } from './package-lines.tsx';
import styles from './packages-view.module.css';

/** The first of the layers that have packages to show, each with its packages, and a line for those that change none. */
export function LayerGroups({
  layers,
  rows,
  isPart,
  ...of
}: {
  /** Newest first, like the rows. */
  layers: readonly PackageLayerReport[];
  rows: readonly PackageRow[];
  /** Whether there are more rows than these. */
  isPart: boolean;
  image: ImageSummary;
  isFiltered: boolean;
  replaces: boolean;
  /** The bytes of a full bar. */
  largest: number;
  order: PackageOrder;
}) {
  const own = rowsByLayer(rows);
  const { runs, quiet } = of.isFiltered
    ? { runs: layers.filter(({ layer }) => own.has(layer)).map((each) => [each] as const), quiet: [] }
    : layerRuns(layers, own, isPart);
  const { shown, left, onMore } = useFirst(runs);
  return (
    <>
      {shown.map(([each, ...same]) => (
        <LayerGroup key={each.layer} report={each} same={same} own={own.get(each.layer) ?? []} {...of} />
      ))}
      {left === 0 ? null : (
        <tbody>
          <tr className={styles.layer}>
            <td colSpan={of.replaces ? 6 : 5}>
              <MoreItems left={left} onMore={onMore} as="div" />
            </td>
          </tr>
        </tbody>
      )}
      {quiet.length === 0 ? null : <QuietLayers layers={quiet} replaces={of.replaces} />}
    </>
  );
}

function rowsByLayer(rows: readonly PackageRow[]): ReadonlyMap<number, readonly PackageRow[]> {
  const found = new Map<number, PackageRow[]>();
  for (const row of rows) {
    const own = found.get(row.layer);
    if (own === undefined) found.set(row.layer, [row]);
    else own.push(row);
  }
  return found;
}

function hasCounts({ added, modified, removed }: PackageLayerReport): boolean {
  return added + modified + removed > 0;
}

interface LayerRuns {
  readonly runs: readonly (readonly [PackageLayerReport, ...PackageLayerReport[]])[];
  /** Layers that change no packages, if they aren't a single run. */
  readonly quiet: readonly PackageLayerReport[];
}

/**
 * Groups layers into runs: each layer that changes packages is a run by itself; all others are one run if they are consecutive, or else
 * `quiet`. `own`: each layer's rows. `isPart`: whether there are more rows, all of them from the last of those layers or older ones. An older
 * layer is only included if it is known to have changes.
 */
function layerRuns(layers: readonly PackageLayerReport[], own: ReadonlyMap<number, unknown>, isPart: boolean): LayerRuns {
  const oldest = isPart ? Math.min(...own.keys()) : 0;
  const isQuiet = (each: PackageLayerReport) => !own.has(each.layer) && each.layer >= oldest;
  const runs: [PackageLayerReport, ...PackageLayerReport[]][] = [];
  for (const each of layers) {
    const last = runs.at(-1);
    if (each.layer < oldest && !hasCounts(each)) continue;
    if (last !== undefined && isQuiet(each) && isQuiet(last[0])) last.push(each);
    else runs.push([each]);
  }
  const quiet = runs.filter(([first]) => isQuiet(first));
  return quiet.length < 2 ? { runs, quiet: [] } : { runs: runs.filter(([first]) => !isQuiet(first)), quiet: quiet.flat() };
}

/** One line for all layers that change no packages. */
function QuietLayers({ layers, replaces }: { layers: readonly PackageLayerReport[]; replaces: boolean }) {
  const title = words.packages.noChangesIn(layers.length);
  const list = words.packages.layerList(layers.map(({ layer }) => layer));
  return (
    <tbody aria-label={title}>
      <tr className={styles.layer}>
        <th scope="rowgroup" colSpan={2}>
          <span className={styles.title}>
            <span>{title}</span>
            <span className={styles.command} title={titleText(list)}>
              {lineText(list)}
            </span>
          </span>
        </th>
        <td className={styles.files} />
        <td className={styles.share} />
        <td className={styles.right}>
          <Size bytes={layers.reduce((sum, { bytes }) => sum + bytes, 0)} />
        </td>
        {replaces ? <td className={`${styles.right} ${styles.replaces}`} /> : null}
      </tr>
    </tbody>
  );
}

/** A layer's packages, and the bytes that no package owns. Consecutive layers that change no packages are one line. */
function LayerGroup({
  report,
  same,
  own,
  image,
  isFiltered,
  replaces,
  largest,
  order,
}: {
  report: PackageLayerReport;
  /** The layers in the same run, if none of them changes a package. */
  same: readonly PackageLayerReport[];
  /** The layer's packages. */
  own: readonly PackageRow[];
  image: ImageSummary;
  isFiltered: boolean;
  replaces: boolean;
  /** The bytes of a full bar. */
  largest: number;
  order: PackageOrder;
}) {
  const { layer, unownedBytes } = report;
  const bytes = same.reduce((sum, each) => sum + each.bytes, report.bytes);
  const numbers = [layer, ...same.map((each) => each.layer)];
  const title = same.length > 0 ? words.layerRangeTitle(Math.min(...numbers), Math.max(...numbers)) : words.layerTitle(layer);
  const replaced = own.reduce((sum, row) => sum + replacedBytes(row), 0);
  return (
    <tbody aria-label={title}>
      <tr className={styles.layer}>
        <th scope="rowgroup" colSpan={2}>
          <span className={styles.title}>
            <span>{title}</span>
            <LayerCommands image={image} from={Math.min(...numbers)} to={Math.max(...numbers)} className={styles.command} />
            <span className={styles.sums}>
              {isFiltered ? null : own.length === 0 && !hasCounts(report) ? words.packages.noChanges : <Counts {...report} />}
            </span>
          </span>
        </th>
        <td className={styles.files} />
        <td className={styles.share} />
        <td className={styles.right}>
          <Size bytes={bytes} />
        </td>
        {replaces ? (
          <td className={`${styles.right} ${styles.replaces}`}>{replaced === 0 || isFiltered ? null : <Size bytes={replaced} />}</td>
        ) : null}
      </tr>
      <Lines rows={own} layer={layer} replaces={replaces} largest={largest} order={order} />
      {isFiltered || own.length === 0 || unownedBytes === 0 ? null : (
        <tr className={styles.unowned} title={words.packages.unownedWhy}>
          <th scope="row" colSpan={2}>
            {words.packages.unowned}
          </th>
          <td className={styles.files} />
          <ShareCell share={unownedBytes / largest} isQuiet />
          <td className={styles.right} title={sizeTitle(unownedBytes)}>
            <Size bytes={unownedBytes} />
          </td>
          {replaces ? <td className={`${styles.right} ${styles.replaces}`} /> : null}
        </tr>
      )}
    </tbody>
  );
}
