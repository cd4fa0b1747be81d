// A 64-bit checksum that tells bodies of equal size apart without reading them again. Four 32-bit lanes take one word each, as in xxHash
// (https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md, XXH32); every lane but the first is also mixed with its neighbour, then the
// lanes rotate. Each step is invertible, so no difference is lost on the way: the chance that two different bodies have the same sum is 1
// in 2^64. It is not a cryptographic hash: two bodies with the same sum can be crafted. Where that matters, bodies are compared byte by
// byte.
//
// Words are read in native byte order, which is the same on every machine that Node runs on, save IBM Z. Sums are kept in the index cache,
// which never leaves the machine, and in catalogs (`content`), which do.

const PRIME_1 = 0x9e3779b1;
const PRIME_2 = 0x85ebca77;
const SCRATCH_BYTES = 32 * 1024;
const BLOCK_BYTES = 16;

/** Computes the checksum of one body at a time, independently of how its bytes are split into pieces. */
export class BodySum {
  /** The first and the second half; never both 0. */
  low = 0;
  high = 0;
  #a = 0;
  #b = 0;
  #c = 0;
  #d = 0;
  #length = 0;
  /** The start of a block, and room to realign bytes that are not on a word boundary. */
  readonly #scratch = new Uint8Array(SCRATCH_BYTES);
  readonly #scratchWords = new Int32Array(this.#scratch.buffer);
  #filled = 0;
  #buffer: ArrayBufferLike = this.#scratch.buffer;
  #words: Int32Array = this.#scratchWords;

  /** Starts a new body. */
  begin(): void {
    this.#a = 0x243f6a88;
    this.#b = 0x05a308d3;
    this.#c = 0x13198a2e;
    this.#d = 0x03707344;
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
      if (((bytes.byteOffset + at) & 3) === 0) this.#takeAligned(bytes, at, whole);
      else this.#takeCopied(bytes, at, whole);
      at = whole;
    }
    while (at < end) this.#scratch[this.#filled++] = bytes[at++] as number;
  }

  /** Ends the body; its checksum is then in `low` and `high`. */
  finish(): void {
    if (this.#filled > 0) {
      this.#scratch.fill(0, this.#filled, BLOCK_BYTES);
      this.#take(this.#scratchWords, 0, BLOCK_BYTES / 4);
      this.#filled = 0;
    }
    const first = mixed(mixed(this.#a ^ this.#length) + this.#c);
    const second = mixed(mixed(this.#b ^ Math.floor(this.#length / 0x1_0000_0000)) + this.#d);
    this.low = (first + Math.imul(second, PRIME_2)) >>> 0;
    this.high = (second + Math.imul(first, PRIME_1)) >>> 0;
    if (this.low === 0 && this.high === 0) this.low = 1;
  }

  /** Completes a partial block; returns where the remaining bytes start. */
  #fillBlock(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end && this.#filled < BLOCK_BYTES) this.#scratch[this.#filled++] = bytes[at++] as number;
    if (this.#filled === BLOCK_BYTES) {
      this.#take(this.#scratchWords, 0, BLOCK_BYTES / 4);
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
    let a = this.#a;
    let b = this.#b;
    let c = this.#c;
    let d = this.#d;
    for (let at = from; at < to; at += 4) {
      d = ((d ^ c) + Math.imul(words[at + 3] as number, PRIME_2)) | 0;
      c = ((c ^ b) + Math.imul(words[at + 2] as number, PRIME_2)) | 0;
      b = ((b ^ a) + Math.imul(words[at + 1] as number, PRIME_2)) | 0;
      a = (a + Math.imul(words[at] as number, PRIME_2)) | 0;
      const last = Math.imul((d << 13) | (d >>> 19), PRIME_1);
      d = Math.imul((c << 13) | (c >>> 19), PRIME_1);
      c = Math.imul((b << 13) | (b >>> 19), PRIME_1);
      b = Math.imul((a << 13) | (a >>> 19), PRIME_1);
      a = last;
    }
    this.#a = a;
    this.#b = b;
    this.#c = c;
    this.#d = d;
  }
}

/** Mixes a word so that every bit of the result depends on every bit of the word. Source: MurmurHash3's fmix32. */
function mixed(word: number): number {
  let hash = word;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
