import { ALL_DIFFERENCES, addTotals, emptyTotals, firstOpen, type MatchedSums, matchedSumSteps, type SubtreeTotals } from '#changes';
import { filterSteps, type RowFilter, type RowMatches } from '#changes/filter';
import { KIND, type RowTable, unescapePath } from '#model';
import type { PlainError } from '../plain-error.ts';
import type { Selection } from '../selection.ts';
import { openListed, openNew, siblingFolders, type Unfolding, withAncestors } from './folding.ts';
import {
  type Arranged,
  arranged,
  FIRST_ORDERS,
  isSameOrder,
  isSlowOrder,
  nextDirection,
  type Order,
  rowsInOrder,
  type SortBy,
} from './ordering.ts';
import { findRow } from './table-facts.ts';

/** A table, its open folders, filter and order, and the active row. */
export interface ChangesState extends Arranged {
  /** Key of the request for the table; responses to other requests are dropped. */
  readonly key: string | null;
  readonly error: PlainError | null;
  readonly total: number;
  /** Folders to open as they are loaded. */
  readonly unfolding: Unfolding;
  /** Rows of folders that are open by default, ascending; later ones may not be loaded yet. */
  readonly opening: Uint32Array;
  /** The filter. `differences` applies to comparisons only; see {@link rowFilter}. */
  readonly filter: RowFilter;
  /** Whether the table is a comparison. */
  readonly compares: boolean;
  readonly mode: Selection['mode'];
  /** Orders that the user chose, by mode; other modes have their {@link FIRST_ORDERS}. */
  readonly chosenOrders: Partial<Readonly<Record<Selection['mode'], Order>>>;
  /** The folders that were open before the filter opened more; null without a filter. */
  readonly unfiltered: Uint8Array | null;
  /** Whether a long table is being filtered by {@link findSteps}. Until that ends, the mask is the previous filter's. */
  readonly filtering: boolean;
  /** Number of rows that match the filter. */
  readonly matches: number;
  /** Whether no path contains the filter's text, so that the matches are paths with the text's characters scattered over them. */
  readonly isScattered: boolean;
  /**
   * Number of paths that match only loosely: the text's characters are scattered over them. They are listed only if the user asks for them.
   */
  readonly similar: number;
  readonly showsSimilar: boolean;
  /** Why the filter's text is invalid; null if it is valid. */
  readonly problem: string | null;
  /** The row with the keyboard focus, or -1. */
  readonly active: number;
  /** Path to make active once its row is loaded. */
  readonly wanted: string | null;
}

/** The initial filter. A comparison leaves out paths that differ only in time, because all paths do in a rebuilt image. */
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
  matched: null,
  unfiltered: null,
  filtering: false,
  sorting: false,
  matches: 0,
  isScattered: false,
  similar: 0,
  showsSimilar: false,
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
      /** The table's mode; `stacked` if absent. */
      readonly mode?: Selection['mode'];
    }
  /** `open`: the folders in the whole table that are open by default. Only sent with a table's first rows, if more follow. */
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
  /** Lists the paths that match the filter's text only loosely: see `similar`. */
  | { readonly type: 'similarShown' }
  /** The result of {@link findSteps}. */
  | { readonly type: 'matched'; readonly table: RowTable; readonly filter: RowFilter; readonly found: Found }
  /** The result of {@link sortSteps}. */
  | { readonly type: 'ordered'; readonly of: ChangesState; readonly rows: Uint32Array }
  /** Sorts by a column. Without `descending`, uses the column's default direction, or the opposite if the table is already sorted by it. */
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
        ...arranged({ ...state, expanded: new Uint8Array(state.expanded.length), unfolding: null, opening: EMPTY_ROWS }, 0),
        active: -1,
      };
    case 'activated':
      return { ...state, active: action.row, wanted: null };
    case 'wanted':
      return reveal({ ...state, wanted: action.path, active: action.path === null ? -1 : state.active });
    case 'filtered':
      return filtered(
        withFilter({
          ...state,
          filter: action.filter,
          showsSimilar: state.showsSimilar && action.filter.text === state.filter.text,
        }),
      );
    case 'similarShown':
      return filtered(withFilter({ ...state, showsSimilar: true }));
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

/** Returns the initial state for a new table. Keeps the filter, and the order that the user chose for the mode. */
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

/** Applies the filter. While a long table is being filtered, the rows stay as they are. */
function filtered(state: ChangesState): ChangesState {
  return state.filtering ? state : arranged(state, state.mask === null ? state.expanded.length : state.matches);
}

