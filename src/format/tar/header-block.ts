import { parseNumeric, spells, textEnd } from './fields.ts';
import type { MemberView } from './member.ts';

/** Format of a header block, according to its magic. */
export type Magic = 'v7' | 'ustar' | 'gnu' | 'star';

/** Determines a block's format. Like Go's getFormat, accepts any version after ustar's magic, but only one after GNU's. */
export function magicOf(bytes: Uint8Array, at: number): Magic {
  if ((bytes[at + 257] as number) !== 0x75 || !spells(bytes, at + 257, 'ustar')) return 'v7';
  if ((bytes[at + 262] as number) === 0) {
    return (bytes[at + 508] as number) === 0x74 && spells(bytes, at + 508, 'tar\0') ? 'star' : 'ustar';
  }
  return spells(bytes, at + 262, '  \0') ? 'gnu' : 'v7';
}

// Indexes of the 32-bit words that hold numbers: mode, uid and gid take two each, mtime three, the devices four and a byte (329 to 344).
const MODE = 25;
const UID = 27;
const GID = 29;
const MTIME = 34;
const DEVICES = 82;
const LAST_OF_DEVICES = 344;

/** Parses header blocks. Most numbers are the same as in the previous block; these aren't parsed again. */
export class HeaderBlock {
  #mode = 0;
  #uid = 0;
  #gid = 0;
  #mtime = 0;
  #devMajor = 0;
  #devMinor = 0;
  /** The words from which the current numbers were parsed. Initially zeros, like the numbers, because an empty field is 0. */
  readonly #seen = new Uint32Array(128);
  #seenByte = 0;
  readonly #joined = new Uint8Array(256);

  /**
   * Sets the member's mode, owner, time and device numbers. Returns the size stated in the header, or NaN if any number is malformed.
   * `words` holds the same block as 32-bit words, starting at `word`.
   */
  readNumbers(member: MemberView, bytes: Uint8Array, at: number, magic: Magic, words: Uint32Array, word: number): number {
    if (this.#changed(words, word, MODE, 2)) this.#mode = parseNumeric(bytes, at + 100, at + 108);
    if (this.#changed(words, word, UID, 2)) this.#uid = parseNumeric(bytes, at + 108, at + 116);
    if (this.#changed(words, word, GID, 2)) this.#gid = parseNumeric(bytes, at + 116, at + 124);
    if (this.#changed(words, word, MTIME, 3)) this.#mtime = parseNumeric(bytes, at + 136, at + 148);
    member.mode = this.#mode;
    member.uid = this.#uid;
    member.gid = this.#gid;
    member.mtimeSeconds = this.#mtime;
    member.mtimeNanos = 0;
    member.devMajor = 0;
    member.devMinor = 0;
    // Adds up all numbers, because a malformed one is NaN and makes the sum NaN.
    let all = parseNumeric(bytes, at + 124, at + 136);
    const size = all;
    all += this.#mode + this.#uid + this.#gid + this.#mtime;
    if (magic !== 'v7') {
      const changed = this.#changed(words, word, DEVICES, 4);
      if (changed || bytes[at + LAST_OF_DEVICES] !== this.#seenByte) {
        this.#seenByte = bytes[at + LAST_OF_DEVICES] as number;
        this.#devMajor = parseNumeric(bytes, at + 329, at + 337);
        this.#devMinor = parseNumeric(bytes, at + 337, at + 345);
      }
      member.devMajor = this.#devMajor;
      member.devMinor = this.#devMinor;
      all += this.#devMajor + this.#devMinor;
      if (magic === 'star') all += parseNumeric(bytes, at + 476, at + 488) + parseNumeric(bytes, at + 488, at + 500);
    }
    return Number.isNaN(all) ? Number.NaN : size;
  }

  #changed(words: Uint32Array, word: number, field: number, count: number): boolean {
    const seen = this.#seen;
    let changed = false;
    for (let i = field; i < field + count; i++) {
      if (seen[i] === words[word + i]) continue;
      seen[i] = words[word + i] as number;
      changed = true;
    }
    return changed;
  }

  /** Sets the member's names as spans of the block; a name with a prefix is joined in a buffer that the next call reuses. */
  readTexts(member: MemberView, bytes: Uint8Array, at: number, magic: Magic): void {
    member.setName(bytes, at, textEnd(bytes, at, at + 100));
    member.setLink(bytes, at + 157, (bytes[at + 157] as number) === 0 ? at + 157 : textEnd(bytes, at + 157, at + 257));
    if (magic === 'v7') {
      member.setUname(bytes, at + 265, at + 265);
      member.setGname(bytes, at + 297, at + 297);
      return;
    }
    member.setUname(bytes, at + 265, textEnd(bytes, at + 265, at + 297));
    member.setGname(bytes, at + 297, textEnd(bytes, at + 297, at + 329));
    if ((bytes[at + 345] as number) === 0 && magic !== 'gnu') return;
    const prefixEnd = this.#prefixEnd(bytes, at, magic);
    if (prefixEnd > at + 345) this.#join(member, bytes, at + 345, prefixEnd);
  }

  #prefixEnd(bytes: Uint8Array, at: number, magic: Magic): number {
    const start = at + 345;
    if (magic === 'star') return textEnd(bytes, start, start + 131);
    if (magic === 'ustar') return textEnd(bytes, start, start + 155);
    // The GNU format has times in this field, but Go before 1.8 wrote a prefix there. If the times don't parse and the field is ASCII, it
    // is treated as a prefix.
    const atimeBad = bytes[start] !== 0 && Number.isNaN(parseNumeric(bytes, start, start + 12));
    const ctimeBad = bytes[start + 12] !== 0 && Number.isNaN(parseNumeric(bytes, start + 12, start + 24));
    if (!atimeBad && !ctimeBad) return start;
    const end = textEnd(bytes, start, start + 155);
    for (let i = start; i < end; i++) if ((bytes[i] as number) >= 0x80) return start;
    return end;
  }

  /** Sets the name to the prefix, `/` and the current name. */
  #join(member: MemberView, bytes: Uint8Array, start: number, end: number): void {
    const joined = this.#joined;
    const { nameBytes, nameStart, nameEnd } = member;
    let to = 0;
    for (let i = start; i < end; i++) joined[to++] = bytes[i] as number;
    joined[to++] = 0x2f;
    for (let i = nameStart; i < nameEnd; i++) joined[to++] = nameBytes[i] as number;
    member.setName(joined, 0, to);
  }
}
