// The map of a sparse file lists offset and length of each stored piece; the rest of the file is zeros. Four forms:
//
//   old GNU (type S): four pairs in the header, 21 in each extension block that follows it, octal or base-256
//   PAX 0.0, 0.1: `GNU.sparse.map` = `offset,length,offset,length…` decimal (0.0's records are joined into this form)
//   PAX 1.0: the body begins with decimal lines: the count, then offset and length of each piece; data begins at the next block
//
// The same maps are valid, within the same limits, as in Go's archive/tar (readOldGNUSparseMap, readGNUSparseMap0x1 and 1x0,
// validateSparseEntries).
import { parseInt64 } from './decimal.ts';
import { parseNumeric } from './fields.ts';
import { KEY, type PaxRecords } from './pax-records.ts';

/** Maximum size of a map in bytes: Go's maxSpecialFileSize. */
export const MAX_MAP_BYTES = 1 << 20;

export type SparseEntry = readonly [offset: number, length: number];

/** Whether the records describe a known sparse form. As in Go, a file with an unknown version counts as a plain file. */
export function isPaxSparse(records: PaxRecords): boolean {
  const major = records.value(KEY.sparseMajor);
  const minor = records.value(KEY.sparseMinor);
  if (major.length === 0 && minor.length === 0) return records.value(KEY.sparseMap).length > 0;
  if (major.length !== 1 || minor.length !== 1) return false;
  return (major[0] === 0x30 && (minor[0] === 0x30 || minor[0] === 0x31)) || (major[0] === 0x31 && minor[0] === 0x30);
}

/** Adds the pairs of an old GNU header or extension block. Returns false for a malformed number. */
export function readOldGnuEntries(block: Uint8Array, at: number, count: number, map: SparseEntry[]): boolean {
  for (let i = 0; i < count; i++) {
    const start = at + i * 24;
    if (block[start] === 0) return true;
    const offset = parseNumeric(block, start, start + 12);
    const length = parseNumeric(block, start + 12, start + 24);
    if (Number.isNaN(offset) || Number.isNaN(length)) return false;
    map.push([offset, length]);
  }
  return true;
}

/** Parses `GNU.sparse.map`, which has `GNU.sparse.numblocks` (`blocks`) pairs. Returns null if malformed. */
export function readPaxMap(text: Uint8Array, blocks: Uint8Array): SparseEntry[] | null {
  const count = parseInt64(blocks, 0, blocks.length);
  if (!(count >= 0)) return null;
  const numbers: number[] = [];
  for (let at = 0; text.length > 0 && at <= text.length; ) {
    let end = at;
    while (end < text.length && text[end] !== 0x2c) end++;
    numbers.push(parseInt64(text, at, end));
    at = end + 1;
  }
  if (numbers.length !== count * 2 || numbers.some(Number.isNaN)) return null;
  return pairs(numbers);
}

function pairs(numbers: readonly number[]): SparseEntry[] {
  const map: SparseEntry[] = [];
  for (let i = 0; i + 1 < numbers.length; i += 2) map.push([numbers[i] as number, numbers[i + 1] as number]);
  return map;
}

/** Reads a PAX 1.0 map block by block. */
export class PaxMapReader {
  #numbers: number[] = [];
  /** Digits of a number that continues in the next block. */
  #rest: number[] = [];
  /** How many numbers follow the count; -1 until the count is known. */
  #wanted = -1;
  /** Bytes read so far. */
  size = 0;

  /**
   * Reads the next 512 bytes. Returns `more` if the map continues, `done` if {@link map} is complete, `refused` if the map is malformed.
   */
  push(block: Uint8Array, start: number): 'more' | 'done' | 'refused' {
    this.size += 512;
    for (let at = start; at < start + 512 && this.#numbers.length !== this.#wanted; at++) {
      const byte = block[at] as number;
      if (byte !== 0x0a) {
        this.#rest.push(byte);
        continue;
      }
      const digits = Uint8Array.from(this.#rest);
      this.#rest = [];
      const value = parseInt64(digits, 0, digits.length);
      if (Number.isNaN(value)) return 'refused';
      if (this.#wanted >= 0) this.#numbers.push(value);
      else {
        if (value < 0) return 'refused';
        this.#wanted = value * 2;
      }
    }
    if (this.#numbers.length === this.#wanted) return 'done';
    return this.size + 512 > MAX_MAP_BYTES ? 'refused' : 'more';
  }

  map(): SparseEntry[] {
    return pairs(this.#numbers);
  }
}

/** Whether the pieces are in order, don't overlap, and lie inside a file of `size` bytes. */
export function isValidMap(map: readonly SparseEntry[], size: number): boolean {
  if (size < 0) return false;
  let end = 0;
  for (const [offset, length] of map) {
    if (offset < 0 || length < 0 || offset + length > size || end > offset) return false;
    end = offset + length;
  }
  return true;
}

/** Returns the total length of the map's pieces in bytes. */
export function mappedBytes(map: readonly SparseEntry[]): number {
  let sum = 0;
  for (const [, length] of map) sum += length;
  return sum;
}
