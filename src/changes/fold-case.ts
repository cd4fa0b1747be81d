// In a Windows image, names that differ only in case are the same name. In names that aren't UTF-8, only ASCII letters are folded.

import { decodeUtf8, encodeUtf8, foldWindowsCase } from '#model';

/** Folds a name. Two names in a Windows image are the same if their folded forms are equal. Returns `bytes` itself if nothing changes. */
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
  if (text !== null) return encodeUtf8(foldWindowsCase(text));
  return bytes.map((byte) => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte));
}
