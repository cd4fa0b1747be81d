// Unpacks deflate and reports where its blocks begin, which node:zlib doesn't do. Source: RFC 1951.
import { LayerscopeError } from '#model';
import { WINDOW_BYTES } from './checkpoint.ts';
import { type HuffmanTable, huffmanTable } from './huffman.ts';

const LENGTH_BASE = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12_289, 16_385,
  24_577,
];
const DISTANCE_EXTRA = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];
const CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const END_OF_BLOCK = 256;
const LONGEST_MATCH = 258;
const OUT_BYTES = WINDOW_BYTES + 256 * 1024;
/** Enough bytes for a block's header, at most 2,300 bits, or for a symbol with its distance, 48 bits. */
const HEADER_BYTES = 320;
const SYMBOL_BYTES = 16;
const LITERAL_ROOT = 10;
const DISTANCE_ROOT = 8;

const AT_BLOCK = 0;
const IN_STORED = 1;
const IN_CODES = 2;
const ENDED = 3;

/** Receives what a decoder unpacks. */
export interface BlockSink {
  /** Unpacked bytes: `start` to `end` of `bytes`, valid during the call. */
  plain(bytes: Uint8Array, start: number, end: number): void;
  /**
   * Called before each block. Offsets are relative to where the decoder began; `bits` and `window()` have the same meaning as in a
   * checkpoint.
   */
  block(packedOffset: number, bits: number, plainOffset: number, window: () => Uint8Array): void;
}

/** Unpacks one deflate stream from the bytes pushed into it. */
export class DeflateDecoder {
  readonly #sink: BlockSink;
  #in = new Uint8Array(64 * 1024);
  #inEnd = 0;
  #at = 0;
  /** Packed bytes before `#in`. */
  #before = 0;
  #hold = 0;
  #held = 0;
  readonly #out = new Uint8Array(OUT_BYTES + LONGEST_MATCH);
  #outAt = 0;
  #passed = 0;
  /** Unpacked bytes before `#out`. */
  #outBefore = 0;
  #state = AT_BLOCK;
  #isFinal = false;
  #storedLeft = 0;
  #literals: HuffmanTable;
  #distances: HuffmanTable;
  readonly #lengths = new Uint8Array(320);

