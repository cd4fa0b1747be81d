import {
  ALL_DIFFERENCES,
  addTotals,
  emptyTotals,
  firstOpen,
  type SortOrder,
  type SubtreeTotals,
  sortedRows,
  sortSteps,
  visibleRows,
} from '#changes';
import { filterRows, type RowFilter, type RowMatches } from '#changes/filter';
import { type RowTable, unescapePath } from '#model';
import { sideBytes } from '../compare.ts';
import type { PlainError } from '../plain-error.ts';
import type { Selection } from '../selection.ts';
import { openListed, openNew, siblingFolders, type Unfolding, withAncestors } from './folding.ts';
import { allBytes, itemCounts } from './shown-bytes.ts';
import { findRow } from './table-facts.ts';

/** A column to sort by; `share` sorts like `size`. */
export type SortBy = 'name' | 'what' | 'size' | 'share' | 'hidden' | 'items' | 'net';

interface Order {
  readonly sort: SortBy;
  readonly descending: boolean;
}

/** A table, its open folders, filter and order, and the active row. */
export interface ChangesState {
  /** Key of the request for the table; responses to other requests are dropped. */
  readonly key: string | null;
  readonly status: 'idle' | 'loading' | 'partial' | 'ready' | 'failed';
  readonly error: PlainError | null;
  readonly table: RowTable | null;
  readonly total: number;
  readonly totals: SubtreeTotals | null;
  /** By row: 1 means open. Replaced, never modified. */
  readonly expanded: Uint8Array;
  /** Folders to open as they are loaded. */
  readonly unfolding: Unfolding;
  /** Rows of folders that are initially open, ascending; later ones may not be loaded yet. */
  readonly opening: Uint32Array;
  /** Whether the table shows all bytes of an image, including hidden ones. */
  readonly isWhole: boolean;
  /** Its `differences` apply to comparisons only; see {@link rowFilter}. */
  readonly filter: RowFilter;
  /** Whether the table is a comparison. */
  readonly compares: boolean;
  readonly sort: SortBy;
  readonly descending: boolean;
  readonly mode: Selection['mode'];
  /** The orders that the user chose, each for its mode; others have their {@link FIRST_ORDERS}. */
  readonly chosenOrders: Partial<Readonly<Record<Selection['mode'], Order>>>;
  /** By row (see RowMatches); null without a filter. */
  readonly mask: Uint8Array | null;
  /** The folders that were open before the filter opened more; null without a filter. */
  readonly unfiltered: Uint8Array | null;
  /** Whether a long table is being filtered by {@link filterSteps}. The mask is still the previous filter's then. */
  readonly filtering: boolean;
  /** Whether a long table is being sorted by {@link sortSteps}. The rows keep their previous order until then. */
  readonly sorting: boolean;
  /** Number of rows that match the filter. */
  readonly matches: number;
  /** Whether they have the text's characters with others between them, because no path has the text. */
  readonly isScattered: boolean;
  /** Why the filter's text is invalid; null if it is valid. */
  readonly problem: string | null;
  /** Row numbers in sight, top to bottom. */
  readonly rows: Uint32Array;
  /** The row with the keyboard focus, or -1. */
  readonly active: number;
  /** Path to make active once its row is loaded. */
  readonly wanted: string | null;
}

/** The initial filter. A comparison leaves out paths that differ only in time, because in a rebuilt image all paths do. */
export const NO_FILTER: RowFilter = { text: '', kinds: 15, minBytes: 0, types: 0, differences: 3 };
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
  opening: EMPTY_ROWS,
  isWhole: false,
  filter: NO_FILTER,
  compares: false,
  sort: 'name',
  descending: false,
  mode: 'stacked',
  chosenOrders: {},
  mask: null,
  unfiltered: null,
  filtering: false,
  sorting: false,
  matches: 0,
  isScattered: false,
  problem: null,
  rows: EMPTY_ROWS,
  active: -1,
  wanted: null,
};

export type ChangesAction =
  | {
      readonly type: 'requested';
      readonly key: string;
      readonly wanted: string | null;
      /** A filesystem without it. */
      readonly mode?: Selection['mode'];
    }
  /** `open` is set with a table's first rows if more follow: the folders of the whole table to open initially. */
  | { readonly type: 'loaded'; readonly key: string; readonly table: RowTable; readonly total: number; readonly open?: Uint32Array }
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
  /** Without `descending`, the column's default direction, or the opposite if the table is already sorted by it. */
  | { readonly type: 'sorted'; readonly sort: SortBy; readonly descending?: boolean };

