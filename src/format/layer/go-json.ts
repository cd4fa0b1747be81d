/** Text as Go's encoding/json writes it: `<`, `>`, `&` and the two line separators escaped, else as short as it gets. */
export function goJsonText(text: string): string {
  const quoted = JSON.stringify(text);
  return quoted.replace(/[<>&\u2028\u2029]/g, (ch) => `\\u${ch.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
