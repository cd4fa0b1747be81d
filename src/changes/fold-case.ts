// Names of a Windows image are one name where they differ by case only. NTFS compares UTF-16 units through a table of simple upper
// case ([MS-FSA] 2.1.4.3); we fold each character on its own, and only where that gives one character again: `ß` stays `ß`.
// Bytes that aren't UTF-8 fold their ASCII letters only.

import { decodeUtf8, encodeUtf8 } from '#model';

/** Folds one character: to upper case, then to lower, each only if the result is one character of the same length. */
function foldCharacter(ch: string): string {
  const upper = ch.toUpperCase();
  const one = upper.length === ch.length ? upper : ch;
  const lower = one.toLowerCase();
  return lower.length === one.length ? lower : one;
}

/** Folds a name: two names of a Windows image are the same if the results are. Returns `bytes` itself if nothing changes. */
export function foldName(bytes: Uint8Array): Uint8Array {
  let upper = false;
  let ascii = true;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (byte >= 0x80) ascii = false;
    else if (byte >= 0x41 && byte <= 0x5a) upper = true;
  }
  if (ascii && !upper) return bytes;
  const text = ascii ? null : decodeUtf8(bytes);
  if (text !== null) {
    let folded = '';
    for (const ch of text) folded += foldCharacter(ch);
    return encodeUtf8(folded);
  }
  return bytes.map((byte) => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte));
}
