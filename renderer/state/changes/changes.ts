import { addTotals, emptyTotals, type SortOrder, type SubtreeTotals, sortedRows, sortSteps, visibleRows } from '#changes';
import { filterRows, type RowFilter, type RowMatches } from '#changes/filter';
import { compareBytes, type RowTable, rowName, TYPE, unescapePath } from '#model';
import { sideBytes } from '../compare.ts';
import type { PlainError } from '../plain-error.ts';
import { openFirst, openNew, siblingFolders, type Unfolding, withAncestors } from './folding.ts';

/** A column to sort by; `share` sorts like `size`. */
export type SortBy = 'name' | 'what' | 'size' | 'share' | 'net';

/** A table, how it is folded, filtered and sorted, and which row is active. */
export interface ChangesState {
  /** The request that the table answers; answers to other requests are dropped. */
  readonly key: string | null;
  readonly status: 'idle' | 'loading' | 'partial' | 'ready' | 'failed';
  readonly error: PlainError | null;
  readonly table: RowTable | null;
  readonly total: number;
  readonly totals: SubtreeTotals | null;
  /** By row: 1 means open. Replaced, never written to. */
  readonly expanded: Uint8Array;
  /** Folders to open as they are loaded. */
  readonly unfolding: Unfolding;
  readonly filter: RowFilter;
  readonly sort: SortBy;
  readonly descending: boolean;
  /** By row (see RowMatches), null where nothing is filtered. */
  readonly mask: Uint8Array | null;
  /** The folding from before a filter opened folders; null without a filter. */
  readonly unfiltered: Uint8Array | null;
  /** A long table is being filtered by {@link filterSteps}. Until then the mask is that of the filter before. */
  readonly filtering: boolean;
  /** A long table is being sorted by {@link sortSteps}. Until then the rows are in the order before. */
  readonly sorting: boolean;
  /** Rows that match the filter. */
  readonly matches: number;
  /** Why the filter's text is invalid; null: it isn't. */
  readonly problem: string | null;
  /** Row numbers in sight, top to bottom. */
  readonly rows: Uint32Array;
  /** Row that the keyboard is on; -1: none. */
  readonly active: number;
  /** Path to make active once its row is loaded. */
  readonly wanted: string | null;
}

export const NO_FILTER: RowFilter = { text: '', kinds: 15, minBytes: 0, types: 0 };
const EMPTY_ROWS = new Uint32Array(0);

export const initialChanges: ChangesState = {
  key: null,
  status: 'idle',
  error: null,
  table: null,
  total: 0,
  totals: null,
  expanded: new Uint8Array(0),
  unfolding: null,
  filter: NO_FILTER,
  sort: 'name',
  descending: false,
  mask: null,
  unfiltered: null,
  filtering: false,
  sorting: false,
  matches: 0,
  problem: null,
  rows: EMPTY_ROWS,
  active: -1,
  wanted: null,
};

export type ChangesAction =
  | { readonly type: 'requested'; readonly key: string; readonly wanted: string | null }
  | { readonly type: 'loaded'; readonly key: string; readonly table: RowTable; readonly total: number; readonly dense: boolean }
  | { readonly type: 'failed'; readonly key: string; readonly error: PlainError }
  | { readonly type: 'cleared' }
  | { readonly type: 'toggled'; readonly row: number; readonly open: boolean }
  | { readonly type: 'siblingsOpened'; readonly row: number }
  | { readonly type: 'allOpened' }
  | { readonly type: 'allFolded' }
  | { readonly type: 'activated'; readonly row: number }
  | { readonly type: 'wanted'; readonly path: string | null }
  | { readonly type: 'filtered'; readonly filter: RowFilter }
  /** The result of {@link filterSteps}. */
  | { readonly type: 'matched'; readonly table: RowTable; readonly filter: RowFilter; readonly found: RowMatches }
  /** The result of {@link sortSteps}. */
  | { readonly type: 'ordered'; readonly of: ChangesState; readonly rows: Uint32Array }
  /** Without a direction: the column's default, or the opposite where the table is sorted by it already. */
  | { readonly type: 'sorted'; readonly sort: SortBy; readonly descending?: boolean };

