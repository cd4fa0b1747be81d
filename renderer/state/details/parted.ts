/** Characters that two texts share, and that stay before what differs. */
const CONTEXT = 2;

/**
 * Returns from where on two texts that are cut at their end must be shown, so that what differs is among the first `room` characters; 0 if it
 * is there anyway, or if the texts are equal.
 */
export function partingFrom(a: string, b: string, room: number): number {
  if (a === b) return 0;
  let same = 0;
  while (same < a.length && same < b.length && a[same] === b[same]) same++;
  if (same < room) return 0;
  const from = same - CONTEXT;
  // Don't cut a character in two.
  return /[\uDC00-\uDFFF]/.test(a[from] ?? '') ? from - 1 : from;
}
