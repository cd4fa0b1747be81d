import { type Ref, useImperativeHandle, useRef, useState } from 'react';
import type { ImageSummary, PackageLayerReport, PackageRow, PackagesReport } from '#contract';
import { displayText } from '#model';
import { Mark } from '../../components/mark.tsx';
import { Notice } from '../../components/notice.tsx';
import { phrase } from '../../components/phrase.tsx';
import { Segmented } from '../../components/segmented.tsx';
import { Size } from '../../components/size.tsx';
import { SortHead } from '../../components/sort-head.tsx';
import type { TreeGridHandle } from '../../components/tree-grid.tsx';
import { nextOrder, type PackageOrder } from '../../state/packages.ts';
import type { Selection } from '../../state/selection.ts';
import { words } from '../../words/index.ts';
import { ClearFilter } from '../clear-filter.tsx';
import { useOwnFilter } from '../use-own-filter.ts';
import { useRequest } from '../use-request.ts';
import { LayerGroups } from './layer-groups.tsx';
import { Lines, replacedBytes } from './package-lines.tsx';
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
  const changed = new Set(rows.map((row) => row.layer));
  const unowned = isView || isFiltered ? [] : layers.filter(({ layer: each }) => changed.has(each));
  const largest = Math.max(
    1,
    ...rows.map(({ kind, bytes }) => (kind === 'removed' ? 0 : bytes)),
    ...unowned.map((each) => each.unownedBytes),
  );
  const titleOf = (): string => {
    if (!isView) return words.packages.byLayer;
    return isWhole ? words.packages.allTitle : words.packages.viewTitle(layer);
  };
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
          <LayerGroups
            layers={layers}
            rows={rows}
            isPart={rows.length < total}
            image={image}
            isFiltered={isFiltered}
            replaces={replaces}
            largest={largest}
            order={ordered.order}
          />
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
