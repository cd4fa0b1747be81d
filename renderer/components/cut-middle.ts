/** How a string is cut in the middle: the parts before `head` and from `tail` on are kept, with an ellipsis between them. */
export interface MiddleCut {
  readonly head: number;
  readonly tail: number;
}

const ELLIPSIS = '…';

/**
 * Returns how to cut a string so that it fits into `room` px; null if all of it fits. Keeps as many characters as fit, so that both parts
 * touch the ellipsis. `tail`: index where the end to keep begins; if even that end doesn't fit, less of it is kept.
 */
export function cutMiddle(text: string, tail: number, room: number, widthOf: (text: string) => number): MiddleCut | null {
  // A width measured on a canvas may differ by a fraction of a pixel from what is drawn.
  if (widthOf(text) <= room + 0.5) return null;
  const fits = (head: number, from: number) => widthOf(text.slice(0, head) + ELLIPSIS + text.slice(from)) <= room;
  let head = last(tail, (length) => fits(length, tail));
  let from = tail;
  if (head < 1) {
    const end = last(text.length - tail, (length) => fits(1, text.length - length));
    head = 1;
    from = text.length - Math.max(0, end);
  }
  // Don't split a surrogate pair.
  if (/[\uD800-\uDBFF]/.test(text[head - 1] ?? '')) head--;
  if (/[\uDC00-\uDFFF]/.test(text[from] ?? '')) from++;
  return { head, tail: from };
}

export function cutText(text: string, { head, tail }: MiddleCut): string {
  return text.slice(0, head) + ELLIPSIS + text.slice(tail);
}

/** Returns the largest number up to `most` that satisfies `isTrue`, which must hold for all smaller ones too; -1 if none does. */
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

/** Returns a function that measures the width of strings in an element's font, in px. */
export function textWidths(element: Element): (text: string) => number {
  const { fontStyle, fontWeight, fontSize, fontFamily } = getComputedStyle(element);
  pen ??= document.createElement('canvas').getContext('2d');
  const canvas = pen;
  if (canvas === null) return () => 0;
  canvas.font = `${fontStyle} ${fontWeight} ${fontSize} ${fontFamily}`;
  return (text) => canvas.measureText(text).width;
}
