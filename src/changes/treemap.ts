// Squarified treemap: each folder's children, largest first, fill strips along the shorter side of the free space; a strip grows as long as
// its rectangles become squarer. Source: Bruls, Huizing, van Wijk, Squarified Treemaps (2000).

import type { RowTable } from '#model';

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

export interface TreemapRect extends Rect {
  readonly row: number;
  /** The children of `row` (-1: of the top level) that the rectangle stands for, each too small to draw. */
  readonly small?: readonly number[];
  /** Folders above `row`, outermost first, that have nothing else in them and share its rectangle and header. */
  readonly joined?: readonly number[];
}

/** A candidate for a rectangle: one row, or several that share a rectangle. */
interface Item {
  readonly row: number;
  readonly weight: number;
  readonly small?: readonly number[];
}

export interface TreemapOptions {
  /** Siblings that would each get a smaller area share one rectangle, unless that is too small as well. */
  readonly minArea?: number;
  /** Number of levels below `root`. */
  readonly maxDepth?: number;
  /** The folder whose children fill the rectangle; -1: the top level. */
  readonly root?: number;
  /** Space inside a folder's rectangle: `header` at the top for the name, if the rectangle is large enough, and `inset` at all edges. */
  readonly header?: number;
  readonly inset?: number;
}

/**
 * Computes rectangles of rows, a folder before its content. `weights`: by row, of the whole subtree (at least the sum of its children);
 * rows of weight 0 don't get a rectangle. Siblings of equal weight keep their order.
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
    for (const outer of squarify(itemsOf(children, weights, folder.row, minArea / scale), scale, inner)) {
      // Headers of folders that contain only each other would use up the area.
      const joined = header > 0 && outer.small === undefined ? onlyFolders(table, weights, outer.row) : [];
      const last = joined.at(-1);
      const each = last === undefined ? outer : { ...outer, row: last, joined: [outer.row, ...joined.slice(0, -1)] };
      rects.push(each);
      if (each.small !== undefined || (table.subtreeEnd[each.row] as number) === each.row + 1) continue;
      const top = Math.min(each.w, each.h) > 2 * header ? header : 0;
      const below = { x: each.x + inset, y: each.y + inset + top, w: each.w - 2 * inset, h: each.h - 2 * inset - top };
      if (below.w > 0 && below.h > 0) folders.push({ row: each.row, depth: depth + 1 + joined.length, inner: below });
    }
  }
  return rects;
}

/** Returns the folder in a folder, and the folder in that, and so on, while each is the only child and has content. */
function onlyFolders(table: RowTable, weights: ArrayLike<number>, folder: number): number[] {
  const found: number[] = [];
  let row = onlyChild(table, weights, folder);
  while (row >= 0 && (table.subtreeEnd[row] as number) > row + 1) {
    found.push(row);
    row = onlyChild(table, weights, row);
  }
  return found;
}

/** Returns the only child with a weight; -1 if there are none or several. */
function onlyChild(table: RowTable, weights: ArrayLike<number>, folder: number): number {
  const end = table.subtreeEnd[folder] as number;
  let only = -1;
  for (let row = folder + 1; row < end; row = table.subtreeEnd[row] as number) {
    if ((weights[row] as number) <= 0) continue;
    if (only >= 0) return -1;
    only = row;
  }
  return only;
}

/** Returns the children, largest first. */
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

/** Returns an item for each child with a weight of at least `least`, and one for all others together, sorted by weight, largest first. */
function itemsOf(children: readonly number[], weights: ArrayLike<number>, folder: number, least: number): Item[] {
  const items: Item[] = [];
  const small: number[] = [];
  let sum = 0;
  for (const row of children) {
    const weight = weights[row] as number;
    if (weight >= least) items.push({ row, weight });
    else {
      small.push(row);
      sum += weight;
    }
  }
  if (sum < least || sum === 0) return items;
  const at = items.findIndex(({ weight }) => weight < sum);
  items.splice(at < 0 ? items.length : at, 0, { row: folder, weight: sum, small });
  return items;
}

/**
 * Returns the worst aspect ratio in a strip along a side of length `side`, whose areas range from `smallest` to `largest` and add up to
 * `sum`.
 */
function worst(smallest: number, largest: number, sum: number, side: number): number {
  const squared = (side * side) / (sum * sum);
  return Math.max(squared * largest, 1 / (squared * smallest));
}

function squarify(items: readonly Item[], scale: number, rect: Rect): TreemapRect[] {
  const rects: TreemapRect[] = [];
  let { x, y, w, h } = rect;
  for (let first = 0; first < items.length; ) {
    const side = Math.min(w, h);
    const areaOf = (at: number): number => (items[at] as Item).weight * scale;
    const largest = areaOf(first);
    let sum = largest;
    let next = first + 1;
    for (let ratio = worst(largest, largest, sum, side); next < items.length; next++) {
      const area = areaOf(next);
      const grown = worst(area, largest, sum + area, side);
      if (grown > ratio) break;
      ratio = grown;
      sum += area;
    }
    // A strip always takes the whole shorter side.
    const isColumn = w >= h;
    const thickness = side > 0 ? sum / side : 0;
    let along = isColumn ? y : x;
    for (let at = first; at < next; at++) {
      const length = thickness > 0 ? areaOf(at) / thickness : 0;
      const { row, small } = items[at] as Item;
      const place = isColumn ? { x, y: along, w: thickness, h: length } : { x: along, y, w: length, h: thickness };
      rects.push({ row, ...place, ...(small === undefined ? {} : { small }) });
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
