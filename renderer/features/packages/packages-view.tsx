import { type Ref, useImperativeHandle, useRef, useState } from 'react';
import type { ImageSummary, PackageLayerReport, PackageRow, PackagesReport } from '#contract';
import { displayText } from '#model';
import { Counts, Mark } from '../../components/mark.tsx';
import { Notice } from '../../components/notice.tsx';
import { phrase } from '../../components/phrase.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { Size, sizeTitle } from '../../components/size.tsx';
import { SortHead } from '../../components/sort-head.tsx';
import type { TreeGridHandle } from '../../components/tree-grid.tsx';
import { nextOrder, type PackageOrder } from '../../state/packages.ts';
import type { Selection } from '../../state/selection.ts';
import { words } from '../../words/index.ts';
import { ClearFilter } from '../clear-filter.tsx';
import { LayerCommands } from '../layer-commands.tsx';
import { useOwnFilter } from '../use-own-filter.ts';
import { useRequest } from '../use-request.ts';
import { Lines, replacedBytes, ShareCell } from './package-lines.tsx';
import { PAGE, PackagePages, TYPING } from './package-pages.tsx';
import styles from './packages-view.module.css';

/** How a whole image's packages are listed. */
type Listing = 'all' | 'layers';

const LISTINGS = (['all', 'layers'] as const).map((value) => ({ value, label: words.packages.listings[value] }));

interface Props {
  readonly selection: Selection;
  readonly image: ImageSummary;
  /** The filter's text. */
  readonly text: string;
  readonly handle: Ref<TreeGridHandle>;
}

/** Packages by layer, or as seen at the selected layer. */
export function PackagesView({ selection, image, text, handle }: Props) {
  const { archiveId, mode, from, to } = selection;
  useOwnFilter();
  const [count, setCount] = useState(PAGE);
  const [order, setOrder] = useState<PackageOrder>(null);
  const [listing, setListing] = useState<Listing>('layers');
  const isView = mode === 'stacked' || (mode === 'image' && listing === 'all');
  const of = isView ? ({ what: 'view', layer: to } as const) : ({ what: 'changes', from, to } as const);
  const wanted = text.trim();
  const answer = useRequest(
    `${archiveId}/${image.index}/${Object.values(of).join('/')}/${count}/${wanted}`,
    (client, signal) =>
      client.call('image.packages', { archiveId: archiveId ?? '', image: image.index, of, text: wanted, start: 0, count }, { signal }),
    { keepsLast: true, delay: wanted === '' ? 0 : TYPING },
  );
  const isEmpty = answer.state === 'ready' && wanted === '' && hasNone(answer.value);
  const view = useRef<HTMLDivElement>(null);
  useImperativeHandle(handle, () => ({ focus: () => view.current?.querySelector<HTMLElement>('tbody button[aria-label]')?.focus() }));
  return (
    <div className={styles.view} ref={view}>
      {mode === 'image' && !isEmpty ? (
        <div className={styles.listing}>
          <Segmented small label={words.packages.listing} value={listing} options={LISTINGS} onChange={setListing} />
        </div>
      ) : null}
      <PackagePages answer={answer} count={count} onCount={setCount}>
        {(report) => (
          <Tables
            report={report}
            image={image}
            layer={to}
            isWhole={mode === 'image'}
            isView={isView}
            isFiltered={wanted !== ''}
            order={order}
            onOrder={setOrder}
          />
        )}
      </PackagePages>
    </div>
  );
}

/** Whether there are no packages at all, neither in the layers nor in the list. */
function hasNone({ total, layers }: PackagesReport): boolean {
  return total === 0 && layers.every(({ packages }) => packages === 0);
}

/** The row order, which all tables share. */
interface Ordered {
  readonly order: PackageOrder;
  readonly onOrder: (order: PackageOrder) => void;
}

