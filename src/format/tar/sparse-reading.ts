import { decimalRecord } from './apply-records.ts';
import { parseNumeric } from './fields.ts';
import type { Magic } from './header-block.ts';
import type { MemberView } from './member.ts';
import { KEY, type PaxRecords } from './pax-records.ts';
import { isValidMap, MAX_MAP_BYTES, PaxMapReader, readOldGnuEntries, readPaxMap, type SparseEntry } from './sparse-map.ts';
import { isHeaderOnly } from './type-flags.ts';

const BLOCK = 512;
/** Bytes of an old GNU header that belong to the map: four pairs and a flag. */
const OLD_HEADER_BYTES = 97;

/** Collects the map of one sparse member at a time. Methods that can fail return the reason, or null. */
export class SparseReading {
  /** Whether more blocks of the map follow. */
  hasMore = false;
  #map: SparseEntry[] = [];
  #oldBytes = 0;
  #pax: PaxMapReader | null = null;

  /** Begins with the header block of an old GNU sparse member. */
  startOld(member: MemberView, block: Uint8Array, at: number, magic: Magic): string | null {
    if (magic !== 'gnu') return 'a sparse file in a format other than GNU';
    member.size = parseNumeric(block, at + 483, at + 495);
    this.#map = [];
    this.#oldBytes = OLD_HEADER_BYTES;
    if (Number.isNaN(member.size) || !readOldGnuEntries(block, at + 386, 4, this.#map)) return 'a malformed sparse map';
    this.hasMore = block[at + 482] !== 0;
    return null;
  }

  /** Reads an extension block of an old GNU sparse member. */
  takeOld(block: Uint8Array, at: number): string | null {
    this.#oldBytes += BLOCK;
    if (this.#oldBytes >= MAX_MAP_BYTES) return 'the sparse map is too long';
    if (!readOldGnuEntries(block, at, 21, this.#map)) return 'a malformed sparse map';
    this.hasMore = block[at + 504] !== 0;
    return null;
  }

  /** Begins with the records of a PAX sparse member. Sets `hasMore` if its map is in the body. */
  startPax(member: MemberView, records: PaxRecords): string | null {
    const name = records.start(KEY.sparseName);
    if (name >= 0) member.setName(records.bytes, name, records.end(KEY.sparseName));
    const sizeKey = records.start(KEY.sparseSize) >= 0 ? KEY.sparseSize : KEY.sparseRealSize;
    member.size = decimalRecord(records, sizeKey, member.storedSize);
    if (Number.isNaN(member.size)) return 'a number in its PAX records is malformed';
    this.hasMore = records.value(KEY.sparseMajor)[0] === 0x31;
    if (this.hasMore) {
      this.#pax = new PaxMapReader();
      return member.storedSize < BLOCK ? 'no room for its sparse map' : null;
    }
    const map = readPaxMap(records.value(KEY.sparseMap), records.value(KEY.sparseBlocks));
    if (map === null) return 'a malformed sparse map';
    this.#map = map;
    return null;
  }

  /** Reads a block of a PAX 1.0 map; `left` is how much of the body follows the block. */
  takePax(block: Uint8Array, at: number, left: number): string | null {
    const reader = this.#pax as PaxMapReader;
    const result = reader.push(block, at);
    if (result === 'refused') return 'a malformed sparse map';
    if (result === 'more') return left < BLOCK ? 'no room for its sparse map' : null;
    this.hasMore = false;
    this.#map = reader.map();
    this.#pax = null;
    return null;
  }

  /** Stores the complete map in the member. Returns what is wrong with the map, or null. */
  finish(member: MemberView): string | null {
    if (isHeaderOnly(member.type)) return 'a sparse map on an entry without a body';
    if (!isValidMap(this.#map, member.size)) return 'a sparse map that contradicts itself';
    if (member.size > Number.MAX_SAFE_INTEGER) return 'a size over 2^53 bytes';
    member.sparse = this.#map;
    this.#map = [];
    return null;
  }
}
