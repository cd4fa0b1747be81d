import { FILE_TYPES, fileTypeOf, type TreemapRect } from '#changes';
import { KIND, NO_LAYER, type RowTable, TYPE } from '#model';
import { words } from '../words/index.ts';
import { formatSize } from '../words/numbers.ts';
import { grownBytes, hatchedBytes, plainBytes } from './changes/shown-bytes.ts';
import { signedSize } from './compare.ts';
import type { Selection } from './selection.ts';

/** Maximum number of colours in the legend. */
const LEGEND = 8;

/** Bytes by row, including everything below. */
export interface Areas {
  /** Bytes of the row's rectangle; in a comparison, how much its files grew or shrank. */
  readonly all: Float64Array;
  /** The hatched part of these bytes (see {@link hatchedBytes}). */
  readonly hatched: Float64Array;
}

/** Computes the areas of all rows. `counts`: by row, 1 for those that the filter leaves (see MatchedSums); null without a filter. */
export function areas(table: RowTable, mode: Selection['mode'], counts: Uint8Array | null): Areas {
  const { length, parent } = table;
  const all = new Float64Array(length);
  const hatched = new Float64Array(length);
  for (let row = length - 1; row >= 0; row--) {
    if (counts === null || counts[row] === 1) {
      const ownHatched = hatchedBytes(table, row, mode);
      all[row] = (all[row] as number) + ownHatched + (mode === 'compare' ? grownBytes(table, row) : plainBytes(table, row));
      hatched[row] = (hatched[row] as number) + ownHatched;
    }
    const above = parent[row] as number;
    if (above < 0) continue;
    all[above] = (all[above] as number) + (all[row] as number);
    hatched[above] = (hatched[above] as number) + (hatched[row] as number);
  }
  return { all, hatched };
}

/** Sums of the children that are too small for their own rectangles and share one. */
export interface SmallSums {
  readonly files: number;
  readonly all: number;
  readonly hatched: number;
}

export function sumSmall(table: RowTable, { all, hatched }: Areas, rows: readonly number[]): SmallSums {
  const sums = { files: 0, all: 0, hatched: 0 };
  for (const row of rows) {
    sums.all += all[row] as number;
    sums.hatched += hatched[row] as number;
    const end = table.subtreeEnd[row] as number;
    for (let at = row; at < end; at++) if ((table.subtreeEnd[at] as number) === at + 1 && (all[at] as number) > 0) sums.files++;
  }
  return sums;
}

/** Returns the innermost rectangle at a point. */
export function rectAt(rects: readonly TreemapRect[], x: number, y: number): TreemapRect | null {
  for (let at = rects.length - 1; at >= 0; at--) {
    const rect = rects[at] as TreemapRect;
    if (x >= rect.x && x < rect.x + rect.w && y >= rect.y && y < rect.y + rect.h) return rect;
  }
  return null;
}

/** Returns the children of a row (-1 is the top) that have bytes, largest first, in drawing order. */
export function children(table: RowTable, weights: Float64Array, row: number): number[] {
  const end = row < 0 ? table.length : (table.subtreeEnd[row] as number);
  const found: number[] = [];
  for (let at = row + 1; at < end; at = table.subtreeEnd[at] as number) if ((weights[at] as number) > 0) found.push(at);
  return found.sort((a, b) => (weights[b] as number) - (weights[a] as number) || a - b);
}

export type Direction = 'next' | 'previous' | 'in' | 'out';

/** Returns the row that an arrow key leads to: a sibling, the largest child, or the parent, within the current folder. */
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

/** Whether a row is in a folder (-1 is the top). */
export function isBelow(table: RowTable, row: number, folder: number): boolean {
  return folder < 0 || (row > folder && row < (table.subtreeEnd[folder] as number));
}

/** Returns the layer whose colour a row gets: the layer that wrote it. A folder gets the colour of its largest file. */
export function layerOf(table: RowTable, weights: Float64Array, row: number): number {
  const layer = table.layer[largestBelow(table, weights, row)] as number;
  return layer === NO_LAYER ? 0 : layer;
}

/** Returns how a row's largest file differs between two sides: only A has it (`removed`), only B (`added`), or both. */
export function sideOf(table: RowTable, weights: Float64Array, row: number): 'added' | 'modified' | 'removed' {
  const kind = table.kind[largestBelow(table, weights, row)];
  return kind === KIND.added ? 'added' : kind === KIND.removed ? 'removed' : 'modified';
}

/**
 * Returns the layer whose colour a row's hidden bytes get: the highest layer that wrote any of these bytes. Null if the whole rectangle
 * gets the colour of that layer.
 */
