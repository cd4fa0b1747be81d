import type { SubtreeTotals, TreemapRect } from '#changes';
import { displayPath, formatSize, KIND, type RowTable, rowName } from '#model';
import { layerColour } from '../../state/layer-colours.ts';
import { hiddenShare, layerOf } from '../../state/treemap.ts';

export const HEADER = 17;

/** Colours and font of the page. */
export interface Palette {
  readonly dark: boolean;
  readonly ground: string;
  readonly side: string;
  readonly line: string;
  readonly text: string;
  readonly textQuiet: string;
  readonly font: string;
}

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const get = (name: string) => style.getPropertyValue(name).trim();
  return {
    dark: document.documentElement.dataset.theme === 'dark',
    ground: get('--ground'),
    side: get('--side'),
    line: get('--line-strong'),
    text: get('--strata-text'),
    textQuiet: get('--strata-text-2'),
    font: get('--font'),
  };
}

/** Draws the rectangles, given in CSS px; folders come before what is in them. */
export function draw(
  context: CanvasRenderingContext2D,
  { table, totals, weights, layers }: { table: RowTable; totals: SubtreeTotals; weights: Float64Array; layers: number },
  rects: readonly TreemapRect[],
  palette: Palette,
): void {
  const { width, height } = context.canvas;
  const scale = window.devicePixelRatio;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.fillStyle = palette.ground;
  context.fillRect(0, 0, width / scale, height / scale);
  const hatch = hatching(context, palette);
  const folders = new Set(rects.map(({ row }) => table.parent[row] as number));
  for (const rect of rects) {
    const { row, x, y, w, h } = rect;
    if (folders.has(row)) {
      context.fillStyle = palette.side;
      context.fillRect(x, y, w - 1, h - 1);
      context.strokeStyle = palette.line;
      context.lineWidth = 1;
      if (w > 6 && h > 6) context.strokeRect(x + 0.5, y + 0.5, w - 2, h - 2);
      if (w > 36 && h > HEADER + 4)
        label(context, palette, `${displayPath(rowName(table, row))}/`, formatSize(weights[row] as number), rect, true);
      continue;
    }
    const { fill, edge } = layerColour(layerOf(table, weights, row), layers, palette.dark);
    context.fillStyle = fill;
    const gap = Math.min(w, h) > 4 ? 1 : 0;
    context.fillRect(x, y, w - gap, h - gap);
    const hidden = table.kind[row] === KIND.removed ? 1 : hiddenShare(totals, row);
    if (hidden > 0 && hatch !== null) {
      context.fillStyle = hatch;
      const high = (h - gap) * hidden;
      context.fillRect(x, y + h - gap - high, w - gap, high);
    }
    if (w > 12 && h > 12) {
      context.strokeStyle = edge;
      context.lineWidth = 0.5;
      context.strokeRect(x + 0.25, y + 0.25, w - gap - 0.5, h - gap - 0.5);
    }
    if (w > 40 && h > 17)
      label(context, palette, displayPath(rowName(table, row)), h > 34 ? formatSize(weights[row] as number) : '', rect, false);
  }
}

function label(
  context: CanvasRenderingContext2D,
  palette: Palette,
  name: string,
  size: string,
  { x, y, w, h }: TreemapRect,
  header: boolean,
): void {
  context.save();
  context.beginPath();
  context.rect(x + 3, y, w - 7, h);
  context.clip();
  context.textBaseline = 'middle';
  context.font = `${header ? '600 ' : ''}11px ${palette.font}`;
  context.fillStyle = palette.text;
  const text = fitted(context, name, w - 9);
  context.fillText(text, x + 4, y + 9);
  const nameWidth = context.measureText(text).width;
  if (size !== '') {
    context.font = `11px ${palette.font}`;
    context.fillStyle = palette.textQuiet;
    if (!header) context.fillText(size, x + 4, y + 23);
    else {
      const width = context.measureText(size).width;
      if (nameWidth + width + 16 < w) context.fillText(size, x + w - width - 6, y + 9);
    }
  }
  context.restore();
}

/** The text, shortened with an ellipsis if it doesn't fit. */
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

function hatching(context: CanvasRenderingContext2D, palette: Palette): CanvasPattern | null {
  const tile = document.createElement('canvas');
  const size = 8;
  const scale = window.devicePixelRatio;
  tile.width = size * scale;
  tile.height = size * scale;
  const pen = tile.getContext('2d');
  if (pen === null) return null;
  pen.scale(scale, scale);
  pen.strokeStyle = palette.dark ? 'rgb(255 255 255 / 34%)' : 'rgb(60 40 10 / 38%)';
  pen.lineWidth = 1.4;
  pen.beginPath();
  for (const from of [-size, 0, size]) {
    pen.moveTo(from - 1, size + 1);
    pen.lineTo(from + size + 1, -1);
  }
  pen.stroke();
  const pattern = context.createPattern(tile, 'repeat');
  pattern?.setTransform(new DOMMatrix().scale(1 / scale));
  return pattern;
}
