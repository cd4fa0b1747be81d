// A checksum of 64 bits of a body, for telling bodies of one size apart without reading them again. Two lanes of 32 bits take turns by
// words, the second takes in the first; each step can be undone, so that bodies that differ in one word never have the same sum. Two
// bodies that differ by chance have it once in 2^64, at worst (they differ in words of the second lane only) once in 2^32. It is no
// cryptographic hash: who wants to can make two bodies of one sum. Where that matters, bodies are read.
//
// Words are read in the machine's byte order: sums are kept in the index cache, which is of one machine, and are never shown.

const MULTIPLIER = 0x9e3779b1;
const SCRATCH_BYTES = 32 * 1024;
const PAIR_BYTES = 8;

/** The checksum of one body at a time. It doesn't depend on how the bytes are cut into pieces. */
export class BodySum {
  /** The first and the second half; both 0 for no body. */
  low = 0;
  high = 0;
  #first = 0;
  #second = 0;
  #length = 0;
  /** A beginning of a pair of words, and room for bytes that lie across words. */
  readonly #scratch = new Uint8Array(SCRATCH_BYTES);
  readonly #scratchWords = new Int32Array(this.#scratch.buffer);
  #filled = 0;
  #buffer: ArrayBufferLike = this.#scratch.buffer;
  #words: Int32Array = this.#scratchWords;

  /** Begins a new body. */
  begin(): void {
    this.#first = 0x243f6a88;
    this.#second = 0x13198a2e;
    this.#length = 0;
    this.#filled = 0;
  }

  /** Takes the bytes from `start` to `end`. */
  update(bytes: Uint8Array, start: number, end: number): void {
    this.#length += end - start;
    let at = start;
    if (this.#filled > 0) at = this.#fillPair(bytes, at, end);
    const whole = at + ((end - at) & ~(PAIR_BYTES - 1));
    if (whole > at) {
      if (((bytes.byteOffset + at) & 3) === 0) this.#takeAligned(bytes, at, whole);
      else this.#takeCopied(bytes, at, whole);
      at = whole;
    }
    while (at < end) this.#scratch[this.#filled++] = bytes[at++] as number;
  }

  /** Ends the body: `low` and `high` are its checksum. */
  finish(): void {
    if (this.#filled > 0) {
      this.#scratch.fill(0, this.#filled, PAIR_BYTES);
      this.#take(this.#scratchWords, 0, 2);
      this.#filled = 0;
    }
    const first = mixed(this.#first ^ this.#length);
    const second = mixed(this.#second ^ Math.floor(this.#length / 0x1_0000_0000) ^ first);
    this.low = (first ^ Math.imul(second, MULTIPLIER)) >>> 0;
    this.high = second >>> 0;
    if (this.low === 0 && this.high === 0) this.low = 1;
  }

  /** Completes the pair that was begun; returns where the rest of the bytes starts. */
  #fillPair(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end && this.#filled < PAIR_BYTES) this.#scratch[this.#filled++] = bytes[at++] as number;
    if (this.#filled === PAIR_BYTES) {
      this.#take(this.#scratchWords, 0, 2);
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

  /** Words from `from` to `to`, an even number of them. */
  #take(words: Int32Array, from: number, to: number): void {
    let first = this.#first;
    let second = this.#second;
    for (let at = from; at < to; at += 2) {
      second = Math.imul(((second ^ first) + (words[at + 1] as number)) | 0, MULTIPLIER);
      second = (second << 13) | (second >>> 19);
      first = Math.imul((first + (words[at] as number)) | 0, MULTIPLIER);
      first = (first << 13) | (first >>> 19);
    }
    this.#first = first;
    this.#second = second;
  }
}

/** Every bit of the result hangs on every bit. Source: MurmurHash3's fmix32. */
function mixed(word: number): number {
  let hash = word;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
