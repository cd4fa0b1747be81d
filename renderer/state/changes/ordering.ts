// The order of the visible rows.
import { type MatchedSums, type SortOrder, type SubtreeTotals, sortedRows, sortSteps, visibleRows } from '#changes';
import type { RowTable } from '#model';
import { sideBytes } from '../compare.ts';
import type { Selection } from '../selection.ts';
import { allBytes, itemCounts, type ShownSums, shownSums } from './shown-bytes.ts';

/** A column to sort by; `share` sorts like `size`. */
export type SortBy = 'name' | 'what' | 'size' | 'share' | 'hidden' | 'items' | 'net';

export interface Order {
  readonly sort: SortBy;
  readonly descending: boolean;
}

/** A table, and what determines which of its rows are visible, and in which order. */
export interface Arranged extends Order {
  /** How far the table is loaded. While it is `partial`, sums aren't known, and rows keep the table's own order. */
  readonly status: 'idle' | 'loading' | 'partial' | 'ready' | 'failed';
  readonly table: RowTable | null;
  readonly totals: SubtreeTotals | null;
  /** Which folders are open, by row: 1 means open. Replaced, never modified. */
  readonly expanded: Uint8Array;
  /** Which rows match the filter, by row (see RowMatches); null without a filter. */
  readonly mask: Uint8Array | null;
  /** Sums over the rows that the mask leaves; null without a filter. */
  readonly matched: MatchedSums | null;
  /** Whether the table shows all bytes of an image, including hidden ones. */
  readonly isWhole: boolean;
  /** Whether a long table is being sorted by {@link sortSteps}. The rows keep their previous order until it is done. */
  readonly sorting: boolean;
  /** Numbers of the visible rows, top to bottom. */
  readonly rows: Uint32Array;
}

/**
 * Each mode's order until the user chooses another one for it. Images, layers and filesystems show the biggest rows first; a comparison
 * shows what grew or shrank most.
 */
export const FIRST_ORDERS: Readonly<Record<Selection['mode'], Order>> = {
  image: { sort: 'size', descending: true },
  layer: { sort: 'size', descending: true },
  stacked: { sort: 'size', descending: true },
  compare: { sort: 'net', descending: true },
};

/** Maximum number of rows sorted at once, which takes a few milliseconds. */
const SORTED_AT_ONCE = 150_000;

type Ordering = Pick<Arranged, 'sort' | 'descending' | 'status'>;

/** Whether the rows are shown in the table's own order, by name. */
const liesSorted = ({ sort, descending, status }: Ordering): boolean => status === 'partial' || (sort === 'name' && !descending);

/** Updates the visible rows. If sorting would be slow, leaves it to {@link sortSteps}. `most`: about how many rows are visible at most. */
export function arranged<State extends Arranged>(state: State, most: number): State {
  return isSlowOrder(state, most) ? { ...state, sorting: true } : withRows(state);
}

/** Whether sorting `most` rows would be slow. */
export function isSlowOrder(state: Ordering, most: number): boolean {
  return most > SORTED_AT_ONCE && !liesSorted(state);
}

/** Whether `a` is still waiting for the rows that are being sorted for `b`. */
export function isSameOrder(a: Arranged, b: Arranged): boolean {
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

/** Returns the sorting steps that {@link Arranged.sorting} waits for; null if nothing is to be sorted. */
export function orderSteps(state: Arranged): Generator<undefined, Uint32Array> | null {
  const { sorting, table, expanded, mask } = state;
  const sums = shownSums(state);
  if (!sorting || table === null || sums === null) return null;
  return sortSteps(table, expanded, sums, sortOrder(table, sums, state), { mask });
}

function sortOrder(table: RowTable, sums: ShownSums, state: Ordering & Pick<Arranged, 'isWhole'>): SortOrder {
  if (liesSorted(state)) return { by: 'name', descending: false };
  const { sort, descending, isWhole } = state;
  if (sort === 'net') return { by: (sums.sides ?? sideBytes(table)).net.map(Math.abs), descending };
  if (sort === 'items') return { by: sums.items ?? itemCounts(table), descending };
  if (sort === 'hidden') return { by: sums.hidden, descending };
  if (sort !== 'size' && sort !== 'share') return { by: sort, descending };
  return { by: isWhole ? allBytes(sums) : 'size', descending };
}

/**
 * Returns whether a click on a column sorts it in descending order. At first, names are ascending and everything else is descending.
 * Choosing the same column again reverses the order.
 */
export function nextDirection(state: Order, sort: SortBy): boolean {
  return sort === state.sort ? !state.descending : sort !== 'name';
}

function withRows<State extends Arranged>(state: State): State {
  const { table, expanded, mask } = state;
  if (table === null) return state;
  if (liesSorted(state)) return { ...state, sorting: false, rows: visibleRows(table, expanded, { mask }) };
  return { ...state, sorting: false, rows: rowsInOrder(state, table) };
}

/** Returns the visible rows in the state's order, or only those below a row. */
export function rowsInOrder(state: Arranged, table: RowTable, below?: number): Uint32Array<ArrayBuffer> {
  const { expanded, mask } = state;
  const sums = shownSums(state);
  if (sums === null) return visibleRows(table, expanded, { mask });
  return sortedRows(table, expanded, sums, sortOrder(table, sums, state), { mask, ...(below === undefined ? {} : { below }) });
}
