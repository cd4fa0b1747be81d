import type { SubtreeTotals, TreemapRect } from '#changes';
import { NO_LAYER, type RowTable, TYPE } from '#model';

/**
 * Bytes of each row's rectangle: of its files and those in it, hidden ones included. With a filter, only matching rows have bytes.
 */
export function areas(table: RowTable, totals: SubtreeTotals, mask: Uint8Array | null): Float64Array {
  const { length, parent } = table;
  const areas = new Float64Array(length);
  for (let row = 0; row < length; row++) areas[row] = (totals.size[row] as number) + (totals.hidden[row] as number);
  if (mask === null) return areas;
  // Reduces sums to each row's own bytes, drops rows that don't match, and sums again.
  for (let row = 0; row < length; row++) {
    const above = parent[row] as number;
    if (above >= 0) areas[above] = (areas[above] as number) - (areas[row] as number);
  }
  for (let row = 0; row < length; row++) if (mask[row] !== 1) areas[row] = 0;
  for (let row = length - 1; row >= 0; row--) {
    const above = parent[row] as number;
    if (above >= 0) areas[above] = (areas[above] as number) + (areas[row] as number);
  }
  return areas;
}

/** The innermost rectangle at a point. */
export function rectAt(rects: readonly TreemapRect[], x: number, y: number): TreemapRect | null {
  for (let at = rects.length - 1; at >= 0; at--) {
    const rect = rects[at] as TreemapRect;
    if (x >= rect.x && x < rect.x + rect.w && y >= rect.y && y < rect.y + rect.h) return rect;
  }
  return null;
}

/** Children of a row (-1: the top) that have bytes, the largest first, as they are drawn. */
export function children(table: RowTable, weights: Float64Array, row: number): number[] {
  const end = row < 0 ? table.length : (table.subtreeEnd[row] as number);
  const found: number[] = [];
  for (let at = row + 1; at < end; at = table.subtreeEnd[at] as number) if ((weights[at] as number) > 0) found.push(at);
  return found.sort((a, b) => (weights[b] as number) - (weights[a] as number) || a - b);
}

export type Direction = 'next' | 'previous' | 'in' | 'out';

/** The row that an arrow key leads to: a sibling, the largest child, or the parent, within the current folder. */
export function neighbour(table: RowTable, weights: Float64Array, root: number, row: number, direction: Direction): number {
  if (row < 0 || row === root) return children(table, weights, root)[0] ?? -1;
  const above = table.parent[row] as number;
  if (direction === 'out') return above === root ? row : above;
  if (direction === 'in') return children(table, weights, row)[0] ?? row;
  const siblings = children(table, weights, above);
  const at = siblings.indexOf(row);
  const step = direction === 'next' ? 1 : -1;
  return siblings[(at + step + siblings.length) % siblings.length] ?? row;
}

/** Whether a row lies in a folder (-1: the top). */
export function isBelow(table: RowTable, row: number, folder: number): boolean {
  return folder < 0 || (row > folder && row < (table.subtreeEnd[folder] as number));
}

/** The layer whose colour a row gets: the one that wrote it; a folder gets that of its largest file. */
export function layerOf(table: RowTable, weights: Float64Array, row: number): number {
  let at = row;
  for (;;) {
    const end = table.subtreeEnd[at] as number;
    let best = -1;
    for (let each = at + 1; each < end; each = table.subtreeEnd[each] as number) {
      if (best < 0 || (weights[each] as number) > (weights[best] as number)) best = each;
    }
    if (best < 0) break;
    at = best;
  }
  const layer = table.layer[at] as number;
  return layer === NO_LAYER ? 0 : layer;
}

/** How much of a row's bytes is hidden, 0 to 1. */
export function hiddenShare(totals: SubtreeTotals, row: number): number {
  const hidden = totals.hidden[row] as number;
  const all = (totals.size[row] as number) + hidden;
  return all === 0 ? 0 : hidden / all;
}

export function isLeaf(table: RowTable, row: number): boolean {
  return (table.subtreeEnd[row] as number) === row + 1 && table.type[row] !== TYPE.directory;
}
