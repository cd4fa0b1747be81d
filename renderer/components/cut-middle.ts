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
  // Allow half a pixel, because a width measured on a canvas may differ slightly from what is drawn.
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

/** Part of a string, from one index up to, but not including, another. */
export interface Piece {
  readonly from: number;
  readonly to: number;
}

/**
 * Returns the pieces of a string that fit into `room` px, with an ellipsis to be drawn between them; null if all of the string fits. The
 * part `kept` stays visible. If {@link cutMiddle} would cut it off, the visible end begins at that part instead; if even that doesn't fit,
 * the part is shown by itself, with as much of what follows as fits.
 */
export function cutAround(
  text: string,
  tail: number,
  kept: Piece | null,
  room: number,
  widthOf: (text: string) => number,
): readonly Piece[] | null {
  const usual = cutMiddle(text, tail, room, widthOf);
  if (usual === null) return null;
  const pieces = ({ head, tail: end }: MiddleCut): readonly Piece[] => [
    { from: 0, to: head },
    { from: end, to: text.length },
  ];
  if (kept === null || kept.to <= usual.head || kept.from >= usual.tail) return pieces(usual);
  const fromKept = cutMiddle(text, kept.from, room, widthOf);
  if (fromKept !== null && fromKept.tail <= kept.from) return pieces(fromKept);
  const more = last(text.length - kept.to, (length) => {
    const [before, after] = [kept.from > 0 ? ELLIPSIS : '', kept.to + length < text.length ? ELLIPSIS : ''];
    return widthOf(before + text.slice(kept.from, kept.to + length) + after) <= room;
  });
  const piece = { from: kept.from, to: kept.to + Math.max(0, more) };
  // Empty pieces, so that an ellipsis is drawn where the string is cut off at its start or end.
  const start = piece.from > 0 ? [{ from: 0, to: 0 }] : [];
  const end = piece.to < text.length ? [{ from: text.length, to: text.length }] : [];
  return [...start, piece, ...end];
}

/** Returns the largest number up to `most` that satisfies `isTrue`; -1 if none does. Every number below it must satisfy `isTrue`, too. */
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
