import type { TreemapRect } from '#changes';
import { displayPath, type RowTable, rowName } from '#model';
import { layerColour, sideColour, typeColour } from '../../state/layer-colours.ts';
import type { Selection } from '../../state/selection.ts';
import { type Areas, areaText, coloursByType, hiddenLayerOf, layerOf, sideOf, sumSmall, typeOf } from '../../state/treemap.ts';
import { words } from '../../words/index.ts';

export const HEADER = 17;

/** Minimum height of a box with a second line, px. */
const TWO_LINES = 34;

/** Shown before names in a comparison, for those who can't distinguish the colours. */
const SIDE_MARKS = { added: '+', modified: '~', removed: '−' };

const forcedColours = window.matchMedia('(forced-colors: active)');

/** Colours and font of the page. */
export interface Palette {
  readonly dark: boolean;
  /** Whether the user's system chooses all colours. Numbers then replace the colours of layers and file types. */
  readonly forced: boolean;
  readonly ground: string;
  readonly side: string;
  readonly line: string;
  /** The line around a folder. */
  readonly frame: string;
  readonly text: string;
  readonly textQuiet: string;
  readonly font: string;
}

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const get = (name: string) => style.getPropertyValue(name).trim();
  return {
    dark: document.documentElement.dataset.theme === 'dark',
    forced: forcedColours.matches,
    ground: get('--ground'),
    side: get('--side'),
    line: get('--line-strong'),
    frame: get('--line'),
    text: get('--strata-text'),
    textQuiet: get('--strata-text-2'),
    font: get('--font'),
  };
}

/** The input of {@link draw}. */
export interface Drawing {
  readonly table: RowTable;
  readonly areas: Areas;
  readonly selection: Selection;
  /** Number of layers in the image. */
  readonly layers: number;
  /** File types in the order of the legend. */
  readonly types: readonly string[];
}

/** Draws the rectangles, given in CSS px; folders come before their contents. */
export function draw(context: CanvasRenderingContext2D, drawing: Drawing, rects: readonly TreemapRect[], palette: Palette): void {
  const { width, height } = context.canvas;
  const scale = window.devicePixelRatio;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.fillStyle = palette.ground;
  context.fillRect(0, 0, width / scale, height / scale);
  const hidden = pattern(context, palette, 'hidden');
  const small = pattern(context, palette, 'small');
  const { table } = drawing;
  const folders = new Set(
    rects.map(({ row, joined, small }) => (small === undefined ? (table.parent[joined?.[0] ?? row] as number) : row)),
  );
  for (const rect of rects) {
    const { row } = rect;
    if (rect.small !== undefined) drawSmall(context, drawing, { ...rect, small: rect.small }, palette, { hidden, small });
    else if (folders.has(row)) drawFolder(context, drawing, rect, palette);
    else drawFile(context, drawing, rect, palette, hidden);
  }
}

/** Draws a file, with its hidden bytes at the bottom, hatched and in the colour of the layer that wrote them. */
function drawFile(
  context: CanvasRenderingContext2D,
  drawing: Drawing,
  rect: TreemapRect,
  palette: Palette,
  hidden: CanvasPattern | null,
): void {
  const { table, areas, selection } = drawing;
  const { row } = rect;
  const all = areas.all[row] as number;
  const hatched = areas.hatched[row] as number;
  const share = all === 0 ? 0 : hatched / all;
  const { fill, edge } = colourOf(drawing, row, palette);
  drawBox(context, rect, { fill, edge });
  const isCompared = selection.mode === 'compare';
  const below = hatched === 0 || isCompared || coloursByType(selection) ? null : hiddenLayerOf(table, row);
  const lower = below === null || palette.forced ? fill : layerColour(below, drawing.layers, palette.dark).fill;
  if (lower !== fill) fillLower(context, rect, lower, share);
  fillLower(context, rect, hidden, share);
  const key = isCompared ? SIDE_MARKS[sideOf(table, areas.all, row)] : palette.forced ? keyOf(drawing, row) : '';
  if (rect.w > 40 && rect.h > 17) {
    const name = displayPath(rowName(table, row));
    const size = rect.h > TWO_LINES ? areaText(all, hatched, selection.mode) : '';
    label(context, palette, `${key} ${name}`.trim(), size, rect, { backing: share === 0 ? null : share < 1 ? fill : lower });
  } else if (key !== '' && rect.w > 12 + 6 * key.length && rect.h > 14) label(context, palette, key, '', rect);
  const high = rect.h * share;
  if (palette.forced && below !== null && high > 18 && rect.h - high > TWO_LINES && rect.w > 20) {
    label(context, palette, String(below), '', { ...rect, y: rect.y + rect.h - high, h: high });
  }
}

