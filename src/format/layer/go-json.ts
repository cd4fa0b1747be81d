/**
 * Encodes a string like Go's encoding/json: escapes `<`, `>`, `&` and the two line separators, and otherwise as few characters as possible.
 */
export function goJsonText(text: string): string {
  const quoted = JSON.stringify(text);
  return quoted.replace(/[<>&\u2028\u2029]/g, (ch) => `\\u${ch.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
