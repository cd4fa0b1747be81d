// bzip2: one or more streams, each
//
//   "BZh" and a digit: the size of blocks in 100,000 bytes
//   blocks, not aligned to bytes: 31 41 59 26 53 59, CRC-32, a bit (randomized, obsolete), 24 bits for the text's origin, then
//   the bytes that occur, the Huffman tables, the table of each group of 50 symbols, and the symbols
//   17 72 45 38 50 90 and the CRC-32 of all blocks, padded to a byte
//
// Decoding a block undoes Huffman codes, move-to-front with runs, the Burrows-Wheeler transform, and runs of four and a count, in that
// order. Bits are read highest first. Source: Julian Seward's bzip2 1.0.8, and Joe Tsai's description of the format.
import { LayerscopeError } from '#model';
import { HuffmanTable, SymbolReader } from './bzip2-symbols.ts';
import { crc32Bzip2 } from './crc.ts';
import { ByteQueue, type Unpacker } from './unpacker.ts';

const PLAIN_CHUNK = 256 * 1024;
const BLOCK_UNIT = 100_000;
/** Upper bound, in bytes, on the part of a block before its symbols. */
const MOST_TABLE_BYTES = 64 * 1024;
/** Maximum size of a symbol in bytes: the longest code has 20 bits. */
const MOST_SYMBOL_BYTES = 2.5;
const GROUP_SYMBOLS = 50;
const MAGIC = [0x42, 0x5a, 0x68] as const;

/** See {@link Unpacker}. Takes 6 MB of memory: four bytes for each byte of a block, and space for the largest possible compressed block. */
export class Bzip2Unpacker implements Unpacker {
  readonly #queue = new ByteQueue();
  /** How many bits of the queue's first byte have been read. */
  #bit = 0;
  #blockBytes = 0;
  #streams = 0;
  #streamCrc = 0;
  #done = false;
  /** The current block; null between blocks. */
  #text: BlockText | null = null;
  #table: Uint32Array = new Uint32Array(0);

  get done(): boolean {
    return this.#done;
  }

  get usedBytes(): number {
    return this.#queue.used;
  }

  push(bytes: Uint8Array): void {
    this.#queue.push(bytes);
  }

  end(): void {
    this.#queue.ended = true;
  }