export function changesReducer(state: ChangesState, action: ChangesAction): ChangesState {
  switch (action.type) {
    case 'requested':
      return {
        ...kept(state, action.mode ?? 'stacked'),
        key: action.key,
        status: 'loading',
        wanted: action.wanted,
      };
    case 'loaded':
      return action.key === state.key ? withTable(state, action.table, action.total, action.open) : state;
    case 'failed':
      return action.key === state.key ? { ...state, status: 'failed', error: action.error } : state;
    case 'cleared':
      return kept(state, state.mode);
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
      return {
        ...withRows({ ...state, expanded: new Uint8Array(state.expanded.length), unfolding: null, opening: EMPTY_ROWS }),
        active: -1,
      };
    case 'activated':
      return { ...state, active: action.row, wanted: null };
    case 'wanted':
      return reveal({ ...state, wanted: action.path, active: action.path === null ? -1 : state.active });
    case 'filtered':
      return filtered(withFilter({ ...state, filter: action.filter }));
    case 'matched':
      if (action.table !== state.table || action.filter !== state.filter) return state;
      return arranged(withMatches({ ...state, filtering: false }, action.found), action.found.count);
    case 'sorted': {
      const order = { sort: action.sort, descending: action.descending ?? nextDirection(state, action.sort) };
      return arranged({ ...state, ...order, chosenOrders: { ...state.chosenOrders, [state.mode]: order } }, state.rows.length);
    }
    case 'ordered':
      return isSameOrder(state, action.of) ? { ...state, sorting: false, rows: action.rows } : state;
  }
}

/** Returns the initial state for a new table: keeps the filter, and the order that the user chose for its mode. */
function kept({ filter, chosenOrders }: ChangesState, mode: Selection['mode']): ChangesState {
  return {
    ...initialChanges,
    filter,
    mode,
    chosenOrders,
    isWhole: mode === 'image',
    compares: mode === 'compare',
    ...(chosenOrders[mode] ?? FIRST_ORDERS[mode]),
  };
}

/**
 * The order of each mode until the user chooses another one for it: an image and its layers are asked what is big in them, a comparison what
 * grew or shrank most; in a filesystem one looks for a path by its name.
 */
const FIRST_ORDERS: Readonly<Record<Selection['mode'], Order>> = {
  image: { sort: 'size', descending: true },
  layer: { sort: 'size', descending: true },
  stacked: { sort: 'name', descending: false },
  compare: { sort: 'net', descending: true },
};

/** Maximum number of rows sorted at once, which takes a few milliseconds. */
const SORTED_AT_ONCE = 150_000;

/** Whether the rows are shown in the table's own order, by name. */
const liesSorted = ({ sort, descending }: ChangesState): boolean => sort === 'name' && !descending;

/** Updates the rows in sight, at most about `most`. If sorting would take long, it is left to {@link sortSteps}. */
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

/** Returns the sorting steps that {@link ChangesState.sorting} waits for; null if nothing is to be sorted. */
export function orderSteps({ sorting, table, totals, expanded, mask, ...sort }: ChangesState): Generator<undefined, Uint32Array> | null {
  if (!sorting || table === null || totals === null) return null;
  return sortSteps(table, expanded, totals, sortOrder(table, totals, sort), { mask });
}

function sortOrder(table: RowTable, totals: SubtreeTotals, state: Pick<ChangesState, 'sort' | 'descending' | 'isWhole'>): SortOrder {
  const { sort, descending, isWhole } = state;
  if (sort === 'net') return { by: sideBytes(table).net.map(Math.abs), descending };
  if (sort === 'items') return { by: itemCounts(table), descending };
  if (sort === 'hidden') return { by: totals.hidden, descending };
  if (sort !== 'size' && sort !== 'share') return { by: sort, descending };
  return { by: isWhole ? allBytes(totals) : 'size', descending };
}