function withFilter(state: ChangesState): ChangesState {
  const { table, mask } = state;
  const filter = rowFilter(state);
  if (table === null) return state;
  if (table.length <= FILTERED_AT_ONCE || isNoFilter(filter)) return withMatches({ ...state, filtering: false }, findAtOnce(state, table));
  if (mask === null || mask.length === table.length) return { ...state, filtering: true };
  // New rows stay hidden until they are known to match.
  const grown = new Uint8Array(table.length);
  grown.set(mask);
  return { ...state, filtering: true, mask: grown };
}

/** The rows that a filter leaves, and their sums. */
export interface Found extends RowMatches {
  readonly matched: MatchedSums | null;
  readonly similar: number;
}

/** Filters the table and sums what is left, in steps of a few milliseconds. */
export function* findSteps(state: ChangesState, table: RowTable): Generator<undefined, Found> {
  const filter = rowFilter(state);
  const matches = yield* filterSteps(table, filter);
  const similar = matches.isScattered ? matches.count : 0;
  if (matches.matches === null) return { ...matches, matched: null, similar };
  const isClosed = matches.isScattered && !state.showsSimilar;
  const listed = isClosed ? { ...matches, matches: new Uint8Array(table.length), count: 0 } : matches;
  const room = state.totals?.size.length ?? table.length;
  const options = { matches: listed.matches as Uint8Array, compares: state.compares, room };
  return { ...listed, matched: yield* matchedSumSteps(table, filter, options), similar };
}

function findAtOnce(state: ChangesState, table: RowTable): Found {
  const steps = findSteps(state, table);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Maximum number of rows filtered at once, which takes a few milliseconds. */
const FILTERED_AT_ONCE = 25_000;

/**
 * Returns the filter that applies to the table. In a layer or a comparison, unchanged rows are shown only because of what is below them.
 * The user can't filter by this kind, so a filter by other kinds excludes it.
 */
function rowFilter({ filter, compares, mode }: ChangesState): RowFilter {
  const { differences, ...rest } = filter;
  const isByKind = (mode === 'layer' || compares) && filter.kinds !== NO_FILTER.kinds;
  const kinds = isByKind ? filter.kinds & ~(1 << KIND.unchanged) : filter.kinds;
  return { ...rest, kinds, ...(compares && differences !== undefined ? { differences } : {}) };
}

function isNoFilter(filter: RowFilter): boolean {
  return isUnfiltered(filter) && (filter.differences ?? ALL_DIFFERENCES) === ALL_DIFFERENCES;
}

/** Whether a filter has no criteria. The filter may still exclude classes of differences. */
export function isUnfiltered({ text, kinds, minBytes, types, fileType }: RowFilter): boolean {
  return text === '' && kinds === NO_FILTER.kinds && minBytes === 0 && types === 0 && fileType === undefined;
}

/** Whether to offer to clear the filter next to the rows. If it leaves none, a button in their place does. */
export function offersClear({ table, filter, total, rows, filtering }: ChangesState): boolean {
  const hasNone = table !== null && total > 0 && rows.length === 0 && !filtering;
  return !isUnfiltered(filter) && !hasNone;
}

function withMatches(state: ChangesState, { matches: mask, matched, count, problem, isScattered, similar }: Found): ChangesState {
  const { table, unfiltered } = state;
  if (table === null) return state;
  const found = { mask, matched, matches: count, isScattered, similar, problem };
  if (mask === null || isUnfiltered(state.filter)) {
    const expanded = unfiltered === null ? state.expanded : withAncestors(table, unfiltered, state.active);
    return { ...state, ...found, expanded, unfiltered: null };
  }
  // Open the folders above matches. With very many matches, folders that match themselves stay as they are.
  const expanded = (unfiltered ?? state.expanded).slice();
  for (let row = mask.length - 1; row >= 0; row--) {
    const above = table.parent[row] as number;
    if (mask[row] !== 0 && above >= 0 && (count <= OPENED_MATCHES || mask[above] === 2)) expanded[above] = 1;
  }
  return { ...state, ...found, expanded, unfiltered: unfiltered ?? state.expanded };
}

const OPENED_MATCHES = 2_000;

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
  const isSlow = open && isSlowOrder(state, most);
  if (folders.length === 1 && only !== undefined && !isSlow) return { ...next, rows: withFolded(state, next, table, only, open) };
  return arranged(next, most);
}

/** Returns the visible rows after a folder is opened or closed, without sorting the other rows again. */
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
  const below = open ? rowsInOrder(state, table, folder) : EMPTY_ROWS;
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
