import type { RowTable } from '#model';
import { makeScratch } from './scratch.ts';
import { KIND_RANK, radixSort } from './sort-children.ts';
import type { SubtreeTotals } from './subtree-totals.ts';
import type { VisibleOptions } from './visible-rows.ts';

/** Sort by name, by what happened (the kind, then the differences), or by size (of the subtree, then its hidden bytes). */
export type RowSort = 'name' | 'what' | 'size';

const rowScratch = makeScratch();
const resultScratch = makeScratch();

/** Up to SHORT siblings are sorted by insertion, LONG or more by radix, and numbers in between by the engine's own sort. */
const SHORT = 24;
const LONG = 8_192;

/** `by` may be any numeric column. */
export interface SortOrder {
  readonly by: RowSort | Float64Array;
  readonly descending: boolean;
}

type Sums = Pick<SubtreeTotals, 'size' | 'hidden'>;

export interface SortedOptions extends Pick<VisibleOptions, 'mask'> {
  /** Return only the visible rows below this one, without the row itself; default: all. */
  readonly below?: number;
}

/**
 * Returns the visible rows, top to bottom, like `visibleRows` but with sorted siblings; ties by name. Sorts visible rows only, so the time
 * depends on how many rows are shown, not on the size of the table.
 */
export function sortedRows(
  table: RowTable,
  expanded: Uint8Array,
  totals: Sums,
  sort: SortOrder,
  options: SortedOptions = {},
): Uint32Array<ArrayBuffer> {
  const walk = new SortedWalk(table, expanded, totals, sort, options, rowScratch(table.length), resultScratch(table.length));
  while (!walk.step(table.length));
  return walk.rows();
}

const STEP_ROWS = 32_768;

/**
 * {@link sortedRows} in steps of a few milliseconds, for a thread that also draws a window. The arguments must not change between steps.
 */
export function* sortSteps(
  table: RowTable,
  expanded: Uint8Array,
  totals: Sums,
  sort: SortOrder,
  options: SortedOptions = {},
): Generator<undefined, Uint32Array<ArrayBuffer>> {
  const { length } = table;
  // Doesn't use the scratch memory, because another sort may use it between the steps.
  const walk = new SortedWalk(table, expanded, totals, sort, options, new Uint32Array(length), new Uint32Array(length));
  while (!walk.step(STEP_ROWS)) yield;
  return walk.rows();
}

/** Walks the visible rows, sorting siblings when it reaches their folder. */
class SortedWalk {
  readonly #table: RowTable;
  readonly #expanded: Uint8Array;
  readonly #mask: Uint8Array | null;
  readonly #order: Order;
  readonly #sort: SortOrder;
  /** Rows still to be returned, the next one on top: siblings are pushed in reverse order. */
  readonly #stack: Uint32Array;
  readonly #rows: Uint32Array<ArrayBuffer>;
  #top = 0;
  #count = 0;
  #from: number;
  #end: number;

  constructor(
    table: RowTable,
    expanded: Uint8Array,
    totals: Sums,
    sort: SortOrder,
    { mask = null, below }: SortedOptions,
    stack: Uint32Array,
    rows: Uint32Array<ArrayBuffer>,
  ) {
    this.#table = table;
    this.#expanded = expanded;
    this.#mask = mask;
    this.#sort = sort;
    this.#order = {
      ...keysOf(table, totals, sort.by),
      sign: sort.descending ? -1 : 1,
      byRow: sort.by === 'name' && sort.descending ? -1 : 1,
    };
    this.#stack = stack;
    this.#rows = rows;
    this.#from = below === undefined ? 0 : below + 1;
    this.#end = below === undefined ? table.length : (table.subtreeEnd[below] as number);
  }

  /** Finds at least `wanted` more rows; returns true after the last. */
  step(wanted: number): boolean {
    const { subtreeEnd } = this.#table;
    const stack = this.#stack;
    const rows = this.#rows;
    const mask = this.#mask;
    const order = this.#order;
    const expanded = this.#expanded;
    let top = this.#top;
    let count = this.#count;
    let from = this.#from;
    let end = this.#end;
    const enough = count + wanted;
    for (;;) {
      const bottom = top;
      for (let row = from; row < end; row = subtreeEnd[row] as number) if (mask === null || mask[row] !== 0) stack[top++] = row;
      if (top - bottom <= SHORT) sortShort(stack, bottom, top, order);
      else if (top - bottom < LONG) stack.subarray(bottom, top).sort((a, b) => compare(order, b, a));
      else sortLong(stack.subarray(bottom, top), order, this.#sort);
      from = end = 0;
      while (top > 0 && from === end) {
        const row = stack[--top] as number;
        rows[count++] = row;
        if (expanded[row] === 0) continue;
        from = row + 1;
        end = subtreeEnd[row] as number;
      }
      if (from === end) {
        this.#count = count;
        return true;
      }
      if (count >= enough) break;
    }
    this.#top = top;
    this.#count = count;
    this.#from = from;
    this.#end = end;
    return false;
  }

  /** Returns a copy of the rows found so far. */
  rows(): Uint32Array<ArrayBuffer> {
    return this.#rows.slice(0, this.#count);
  }
}

