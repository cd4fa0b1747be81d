/** UTF-16LE from `start` to `end` as it stands: NULs and lone surrogates kept. The length is even. */
export function readUtf16(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at += 2) text += String.fromCharCode((bytes[at] as number) | ((bytes[at + 1] as number) << 8));
  return text;
}

/** Lays `text` down as UTF-16LE from `at` on; returns where it ends. No NUL is added. */
export function writeUtf16(bytes: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    bytes[at + i * 2] = unit & 0xff;
    bytes[at + i * 2 + 1] = unit >> 8;
  }
  return at + text.length * 2;
}