  next(): Uint8Array | null {
    while (!this.#done) {
      if (this.#text !== null) {
        const bytes = this.#text.next();
        if (bytes !== null && bytes.length > 0) return bytes;
        if (bytes !== null) continue;
        this.#streamCrc = ((this.#streamCrc << 1) | (this.#streamCrc >>> 31)) ^ this.#text.checked();
        this.#text = null;
      } else if (!(this.#blockBytes === 0 ? this.#openStream() : this.#openBlock())) return null;
    }
    return null;
  }

  /** Reads a stream's header. Returns false if more bytes are needed, or if there are no more streams. */
  #openStream(): boolean {
    const { bytes, start, length, ended } = this.#queue;
    if (length < 4 && !ended) return false;
    const isBegun = MAGIC.every((byte, at) => at >= length || bytes[start + at] === byte);
    const level = (bytes[start + 3] as number) - 0x30;
    if (length < 4 || !isBegun || level < 1 || level > 9) {
      if (this.#streams === 0 || (length > 0 && length < 4 && isBegun)) throw length < 4 ? cutOff() : damaged('no bzip2 header');
      this.#done = true;
      return false;
    }
    this.#queue.start += 4;
    this.#bit = 0;
    this.#blockBytes = level * BLOCK_UNIT;
    this.#streams++;
    this.#streamCrc = 0;
    if (this.#table.length < this.#blockBytes) this.#table = new Uint32Array(this.#blockBytes);
    return true;
  }

  /** Reads a block, or the end of the stream. Returns false if more bytes are needed. */
  #openBlock(): boolean {
    const queue = this.#queue;
    if (!queue.ended && queue.length < MOST_TABLE_BYTES + this.#blockBytes * MOST_SYMBOL_BYTES) return false;
    const bits = new SymbolReader(queue.bytes, queue.start, queue.end, this.#bit);
    const high = bits.read(24);
    const low = bits.read(24);
    if (high === 0x177245 && low === 0x385090) {
      const stated = bits.readUint32();
      if (bits.isOver) throw cutOff();
      if (stated !== this.#streamCrc >>> 0) throw damaged('the checksum of the stream is wrong');
      queue.start = bits.nextByte;
      this.#bit = 0;
      this.#blockBytes = 0;
      return true;
    }
    if (high !== 0x314159 || low !== 0x265359) throw bits.isOver ? cutOff() : damaged('no block where one should begin');
    try {
      this.#text = readBlock(bits, this.#table, this.#blockBytes);
    } catch (error) {
      // Past the end, only zeros are read. So if the input has ended, the real problem is that it is cut off.
      throw bits.isOver && queue.ended ? cutOff() : error;
    }
    if (bits.isOver) throw cutOff();
    queue.start = bits.byte;
    this.#bit = bits.bitInByte;
    return true;
  }
}

/** Reads a block, and undoes everything but the Burrows-Wheeler transform and the outer runs. */
function readBlock(bits: SymbolReader, table: Uint32Array, blockBytes: number): BlockText {
  const crc = bits.readUint32();
  if (bits.read(1) === 1) throw new LayerscopeError('UNSUPPORTED', 'a randomized block, as bzip2 0.9.0 wrote them');
  const origin = bits.read(24);
  const present = readPresentBytes(bits);
  const { tables, selectors } = readTables(bits, present.length + 2);
  const counts = new Uint32Array(256);
  let length = 0;
  let run = 0;
  let runUnit = 1;
  let group = 0;
  let left = 0;
  let current = tables[0] as HuffmanTable;
  const last = present.length + 1;
  for (;;) {
    if (left-- === 0) {
      left = GROUP_SYMBOLS - 1;
      const selector = selectors[group++];
      if (selector === undefined) throw damaged('a block with more symbols than it has tables for');
      current = tables[selector] as HuffmanTable;
    }
    const symbol = bits.symbol(current);
    if (symbol < 0) throw damaged('a code that no symbol has');
    if (symbol <= 1) {
      run += runUnit << symbol;
      runUnit <<= 1;
      if (run > blockBytes) throw damaged('a run longer than its block');
      continue;
    }
    if (run > 0) {
      const byte = present[0] as number;
      if (length + run > blockBytes) throw damaged('a run longer than its block');
      table.fill(byte, length, length + run);
      counts[byte] = (counts[byte] as number) + run;
      length += run;
      run = 0;
      runUnit = 1;
    }
    if (symbol === last) break;
    if (length >= blockBytes) throw damaged('a block over its maximum size');
    const byte = present[symbol - 1] as number;
    // The distance is usually short, so a loop is faster than calling copyWithin.
    for (let place = symbol - 1; place > 0; place--) present[place] = present[place - 1] as number;
    present[0] = byte;
    counts[byte] = (counts[byte] as number) + 1;
    table[length++] = byte;
  }
  if (origin >= length) throw damaged('a block whose text begins after its end');
  sortTable(table, length, counts);
  return new BlockText(table, length, origin, crc);
}

/** Reads which bytes occur in the block, in ascending order: 16 bits state which of 16 groups follow, and each group has 16 bits. */
function readPresentBytes(bits: SymbolReader): Uint8Array {
  const present = new Uint8Array(256);
  let count = 0;
  const rows = bits.read(16);
  for (let row = 0; row < 16; row++) {
    if ((rows & (0x8000 >> row)) === 0) continue;
    const columns = bits.read(16);
    for (let column = 0; column < 16; column++) if ((columns & (0x8000 >> column)) !== 0) present[count++] = row * 16 + column;
  }
  if (count === 0) throw damaged('an empty block');
  return present.subarray(0, count);
}

function readTables(bits: SymbolReader, symbols: number): { tables: readonly HuffmanTable[]; selectors: Uint8Array } {
  const count = bits.read(3);
  const selectorCount = bits.read(15);
  if (count < 2 || count > 6 || selectorCount === 0) throw damaged('a block without code tables');
  const order = Uint8Array.from({ length: count }, (_, index) => index);
  const selectors = new Uint8Array(selectorCount);
  for (let at = 0; at < selectorCount; at++) {
    let place = 0;
    while (bits.read(1) === 1) if (++place >= count) throw damaged('a code table that does not exist');
    const table = order[place] as number;
    order.copyWithin(1, 0, place);
    order[0] = table;
    selectors[at] = table;
  }
  const tables = Array.from({ length: count }, () => HuffmanTable.read(bits, symbols));
  if (tables.some((table) => table === null)) throw damaged('an inconsistent code table');
  return { tables: tables.filter((table) => table !== null), selectors };
}

/** Stores the position of the text's next byte in the upper 24 bits of each entry. */
function sortTable(table: Uint32Array, length: number, counts: Uint32Array): void {
  let sum = 0;
  for (let byte = 0; byte < 256; byte++) {
    const count = counts[byte] as number;
    counts[byte] = sum;
    sum += count;
  }
  for (let at = 0; at < length; at++) {
    const byte = (table[at] as number) & 0xff;
    const place = counts[byte] as number;
    counts[byte] = place + 1;
    table[place] = (table[place] as number) | (at << 8);
  }
}

/** Yields the bytes of a block. Expands runs: after four equal bytes, a count says how many more follow. */
class BlockText {
  readonly #table: Uint32Array;
  readonly #stated: number;
  #entry: number;
  #left: number;
  #crc = 0xffffffff;
  /** Number of equal bytes so far; after four, a count follows. */
  #same = 0;
  #byte = -1;
  #repeat = 0;

  constructor(table: Uint32Array, length: number, origin: number, stated: number) {
    this.#table = table;
    this.#stated = stated;
    this.#left = length;
    this.#entry = (table[origin] as number) >>> 8;
  }

  /** Returns the next bytes; null at the end. */
  next(): Uint8Array | null {
    if (this.#left === 0 && this.#repeat === 0) return null;
    const out = new Uint8Array(Math.min(PLAIN_CHUNK, this.#left * 64 + this.#repeat));
    let at = 0;
    while (at < out.length) {
      if (this.#repeat > 0) {
        const count = Math.min(this.#repeat, out.length - at);
        out.fill(this.#byte, at, at + count);
        at += count;
        this.#repeat -= count;
        continue;
      }
      if (this.#left === 0) break;
      const entry = this.#table[this.#entry] as number;
      this.#entry = entry >>> 8;
      this.#left--;
      const byte = entry & 0xff;
      if (this.#same === 4) {
        this.#repeat = byte;
        this.#same = 0;
        continue;
      }
      this.#same = byte === this.#byte ? this.#same + 1 : 1;
      this.#byte = byte;
      out[at++] = byte;
    }
    const bytes = out.subarray(0, at);
    this.#crc = crc32Bzip2(this.#crc, bytes);
    return bytes;
  }

  /** Checks and returns the block's checksum. Throws DAMAGED. */
  checked(): number {
    const crc = ~this.#crc >>> 0;
    if (crc !== this.#stated) throw damaged('the checksum of a block is wrong');
    return crc;
  }
}

function damaged(what: string): LayerscopeError {
  return new LayerscopeError('DAMAGED', what);
}

function cutOff(): LayerscopeError {
  return new LayerscopeError('TRUNCATED', 'it ends inside a stream');
}
