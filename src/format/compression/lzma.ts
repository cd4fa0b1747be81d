// LZMA as used by LZMA2: a range coder with an adaptive probability for each bit. A symbol is a byte, a match (a distance back and a
// length) or a repeat of one of the last four distances. Source: Igor Pavlov's LZMA specification (2015).
import { LayerscopeError } from '#model';

const TOP = 0x1000000;
const PROBABILITY_BITS = 11;
const HALF = 1 << (PROBABILITY_BITS - 1);
const MOVE_BITS = 5;
const STATES = 12;
const POSITION_STATES = 16;
const LENGTH_STATES = 4;
const DISTANCE_SLOTS = 64;
const FIRST_MODELLED_SLOT = 4;
const FIRST_DIRECT_SLOT = 14;
const ALIGN_BITS = 4;
const MIN_MATCH = 2;

/** Decodes match lengths, 0 to 271: 8 short, 8 medium and 256 long ones. */
class LengthCoder {
  readonly choice = new Uint16Array(2);
  readonly low = new Uint16Array(POSITION_STATES << 3);
  readonly mid = new Uint16Array(POSITION_STATES << 3);
  readonly high = new Uint16Array(256);

  reset(): void {
    for (const probabilities of [this.choice, this.low, this.mid, this.high]) probabilities.fill(HALF);
  }
}

/** The decoded bytes that matches refer to. Grows with the data up to the size of the dictionary. */
export class Window {
  bytes: Uint8Array = new Uint8Array(64 * 1024);
  /** Index of the next byte to write. */
  at = 0;
  /** Number of bytes before `at` that matches may refer to. */
  known = 0;
  readonly #dictionaryBytes: number;

  constructor(dictionaryBytes: number) {
    this.#dictionaryBytes = dictionaryBytes;
  }

  /** Makes space for more bytes, dropping bytes that the dictionary no longer reaches. */
  reserve(count: number): void {
    if (this.at + count <= this.bytes.length) return;
    const keep = Math.min(this.known, this.#dictionaryBytes);
    const most = this.#dictionaryBytes + Math.max(count, this.#dictionaryBytes >> 2);
    const wanted = keep + count;
    const target = wanted > this.bytes.length || this.bytes.length < most ? this.#larger(wanted, most) : this.bytes;
    target.set(this.bytes.subarray(this.at - keep, this.at));
    this.bytes = target;
    this.at = keep;
    this.known = keep;
  }

  #larger(wanted: number, most: number): Uint8Array {
    return new Uint8Array(Math.max(wanted, Math.min(most, this.bytes.length * 2)));
  }

  forget(): void {
    this.known = 0;
  }
}

/** Decodes LZMA chunks into a window, keeping its state from chunk to chunk. */
export class LzmaDecoder {
  readonly #window: Window;
  #lc = 0;
  #positionMask = 0;
  #literalPositionMask = 0;
  #state = 0;
  #rep0 = 0;
  #rep1 = 0;
  #rep2 = 0;
  #rep3 = 0;
  /** Bytes decoded since the last reset of the dictionary; the low bits select probabilities. */
  #position = 0;
  #input: Uint8Array = new Uint8Array(0);
  #at = 0;
  #range = 0;
  #code = 0;
  readonly #isMatch = new Uint16Array(STATES * POSITION_STATES);
  readonly #isRep = new Uint16Array(STATES);
  readonly #isRep0 = new Uint16Array(STATES);
  readonly #isRep1 = new Uint16Array(STATES);
  readonly #isRep2 = new Uint16Array(STATES);
  readonly #isRep0Long = new Uint16Array(STATES * POSITION_STATES);
  readonly #slots = new Uint16Array(LENGTH_STATES * DISTANCE_SLOTS);
  readonly #distances = new Uint16Array(128);
  readonly #align = new Uint16Array(1 << ALIGN_BITS);
  #literals = new Uint16Array(0);
  readonly #matchLength = new LengthCoder();
  readonly #repLength = new LengthCoder();

  constructor(window: Window) {
    this.#window = window;
  }

  /** Resets the dictionary: later matches can't refer to earlier bytes. */
  resetDictionary(): void {
    this.#window.forget();
    this.#position = 0;
  }

