// Text in hives: names in UTF-16 or, if all their characters allow it, one byte each (Latin-1). Decoded by hand, because a TextDecoder
// would replace lone surrogates and read Latin-1 as windows-1252.

const CHUNK = 4096;

/** Decodes bytes as UTF-16LE, keeping lone surrogates; ignores an odd last byte. */
export function utf16Text(bytes: Uint8Array): string {
  let text = '';
  const units: number[] = [];
  for (let at = 0; at + 1 < bytes.length; at += 2) {
    units.push((bytes[at] as number) | ((bytes[at + 1] as number) << 8));
    if (units.length < CHUNK) continue;
    text += String.fromCharCode(...units);
    units.length = 0;
  }
  return text + String.fromCharCode(...units);
}

export function latin1Text(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