  constructor(sink: BlockSink) {
    this.#sink = sink;
    ({ literals: this.#literals, distances: this.#distances } = fixedTables());
  }

  /** Whether the stream has ended. Bytes after it are {@link rest}. */
  get ended(): boolean {
    return this.#state === ENDED;
  }

  /** Number of whole packed bytes of the stream so far. */
  get packedBytes(): number {
    return this.#before + this.#at - (this.#held >> 3);
  }

  get plainBytes(): number {
    return this.#outBefore + this.#outAt;
  }

  /** Pushed bytes after the stream. Valid until the next push. */
  get rest(): Uint8Array {
    return this.#in.subarray(this.#at - (this.#held >> 3), this.#inEnd);
  }

  /** Unpacks the next bytes. Throws DAMAGED. */
  push(bytes: Uint8Array): void {
    this.#take(bytes);
    this.#run(false);
  }

  /** Unpacks the bytes that were held back until more input arrived. Throws DAMAGED; TRUNCATED if the stream hasn't ended. */
  end(): void {
    this.#run(true);
    if (!this.ended) throw new LayerscopeError('TRUNCATED', 'the deflate stream is cut off', { offset: this.packedBytes });
  }

  #take(bytes: Uint8Array): void {
    if (this.#at > 0) {
      this.#in.copyWithin(0, this.#at, this.#inEnd);
      this.#before += this.#at;
      this.#inEnd -= this.#at;
      this.#at = 0;
    }
    if (this.#inEnd + bytes.length > this.#in.length) {
      const grown = new Uint8Array(Math.max(this.#inEnd + bytes.length, this.#in.length * 2));
      grown.set(this.#in.subarray(0, this.#inEnd));
      this.#in = grown;
    }
    this.#in.set(bytes, this.#inEnd);
    this.#inEnd += bytes.length;
  }

  #run(isLast: boolean): void {
    for (let goes = true; goes && this.#state !== ENDED; ) {
      if (this.#state === AT_BLOCK) goes = (isLast || this.#inEnd - this.#at >= HEADER_BYTES) && this.#begin();
      else if (this.#state === IN_STORED) goes = this.#copyStored();
      else goes = this.#decode(isLast);
    }
    this.#pass();
  }

  /** Whether more bits were read than the input contains. */
  get #isCut(): boolean {
    return this.#at - (this.#held >> 3) > this.#inEnd;
  }

  /** Reads a block's header. Returns false if the input ends in it. */
  #begin(): boolean {
    if (this.#at >= this.#inEnd && this.#held === 0) return false;
    this.#sink.block(this.packedBytes, this.#held & 7, this.plainBytes, () => this.#window());
    const [at, hold, held] = [this.#at, this.#hold, this.#held];
    try {
      this.#readHeader();
    } catch (error) {
      // If the input is cut off here, the missing bits were read as zeros, which may have caused the error.
      if (!this.#isCut) throw error;
    }
    if (!this.#isCut) return true;
    this.#at = at;
    this.#hold = hold;
    this.#held = held;
    this.#state = AT_BLOCK;
    this.#isFinal = false;
    return false;
  }

  #readHeader(): void {
    this.#isFinal = this.#bits(1) === 1;
    const type = this.#bits(2);
    if (type === 0) this.#beginStored();
    else if (type === 2) this.#readCodes();
    else if (type === 3) throw this.#damaged('of an unknown type');
    else {
      ({ literals: this.#literals, distances: this.#distances } = fixedTables());
      this.#state = IN_CODES;
    }
  }

  #beginStored(): void {
    this.#bits(this.#held & 7);
    const length = this.#bits(16);
    const check = this.#bits(16);
    if (length !== (~check & 0xffff)) throw this.#damaged('of stored bytes with a wrong length');
    // Give back whole bytes that were read ahead.
    this.#at -= this.#held >> 3;
    this.#hold = 0;
    this.#held = 0;
    this.#storedLeft = length;
    this.#state = IN_STORED;
  }

  #copyStored(): boolean {
    while (this.#storedLeft > 0) {
      if (this.#outAt >= OUT_BYTES) this.#slide();
      const count = Math.min(this.#storedLeft, this.#inEnd - this.#at, OUT_BYTES - this.#outAt);
      if (count <= 0) return false;
      this.#out.set(this.#in.subarray(this.#at, this.#at + count), this.#outAt);
      this.#at += count;
      this.#outAt += count;
      this.#storedLeft -= count;
    }
    this.#state = this.#isFinal ? ENDED : AT_BLOCK;
    return true;
  }

  #readCodes(): void {
    const literals = this.#bits(5) + 257;
    const distances = this.#bits(5) + 1;
    const codes = this.#bits(4) + 4;
    if (literals > 286 || distances > 30) throw this.#damaged('with too many symbols');
    const lengths = this.#lengths;
    lengths.fill(0, 0, 19);
    for (let at = 0; at < codes; at++) lengths[CODE_ORDER[at] as number] = this.#bits(3);
    const table = huffmanTable(lengths, 0, 19, 7, 'length');
    for (let at = 0; at < literals + distances; ) {
      const symbol = this.#symbol(table);
      if (symbol < 16) {
        lengths[at++] = symbol;
        continue;
      }
      if (symbol === 16 && at === 0) throw this.#damaged('that repeats nothing');
      const value = symbol === 16 ? (lengths[at - 1] as number) : 0;
      const count = symbol === 16 ? 3 + this.#bits(2) : symbol === 17 ? 3 + this.#bits(3) : 11 + this.#bits(7);
      if (at + count > literals + distances) throw this.#damaged('with too many code lengths');
      lengths.fill(value, at, at + count);
      at += count;
    }
    if (lengths[END_OF_BLOCK] === 0) throw this.#damaged('without an end');
    this.#literals = huffmanTable(lengths, 0, literals, LITERAL_ROOT, 'literal');
    this.#distances = huffmanTable(lengths, literals, literals + distances, DISTANCE_ROOT, 'distance');
    this.#state = IN_CODES;
  }

  /** Decodes symbols until the block or the input ends. Returns false if the input ended first. */
  #decode(isLast: boolean): boolean {
    const input = this.#in;
    const out = this.#out;
    const { entries: literals, restBits: literalRest } = this.#literals;
    const { entries: distances, restBits: distanceRest } = this.#distances;
    const safeEnd = this.#inEnd - SYMBOL_BYTES;
    let [at, hold, held, outAt] = [this.#at, this.#hold, this.#held, this.#outAt];
    let isOver = false;
    let problem: string | null = null;
    let [sureAt, sureHold, sureHeld] = [at, hold, held];
    while (isLast ? at - (held >> 3) <= this.#inEnd : at <= safeEnd) {
      if (outAt >= OUT_BYTES) {
        this.#outAt = outAt;
        this.#slide();
        outAt = this.#outAt;
      }
      [sureAt, sureHold, sureHeld] = [at, hold, held];
      while (held <= 24) {
        hold |= (at < this.#inEnd ? (input[at] as number) : 0) << held;
        at++;
        held += 8;
      }
      let entry = literals[hold & ((1 << LITERAL_ROOT) - 1)] as number;
      if ((entry & 15) === 0 && entry !== 0)
        entry = literals[(entry >>> 4) + ((hold >>> LITERAL_ROOT) & ((1 << literalRest) - 1))] as number;
      if (entry === 0) {
        problem = 'with an unused literal code';
        break;
      }
      hold >>>= entry & 15;
      held -= entry & 15;
      const symbol = entry >>> 4;
      if (symbol < END_OF_BLOCK) {
        if (isLast && at - (held >> 3) > this.#inEnd) break;
        out[outAt++] = symbol;
        continue;
      }
      if (symbol === END_OF_BLOCK) {
        isOver = true;
        break;
      }
      const which = symbol - 257;
      if (which >= LENGTH_BASE.length) {
        problem = 'with an unknown length';
        break;
      }
      const lengthExtra = LENGTH_EXTRA[which] as number;
      const length = (LENGTH_BASE[which] as number) + (hold & ((1 << lengthExtra) - 1));
      hold >>>= lengthExtra;
      held -= lengthExtra;
      while (held <= 24) {
        hold |= (at < this.#inEnd ? (input[at] as number) : 0) << held;
        at++;
        held += 8;
      }
      entry = distances[hold & ((1 << DISTANCE_ROOT) - 1)] as number;
      if ((entry & 15) === 0 && entry !== 0)
        entry = distances[(entry >>> 4) + ((hold >>> DISTANCE_ROOT) & ((1 << distanceRest) - 1))] as number;
      const code = entry >>> 4;
      if (entry === 0 || code >= DISTANCE_BASE.length) {
        problem = 'with an unknown distance';
        break;
      }
      hold >>>= entry & 15;
      held -= entry & 15;
      while (held <= 24) {
        hold |= (at < this.#inEnd ? (input[at] as number) : 0) << held;
        at++;
        held += 8;
      }
      const distanceExtra = DISTANCE_EXTRA[code] as number;
      const distance = (DISTANCE_BASE[code] as number) + (hold & ((1 << distanceExtra) - 1));
      hold >>>= distanceExtra;
      held -= distanceExtra;
      if (isLast && at - (held >> 3) > this.#inEnd) break;
      if (distance > outAt) {
        problem = 'that refers to bytes before the stream';
        break;
      }
      for (let from = outAt - distance, to = outAt + length; outAt < to; ) out[outAt++] = out[from++] as number;
    }
    this.#outAt = outAt;
    const isCut = at - (held >> 3) > this.#inEnd;
    if (problem !== null && !isCut) throw this.#damaged(problem);
    if (isCut) [at, hold, held] = [sureAt, sureHold, sureHeld];
    this.#at = at;
    this.#hold = hold;
    this.#held = held;
    if (!isOver || isCut) return false;
    this.#state = this.#isFinal ? ENDED : AT_BLOCK;
    return true;
  }

  /** Returns the next `width` bits of the input, up to 16. */
  #bits(width: number): number {
    while (this.#held < width) {
      this.#hold |= (this.#at < this.#inEnd ? (this.#in[this.#at] as number) : 0) << this.#held;
      this.#at++;
      this.#held += 8;
    }
    const value = this.#hold & ((1 << width) - 1);
    this.#hold >>>= width;
    this.#held -= width;
    return value;
  }

  #symbol({ entries, rootBits }: HuffmanTable): number {
    while (this.#held < rootBits) {
      this.#hold |= (this.#at < this.#inEnd ? (this.#in[this.#at] as number) : 0) << this.#held;
      this.#at++;
      this.#held += 8;
    }
    const entry = entries[this.#hold & ((1 << rootBits) - 1)] as number;
    if (entry === 0) throw this.#damaged('with an unused length code');
    this.#hold >>>= entry & 15;
    this.#held -= entry & 15;
    return entry >>> 4;
  }

  /** Passes unpacked bytes on to the sink. */
  #pass(): void {
    if (this.#outAt > this.#passed) this.#sink.plain(this.#out, this.#passed, this.#outAt);
    this.#passed = this.#outAt;
  }

  /** Makes space in the output buffer, keeping the window. */
  #slide(): void {
    this.#pass();
    const gone = this.#outAt - WINDOW_BYTES;
    this.#out.copyWithin(0, gone, this.#outAt);
    this.#outBefore += gone;
    this.#outAt = WINDOW_BYTES;
    this.#passed = WINDOW_BYTES;
  }

  #window(): Uint8Array {
    return this.#out.slice(Math.max(0, this.#outAt - WINDOW_BYTES), this.#outAt);
  }

  #damaged(what: string): LayerscopeError {
    return new LayerscopeError('DAMAGED', `a deflate block ${what}`, { offset: this.packedBytes });
  }
}

interface FixedTables {
  readonly literals: HuffmanTable;
  readonly distances: HuffmanTable;
}
let madeTables: FixedTables | undefined;

/** Created on first use, because every command loads this module. */
function fixedTables(): FixedTables {
  madeTables ??= makeFixedTables();
  return madeTables;
}

function makeFixedTables(): FixedTables {
  const lengths = new Uint8Array(288).fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280, 288);
  return {
    literals: huffmanTable(lengths, 0, 288, LITERAL_ROOT, 'literal'),
    distances: huffmanTable(new Uint8Array(32).fill(5), 0, 32, DISTANCE_ROOT, 'distance'),
  };
}
