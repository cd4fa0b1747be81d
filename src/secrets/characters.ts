// Sets of bytes as tables with 1 for each byte in the set.

export type ByteSet = Uint8Array;

/** Expands a pattern such as `a-zA-Z_`: single characters and ranges; a hyphen at the end is literal. */
function byteSet(text: string): ByteSet {
  const set = new Uint8Array(256);
  for (let at = 0; at < text.length; at++) {
    const first = text.charCodeAt(at);
    const isRange = text[at + 1] === '-' && at + 2 < text.length;
    const last = isRange ? text.charCodeAt(at + 2) : first;
    for (let byte = first; byte <= last; byte++) set[byte] = 1;
    if (isRange) at += 2;
  }
  return set;
}

export const WORD = byteSet('A-Za-z0-9_');
/** Letters and digits. */
export const ALNUM = byteSet('A-Za-z0-9');
export const LETTERS = byteSet('A-Za-z');
export const UPPER = byteSet('A-Z0-9');
export const BASE32 = byteSet('A-Z2-7');
export const HEX = byteSet('0-9a-f');
/** Base64 for URLs, without padding. */
export const URL_BASE64 = byteSet('A-Za-z0-9_-');
export const BASE64 = byteSet('A-Za-z0-9+/');

/** Whether `bytes` has the ASCII `text` at `at`. */
export function hasText(bytes: Uint8Array, at: number, text: string, end = bytes.length): boolean {
  if (at < 0 || at + text.length > end) return false;
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** Returns the position of the ASCII `text` between `from` and `to`; -1 if it isn't there. */
export function findText(bytes: Uint8Array, text: string, from: number, to: number): number {
  const first = text.charCodeAt(0);
  const last = to - text.length;
  for (let at = from; at <= last; at++) {
    if (bytes[at] === first && hasText(bytes, at, text, to)) return at;
  }
  return -1;
}

/** Returns the end of the run of bytes in `set` that starts at `from`; at most `to`. */
export function runEnd(bytes: Uint8Array, set: ByteSet, from: number, to: number): number {
  let at = from;
  while (at < to && set[bytes[at] as number] === 1) at++;
  return at;
}

/** Decodes the bytes as Latin-1. */
export function latin1(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let at = from; at < to; at++) text += String.fromCharCode(bytes[at] as number);
  return text;
}

/** Returns the number of distinct ASCII characters. */
export function distinctBytes(bytes: Uint8Array, from: number, to: number): number {
  let [digits, upper, lower] = [0, 0, 0];
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number;
    const bit = 1 << (byte & 31);
    if (byte < 64) digits |= bit;
    else if (byte < 96) upper |= bit;
    else lower |= bit;
  }
  return bitCount(digits) + bitCount(upper) + bitCount(lower);
}

function bitCount(bits: number): number {
  let count = 0;
  for (let left = bits; left !== 0; left &= left - 1) count++;
  return count;
}
