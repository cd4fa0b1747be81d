/**
 * Returns the text without the given characters at its end. Use it for untrusted text instead of `replace(/x+$/, '')`, which takes
 * quadratic time: ten seconds for 64 kB of slashes before a name.
 */
export function trimEnd(text: string, letters: string): string {
  let end = text.length;
  while (end > 0 && letters.includes(text[end - 1] as string)) end--;
  return text.slice(0, end);
}

/** Returns the text without the given characters at its beginning. */
export function trimStart(text: string, letters: string): string {
  let start = 0;
  while (start < text.length && letters.includes(text[start] as string)) start++;
  return text.slice(start);
}
