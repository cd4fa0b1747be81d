// A 64-bit checksum that distinguishes bodies of equal size without reading them again. A block has sixteen 32-bit words in four columns,
// and each column has four 32-bit lanes, which take one word each, as in xxHash (https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md,
// XXH32); first the lanes are mixed with their neighbours, then they rotate. Each step is invertible, so a difference is lost only if later
// ones cancel it; and after one more step, a difference in one lane has spread to two or three, so those would have to cancel it in 64
// bits. Columns don't meet before the end, when a 64-bit mix takes one pair of lanes after the other. So the probability that two different
// bodies have the same sum is 1 in 2^64.
//
// All lanes start from a secret key. With a known start, one could craft a block that cancels any difference in the blocks before it. With
// an unknown start, the lanes that a word is mixed with are unknown, and so is what would cancel its difference. Still, this isn't a
// cryptographic hash: somebody who learns the key, or can try billions of times, can make two bodies with the same sum.
//
// There are four columns because vectors take a word of each at once (`body-sum-code.ts`). The code here gives the same sums without
// vectors at a fifth of the speed, and is faster for a few blocks.
//
// Words are read in native byte order, which is the same on every machine that Node runs on, except IBM Z. Sums are stored in the index
// cache, which never leaves the machine, with this user's key; and in catalogs (`content`), which do, with the catalog's key.

import { BLOCK_BYTES, type BodySumCode, bodySumCode, PRIME_1, PRIME_2 } from './body-sum-code.ts';

const SCRATCH_BYTES = 32 * 1024;
const COLUMNS = 4;
const BLOCK_WORDS = BLOCK_BYTES / 4;
/** Minimum number of bytes for the vector code. For fewer, calling it takes longer than the work itself. */
const SHORT_BYTES = 512;
/** The lanes' initial values, before the key is mixed in: digits of pi. */
const START = Int32Array.of(
  ...[0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0x082efa98, 0xec4e6c89],
  ...[0x452821e6, 0x38d01377, 0xbe5466cf, 0x34e90c6c, 0xc0ac29b7, 0xc97c50dd, 0x3f84d5b5, 0xb5470917],
);

export const SUM_KEY_BYTES = BLOCK_BYTES;

/** Computes the checksum of one body at a time, independently of how its bytes are split into pieces. */
export class BodySum {
  /** The two halves of the checksum; never both 0. */
  low = 0;
  high = 0;
  readonly #codeFor: () => BodySumCode | null;
  readonly #start: Int32Array;
  /** The first lane of each column, then the second of each, and so on. */
  readonly #lanes = new Int32Array(BLOCK_WORDS);
  #length = 0;
  /** The start of a block, and space to realign bytes that aren't on a word boundary. */
  readonly #scratch = new Uint8Array(SCRATCH_BYTES);
  readonly #scratchWords = new Int32Array(this.#scratch.buffer);
  #filled = 0;
  #buffer: ArrayBufferLike = this.#scratch.buffer;
  #words: Int32Array = this.#scratchWords;

  /**
   * `key` has {@link SUM_KEY_BYTES} secret bytes. `codeFor` is called for the vector code whenever there are many blocks, and may return
   * null.
   */
  constructor(key: Uint8Array, codeFor: () => BodySumCode | null = bodySumCode) {
    const words = new Int32Array(new Uint8Array(key).buffer);
    this.#start = START.map((word, lane) => word ^ (words[lane] as number));
    this.#codeFor = codeFor;
  }

  begin(): void {
    this.#lanes.set(this.#start);
    this.#length = 0;
    this.#filled = 0;
  }