export function hiddenLayerOf(table: RowTable, row: number): number | null {
  const layer = table.previousLayer[row] as number;
  return table.kind[row] === KIND.modified && table.hiddenBy[row] !== NO_LAYER && layer !== NO_LAYER ? layer : null;
}

/** Describes which layers wrote and hid a file in a whole image: `written in layer 4, removed in layer 5`. */
export function layersText(table: RowTable, row: number): string {
  const layer = table.layer[row] as number;
  const hider = table.hiddenBy[row] as number;
  const { writtenIn, removedIn, replacedIn } = words.treemap;
  if (layer === NO_LAYER) return '';
  if (table.kind[row] === KIND.removed) return hider === NO_LAYER ? writtenIn(layer) : removedIn(layer, hider);
  const below = hiddenLayerOf(table, row);
  return below === null ? writtenIn(layer) : words.list([writtenIn(layer), replacedIn(below, hider)]);
}

/** Returns the row itself or, for a folder, the largest file in it. */
function largestBelow(table: RowTable, weights: Float64Array, row: number): number {
  for (let at = row; ; ) {
    const end = table.subtreeEnd[at] as number;
    let best = -1;
    for (let each = at + 1; each < end; each = table.subtreeEnd[each] as number) {
      if (best < 0 || (weights[each] as number) > (weights[best] as number)) best = each;
    }
    if (best < 0) return at;
    at = best;
  }
}

/**
 * Describes an area. Mentions a whole image's hidden bytes, so that nobody mistakes them for visible ones. In a comparison, says how much
 * files grew and shrank: `+5.0 MB −1.2 MB`.
 */
export function areaText(all: number, hatched: number, mode: Selection['mode']): string {
  if (mode === 'compare') {
    const [grown, shrunk] = [signedSize(all - hatched), signedSize(-hatched)];
    return hatched === 0 ? grown : hatched === all ? shrunk : words.treemap.grownAndShrunk(grown, shrunk);
  }
  if (mode !== 'image' || hatched === 0) return formatSize(all);
  return hatched === all ? words.treemap.hidden(formatSize(all)) : words.treemap.withHidden(formatSize(all - hatched), formatSize(hatched));
}

/** Whether rectangles are coloured by file type. True for a single layer, where colours by layer would all be the same. */
export function coloursByType({ mode, from, to }: Selection): boolean {
  return mode === 'layer' && from === to;
}

/** Returns the file type whose colour a row gets: its own or, for a folder, that of its largest file. */
export function typeOf(table: RowTable, weights: Float64Array, row: number): string {
  return FILE_TYPES[fileTypeOf(table, largestBelow(table, weights, row))] ?? 'other';
}

/** What a colour in the drawing stands for, and the number of bytes that have it. */
export interface Coloured<T> {
  readonly of: T;
  readonly bytes: number;
}

/**
 * Returns the file types that take up most of a folder's drawing, most bytes first. `root`: the folder's row, or -1 for the whole drawing.
 */
export function typesByBytes(table: RowTable, { all }: Areas, root: number): readonly Coloured<string>[] {
  return coloured(table, root, (row, add) => {
    if (isLeaf(table, row) && (all[row] as number) > 0) add(typeOf(table, all, row), all[row] as number);
  });
}

/** Returns the layers that wrote most of a folder's drawing, most bytes first. `root`: the folder's row, or -1 for the whole drawing. */
export function layersByBytes(table: RowTable, { all, hatched }: Areas, root: number): readonly Coloured<number>[] {
  return coloured(table, root, (row, add) => {
    const bytes = all[row] as number;
    if (!isLeaf(table, row) || bytes === 0) return;
    const lower = hiddenLayerOf(table, row);
    const hidden = lower === null ? 0 : (hatched[row] as number);
    if (hidden < bytes) add(layerOf(table, all, row), bytes - hidden);
    if (lower !== null && hidden > 0) add(lower, hidden);
  });
}

function coloured<T>(table: RowTable, root: number, visit: (row: number, add: (of: T, bytes: number) => void) => void) {
  const found = new Map<T, number>();
  const add = (of: T, bytes: number) => found.set(of, (found.get(of) ?? 0) + bytes);
  const end = root < 0 ? table.length : (table.subtreeEnd[root] as number);
  for (let row = Math.max(0, root); row < end; row++) visit(row, add);
  return [...found]
    .map(([of, bytes]) => ({ of, bytes }))
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, LEGEND);
}

export function isLeaf(table: RowTable, row: number): boolean {
  return (table.subtreeEnd[row] as number) === row + 1 && table.type[row] !== TYPE.directory;
}
