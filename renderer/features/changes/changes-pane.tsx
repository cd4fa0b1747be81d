import { type Ref, useEffect, useMemo, useRef, useState } from 'react';
import type { SubtreeTotals } from '#changes';
import { displayPath, escapePath, formatCount, KIND, type RowTable, rowName, rowPath } from '#model';
import { Button } from '../../components/button.tsx';
import { Counts } from '../../components/mark.tsx';
import { ErrorText, Notice } from '../../components/notice.tsx';
import { Size } from '../../components/size.tsx';
import { TreeGrid, type TreeGridHandle } from '../../components/tree-grid.tsx';
import { dispatchChanges } from '../../state/app-state.ts';
import { type ChangesState, NO_FILTER, type SortBy, touched, wholeTotals } from '../../state/changes/changes.ts';
import { retryChanges } from '../../state/changes/load-changes.ts';
import { whatDiffers, whatDiffersBetween } from '../../state/changes/row-text.ts';
import { choosePath, openDetails } from '../../state/choosing.ts';
import { isShortcut, showPreview } from '../../state/commands.ts';
import { type SideBytes, sideBytes } from '../../state/compare.ts';
import { hintFor } from '../../state/plain-error.ts';
import { type Selection, selectedImage } from '../../state/selection.ts';
import { WORDS } from '../../state/words.ts';
import { CompareBar, NetCell, SideBars } from '../compare/compare-bar.tsx';
import head from '../pane-head.module.css';
import { TreemapView } from '../treemap/treemap-view.tsx';
import { useApp } from '../use-app.ts';
import styles from './changes-pane.module.css';
import { FilterBar } from './filter-bar.tsx';
import { nameCell, shareCell, sizeCell, whatCell } from './row-cells.tsx';
import { SearchResults } from './search-results.tsx';

/** What the selected layers change or hold: heading, filters, and the tree grid or treemap. */
export function ChangesPane({ handle }: { handle: Ref<TreeGridHandle> }) {
  const state = useApp((app) => app.changes);
  const selection = useApp((app) => app.selection);
  const archives = useApp((app) => app.archives);
  const everywhere = useApp((app) => app.layout.searchesAll);
  const all = selectedImage(archives ?? [], selection)?.image.layers ?? [];
  const { from, to, mode } = selection;
  const isMissing = mode !== 'compare' && all.slice(from, to + 1).some(({ status }) => status === 'missing' || status === 'foreign');
  const pane = useRef<HTMLElement>(null);
  const [room, setRoom] = useState(600);
  useEffect(() => {
    const { current } = pane;
    if (current === null) return;
    const observer = new ResizeObserver(() => setRoom(current.clientWidth));
    observer.observe(current);
    return () => observer.disconnect();
  }, []);
  return (
    <section className={styles.pane} aria-label="Changes" data-pane="changes" ref={pane}>
      <PaneHead state={state} selection={selection} />
      {everywhere && selection.archiveId !== null ? (
        <SearchResults archiveId={selection.archiveId} image={selection.image} text={state.filter.text} />
      ) : (
        <Body state={state} selection={selection} layers={all.length || 1} isMissing={isMissing} room={room} handle={handle} />
      )}
    </section>
  );
}

function PaneHead({ state, selection }: { state: ChangesState; selection: Selection }) {
  const { from, to, mode } = selection;
  const everywhere = useApp((app) => app.layout.searchesAll);
  const title =
    mode === 'compare'
      ? 'Differences'
      : mode === 'stacked'
        ? `Filesystem at layer ${to}`
        : from === to
          ? `Layer ${to}`
          : `Layers ${from}–${to} combined`;
  const { table, totals } = state;
  const sums = useMemo(() => (table === null || totals === null ? null : wholeTotals(table, totals)), [table, totals]);
  return (
    <header className={styles.head}>
      {mode === 'compare' ? <CompareBar state={state} selection={selection} /> : null}
      <div className={`${head.head} ${styles.titleLine}`}>
        <h2 className={styles.title}>{title}</h2>
        {sums === null ? null : (
          <span className={styles.sums}>
            <Counts {...sums} />
            <Size bytes={sums.size} />
            {sums.hidden > 0 && mode === 'layer' ? (
              <span className={styles.hides} title={`${formatCount(sums.hidden)} bytes`}>
                hides <Size bytes={sums.hidden} /> below (still in the image)
              </span>
            ) : null}
          </span>
        )}
        <span className={`number ${head.end} ${styles.outcome} ${state.problem === null ? '' : styles.problem}`} role="status">
          {everywhere ? '' : outcome(state)}
        </span>
      </div>
      <FilterBar state={state} stacked={mode === 'stacked'} />
    </header>
  );
}

