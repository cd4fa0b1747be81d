// Fields of a tar header block, 512 bytes, by offset (POSIX.1-1988 ustar; the first 257 bytes are V7's):
//
//   0 name 100 · 100 mode 8 · 108 uid 8 · 116 gid 8 · 124 size 12 · 136 mtime 12 · 148 checksum 8 · 156 type 1 · 157 link 100
//   257 magic 6 · 263 version 2 · 265 uname 32 · 297 gname 32 · 329 major 8 · 337 minor 8 · 345 prefix 155
//   GNU (magic `ustar `, version ` \0`): 345 atime 12 · 357 ctime 12 · 386 sparse map 4 × 24 · 482 more 1 · 483 real size 12
//   star (`tar\0` at 508): 345 prefix 131 · 476 atime 12 · 488 ctime 12
//
// Numbers are octal text between spaces and NULs, or, with the top bit of the first byte set, base-256 two's complement (GNU, star).
// Numbers that Go's archive/tar refuses (strconv.go) are NaN here.

const SPACE = 0x20;

/** Parses octal text; empty text is 0. NaN if Go refuses it. */
export function parseOctal(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && ((bytes[at] as number) === SPACE || (bytes[at] as number) === 0)) at++;
  let value = 0;
  for (; at < end; at++) {
    const digit = (bytes[at] as number) ^ 0x30;
    if (digit > 7) break;
    value = value * 8 + digit;
  }
  if (at === end || (bytes[at] as number) === 0) return value;
  // A NUL after the digits ends the number. Otherwise only spaces and NULs may follow: Go trims first, then cuts at a NUL.
  for (; at < end; at++) if ((bytes[at] as number) !== SPACE && (bytes[at] as number) !== 0) return Number.NaN;
  return value;
}

/** Parses octal or base-256. NaN if Go refuses it. Values beyond 2^53 are rounded. */
export function parseNumeric(bytes: Uint8Array, start: number, end: number): number {
  return ((bytes[start] as number) & 0x80) === 0 ? parseOctal(bytes, start, end) : parseBase256(bytes, start, end);
}

function parseBase256(bytes: Uint8Array, start: number, end: number): number {
  const invert = ((bytes[start] as number) & 0x40) === 0 ? 0 : 0xff;
  let value = 0;
  for (let at = start; at < end; at++) {
    const byte = (bytes[at] as number) ^ invert;
    value = value * 256 + (at === start ? byte & 0x7f : byte);
  }
  if (end - start > 8) {
    // More than 63 bits overflow. This checks the bytes, because the value above may be rounded.
    for (let at = start; at <= end - 8; at++) {
      const byte = ((bytes[at] as number) ^ invert) & (at === start ? 0x7f : 0xff);
      if (at < end - 8 ? byte !== 0 : byte >= 0x80) return Number.NaN;
    }
  }
  return invert === 0 ? value : -value - 1;
}

/** Returns the index of the first NUL at or after `start`; `end` if there is none. */
export function textEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (bytes[at] as number) !== 0) at++;
  return at;
}

/** Whether the bytes at `start` are `text` in Latin-1. */
export function spells(bytes: Uint8Array, start: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if ((bytes[start + i] as number) !== text.charCodeAt(i)) return false;
  return true;
}

/** Whether the block that starts at `word` is all zeros. */
export function isZeroBlock(words: Uint32Array, word: number): boolean {
  for (let i = word; i < word + 128; i++) if ((words[i] as number) !== 0) return false;
  return true;
}

/**
 * Returns the index of the first byte that isn't zero; `end` if all are. `words` is the whole buffer as words; `shift` is the offset of
 * `bytes` in it.
 */
export function firstNonZero(bytes: Uint8Array, start: number, end: number, words: Uint32Array, shift: number): number {
  let at = start;
  while (at < end && ((at + shift) & 3) !== 0 && bytes[at] === 0) at++;
  if (((at + shift) & 3) === 0) {
    const last = (end + shift) >>> 2;
    let word = (at + shift) >>> 2;
    while (word < last && (words[word] as number) === 0) word++;
    at = Math.max(at, word * 4 - shift);
  }
  while (at < end && bytes[at] === 0) at++;
  return at;
}

/** Returns the sum of the block's bytes, with the checksum field read as spaces. `words` holds the same block, starting at `word`. */
export function unsignedSum(bytes: Uint8Array, at: number, words: Uint32Array, word: number): number {
  // Adds two lanes of 16 bits: each sums two bytes of 128 words, at most 65,280.
  let lanes = 0;
  for (let i = word; i < word + 128; i++) {
    const four = words[i] as number;
    lanes = (lanes + (four & 0x00ff00ff) + ((four >>> 8) & 0x00ff00ff)) | 0;
  }
  let sum = (lanes & 0xffff) + (lanes >>> 16);
  for (let i = at + 148; i < at + 156; i++) sum += SPACE - (bytes[i] as number);
  return sum;
}

/** Returns the sum over signed bytes, as old Sun tars computed it. */
export function signedSum(bytes: Uint8Array, at: number, unsigned: number): number {
  let sum = unsigned;
  for (let i = at; i < at + 512; i++) {
    if ((bytes[i] as number) >= 0x80 && (i < at + 148 || i >= at + 156)) sum -= 256;
  }
  return sum;
}
