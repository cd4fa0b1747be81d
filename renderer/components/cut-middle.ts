/** Parts of a text that is cut in its middle: what is before `head`, an ellipsis, what is from `tail` on. */
export interface MiddleCut {
  readonly head: number;
  readonly tail: number;
}

const ELLIPSIS = '…';

/**
 * Returns how to cut a text so that it fits into `room` px; null if it fits in whole. As much of it is kept as there is room for, so that the
 * ends of both parts touch the ellipsis. `tail`: from where on the text is kept; if there is no room for that, less of the end.
 */
export function cutMiddle(text: string, tail: number, room: number, widthOf: (text: string) => number): MiddleCut | null {
  // What a canvas measures differs from what is drawn by fractions of a pixel.
  if (widthOf(text) <= room + 0.5) return null;
  const fits = (head: number, from: number) => widthOf(text.slice(0, head) + ELLIPSIS + text.slice(from)) <= room;
  let head = last(tail, (length) => fits(length, tail));
  let from = tail;
  if (head < 1) {
    const end = last(text.length - tail, (length) => fits(1, text.length - length));
    head = 1;
    from = text.length - Math.max(0, end);
  }
  // Don't cut a character in two.
  if (/[\uD800-\uDBFF]/.test(text[head - 1] ?? '')) head--;
  if (/[\uDC00-\uDFFF]/.test(text[from] ?? '')) from++;
  return { head, tail: from };
}

export function cutText(text: string, { head, tail }: MiddleCut): string {
  return text.slice(0, head) + ELLIPSIS + text.slice(tail);
}

/** Returns the last number up to `most` for which a condition is true that is true for all smaller ones; -1 if it is for none. */
function last(most: number, isTrue: (value: number) => boolean): number {
  let low = -1;
  let high = most;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (isTrue(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

let pen: CanvasRenderingContext2D | null = null;

/** Returns a function that measures texts in the font of an element, px. */
export function textWidths(element: Element): (text: string) => number {
  const { fontStyle, fontWeight, fontSize, fontFamily } = getComputedStyle(element);
  pen ??= document.createElement('canvas').getContext('2d');
  const canvas = pen;
  if (canvas === null) return () => 0;
  canvas.font = `${fontStyle} ${fontWeight} ${fontSize} ${fontFamily}`;
  return (text) => canvas.measureText(text).width;
}
