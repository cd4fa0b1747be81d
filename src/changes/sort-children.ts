import { KIND, type RowTable } from '#model';
import type { SubtreeTotals } from './subtree-totals.ts';

export type SortKey = 'name' | 'size' | 'kind' | 'mtime';

/** In descending order: removed, modified, added, unchanged. */
export const KIND_RANK: Readonly<Record<number, number>> = { [KIND.unchanged]: 0, [KIND.added]: 1, [KIND.modified]: 2, [KIND.removed]: 3 };

/**
 * Returns the rows depth first, with siblings sorted by name, size (of the subtree, then its hidden bytes), kind or time; ties by name.
 * Default: names ascending, all else descending. Uses a radix sort, which takes linear time.
 */
export function sortChildren(
  table: RowTable,
  key: SortKey,
  totals: Pick<SubtreeTotals, 'size' | 'hidden'>,
  descending: boolean = key !== 'name',
): Uint32Array<ArrayBuffer> {
  const { length } = table;
  let sorted: Uint32Array;
  if (key === 'name') {
    sorted = new Uint32Array(length);
    for (let i = 0; i < length; i++) sorted[i] = descending ? length - 1 - i : i;
  } else if (key === 'size') {
    sorted = radixSort(radixSort(null, totals.hidden, descending), totals.size, descending);
  } else if (key === 'kind') {
    sorted = radixSort(
      null,
      Float64Array.from(table.kind, (kind) => KIND_RANK[kind] ?? 0),
      descending,
    );
  } else {
    sorted = radixSort(null, table.mtime, descending);
  }
  return depthFirst(table, sorted);
}

/** Returns the rows depth first, with siblings in the order of `sorted`. */
function depthFirst(table: RowTable, sorted: Uint32Array): Uint32Array<ArrayBuffer> {
  const { length, parent, subtreeEnd } = table;
  // By row: the distance from its folder's first child. By folder (the top level last): the next free distance.
  const offset = new Uint32Array(length);
  const filled = new Uint32Array(length + 1);
  for (const row of sorted) {
    const above = parent[row] as number;
    const folder = above < 0 ? length : above;
    offset[row] = filled[folder] as number;
    filled[folder] = (filled[folder] as number) + (subtreeEnd[row] as number) - row;
  }
  const order = new Uint32Array(length);
  const place = new Uint32Array(length);
  for (let row = 0; row < length; row++) {
    const above = parent[row] as number;
    const at = (above < 0 ? 0 : (place[above] as number) + 1) + (offset[row] as number);
    place[row] = at;
    order[at] = row;
  }
  return order;
}

const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;

/**
 * Returns row numbers sorted by key. The sort is stable: equal keys stay in the order of `rows` (null: 0, 1, 2 …). Maps the keys' bits to
 * 64-bit numbers in the same order (negative ones inverted) and sorts by eleven bits per pass. Skips passes in which all keys have the same
 * bits.
 */
export function radixSort(rows: Uint32Array | null, keys: Float64Array, descending: boolean): Uint32Array<ArrayBuffer> {
  const length = keys.length;
  const low = new Uint32Array(length);
  const high = new Uint32Array(length);
  const float = new Float64Array(1);
  const words = new Uint32Array(float.buffer);
  for (let i = 0; i < length; i++) {
    // Turns -0 into 0, because they are the same key.
    float[0] = (keys[i] as number) + 0;
    let lowWord = words[0] as number;
    let highWord = words[1] as number;
    if (highWord >>> 31 === 1) {
      lowWord = ~lowWord;
      highWord = ~highWord;
    } else highWord |= 0x8000_0000;
    low[i] = descending ? ~lowWord : lowWord;
    high[i] = descending ? ~highWord : highWord;
  }
  let from = new Uint32Array(length);
  if (rows === null) for (let i = 0; i < length; i++) from[i] = i;
  else from.set(rows);
  let to = new Uint32Array(length);
  const count = new Uint32Array(DIGITS + 1);
  for (let pass = 0; pass < 6; pass++) {
    const word = pass < 3 ? low : high;
    const shift = (pass % 3) * DIGIT_BITS;
    count.fill(0);
    for (let i = 0; i < length; i++) {
      const digit = ((word[i] as number) >>> shift) & (DIGITS - 1);
      count[digit + 1] = (count[digit + 1] as number) + 1;
    }
    if (length === 0 || count[(((word[0] as number) >>> shift) & (DIGITS - 1)) + 1] === length) continue;
    for (let digit = 0; digit < DIGITS; digit++) count[digit + 1] = (count[digit + 1] as number) + (count[digit] as number);
    for (let i = 0; i < length; i++) {
      const row = from[i] as number;
      const digit = ((word[row] as number) >>> shift) & (DIGITS - 1);
      const at = count[digit] as number;
      count[digit] = at + 1;
      to[at] = row;
    }
    [from, to] = [to, from];
  }
  return from;
}
