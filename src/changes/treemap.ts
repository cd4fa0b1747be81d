// Squarified treemap: each folder's children, largest first, fill strips along the shorter side of the free space; a strip grows as long
// as that makes its rectangles squarer. Source: Bruls, Huizing, van Wijk, Squarified Treemaps (2000).

import type { RowTable } from '#model';

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

export interface TreemapRect extends Rect {
  readonly row: number;
}

export interface TreemapOptions {
  /** Rows that would get less are left out, with everything below them. */
  readonly minArea?: number;
  /** Number of levels below `root`. */
  readonly maxDepth?: number;
  /** The folder whose children fill the rectangle; -1: the top level. */
  readonly root?: number;
  /** Space that a folder keeps at its top edge (for its name) and at the others, if it is large enough. */
  readonly header?: number;
  readonly inset?: number;
}

/**
 * Rectangles of rows, a folder before its content. `weights`: by row, of the whole subtree (at least the sum of its children); rows of
 * weight 0 get no rectangle. Siblings of equal weight keep their order.
 */
export function treemap(table: RowTable, weights: ArrayLike<number>, rect: Rect, options: TreemapOptions = {}): TreemapRect[] {
  const { minArea = 16, maxDepth = 64, root = -1, header = 0, inset = 0 } = options;
  const rects: TreemapRect[] = [];
  const folders: { readonly row: number; readonly depth: number; readonly inner: Rect }[] = [{ row: root, depth: 0, inner: rect }];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    if (folder.depth >= maxDepth) continue;
    const { children, total } = childrenOf(table, weights, folder.row);
    if (total <= 0) continue;
    const { inner, depth } = folder;
    const scale = (inner.w * inner.h) / total;
    const large = children.filter((row) => (weights[row] as number) * scale >= minArea);
    for (const each of squarify(large, weights, scale, inner)) {
      rects.push(each);
      if ((table.subtreeEnd[each.row] as number) === each.row + 1) continue;
      const below = { x: each.x + inset, y: each.y + inset + header, w: each.w - 2 * inset, h: each.h - 2 * inset - header };
      if (below.w > 0 && below.h > 0) folders.push({ row: each.row, depth: depth + 1, inner: below });
    }
  }
  return rects;
}

/** Largest first. */
function childrenOf(table: RowTable, weights: ArrayLike<number>, folder: number): { children: number[]; total: number } {
  const end = folder < 0 ? table.length : (table.subtreeEnd[folder] as number);
  const children: number[] = [];
  let total = 0;
  for (let row = folder + 1; row < end; row = table.subtreeEnd[row] as number) {
    const weight = weights[row] as number;
    if (weight <= 0) continue;
    children.push(row);
    total += weight;
  }
  children.sort((a, b) => (weights[b] as number) - (weights[a] as number) || a - b);
  return { children, total };
}

/** Worst aspect ratio in a strip along a side of that length, of areas from `smallest` to `largest` with that `sum`. */
function worst(smallest: number, largest: number, sum: number, side: number): number {
  const squared = (side * side) / (sum * sum);
  return Math.max(squared * largest, 1 / (squared * smallest));
}

function squarify(rows: readonly number[], weights: ArrayLike<number>, scale: number, rect: Rect): TreemapRect[] {
  const rects: TreemapRect[] = [];
  let { x, y, w, h } = rect;
  for (let first = 0; first < rows.length; ) {
    const side = Math.min(w, h);
    const areaOf = (at: number): number => (weights[rows[at] as number] as number) * scale;
    const largest = areaOf(first);
    let sum = largest;
    let next = first + 1;
    for (let ratio = worst(largest, largest, sum, side); next < rows.length; next++) {
      const area = areaOf(next);
      const grown = worst(area, largest, sum + area, side);
      if (grown > ratio) break;
      ratio = grown;
      sum += area;
    }
    // The strip takes the whole shorter side.
    const isColumn = w >= h;
    const thickness = side > 0 ? sum / side : 0;
    let along = isColumn ? y : x;
    for (let at = first; at < next; at++) {
      const length = thickness > 0 ? areaOf(at) / thickness : 0;
      const row = rows[at] as number;
      rects.push(isColumn ? { row, x, y: along, w: thickness, h: length } : { row, x: along, y, w: length, h: thickness });
      along += length;
    }
    if (isColumn) {
      x += thickness;
      w = Math.max(w - thickness, 0);
    } else {
      y += thickness;
      h = Math.max(h - thickness, 0);
    }
    first = next;
  }
  return rects;
}
