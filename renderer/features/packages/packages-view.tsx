import { type Ref, useImperativeHandle, useRef, useState } from 'react';
import type { ImageSummary, PackageLayerReport, PackageRow, PackagesReport } from '#contract';
import { displayText } from '#model';
import { Mark, type MarkName } from '../../components/mark.tsx';
import { Notice } from '../../components/notice.tsx';
import { phrase } from '../../components/phrase.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { Size, sizeTitle } from '../../components/size.tsx';
import type { TreeGridHandle } from '../../components/tree-grid.tsx';
import { plainCommand } from '../../state/chain.ts';
import { showInTree, showPathInTree } from '../../state/choosing.ts';
import { nextOrder, type PackageOrder, sortedPackages } from '../../state/packages.ts';
import type { Selection } from '../../state/selection.ts';
import { words } from '../../words/index.ts';
import { formatCount } from '../../words/numbers.ts';
import { ClearFilter } from '../clear-filter.tsx';
import { useOwnFilter } from '../use-own-filter.ts';
import { useRequest } from '../use-request.ts';
import { PAGE, PackagePages, TYPING } from './package-pages.tsx';
import styles from './packages-view.module.css';

/** How the packages of a whole image are listed. */
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
  const view = useRef<HTMLDivElement>(null);
  useImperativeHandle(handle, () => ({ focus: () => view.current?.querySelector<HTMLElement>('tbody button[aria-label]')?.focus() }));
  return (
    <div className={styles.view} ref={view}>
      {mode === 'image' ? (
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

/** The order of rows, which all tables share. */
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
  if (total === 0 && (isFiltered || layers.every((each) => each.packages === 0))) {
    return (
      <Notice icon={isFiltered ? 'search' : 'folder'} title={isFiltered ? words.packages.noMatches : words.packages.none}>
        {isFiltered ? <ClearFilter /> : words.packages.noneWhy}
      </Notice>
    );
  }
  return (
    <>
      <p className={styles.status} role="status">
        {isView ? words.packages.found(total, rows.length) : words.packages.changes(total, rows.length)}
        {isView || isFiltered ? null : <Totals layers={layers} />}
        {problems === 0 ? null : <span className={styles.problem}> · {words.packages.unread(problems)}</span>}
      </p>
      {isView ? (
        <Table
          title={isWhole ? words.packages.allTitle : words.packages.viewTitle(layer)}
          rows={rows}
          layer={layer}
          isWhole={isWhole}
          {...ordered}
        />
      ) : (
        layers.map((each) => <LayerTable key={each.layer} report={each} rows={rows} image={image} isFiltered={isFiltered} {...ordered} />)
      )}
    </>
  );
}

/** Bytes of all layers that packages own, and that none owns. */
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

/** A layer's packages, and the bytes that no package owns. A layer that changes no package is one line. */
function LayerTable({
  report,
  rows,
  image,
  isFiltered,
  ...ordered
}: {
  report: PackageLayerReport;
  rows: readonly PackageRow[];
  image: ImageSummary;
  isFiltered: boolean;
} & Ordered) {
  const own = rows.filter(({ layer }) => layer === report.layer);
  if (isFiltered && own.length === 0) return null;
  const command = plainCommand(image.layers[report.layer]?.createdBy ?? null) ?? words.commandUnknown;
  const title = (
    <>
      <span>{words.layerTitle(report.layer)}</span>
      <span className={styles.sums}>
        {phrase(words.packages.layerSums(<Size bytes={report.bytes} />, own.length === 0 ? 0 : report.packages))}
      </span>
      <span className={styles.command} title={command}>
        {command}
      </span>
    </>
  );
  if (own.length === 0) {
    return (
      <p className={`${styles.title} ${styles.plain}`}>
        {title}
        <span className={styles.none}>{words.packages.noChanges}</span>
      </p>
    );
  }
  return (
    <Table title={title} rows={own} layer={report.layer} {...ordered}>
      {isFiltered ? null : (
        <tr className={styles.unowned} title={words.packages.unownedWhy}>
          <th scope="row" colSpan={2}>
            {words.packages.unowned}
          </th>
          <td className={styles.files} />
          <td className={styles.right} title={sizeTitle(report.unownedBytes)}>
            <Size bytes={report.unownedBytes} />
          </td>
        </tr>
      )}
    </Table>
  );
}

function Table({
  title,
  rows,
  layer,
  isWhole = false,
  order,
  onOrder,
  children,
}: {
  title: React.ReactNode;
  rows: readonly PackageRow[];
  layer: number;
  /** Whether the rows lead to files of the whole image, not of the layer. */
  isWhole?: boolean;
  children?: React.ReactNode;
} & Ordered) {
  const heading = (by: NonNullable<PackageOrder>['by'], text: string, className = '') => {
    const sorted = order?.by !== by ? undefined : order.descending ? ('descending' as const) : ('ascending' as const);
    return (
      <th scope="col" className={className} aria-sort={sorted}>
        <button type="button" className={styles.sort} onClick={() => onOrder(nextOrder(order, by))}>
          {text}
          <span aria-hidden="true">{sorted === undefined ? '' : sorted === 'ascending' ? ' ↑' : ' ↓'}</span>
        </button>
      </th>
    );
  };
  return (
    <table className={styles.table}>
      <caption className={styles.caption}>
        <span className={styles.title}>{title}</span>
      </caption>
      <thead>
        <tr>
          {heading('name', words.packages.name)}
          {heading('version', words.packages.version)}
          {heading('files', words.packages.files, `${styles.right} ${styles.files}`)}
          {heading('bytes', words.changes.columns.size, styles.right)}
        </tr>
      </thead>
      <tbody>
        {sortedPackages(rows, order).map((row) => (
          <Line
            key={`${row.kind}/${row.type}/${row.name}/${row.arch}/${row.version}/${row.location}`}
            row={row}
            layer={layer}
            isWhole={isWhole}
          />
        ))}
        {children}
      </tbody>
    </table>
  );
}

const MARKS: Readonly<Record<PackageRow['kind'], MarkName>> = {
  added: 'added',
  modified: 'modified',
  removed: 'removed',
  touched: 'unchanged',
  installed: 'unchanged',
};

/** A click anywhere leads to the package's files; that of the button with its name, which takes the keys, arrives there too. */
function Line({ row, layer, isWhole }: { row: PackageRow; layer: number; isWhole: boolean }) {
  const { kind, type, name, arch, version, previousVersion, location, files, bytes, hiddenBytes, path } = row;
  const shown = displayText(name);
  // An installed package's largest file may be from another layer than the package.
  const label = isWhole ? words.packages.showAllFiles(shown) : words.packages.showFiles(shown, layer);
  const versions = displayText(words.packages.versions(version, previousVersion));
  const below = hiddenBytes === null || hiddenBytes === 0 ? null : hiddenBytes;
  const show = path === null ? undefined : () => (isWhole ? showPathInTree(path) : showInTree(layer, path));
  return (
    <tr className={`${kind === 'touched' ? styles.touched : ''} ${show === undefined ? '' : styles.linked}`} onClick={show}>
      <th scope="row" title={`${words.packages.kinds[kind]} · ${displayText(location)}`}>
        <span className={styles.package}>
          <span className={styles.mark}>{MARKS[kind] === 'unchanged' ? null : <Mark name={MARKS[kind]} />}</span>
          {path === null ? (
            <span className={styles.name}>{shown}</span>
          ) : (
            <button type="button" className={styles.name} aria-label={label} title={label}>
              {shown}
            </button>
          )}
          <span className={styles.kind}> {displayText(arch === null ? type : `${type} ${arch}`)}</span>
        </span>
      </th>
      <td className={styles.version} title={below === null ? versions : `${versions}\n${words.packages.hiddenWhy(sizeTitle(below))}`}>
        {versions}
        {below === null ? null : previousVersion === null ? (
          <span className={styles.was}>{phrase(words.packages.hiddenBelow(<Size bytes={below} />))}</span>
        ) : (
          <span className="visually-hidden"> {words.packages.hiddenWhy(sizeTitle(below))}</span>
        )}
      </td>
      <td className={`number ${styles.right} ${styles.files}`}>{formatCount(files)}</td>
      <td className={styles.right} title={sizeTitle(bytes)}>
        <Size bytes={bytes} />
      </td>
    </tr>
  );
}