/** How many rows match, why the filter is invalid, or how many rows are loaded. */
function outcome({ status, table, total, problem, mask, matches, filtering, sorting }: ChangesState): string {
  if (filtering) return 'filtering…';
  if (sorting) return 'sorting…';
  if (problem !== null) return problem;
  const loaded = status === 'partial' && table !== null ? `${formatCount(table.length)} of ${formatCount(total)} rows` : '';
  if (mask === null) return loaded;
  return `${formatCount(matches)} ${matches === 1 ? 'match' : 'matches'}${loaded === '' ? '' : ` in ${loaded}`}`;
}

function Body({
  state,
  selection,
  layers,
  isMissing,
  room,
  handle,
}: {
  state: ChangesState;
  selection: Selection;
  /** Layers of the image. */
  layers: number;
  /** A selected layer is not in the archive. */
  isMissing: boolean;
  /** Width of the pane, px. */
  room: number;
  handle: Ref<TreeGridHandle>;
}) {
  const { table, totals, status, error } = state;
  if (status === 'idle' && selection.mode === 'compare') return <Notice title="Reading the other side…" />;
  if (status === 'failed' && error !== null) {
    return (
      <Notice icon="error" title="Could not load the changes" tone="error">
        <ErrorText error={error} hint={hintFor(error)} />
        <p className={styles.again}>
          <Button icon="retry" onPress={retryChanges}>
            {WORDS.tryAgain}
          </Button>
        </p>
      </Notice>
    );
  }
  if (table === null || totals === null) return status === 'loading' ? <Skeleton /> : null;
  if (state.total === 0 && isMissing) {
    return (
      <Notice icon="error" title="Layer missing">
        The archive doesn’t contain this layer, so its changes are unknown.
      </Notice>
    );
  }
  if (state.total === 0) {
    return selection.mode === 'stacked' ? (
      <Notice icon="folder" title="Empty filesystem">
        No layer up to this one has any files.
      </Notice>
    ) : (
      <Notice icon="image" title={selection.mode === 'compare' ? 'No differences' : 'No changes'}>
        {selection.mode === 'compare'
          ? 'The files of both sides are identical.'
          : selection.from === selection.to
            ? 'This layer changes no files.'
            : 'These layers change no files.'}
      </Notice>
    );
  }
  if (state.rows.length === 0 && !state.filtering) {
    return (
      <Notice icon="search" title="No matches">
        <Button kind="quiet" onPress={() => dispatchChanges({ type: 'filtered', filter: NO_FILTER })}>
          Clear filter
        </Button>
      </Notice>
    );
  }
  if (selection.view === 'treemap') {
    return <TreemapView state={state} table={table} totals={totals} layers={layers} handle={handle} />;
  }
  return <Grid state={state} table={table} totals={totals} mode={selection.mode} room={room} handle={handle} />;
}

