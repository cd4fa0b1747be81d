import type { RowTable } from '#model';
import { KIND_RANK, radixSort } from './sort-children.ts';
import type { SubtreeTotals } from './subtree-totals.ts';
import type { VisibleOptions } from './visible-rows.ts';

/** What rows are sorted by: name, what happened to them (then what differs), or size (of the whole subtree, then what it hides). */
export type RowSort = 'name' | 'what' | 'size';

/** Segments as short as this are sorted by insertion, as long as the other by radix. */
const SHORT = 24;
const LONG = 8_192;

/**
 * Rows in sight, top to bottom, as `visibleRows` gives them, siblings sorted otherwise; equals by name. Only what is in sight is sorted,
 * so that the time is that of the rows shown and not of the table's. `by` may be a column of one's own.
 */
export function sortedRows(
  table: RowTable,
  expanded: Uint8Array,
  totals: Pick<SubtreeTotals, 'size' | 'hidden'>,
  sort: { readonly by: RowSort | Float64Array; readonly descending: boolean },
  { mask = null }: Pick<VisibleOptions, 'mask'> = {},
): Uint32Array<ArrayBuffer> {
  const { length, subtreeEnd } = table;
  const [first, second] = keysOf(table, totals, sort.by);
  const sign = sort.descending ? -1 : 1;
  /** Below 0: `a` is shown first. */
  const compare = (a: number, b: number): number => {
    const difference = (first(a) - first(b)) * sign || (second(a) - second(b)) * sign;
    return difference !== 0 ? difference : sort.by === 'name' ? (a - b) * sign : a - b;
  };
  // A stack of rows that are to be shown, the next at its top: what is pushed together is sorted backwards.
  const stack = new Uint32Array(length);
  let top = 0;
  const push = (from: number, end: number): void => {
    const bottom = top;
    for (let row = from; row < end; row = subtreeEnd[row] as number) if (mask === null || mask[row] !== 0) stack[top++] = row;
    if (top - bottom <= SHORT) insertionSort(stack, bottom, top, compare);
    else if (top - bottom < LONG) stack.subarray(bottom, top).sort((a, b) => compare(b, a));
    else sortLong(stack.subarray(bottom, top), first, second, sort);
  };
  const rows = new Uint32Array(length);
  let count = 0;
  push(0, length);
  while (top > 0) {
    const row = stack[--top] as number;
    rows[count++] = row;
    if (expanded[row] !== 0) push(row + 1, subtreeEnd[row] as number);
  }
  return rows.slice(0, count);
}

type Key = (row: number) => number;

function keysOf(table: RowTable, totals: Pick<SubtreeTotals, 'size' | 'hidden'>, by: RowSort | Float64Array): readonly [Key, Key] {
  if (typeof by !== 'string') return [(row) => by[row] as number, () => 0];
  if (by === 'name') return [() => 0, () => 0];
  if (by === 'size') return [(row) => totals.size[row] as number, (row) => totals.hidden[row] as number];
  return [
    (row) => KIND_RANK[table.kind[row] as number] ?? 0,
    (row) => (table.differs[row] as number) * 2 ** 40 + (table.hiddenBytes[row] as number),
  ];
}

/** Backwards: what is shown first comes last. */
function insertionSort(rows: Uint32Array, from: number, end: number, compare: (a: number, b: number) => number): void {
  for (let at = from + 1; at < end; at++) {
    const row = rows[at] as number;
    let place = at;
    for (; place > from && compare(rows[place - 1] as number, row) < 0; place--) rows[place] = rows[place - 1] as number;
    rows[place] = row;
  }
}

/** The same for many siblings at once: linear time. Rows come in the order of their names. */
function sortLong(
  rows: Uint32Array,
  first: Key,
  second: Key,
  { by, descending }: { by: RowSort | Float64Array; descending: boolean },
): void {
  if (by === 'name') {
    if (!descending) rows.reverse();
    return;
  }
  const keys = (key: Key) => Float64Array.from(rows, key);
  const order = radixSort(radixSort(null, keys(second), descending), keys(first), descending);
  const sorted = order.map((at) => rows[at] as number);
  sorted.reverse();
  rows.set(sorted);
}