function Tables({
  report,
  image,
  layer,
  isWhole,
  isView,
  isFiltered,
  ...ordered
}: {
  report: PackagesReport;
  image: ImageSummary;
  layer: number;
  isWhole: boolean;
  isView: boolean;
  isFiltered: boolean;
} & Ordered) {
  const { layers, rows, total, problems } = report;
  if (isFiltered ? total === 0 : hasNone(report)) {
    return (
      <Notice icon={isFiltered ? 'search' : 'folder'} title={isFiltered ? words.packages.noMatches : words.packages.none}>
        {isFiltered ? <ClearFilter /> : words.packages.noneWhy}
      </Notice>
    );
  }
  const replaces = !isView && rows.some((row) => replacedBytes(row) > 0);
  const unowned = isView || isFiltered ? [] : layers.filter((each) => rows.some((row) => row.layer === each.layer));
  const largest = Math.max(
    1,
    ...rows.map(({ kind, bytes }) => (kind === 'removed' ? 0 : bytes)),
    ...unowned.map((each) => each.unownedBytes),
  );
  const titleOf = (): string => {
    if (!isView) return words.packages.byLayer;
    return isWhole ? words.packages.allTitle : words.packages.viewTitle(layer);
  };
  const { runs, quiet } = isView ? NO_RUNS : layerRuns(layers, isFiltered || rows.length < total ? null : rows);
  return (
    <>
      <p className={styles.status} role="status">
        {isView ? words.packages.found(total, rows.length) : words.packages.changes(total, rows.length)}
        {isView && rows.length === total ? <Kinds rows={rows} /> : null}
        {isView || isFiltered ? null : <Totals layers={layers} />}
        {rows.some(({ kind }) => kind === 'touched') ? (
          <span className={styles.legend}>
            <Mark name="rewritten" /> {words.packages.writtenAgain}
          </span>
        ) : null}
        {problems === 0 ? null : <span className={styles.problem}> · {words.packages.unread(problems)}</span>}
      </p>
      <Table title={titleOf()} isTitled={isView && !isWhole} replaces={replaces} isView={isView} {...ordered}>
        {isView ? (
          <tbody>
            <Lines rows={rows} layer={layer} isWhole={isWhole} isView largest={largest} order={ordered.order} />
          </tbody>
        ) : (
          <>
            {runs.map(([each, ...same]) => (
              <LayerGroup
                key={each.layer}
                report={each}
                same={same}
                rows={rows}
                image={image}
                isFiltered={isFiltered}
                replaces={replaces}
                largest={largest}
                order={ordered.order}
              />
            ))}
            {quiet.length === 0 ? null : <QuietLayers layers={quiet} replaces={replaces} />}
          </>
        )}
      </Table>
    </>
  );
}

/** How many packages of each type there are, and their total size. */
function Kinds({ rows }: { rows: readonly PackageRow[] }) {
  const counts = new Map<string, number>();
  let all = 0;
  for (const { type, bytes } of rows) {
    counts.set(type, (counts.get(type) ?? 0) + 1);
    all += bytes;
  }
  const most = [...counts].sort(([, a], [, b]) => b - a);
  return (
    <>
      {most.length < 2 ? null : ` · ${words.list(most.map(([type, count]) => words.packages.ofType(count, displayText(type))))}`}
      {' · '}
      <Size bytes={all} />
    </>
  );
}

/** Bytes in all layers that packages own, and bytes that no package owns. */
function Totals({ layers }: { layers: readonly PackageLayerReport[] }) {
  let bytes = 0;
  let unowned = 0;
  for (const each of layers) {
    bytes += each.bytes;
    unowned += each.unownedBytes;
  }
  return (
    <>
      {' · '}
      {phrase(words.packages.totals(<Size bytes={bytes - unowned} />, <Size bytes={unowned} />))}
    </>
  );
}

interface LayerRuns {
  readonly runs: readonly (readonly [PackageLayerReport, ...PackageLayerReport[]])[];
  /** Layers that change no packages, if they aren't a single run. */
  readonly quiet: readonly PackageLayerReport[];
}