function withTable(state: ChangesState, table: RowTable, total: number, open: Uint32Array | undefined): ChangesState {
  const grown = (folding: Uint8Array) => {
    const longer = new Uint8Array(table.length);
    longer.set(folding.subarray(0, table.length));
    return longer;
  };
  const expanded = grown(state.expanded);
  const unfiltered = state.unfiltered === null ? null : grown(state.unfiltered);
  const totals = withTotals(state, table, total);
  const opening = state.table === null ? (open ?? firstOpen(table, totals)) : state.opening;
  const status = table.length >= total ? 'ready' : 'partial';
  const next: ChangesState = { ...state, table, total, expanded, unfiltered, totals, opening, status };
  for (const folding of unfiltered === null ? [expanded] : [expanded, unfiltered]) {
    openListed(opening, folding, state.expanded.length);
    openNew(table, folding, state.expanded.length, state.unfolding);
  }
  return reveal(arranged(withFilter(next), state.rows.length));
}

/** Adds the new rows to the sums. */
function withTotals({ table: before, totals }: ChangesState, table: RowTable, total: number): SubtreeTotals {
  const known = before === null || totals === null ? emptyTotals(Math.max(total, table.length)) : { ...totals };
  addTotals(table, known, before?.length ?? 0);
  return known;
}

/** Leaves the rows as they are while a long filter runs. */
function filtered(state: ChangesState): ChangesState {
  return state.filtering ? state : arranged(state, state.mask === null ? state.expanded.length : state.matches);
}

function withFilter(state: ChangesState): ChangesState {
  const { table, mask } = state;
  const filter = rowFilter(state);
  if (table === null) return state;
  if (table.length <= FILTERED_AT_ONCE || isNoFilter(filter)) return withMatches({ ...state, filtering: false }, filterRows(table, filter));
  if (mask === null || mask.length === table.length) return { ...state, filtering: true };
  // New rows stay hidden until they are known to match.
  const grown = new Uint8Array(table.length);
  grown.set(mask);
  return { ...state, filtering: true, mask: grown };
}

/** Maximum number of rows filtered at once, which takes a few milliseconds. */
const FILTERED_AT_ONCE = 25_000;

/** Returns the filter that applies to the table. */
export function rowFilter({ filter, compares }: ChangesState): RowFilter {
  if (compares || filter.differences === undefined) return filter;
  const { differences: _, ...rest } = filter;
  return rest;
}

function isNoFilter(filter: RowFilter): boolean {
  return isUnfiltered(filter) && (filter.differences ?? ALL_DIFFERENCES) === ALL_DIFFERENCES;
}

/** Whether a filter has no criteria. The filter may still exclude classes of differences. */
export function isUnfiltered({ text, kinds, minBytes, types }: RowFilter): boolean {
  return text === '' && kinds === NO_FILTER.kinds && minBytes === 0 && types === 0;
}

function withMatches(state: ChangesState, { matches: mask, count, problem, isScattered }: RowMatches): ChangesState {
  const { table, unfiltered } = state;
  if (table === null) return state;
  if (mask === null || isUnfiltered(state.filter)) {
    const expanded = unfiltered === null ? state.expanded : withAncestors(table, unfiltered, state.active);
    return { ...state, mask, matches: count, isScattered, problem, expanded, unfiltered: null };
  }
  // Opens folders above matches. With very many matches, folders that match themselves stay as they are.
  const expanded = (unfiltered ?? state.expanded).slice();
  for (let row = mask.length - 1; row >= 0; row--) {
    const above = table.parent[row] as number;
    if (mask[row] !== 0 && above >= 0 && (count <= OPENED_MATCHES || mask[above] === 2)) expanded[above] = 1;
  }
  return { ...state, mask, matches: count, isScattered, problem, expanded, unfiltered: unfiltered ?? state.expanded };
}

const OPENED_MATCHES = 2_000;

/** Names sort ascending first, everything else descending; choosing the same column again reverses the order. */
function nextDirection(state: ChangesState, sort: SortBy): boolean {
  return sort === state.sort ? !state.descending : sort !== 'name';
}

function withRows(state: ChangesState): ChangesState {
  if (state.table === null) return state;
  const { table, totals, expanded, mask } = state;
  if (totals === null || liesSorted(state)) return { ...state, sorting: false, rows: visibleRows(table, expanded, { mask }) };
  return { ...state, sorting: false, rows: sortedRows(table, expanded, totals, sortOrder(table, totals, state), { mask }) };
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

/** Returns the rows in sight after a folder is opened or closed, without sorting the other rows again. */
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
  // Rows are in depth-first order, so the parent of anything inside the folder is the folder or a later row.
  while (end < before.length && (table.parent[before[end] as number] as number) >= folder) end++;
  const below = open
    ? sortedRows(table, state.expanded, state.totals, sortOrder(table, state.totals, state), { mask: state.mask, below: folder })
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