export function changesReducer(state: ChangesState, action: ChangesAction): ChangesState {
  switch (action.type) {
    case 'requested':
      return {
        ...initialChanges,
        filter: state.filter,
        sort: state.sort,
        descending: state.descending,
        key: action.key,
        status: 'loading',
        wanted: action.wanted,
      };
    case 'loaded':
      return action.key === state.key ? withTable(state, action.table, action.total, action.dense) : state;
    case 'failed':
      return action.key === state.key ? { ...state, status: 'failed', error: action.error } : state;
    case 'cleared':
      return { ...initialChanges, filter: state.filter, sort: state.sort, descending: state.descending };
    case 'toggled':
      return refold(state, [action.row], action.open);
    case 'siblingsOpened':
      return {
        ...refold(state, state.table === null ? [] : siblingFolders(state.table, action.row), true),
        unfolding: state.table?.parent[action.row] ?? null,
      };
    case 'allOpened':
      return arranged({ ...state, expanded: new Uint8Array(state.expanded.length).fill(1), unfolding: 'all' }, state.expanded.length);
    case 'allFolded':
      return { ...withRows({ ...state, expanded: new Uint8Array(state.expanded.length), unfolding: null }), active: -1 };
    case 'activated':
      return { ...state, active: action.row, wanted: null };
    case 'wanted':
      return reveal({ ...state, wanted: action.path, active: action.path === null ? -1 : state.active });
    case 'filtered':
      return filtered(withFilter({ ...state, filter: action.filter }));
    case 'matched':
      if (action.table !== state.table || action.filter !== state.filter) return state;
      return arranged(withMatches({ ...state, filtering: false }, action.found), action.found.count);
    case 'sorted':
      return arranged(
        { ...state, sort: action.sort, descending: action.descending ?? nextDirection(state, action.sort) },
        state.rows.length,
      );
    case 'ordered':
      return isSameOrder(state, action.of) ? { ...state, sorting: false, rows: action.rows } : state;
  }
}

/** Rows that are sorted within a few milliseconds. */
const SORTED_AT_ONCE = 150_000;

/** Whether the table's own order, by name, is the one to show. */
const liesSorted = ({ sort, descending }: ChangesState): boolean => sort === 'name' && !descending;

/** Updates the rows in sight, of which there are at most about `most`. If sorting them takes long, it is left to {@link sortSteps}. */
function arranged(state: ChangesState, most: number): ChangesState {
  return most > SORTED_AT_ONCE && !liesSorted(state) ? { ...state, sorting: true } : withRows(state);
}

/** Whether a result of sorting still applies. */
export function isSameOrder(a: ChangesState, b: ChangesState): boolean {
  return (
    a.sorting &&
    a.table === b.table &&
    a.expanded === b.expanded &&
    a.mask === b.mask &&
    a.totals === b.totals &&
    a.sort === b.sort &&
    a.descending === b.descending
  );
}

/** The steps of sorting that {@link ChangesState.sorting} waits for; null: it doesn't. */
export function orderSteps({ sorting, table, totals, expanded, mask, ...sort }: ChangesState): Generator<undefined, Uint32Array> | null {
  if (!sorting || table === null || totals === null) return null;
  return sortSteps(table, expanded, totals, sortOrder(table, sort), { mask });
}

function sortOrder(table: RowTable, { sort, descending }: Pick<ChangesState, 'sort' | 'descending'>): SortOrder {
  return { by: sort === 'share' ? 'size' : sort === 'net' ? sideBytes(table).net : sort, descending };
}

function withTable(state: ChangesState, table: RowTable, total: number, dense: boolean): ChangesState {
  const grown = (folding: Uint8Array) => {
    const longer = new Uint8Array(table.length);
    longer.set(folding.subarray(0, table.length));
    return longer;
  };
  const expanded = grown(state.expanded);
  const first = state.table === null;
  const next: ChangesState = {
    ...state,
    table,
    total,
    expanded,
    unfiltered: state.unfiltered === null ? null : grown(state.unfiltered),
    totals: withTotals(state, table, total),
    status: table.length >= total ? 'ready' : 'partial',
  };
  if (first) openFirst(table, expanded, dense ? 40 : 0);
  openNew(table, expanded, state.expanded.length, state.unfolding);
  return reveal(arranged(withFilter(next), state.rows.length));
}

/** Adds the new rows to the sums of the rows before. */
function withTotals({ table: before, totals }: ChangesState, table: RowTable, total: number): SubtreeTotals {
  const known = before === null || totals === null ? emptyTotals(Math.max(total, table.length)) : { ...totals };
  addTotals(table, known, before?.length ?? 0);
  return known;
}

/** Rows stay as they are while a filter takes long. */
function filtered(state: ChangesState): ChangesState {
  return state.filtering ? state : arranged(state, state.mask === null ? state.expanded.length : state.matches);
}

function withFilter(state: ChangesState): ChangesState {
  const { table, filter, mask } = state;
  if (table === null) return state;
  if (table.length <= FILTERED_AT_ONCE || isNoFilter(filter)) return withMatches({ ...state, filtering: false }, filterRows(table, filter));
  if (mask === null || mask.length === table.length) return { ...state, filtering: true };
  // New rows stay hidden until they are known to match.
  const grown = new Uint8Array(table.length);
  grown.set(mask);
  return { ...state, filtering: true, mask: grown };
}

/** Rows that are filtered within a few milliseconds. */
const FILTERED_AT_ONCE = 25_000;

function isNoFilter({ text, kinds, minBytes, types }: RowFilter): boolean {
  return text === '' && kinds === NO_FILTER.kinds && minBytes === 0 && types === 0;
}