function Grid({
  state,
  table,
  totals,
  mode,
  room,
  handle,
}: {
  state: ChangesState;
  table: RowTable;
  totals: SubtreeTotals;
  mode: Selection['mode'];
  room: number;
  handle: Ref<TreeGridHandle>;
}) {
  const sums = useMemo(() => wholeTotals(table, totals), [table, totals]);
  const whole = sums.size;
  const stacked = mode === 'stacked';
  const sides = useMemo(() => (mode === 'compare' ? sideBytes(table) : null), [table, mode]);
  const largest = useMemo(() => (sides === null ? 1 : largestSide(table, sides, totals)), [table, sides, totals]);
  const differs = sums.modified + sums.removed > 0;
  const resized = sums.modified > 0 && room > (sides === null ? 480 : 640);
  const shape = useMemo(
    () => ({
      parent: table.parent,
      isFolder: (row: number) => (table.subtreeEnd[row] as number) > row + 1,
      isOpen: (row: number) => state.expanded[row] === 1,
      name: (row: number) => displayPath(rowName(table, row)),
    }),
    [table, state.expanded],
  );
  const textOf = (row: number) => (sides === null ? whatDiffers(table, row) : whatDiffersBetween(table, row));
  const hasWhat = differs && room > 400;
  const column = (id: SortBy, header: string, width: string, align?: 'right') => ({
    id,
    header,
    width,
    align,
    sorted: state.sort !== id ? undefined : state.descending ? ('descending' as const) : ('ascending' as const),
    onSort: () => dispatchChanges({ type: 'sorted', sort: id }),
  });
  return (
    <TreeGrid
      label={stacked ? 'Files' : mode === 'compare' ? 'Differences' : 'Changes'}
      rows={state.rows}
      shape={shape}
      active={state.active}
      handle={handle}
      isShortcut={isShortcut}
      columns={[
        column('name', 'Name', 'minmax(0, 1fr)'),
        ...(hasWhat
          ? [column('what', 'Change', sides !== null ? '110px' : room > 720 ? '190px' : resized || room < 520 ? '136px' : '196px')]
          : []),
        column('size', 'Size', resized ? '124px' : '68px', 'right'),
        ...(sides !== null
          ? [
              column('net', 'Net', '76px', 'right'),
              ...(room > 500 ? [{ id: 'sides', header: 'A, B', width: room > 720 ? '90px' : '52px' }] : []),
            ]
          : room > (resized ? 500 : 380)
            ? [column('share', 'Share', room > 720 ? '80px' : '52px')]
            : []),
      ]}
      {...(hasWhat ? { isWide: (row: number) => textOf(row) === '' } : {})}
      onActive={(row) => {
        dispatchChanges({ type: 'activated', row });
        choosePath(escapePath(rowPath(table, row)));
      }}
      onToggle={(row, open) => dispatchChanges({ type: 'toggled', row, open })}
      onOpenSiblings={(row) => dispatchChanges({ type: 'siblingsOpened', row })}
      onOpen={openDetails}
      onPreview={(row) => {
        choosePath(escapePath(rowPath(table, row)));
        showPreview();
      }}
      rowClass={(row) => (stacked && table.kind[row] === KIND.unchanged && !touched(totals, row) ? styles.dim : undefined)}
      cell={(row, column, level) => {
        if (column === 'name') return nameCell(table, totals, row, level, state.expanded[row] === 1);
        if (column === 'what') return whatCell(textOf(row));
        if (column === 'size') return sizeCell(table, totals, row, resized);
        if (column === 'net' && sides !== null) return <NetCell sides={sides} row={row} />;
        if (column === 'sides' && sides !== null)
          return <SideBars before={sides.before[row] as number} now={totals.size[row] as number} largest={largest} />;
        return shareCell(whole === 0 ? 0 : (totals.size[row] as number) / whole);
      }}
    />
  );
}

/** The most bytes that either side has in one top row: the scale of the bars. */
function largestSide(table: RowTable, { before }: SideBytes, totals: SubtreeTotals): number {
  let largest = 1;
  for (let row = 0; row < table.length; row = table.subtreeEnd[row] as number) {
    largest = Math.max(largest, before[row] as number, totals.size[row] as number);
  }
  return largest;
}

/** Placeholder rows for a page that is being loaded. */
function Skeleton() {
  return (
    <div className={styles.skeleton} role="status" aria-label="Loading changes">
      {[62, 48, 55, 38, 44, 58, 33, 47].map((width, index) => (
        <span key={width} style={{ width: `${width}%`, marginLeft: (index % 3) * 14 }} />
      ))}
    </div>
  );
}