/**
 * Returns the number that replaces a row's colour: its layer, or its file type's number in the legend; empty if the legend doesn't list the
 * type.
 */
function keyOf({ table, areas, selection, types }: Drawing, row: number): string {
  if (!coloursByType(selection)) return String(layerOf(table, areas.all, row));
  const at = types.indexOf(typeOf(table, areas.all, row));
  return at < 0 ? '' : String(at + 1);
}

function colourOf(
  { table, areas, selection, layers }: Drawing,
  row: number,
  { dark, forced, ground, line }: Palette,
): { readonly fill: string; readonly edge: string } {
  if (forced) return { fill: ground, edge: line };
  if (selection.mode === 'compare') return sideColour(sideOf(table, areas.all, row), dark);
  if (coloursByType(selection)) return typeColour(typeOf(table, areas.all, row), dark);
  return layerColour(layerOf(table, areas.all, row), layers, dark);
}

function drawFolder(context: CanvasRenderingContext2D, { table, areas, selection }: Drawing, rect: TreemapRect, palette: Palette): void {
  const { row, joined = [], x, y, w, h } = rect;
  context.fillStyle = palette.side;
  context.fillRect(x, y, w - 1, h - 1);
  // Draw only a hairline for each folder: with stronger lines, nested folders would form bars.
  context.strokeStyle = palette.frame;
  context.lineWidth = 1;
  if (w > 6 && h > 6) context.strokeRect(x + 0.5, y + 0.5, w - 2, h - 2);
  if (Math.min(w, h) <= 2 * HEADER) return;
  const size = areaText(areas.all[row] as number, areas.hatched[row] as number, selection.mode);
  const own = `${displayPath(rowName(table, row))}/`;
  const path = joined.map((each) => `${displayPath(rowName(table, each))}/`).join('') + own;
  context.font = `600 11px ${palette.font}`;
  // The last name is the most distinctive.
  const name = joined.length > 0 && context.measureText(path).width > w - 9 ? `…/${own}` : path;
  label(context, palette, name, size, rect, { header: true });
}

/** Draws one box for many small files, with their count. */
function drawSmall(
  context: CanvasRenderingContext2D,
  drawing: Drawing,
  rect: TreemapRect & { readonly small: readonly number[] },
  palette: Palette,
  patterns: Readonly<Record<'hidden' | 'small', CanvasPattern | null>>,
): void {
  const { table, areas, selection } = drawing;
  const sums = sumSmall(table, areas, rect.small);
  const [first = 0] = rect.small;
  const { fill, edge } = colourOf(drawing, first, palette);
  drawBox(context, rect, { fill, edge });
  fillLower(context, rect, patterns.small, 1);
  fillLower(context, rect, patterns.hidden, sums.all === 0 ? 0 : sums.hatched / sums.all);
  if (rect.w <= 30 || rect.h <= 17) return;
  // Never shorten a number: it would read as a different one.
  context.font = `11px ${palette.font}`;
  const names = [words.treemap.small(sums.files), words.treemap.more(sums.files)];
  const name = names.find((each) => context.measureText(each).width <= rect.w - 9);
  const size = rect.h > TWO_LINES ? areaText(sums.all, sums.hatched, selection.mode) : '';
  if (name !== undefined) label(context, palette, name, size, rect, { backing: fill });
}

function drawBox(context: CanvasRenderingContext2D, { x, y, w, h }: TreemapRect, { fill, edge }: { fill: string; edge: string }): void {
  const gap = gapOf({ w, h });
  context.fillStyle = fill;
  context.fillRect(x, y, w - gap, h - gap);
  if (w <= 12 || h <= 12) return;
  context.strokeStyle = edge;
  context.lineWidth = 0.5;
  context.strokeRect(x + 0.25, y + 0.25, w - gap - 0.5, h - gap - 0.5);
}