function withMatches(state: ChangesState, { matches: mask, count, problem }: RowMatches): ChangesState {
  const { table, unfiltered } = state;
  if (table === null) return state;
  if (mask === null) {
    const expanded = unfiltered === null ? state.expanded : withAncestors(table, unfiltered, state.active);
    return { ...state, mask, matches: count, problem, expanded, unfiltered: null };
  }
  // Opens folders above matches. With very many matches, folders that match themselves stay as they are.
  const expanded = (unfiltered ?? state.expanded).slice();
  for (let row = mask.length - 1; row >= 0; row--) {
    const above = table.parent[row] as number;
    if (mask[row] !== 0 && above >= 0 && (count <= OPENED_MATCHES || mask[above] === 2)) expanded[above] = 1;
  }
  return { ...state, mask, matches: count, problem, expanded, unfiltered: unfiltered ?? state.expanded };
}

const OPENED_MATCHES = 2_000;

/** Names sort ascending first, everything else descending; the same column again reverses the order. */
function nextDirection(state: ChangesState, sort: SortBy): boolean {
  return sort === state.sort ? !state.descending : sort !== 'name';
}

function withRows(state: ChangesState): ChangesState {
  if (state.table === null) return state;
  const { table, totals, expanded, mask } = state;
  if (totals === null || liesSorted(state)) return { ...state, sorting: false, rows: visibleRows(table, expanded, { mask }) };
  return { ...state, sorting: false, rows: sortedRows(table, expanded, totals, sortOrder(table, state), { mask }) };
}

function refold(state: ChangesState, folders: readonly number[], open: boolean): ChangesState {
  const { table } = state;
  if (table === null || folders.length === 0) return state;
  const expanded = state.expanded.slice();
  for (const row of folders) expanded[row] = open ? 1 : 0;
  // The folder that hides the active row becomes active.
  let { active } = state;
  if (!open) {
    for (const row of folders) if (active > row && active < (table.subtreeEnd[row] as number)) active = row;
  }
  const next = { ...state, expanded, active };
  if (state.sorting) return next;
  const [only] = folders;
  const most = folders.reduce((sum, row) => sum + (table.subtreeEnd[row] as number) - row, 0);
  const isSlow = open && most > SORTED_AT_ONCE && !liesSorted(state);
  if (folders.length === 1 && only !== undefined && !isSlow) return { ...next, rows: withFolded(state, next, table, only, open) };
  return arranged(next, most);
}

/** The rows in sight after one folder was opened or closed, without sorting the others again. */
function withFolded(
  { rows: before, expanded: wasOpen }: ChangesState,
  state: ChangesState,
  table: RowTable,
  folder: number,
  open: boolean,
) {
  const at = before.indexOf(folder);
  if (at < 0 || (wasOpen[folder] === 1) === open || state.totals === null) return before;
  let end = at + 1;
  // Rows are in depth-first order, so everything in the folder has a parent at or after it.
  while (end < before.length && (table.parent[before[end] as number] as number) >= folder) end++;
  const below = open
    ? sortedRows(table, state.expanded, state.totals, sortOrder(table, state), { mask: state.mask, below: folder })
    : EMPTY_ROWS;
  const rows = new Uint32Array(before.length - (end - at - 1) + below.length);
  rows.set(before.subarray(0, at + 1));
  rows.set(below, at + 1);
  rows.set(before.subarray(end), at + 1 + below.length);
  return rows;
}

/** Makes the wanted path active and opens the folders above it, if its row is loaded. */
function reveal(state: ChangesState): ChangesState {
  const { table, wanted } = state;
  if (table === null || wanted === null) return state;
  const row = findRow(table, unescapePath(wanted));
  if (row < 0) return state.status === 'ready' ? { ...state, wanted: null, active: -1 } : state;
  return arranged({ ...state, expanded: withAncestors(table, state.expanded, row), active: row, wanted: null }, state.rows.length);
}

/** Row of a path; -1: the table has none (yet). */
export function findRow(table: RowTable, path: Uint8Array): number {
  let start = 0;
  let end = table.length;
  let row = -1;
  for (let at = 0; at <= path.length; ) {
    let slash = path.indexOf(0x2f, at);
    if (slash < 0) slash = path.length;
    const name = path.subarray(at, slash);
    let found = -1;
    for (let each = start; each < end; each = table.subtreeEnd[each] as number) {
      if (compareBytes(rowName(table, each), name) === 0) {
        found = each;
        break;
      }
    }
    if (found < 0) return -1;
    row = found;
    start = found + 1;
    end = table.subtreeEnd[found] as number;
    at = slash + 1;
  }
  return row;
}

export function isFolder(table: RowTable, row: number): boolean {
  return table.type[row] === TYPE.directory || (table.subtreeEnd[row] as number) > row + 1;
}

/** Whether something changed at a row or below it. */
export function touched(totals: SubtreeTotals, row: number): boolean {
  return (totals.added[row] as number) + (totals.modified[row] as number) + (totals.removed[row] as number) > 0;
}

/** Sums of the whole table. */
export function wholeTotals(table: RowTable, totals: SubtreeTotals) {
  const sums = { added: 0, modified: 0, removed: 0, size: 0, hidden: 0 };
  for (let row = 0; row < table.length; row = table.subtreeEnd[row] as number) {
    sums.added += totals.added[row] as number;
    sums.modified += totals.modified[row] as number;
    sums.removed += totals.removed[row] as number;
    sums.size += totals.size[row] as number;
    sums.hidden += totals.hidden[row] as number;
  }
  return sums;
}