const NO_RUNS: LayerRuns = { runs: [], quiet: [] };

/**
 * Groups layers into runs: each layer that changes packages is a run by itself; all others are one run if they are consecutive, or else
 * `quiet`. `rows` is null if some may be left out.
 */
function layerRuns(layers: readonly PackageLayerReport[], rows: readonly PackageRow[] | null): LayerRuns {
  const changed = rows === null ? null : new Set(rows.map(({ layer }) => layer));
  const runs: [PackageLayerReport, ...PackageLayerReport[]][] = [];
  for (const each of layers) {
    const last = runs.at(-1);
    const isQuiet = changed !== null && !changed.has(each.layer);
    if (last !== undefined && isQuiet && !changed.has(last[0].layer)) last.push(each);
    else runs.push([each]);
  }
  const isQuietRun = ([first]: LayerRuns['runs'][number]) => changed !== null && !changed.has(first.layer);
  const quiet = runs.filter(isQuietRun);
  return quiet.length < 2 ? { runs, quiet: [] } : { runs: runs.filter((run) => !isQuietRun(run)), quiet: quiet.flat() };
}

/** One line for all layers that change no packages. */
function QuietLayers({ layers, replaces }: { layers: readonly PackageLayerReport[]; replaces: boolean }) {
  const title = words.packages.noChangesIn(layers.length);
  return (
    <tbody aria-label={title}>
      <tr className={styles.layer}>
        <th scope="rowgroup" colSpan={2}>
          <span className={styles.title}>
            <span>{title}</span>
            <span className={styles.command}>{words.packages.layerList(layers.map(({ layer }) => layer))}</span>
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
  rows,
  image,
  isFiltered,
  replaces,
  largest,
  order,
}: {
  report: PackageLayerReport;
  /** The layers in the same run, if none of them changes a package. */
  same: readonly PackageLayerReport[];
  rows: readonly PackageRow[];
  image: ImageSummary;
  isFiltered: boolean;
  replaces: boolean;
  /** The bytes of a full bar. */
  largest: number;
  order: PackageOrder;
}) {
  const { layer, unownedBytes } = report;
  const bytes = same.reduce((sum, each) => sum + each.bytes, report.bytes);
  const own = rows.filter((row) => row.layer === layer);
  if (isFiltered && own.length === 0) return null;
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
            <span className={styles.sums}>{isFiltered ? null : own.length === 0 ? words.packages.noChanges : <Counts {...report} />}</span>
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

function Table({
  title,
  isTitled,
  isView,
  replaces,
  order,
  onOrder,
  children,
}: {
  title: string;
  /** Whether the title is visible rather than only for screen readers. */
  isTitled: boolean;
  /** Whether the list is of packages as seen at a layer rather than of changes. */
  isView: boolean;
  /** Whether there is a column for the bytes that packages replace in lower layers. */
  replaces: boolean;
  children: React.ReactNode;
} & Ordered) {
  const heading = (by: NonNullable<PackageOrder>['by'], text: string, className = '') => (
    <SortHead
      text={text}
      descending={order?.by === by ? order.descending : null}
      className={className}
      onSort={() => onOrder(nextOrder(order, by))}
    />
  );
  return (
    <table className={`${styles.table} ${isView ? styles.seen : ''}`}>
      <caption className={isTitled ? styles.caption : 'visually-hidden'}>{title}</caption>
      <thead>
        <tr>
          {heading('name', words.packages.name)}
          {heading('version', words.packages.version)}
          {heading('files', words.packages.files, `${styles.right} ${styles.files}`)}
          <th scope="col" className={styles.share}>
            <span className="visually-hidden">{words.changes.columns.share}</span>
          </th>
          {heading('bytes', words.changes.columns.size, styles.right)}
          {replaces ? (
            <th scope="col" className={`${styles.right} ${styles.replaces}`} title={words.packages.replacesWhy}>
              {words.packages.replaces}
            </th>
          ) : null}
        </tr>
      </thead>
      {children}
    </table>
  );
}
