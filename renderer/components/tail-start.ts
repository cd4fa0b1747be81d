/** Maximum number of characters that stay visible at the end. */
const MOST_TAIL = 24;

/** Minimum number of characters before the visible end: cutting off fewer saves no space. */
const LEAST_HEAD = 4;

/** Number of characters that stay visible at the end of a name that has no better place to cut. */
const LAST = 8;

/**
 * Returns the index at which the visible end of a name starts: at its last path component with the tag, or else at the tag, or else at its
 * last characters. 0 for a name that is too short to be cut in the middle.
 */
export function tailStart(text: string, mostTail = MOST_TAIL): number {
  const slash = text.lastIndexOf('/');
  const colon = text.lastIndexOf(':');
  const places = [slash + 1, colon > slash ? colon : 0, text.length - LAST];
  return places.find((at) => at >= LEAST_HEAD && text.length - at <= mostTail) ?? 0;
}
