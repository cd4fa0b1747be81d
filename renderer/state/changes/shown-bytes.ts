import { bytesBefore, bytesNow, type MatchedSums, type SubtreeTotals } from '#changes';
import { COUNTED, KIND, type RowTable } from '#model';
import type { Selection } from '../selection.ts';
import { itemsBelow, wholeTotals } from './table-facts.ts';

const known = new WeakMap<SubtreeTotals, Float64Array>();

/** Returns all bytes at and below each row of a whole image, including hidden ones. Cached per totals. */
export function allBytes(totals: SubtreeTotals): Float64Array {
  const found = known.get(totals);
  if (found !== undefined) return found;
  const { size, hidden } = totals;
  const all = new Float64Array(size.length);
  for (let row = 0; row < all.length; row++) all[row] = (size[row] as number) + (hidden[row] as number);
  known.set(totals, all);
  return all;
}

const counts = new WeakMap<RowTable, Float64Array>();

/** Counts the rows below each row. */
export function itemCounts(table: RowTable): Float64Array {
  const found = counts.get(table);
  if (found !== undefined) return found;
  const items = new Float64Array(table.length);
  for (let row = 0; row < items.length; row++) items[row] = itemsBelow(table, row);
  counts.set(table, items);
  return items;
}

/** Returns the bytes that a row itself shows, excluding the rows below it. Counts each body once. */
export function plainBytes(table: RowTable, row: number): number {
  const isCounted = table.kind[row] !== KIND.removed && ((table.counted[row] as number) & COUNTED.now) !== 0;
  return isCounted ? (table.size[row] as number) : 0;
}

/**
 * Returns a row's hatched bytes, excluding the rows below it. In a whole image these are hidden bytes; in layers, files that the layers
 * remove but the image still contains; in a comparison, the bytes by which side B is smaller. In layers, overwritten files aren't included.
 */
export function hatchedBytes(table: RowTable, row: number, mode: Selection['mode']): number {
  if (mode === 'image') return table.hiddenBytes[row] as number;
  if (mode === 'compare') return Math.max(0, bytesBefore(table, row) - bytesNow(table, row));
  return table.kind[row] === KIND.removed ? (table.hiddenBytes[row] as number) : 0;
}

/** Returns the bytes by which side B of a comparison is larger, excluding the rows below. */
export function grownBytes(table: RowTable, row: number): number {
  return Math.max(0, bytesNow(table, row) - bytesBefore(table, row));
}

/** Sums by row as they are shown. With a filter, they cover only the rows that it leaves. */
export interface ShownSums extends SubtreeTotals {
  /** Number of rows below; present only with a filter, see {@link itemCounts}. */
  readonly items?: MatchedSums['items'];
  /** Present only in a comparison with a filter. */
  readonly sides?: MatchedSums['sides'];
}

/** Returns the sums of the rows that a filter leaves or, without one, of all rows; null while there is no table. */
export function shownSums({
  totals,
  matched,
}: {
  readonly totals: SubtreeTotals | null;
  readonly matched: MatchedSums | null;
}): ShownSums | null {
  return matched ?? totals;
}

/** Returns the total bytes of the rows that a filter leaves. */
export function matchedBytes(table: RowTable, matched: MatchedSums, mode: Selection['mode']): number {
  const { size, hidden } = wholeTotals(table, matched);
  return mode === 'image' ? size + hidden : size;
}