/** How siblings compare: by two keys per row (`sign`: 1 ascending, -1 descending), then by name, which is the order of the rows. */
interface Order {
  readonly first: Float64Array | null;
  readonly second: Float64Array | null;
  readonly sign: 1 | -1;
  readonly byRow: 1 | -1;
}

const whatScratch = new Map<number, Float64Array>();

function keysOf(
  table: RowTable,
  totals: Pick<SubtreeTotals, 'size' | 'hidden'>,
  by: RowSort | Float64Array,
): Pick<Order, 'first' | 'second'> {
  if (typeof by !== 'string') return { first: by, second: null };
  if (by === 'name') return { first: null, second: null };
  if (by === 'size') return { first: totals.size, second: totals.hidden };
  const { kind, differs, hiddenBytes } = table;
  const first = floats(table.length);
  for (let row = 0; row < first.length; row++) first[row] = (RANKS[kind[row] as number] as number) + (differs[row] as number);
  return { first, second: hiddenBytes };
}

/** {@link KIND_RANK}, multiplied by more than the bits of DIFFERS can add up to, so that rows are ordered by kind first. */
const RANKS = Float64Array.from([0, 1, 2, 3], (kind) => (KIND_RANK[kind] ?? 0) * 65_536);

/** Returns reused memory for floats, as makeScratch does for rows. Keeps only one array, of the length requested last. */
function floats(length: number): Float64Array {
  const known = whatScratch.get(length);
  if (known !== undefined) return known;
  whatScratch.clear();
  const made = new Float64Array(length);
  whatScratch.set(length, made);
  return made;
}

/** Returns a negative number if `a` is shown first. */
function compare({ first, second, sign, byRow }: Order, a: number, b: number): number {
  if (first !== null) {
    const difference = ((first[a] as number) - (first[b] as number)) * sign;
    if (difference !== 0) return difference;
  }
  if (second !== null) {
    const difference = ((second[a] as number) - (second[b] as number)) * sign;
    if (difference !== 0) return difference;
  }
  return (a - b) * byRow;
}

const shortKeys = new Float64Array(SHORT);

/** Sorts rows, which come ordered by name, into the reverse of their display order, by insertion. Looks up each key once. */
function sortShort(rows: Uint32Array, from: number, end: number, { first, second, sign, byRow }: Order): void {
  if (byRow === 1) {
    for (let low = from, high = end - 1; low < high; low++, high--) {
      const row = rows[low] as number;
      rows[low] = rows[high] as number;
      rows[high] = row;
    }
  }
  if (first === null) return;
  for (let at = from; at < end; at++) {
    const row = rows[at] as number;
    const key = (first[row] as number) * sign;
    let place = at;
    for (; place > from; place--) {
      const other = shortKeys[place - 1 - from] as number;
      if (other > key) break;
      const before = rows[place - 1] as number;
      // Equal rows stay in the order of their names.
      if (other === key && (second === null || ((second[before] as number) - (second[row] as number)) * sign >= 0)) break;
      rows[place] = before;
      shortKeys[place - from] = other;
    }
    rows[place] = row;
    shortKeys[place - from] = key;
  }
}

/** {@link sortShort} for many siblings, in linear time. */
function sortLong(rows: Uint32Array, { first, second }: Order, { descending }: { readonly descending: boolean }): void {
  if (first === null) {
    if (!descending) rows.reverse();
    return;
  }
  const keys = (of: ArrayLike<number>) => Float64Array.from(rows, (row) => of[row] as number);
  const order = radixSort(second === null ? null : radixSort(null, keys(second), descending), keys(first), descending);
  const sorted = order.map((at) => rows[at] as number);
  sorted.reverse();
  rows.set(sorted);
}