function gapOf({ w, h }: { readonly w: number; readonly h: number }): number {
  return Math.min(w, h) > 4 ? 1 : 0;
}

/** Fills the lower part of a box, `share` of it. */
function fillLower(context: CanvasRenderingContext2D, rect: TreemapRect, fill: CanvasPattern | string | null, share: number): void {
  if (share <= 0 || fill === null) return;
  const { x, y, w, h } = rect;
  const gap = gapOf(rect);
  const high = (h - gap) * share;
  context.fillStyle = fill;
  context.fillRect(x, y + h - gap - high, w - gap, high);
}

/**
 * Writes a name and a size, on one line for a folder, else on two. `backing` covers lines behind the text that would make it hard to read.
 */
function label(
  context: CanvasRenderingContext2D,
  palette: Palette,
  name: string,
  size: string,
  { x, y, w, h }: TreemapRect,
  { header = false, backing = null }: { readonly header?: boolean; readonly backing?: string | null } = {},
): void {
  context.save();
  context.textBaseline = 'middle';
  context.font = `11px ${palette.font}`;
  const sizeWidth = context.measureText(size).width;
  if (header) context.font = `600 11px ${palette.font}`;
  const text = fitted(context, name, w - 9);
  const nameWidth = context.measureText(text).width;
  const hasSize = size !== '' && (header ? nameWidth + sizeWidth + 16 < w : sizeWidth <= w - 9);
  if (backing !== null) {
    context.fillStyle = backing;
    context.fillRect(x + 1, y + 1, Math.max(nameWidth, hasSize ? sizeWidth : 0) + 6, hasSize ? 30 : 16);
  }
  context.beginPath();
  context.rect(x + 3, y, w - 7, h);
  context.clip();
  context.fillStyle = palette.text;
  context.fillText(text, x + 4, y + 9);
  if (hasSize) {
    context.font = `11px ${palette.font}`;
    context.fillStyle = palette.textQuiet;
    if (header) context.fillText(size, x + w - sizeWidth - 6, y + 9);
    else context.fillText(size, x + 4, y + 23);
  }
  context.restore();
}

/** Returns the text, shortened with an ellipsis if it doesn't fit. */
function fitted(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (context.measureText(`${text.slice(0, middle)}…`).width <= width) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? '' : `${text.slice(0, low)}…`;
}

/** Creates a pattern: diagonal lines for hidden bytes, a fine grid for many small files. */
function pattern(context: CanvasRenderingContext2D, palette: Palette, of: 'hidden' | 'small'): CanvasPattern | null {
  const tile = document.createElement('canvas');
  const size = of === 'hidden' ? 8 : 5;
  const scale = window.devicePixelRatio;
  tile.width = size * scale;
  tile.height = size * scale;
  const pen = tile.getContext('2d');
  if (pen === null) return null;
  pen.scale(scale, scale);
  const ink = palette.dark ? '255 255 255' : '60 40 10';
  const strength = of === 'hidden' ? (palette.dark ? 34 : 38) : 13;
  // In forced colours, the lines have the text's colour, so they must be faint for text across them to be readable.
  if (palette.forced) pen.globalAlpha = of === 'hidden' ? 0.45 : 0.2;
  pen.strokeStyle = palette.forced ? palette.text : `rgb(${ink} / ${strength}%)`;
  pen.lineWidth = of === 'hidden' ? 1.4 : 1;
  pen.beginPath();
  if (of === 'small') {
    pen.moveTo(0, size - 0.5);
    pen.lineTo(size - 0.5, size - 0.5);
    pen.lineTo(size - 0.5, 0);
  } else {
    for (const from of [-size, 0, size]) {
      pen.moveTo(from - 1, size + 1);
      pen.lineTo(from + size + 1, -1);
    }
  }
  pen.stroke();
  const made = context.createPattern(tile, 'repeat');
  made?.setTransform(new DOMMatrix().scale(1 / scale));
  return made;
}
