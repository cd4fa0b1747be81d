// Checksums of a spool, one per block, in a file next to it. They detect bit rot and truncated or half-written files, not tampering: other
// users can't enter the cache.
//
//   0   8   magic "LAYSUMS" and the version, one byte
//   8   8   size of the spool, float64
//   16      a CRC-32 per block of 64 KiB; the last block may be shorter
//   …   4   CRC-32 of everything before, and of the key
import { crc32 } from '../blob/crc32.ts';
import { readKept } from '../files/private-place.ts';

export const BLOCK_BYTES = 64 * 1024;
const VERSION = 1;
const MAGIC = Uint8Array.of(0x4c, 0x41, 0x59, 0x53, 0x55, 0x4d, 0x53, VERSION);
const HEAD_BYTES = 16;

/** Checksums of bytes as they are written, or of a cached spool. */
export class SpoolSums {
  #length = 0;
  /** Checksums of the complete blocks. */
  readonly #sums: number[] = [];
  /** Checksum of the incomplete block. */
  #last = 0;

  get length(): number {
    return this.#length;
  }

  update(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const room = BLOCK_BYTES - (this.#length % BLOCK_BYTES);
      const piece = bytes.subarray(at, at + room);
      this.#last = crc32(piece, this.#last);
      this.#length += piece.length;
      at += piece.length;
      if (this.#length % BLOCK_BYTES !== 0) continue;
      this.#sums.push(this.#last);
      this.#last = 0;
    }
  }

  /** Number of bytes in a block. */
  bytesOf(block: number): number {
    return Math.max(0, Math.min(BLOCK_BYTES, this.#length - block * BLOCK_BYTES));
  }

  /** Whether `bytes` match a block's checksum. Ignores bytes after the last checksummed byte. */
  fits(block: number, bytes: Uint8Array): boolean {
    const known = this.bytesOf(block);
    const sum = block < this.#sums.length ? this.#sums[block] : this.#last;
    return bytes.length >= known && crc32(bytes.subarray(0, known)) === sum;
  }

  encode(key: string): Uint8Array {
    const hasPart = this.#length % BLOCK_BYTES !== 0;
    const bytes = Buffer.alloc(HEAD_BYTES + (this.#sums.length + Number(hasPart) + 1) * 4);
    bytes.set(MAGIC);
    bytes.writeDoubleLE(this.#length, 8);
    let at = HEAD_BYTES;
    for (const sum of this.#sums) at = bytes.writeUInt32LE(sum, at);
    if (hasPart) at = bytes.writeUInt32LE(this.#last, at);
    bytes.writeUInt32LE(crc32(Buffer.from(key), crc32(bytes.subarray(0, at))), at);
    return bytes;
  }

  /** Reads a checksum file; null if it is missing, damaged, or has another version or key. */
  static read(file: string, key: string): SpoolSums | null {
    try {
      return SpoolSums.#decode(readKept(file), key);
    } catch {
      return null;
    }
  }

  static #decode(bytes: Buffer, key: string): SpoolSums | null {
    const end = bytes.length - 4;
    if (end < HEAD_BYTES || !MAGIC.every((byte, at) => bytes[at] === byte)) return null;
    if (crc32(Buffer.from(key), crc32(bytes.subarray(0, end))) !== bytes.readUInt32LE(end)) return null;
    const sums = new SpoolSums();
    sums.#length = bytes.readDoubleLE(8);
    if (!Number.isSafeInteger(sums.#length) || (end - HEAD_BYTES) / 4 !== Math.ceil(sums.#length / BLOCK_BYTES)) return null;
    for (let at = HEAD_BYTES; at < end; at += 4) sums.#sums.push(bytes.readUInt32LE(at));
    if (sums.#length % BLOCK_BYTES !== 0) sums.#last = sums.#sums.pop() ?? 0;
    return sums;
  }
}