  /** Counts bytes that were put into the window uncompressed. */
  passOver(count: number): void {
    this.#position += count;
  }

  /** Sets the properties, (pb × 5 + lp) × 9 + lc. Returns false if invalid. */
  setProperties(byte: number): boolean {
    const lc = byte % 9;
    const rest = Math.floor(byte / 9);
    const lp = rest % 5;
    const pb = Math.floor(rest / 5);
    if (pb > 4 || lc + lp > 4) return false;
    this.#lc = lc;
    this.#positionMask = (1 << pb) - 1;
    this.#literalPositionMask = (1 << lp) - 1;
    this.#literals = new Uint16Array(0x300 << (lc + lp));
    return true;
  }

  resetState(): void {
    this.#state = 0;
    this.#rep0 = this.#rep1 = this.#rep2 = this.#rep3 = 0;
    for (const probabilities of [this.#isMatch, this.#isRep, this.#isRep0, this.#isRep1, this.#isRep2, this.#isRep0Long])
      probabilities.fill(HALF);
    for (const probabilities of [this.#slots, this.#distances, this.#align, this.#literals]) probabilities.fill(HALF);
    this.#matchLength.reset();
    this.#repLength.reset();
  }

  /** Decodes a chunk into exactly `count` bytes, for which the window must have space. Throws DAMAGED. */
  decode(input: Uint8Array, count: number): void {
    if (input.length < 5 || input[0] !== 0) throw broken('a chunk does not begin with a zero byte');
    this.#input = input;
    this.#at = 5;
    this.#range = 0xffffffff;
    this.#code = (((input[1] as number) << 24) | ((input[2] as number) << 16) | ((input[3] as number) << 8) | (input[4] as number)) >>> 0;
    const window = this.#window;
    const end = window.at + count;
    while (window.at < end) {
      const positionState = this.#position & this.#positionMask;
      const before = window.at;
      if (this.#bit(this.#isMatch, this.#state * POSITION_STATES + positionState) === 0) this.#literal(window);
      else this.#match(window, positionState, end);
      const made = window.at - before;
      this.#position += made;
      window.known += made;
    }
    if (this.#range < TOP) this.#normalize();
    if (this.#at !== input.length || this.#code !== 0) throw broken('a chunk does not end where it should');
  }

  #normalize(): void {
    if (this.#at >= this.#input.length) throw broken('a chunk ends too early');
    this.#code = ((this.#code << 8) | (this.#input[this.#at++] as number)) >>> 0;
    this.#range = (this.#range << 8) >>> 0;
  }

  #bit(probabilities: Uint16Array, index: number): number {
    if (this.#range < TOP) this.#normalize();
    const probability = probabilities[index] as number;
    const bound = (this.#range >>> PROBABILITY_BITS) * probability;
    if (this.#code < bound) {
      this.#range = bound;
      probabilities[index] = probability + (((1 << PROBABILITY_BITS) - probability) >> MOVE_BITS);
      return 0;
    }
    this.#range = this.#range - bound;
    this.#code = this.#code - bound;
    probabilities[index] = probability - (probability >> MOVE_BITS);
    return 1;
  }

  #tree(probabilities: Uint16Array, start: number, bits: number): number {
    let symbol = 1;
    for (let i = 0; i < bits; i++) symbol = (symbol << 1) | this.#bit(probabilities, start + symbol);
    return symbol - (1 << bits);
  }

  #reverseTree(probabilities: Uint16Array, start: number, bits: number): number {
    let symbol = 1;
    let value = 0;
    for (let i = 0; i < bits; i++) {
      const bit = this.#bit(probabilities, start + symbol);
      symbol = (symbol << 1) | bit;
      value |= bit << i;
    }
    return value;
  }

  #literal(window: Window): void {
    const { bytes, at, known } = window;
    const previous = known > 0 ? (bytes[at - 1] as number) : 0;
    const start = 0x300 * (((this.#position & this.#literalPositionMask) << this.#lc) + (previous >> (8 - this.#lc)));
    let symbol = 1;
    if (this.#state >= 7) {
      if (this.#rep0 >= known) throw broken('a match before the beginning');
      let matched = bytes[at - this.#rep0 - 1] as number;
      do {
        const matchBit = (matched >> 7) & 1;
        matched = (matched << 1) & 0xff;
        const bit = this.#bit(this.#literals, start + ((1 + matchBit) << 8) + symbol);
        symbol = (symbol << 1) | bit;
        if (matchBit !== bit) break;
      } while (symbol < 0x100);
    }
    while (symbol < 0x100) symbol = (symbol << 1) | this.#bit(this.#literals, start + symbol);
    bytes[at] = symbol & 0xff;
    window.at = at + 1;
    this.#state = this.#state < 4 ? 0 : this.#state < 10 ? this.#state - 3 : this.#state - 6;
  }

  #match(window: Window, positionState: number, end: number): void {
    const state = this.#state;
    let length: number;
    if (this.#bit(this.#isRep, state) === 0) {
      this.#rep3 = this.#rep2;
      this.#rep2 = this.#rep1;
      this.#rep1 = this.#rep0;
      length = this.#length(this.#matchLength, positionState);
      this.#rep0 = this.#distance(length);
      this.#state = state < 7 ? 7 : 10;
    } else if (this.#bit(this.#isRep0, state) === 0) {
      if (this.#bit(this.#isRep0Long, state * POSITION_STATES + positionState) === 0) {
        this.#state = state < 7 ? 9 : 11;
        this.#copy(window, 1, end);
        return;
      }
      length = this.#length(this.#repLength, positionState);
      this.#state = state < 7 ? 8 : 11;
    } else {
      this.#rotate(state);
      length = this.#length(this.#repLength, positionState);
      this.#state = state < 7 ? 8 : 11;
    }
    this.#copy(window, length + MIN_MATCH, end);
  }

  /** Moves the second, third or fourth of the recent distances to the front. */
  #rotate(state: number): void {
    let distance = this.#rep1;
    if (this.#bit(this.#isRep1, state) !== 0) {
      if (this.#bit(this.#isRep2, state) === 0) distance = this.#rep2;
      else {
        distance = this.#rep3;
        this.#rep3 = this.#rep2;
      }
      this.#rep2 = this.#rep1;
    }
    this.#rep1 = this.#rep0;
    this.#rep0 = distance;
  }

  #length(coder: LengthCoder, positionState: number): number {
    if (this.#bit(coder.choice, 0) === 0) return this.#tree(coder.low, positionState << 3, 3);
    if (this.#bit(coder.choice, 1) === 0) return 8 + this.#tree(coder.mid, positionState << 3, 3);
    return 16 + this.#tree(coder.high, 0, 8);
  }

  #distance(length: number): number {
    const slot = this.#tree(this.#slots, Math.min(length, LENGTH_STATES - 1) * DISTANCE_SLOTS, 6);
    if (slot < FIRST_MODELLED_SLOT) return slot;
    const bits = (slot >> 1) - 1;
    const high = (2 | (slot & 1)) * 2 ** bits;
    if (slot < FIRST_DIRECT_SLOT) return high + this.#reverseTree(this.#distances, high - slot, bits);
    return high + this.#direct(bits - ALIGN_BITS) * (1 << ALIGN_BITS) + this.#reverseTree(this.#align, 0, ALIGN_BITS);
  }

  /** Reads bits for which 0 and 1 are equally likely. */
  #direct(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) {
      if (this.#range < TOP) this.#normalize();
      this.#range = this.#range >>> 1;
      const bit = this.#code >= this.#range ? 1 : 0;
      if (bit === 1) this.#code -= this.#range;
      value = value * 2 + bit;
    }
    return value;
  }

  #copy(window: Window, length: number, end: number): void {
    const { bytes, at } = window;
    const distance = this.#rep0 + 1;
    if (distance > window.known) throw broken('a match before the beginning');
    if (at + length > end) throw broken('a match beyond the end of its chunk');
    if (distance >= length) bytes.copyWithin(at, at - distance, at - distance + length);
    else if (distance === 1) bytes.fill(bytes[at - 1] as number, at, at + length);
    else for (let i = 0; i < length; i++) bytes[at + i] = bytes[at + i - distance] as number;
    window.at = at + length;
  }
}

function broken(what: string): LayerscopeError {
  return new LayerscopeError('DAMAGED', what);
}
