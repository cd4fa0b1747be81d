import { bytesBefore, type SubtreeTotals } from '#changes';
import type { RowFilter } from '#changes/filter';
import { COUNTED, KIND, type RowTable } from '#model';
import type { Selection } from '../selection.ts';

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
  for (let row = 0; row < items.length; row++) items[row] = (table.subtreeEnd[row] as number) - row - 1;
  counts.set(table, items);
  return items;
}

/** Returns the bytes that a row itself shows, without the rows below it. Counts every body once. */
export function plainBytes(table: RowTable, row: number): number {
  const isCounted = table.kind[row] !== KIND.removed && ((table.counted[row] as number) & COUNTED.now) !== 0;
  return isCounted ? (table.size[row] as number) : 0;
}

/**
 * Returns a row's hatched bytes, without the rows below it. In a whole image these are hidden bytes; in layers, files that the layers
 * remove but the image still contains; in a comparison, files that only side A has. Overwritten files aren't part of the layer that
 * overwrites them.
 */
export function hatchedBytes(table: RowTable, row: number, mode: Selection['mode']): number {
  if (mode === 'image') return table.hiddenBytes[row] as number;
  if (table.kind[row] !== KIND.removed) return 0;
  return mode === 'compare' ? bytesBefore(table, row) : (table.hiddenBytes[row] as number);
}

/**
 * Returns the bytes of the rows that a filter matches. A folder matched by name counts with everything in it, but not one matched only by
 * other criteria, which concern each row separately.
 */
export function matchedBytes({
  table,
  totals,
  mask,
  filter: { kinds, minBytes, types },
  mode,
}: {
  readonly table: RowTable;
  readonly totals: SubtreeTotals;
  readonly mask: Uint8Array;
  readonly filter: RowFilter;
  readonly mode: Selection['mode'];
}): number {
  const byName = kinds === 15 && minBytes === 0 && types === 0;
  const all = mode === 'image' ? allBytes(totals) : totals.size;
  let bytes = 0;
  for (let row = 0; row < mask.length; ) {
    if (mask[row] === 1 && byName) {
      bytes += all[row] as number;
      row = table.subtreeEnd[row] as number;
      continue;
    }
    if (mask[row] === 1) bytes += plainBytes(table, row) + (mode === 'image' ? hatchedBytes(table, row, mode) : 0);
    row++;
  }
  return bytes;
}
