/** Number of shared characters kept before the difference. */
const CONTEXT = 2;

/**
 * Returns the index from which to show two strings that are cut off at the end, so that their difference is among the first `room`
 * characters shown. 0 if the difference is there anyway, or if the strings are equal.
 */
export function partingFrom(a: string, b: string, room: number): number {
  if (a === b) return 0;
  let same = 0;
  while (same < a.length && same < b.length && a[same] === b[same]) same++;
  if (same < room) return 0;
  const from = same - CONTEXT;
  // Don't split a surrogate pair.
  return /[\uDC00-\uDFFF]/.test(a[from] ?? '') ? from - 1 : from;
}
