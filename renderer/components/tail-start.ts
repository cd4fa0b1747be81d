/** Maximum number of characters that stay visible at the end. */
const MOST_TAIL = 24;

/**
 * Returns the index at which the visible end of a name starts: its last path component with the tag, or else the tag, or else its last
 * characters.
 */
export function tailStart(text: string): number {
  const slash = text.lastIndexOf('/');
  if (slash >= 0 && text.length - slash <= MOST_TAIL) return slash + 1;
  const colon = text.lastIndexOf(':');
  if (colon > slash && text.length - colon <= MOST_TAIL) return colon;
  return Math.max(0, text.length - 8);
}