  /** Adds the bytes from `start` to `end`. */
  update(bytes: Uint8Array, start: number, end: number): void {
    this.#length += end - start;
    let at = start;
    if (this.#filled > 0) at = this.#fillBlock(bytes, at, end);
    const whole = at + ((end - at) & ~(BLOCK_BYTES - 1));
    if (whole > at) {
      const code = whole - at < SHORT_BYTES ? null : this.#codeFor();
      if (code !== null) code.take(this.#lanes, bytes, at, whole);
      else if (((bytes.byteOffset + at) & 3) === 0) this.#takeAligned(bytes, at, whole);
      else this.#takeCopied(bytes, at, whole);
      at = whole;
    }
    while (at < end) this.#scratch[this.#filled++] = bytes[at++] as number;
  }

  /** Ends the body; its checksum is then in `low` and `high`. */
  finish(): void {
    if (this.#filled > 0) {
      this.#scratch.fill(0, this.#filled, BLOCK_BYTES);
      this.#take(this.#scratchWords, 0, BLOCK_WORDS);
      this.#filled = 0;
    }
    let low = this.#length | 0;
    let high = Math.floor(this.#length / 0x1_0000_0000);
    for (let at = 0; at < BLOCK_WORDS; at += 2) {
      low ^= this.#lanes[at] as number;
      high ^= this.#lanes[at + 1] as number;
      low = (low + mixed(high)) | 0;
      high = (high + mixed(low)) | 0;
      low = (low + mixed(high)) | 0;
    }
    this.low = low >>> 0;
    this.high = high >>> 0;
    if (this.low === 0 && this.high === 0) this.low = 1;
  }

  /** Completes a partial block; returns where the remaining bytes start. */
  #fillBlock(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end && this.#filled < BLOCK_BYTES) this.#scratch[this.#filled++] = bytes[at++] as number;
    if (this.#filled === BLOCK_BYTES) {
      this.#take(this.#scratchWords, 0, BLOCK_WORDS);
      this.#filled = 0;
    }
    return at;
  }

  #takeAligned(bytes: Uint8Array, start: number, end: number): void {
    if (bytes.buffer !== this.#buffer) {
      this.#buffer = bytes.buffer;
      this.#words = new Int32Array(bytes.buffer, 0, bytes.buffer.byteLength >>> 2);
    }
    this.#take(this.#words, (bytes.byteOffset + start) >>> 2, (bytes.byteOffset + end) >>> 2);
  }

  #takeCopied(bytes: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; at += SCRATCH_BYTES) {
      const piece = bytes.subarray(at, Math.min(end, at + SCRATCH_BYTES));
      this.#scratch.set(piece);
      this.#take(this.#scratchWords, 0, piece.length >>> 2);
    }
  }

  /** Adds the words between `from` and `to`, which make up whole blocks. */
  #take(words: Int32Array, from: number, to: number): void {
    for (let column = 0; column < COLUMNS; column++) takeColumn(this.#lanes, column, words, from, to);
  }
}

/** Adds a column's words of the blocks between `from` and `to` to its lanes. */
function takeColumn(lanes: Int32Array, column: number, words: Int32Array, from: number, to: number): void {
  let a = lanes[column] as number;
  let b = lanes[column + 4] as number;
  let c = lanes[column + 8] as number;
  let d = lanes[column + 12] as number;
  for (let at = from + column; at < to; at += BLOCK_WORDS) {
    const both = d ^ c;
    d = (both + Math.imul(words[at + 12] as number, PRIME_2)) | 0;
    c = ((c ^ b) + Math.imul(words[at + 8] as number, PRIME_2)) | 0;
    b = ((b ^ a) + Math.imul(words[at + 4] as number, PRIME_2)) | 0;
    a = ((a ^ both) + Math.imul(words[at] as number, PRIME_2)) | 0;
    const last = Math.imul((d << 13) | (d >>> 19), PRIME_1);
    d = Math.imul((c << 13) | (c >>> 19), PRIME_1);
    c = Math.imul((b << 13) | (b >>> 19), PRIME_1);
    b = Math.imul((a << 13) | (a >>> 19), PRIME_1);
    a = last;
  }
  lanes[column] = a;
  lanes[column + 4] = b;
  lanes[column + 8] = c;
  lanes[column + 12] = d;
}

/** Mixes a word so that every bit of the result depends on every bit of the word. Source: MurmurHash3's fmix32. */
function mixed(word: number): number {
  let hash = word;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
