/** Decodes UTF-16LE from `start` to `end`, keeping NULs and lone surrogates. The length must be even. */
export function readUtf16(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at += 2) text += String.fromCharCode((bytes[at] as number) | ((bytes[at + 1] as number) << 8));
  return text;
}

/** Writes `text` as UTF-16LE at `at`, without a NUL; returns the end. */
export function writeUtf16(bytes: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    bytes[at + i * 2] = unit & 0xff;
    bytes[at + i * 2 + 1] = unit >> 8;
  }
  return at + text.length * 2;
}
