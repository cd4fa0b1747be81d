// xz: one or more streams, with groups of four zeros between them. A stream is
//
//   FD 37 7A 58 5A 00, two bytes of flags (the kind of checksum), CRC-32
//   blocks: a header (its size divided by four, flags, optional sizes, filters, CRC-32), LZMA2 chunks, zeros up to a multiple of 4,
//   checksum
//   index: 00, the number of blocks, two numbers for each, zeros, CRC-32
//   CRC-32, size of the index, the flags again, 59 5A
//
// LZMA2 is a sequence of chunks of at most 64 KiB compressed and 2 MiB uncompressed, ended by a zero byte. It is the only supported filter,
// as in Go's ulikunitz/xz, which Docker, Podman and skopeo use. Numbers have seven bits in each byte, lowest first.
// Source: Lasse Collin and Igor Pavlov, The .xz File Format, 1.2.1.
import { LayerscopeError } from '#model';
import { Crc64, crc32 } from './crc.ts';
import { LzmaDecoder, Window } from './lzma.ts';
import { ByteQueue, type Unpacker } from './unpacker.ts';

/** The largest accepted dictionary; `xz -9` uses 64 MiB. */
const MOST_DICTIONARY_BYTES = 128 * 1024 * 1024;
const HEAD = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] as const;
const HEAD_BYTES = 12;
const CHECK_BYTES: Readonly<Record<number, number>> = { 0: 0, 1: 4, 4: 8, 10: 32 };
const LZMA2 = 0x21;
const FILTERS: Readonly<Record<number, string>> = {
  3: 'delta',
  4: 'x86',
  5: 'PowerPC',
  6: 'IA-64',
  7: 'ARM',
  8: 'ARM-Thumb',
  9: 'SPARC',
  10: 'ARM64',
  11: 'RISC-V',
};
const MOST_NUMBER_BYTES = 9;

/**
 * Computes the SHA-256 of data that arrives in pieces. The caller provides an implementation, because this pure code can't import
 * node:crypto.
 */
export interface Sha256 {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}

interface Check {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}

type Stage = 'head' | 'block' | 'chunk' | 'check' | 'index' | 'foot';

/** See {@link Unpacker}. Memory: 1.25 times the used part of the dictionary. */
export class XzUnpacker implements Unpacker {
  readonly #queue = new ByteQueue();
  readonly #newSha256: () => Sha256;
  #stage: Stage = 'head';
  #streams = 0;
  #flags = 0;
  #blocks = 0;
  #window = new Window(0);
  #decoder = new LzmaDecoder(this.#window);
  /** What the next LZMA2 chunk has to reset, because no earlier chunk did. */
  #needs: 'dictionary' | 'properties' | 'state' | null = 'dictionary';
  #check: Check | null = null;
  /** Offset of the current block's first chunk, or of the index. */
  #from = 0;
  #index: IndexReader | null = null;
  #done = false;

  constructor(newSha256: () => Sha256) {
    this.#newSha256 = newSha256;
  }

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
      const bytes = this.#step();
      if (bytes === 'more') {
        if (!this.#queue.ended) return null;
        throw new LayerscopeError('TRUNCATED', 'it ends inside a stream');
      }
      if (bytes !== null) return bytes;
    }
    return null;
  }

  #step(): Uint8Array | 'more' | null {
    switch (this.#stage) {
      case 'head':
        return this.#head();
      case 'block':
        return this.#block();
      case 'chunk':
        return this.#chunk();
      case 'check':
        return this.#checked();
      case 'index':
        return this.#readIndex();
      case 'foot':
        return this.#foot();
    }
  }

  /** Reads a stream's header, or the zeros between streams, or the end of the input. */
  #head(): 'more' | null {
    const queue = this.#queue;
    if (this.#streams > 0) while (queue.length >= 4 && isZero(queue.bytes, queue.start, 4)) queue.start += 4;
    const { bytes, start, length, ended } = queue;
    if (length < HEAD_BYTES && !ended) return 'more';
    const isBegun = HEAD.every((byte, at) => at >= length || bytes[start + at] === byte);
    if (this.#streams > 0 && (length === 0 || !isBegun)) {
      this.#done = true;
      return null;
    }
    if (!isBegun) throw damaged('no xz header');
    if (length < HEAD_BYTES) return 'more';
    this.#flags = flagsAt(bytes, start + 6);
    if (uint32(bytes, start + 8) !== crc32(0, bytes, start + 6, start + 8)) throw damaged('the checksum of the header is wrong');
    if (CHECK_BYTES[this.#flags] === undefined) throw unsupported(`checksums of the unknown kind ${this.#flags}`);
    queue.start += HEAD_BYTES;
    this.#streams++;
    this.#blocks = 0;
    this.#stage = 'block';
    return null;
  }

  #block(): 'more' | null {
    const queue = this.#queue;
    if (queue.length === 0) return 'more';
    const first = queue.bytes[queue.start] as number;
    if (first === 0) {
      this.#from = queue.used;
      this.#index = new IndexReader();
      this.#stage = 'index';
      return null;
    }
    const size = (first + 1) * 4;
    if (queue.length < size) return 'more';
    const header = queue.bytes.subarray(queue.start, queue.start + size);
    if (uint32(header, size - 4) !== crc32(0, header, 0, size - 4)) throw damaged('the checksum of a block header is wrong');
    this.#window = new Window(dictionaryOf(header));
    this.#decoder = new LzmaDecoder(this.#window);
    this.#needs = 'dictionary';
    this.#check = this.#newCheck();
    queue.start += size;
    this.#from = queue.used;
    this.#blocks++;
    this.#stage = 'chunk';
    return null;
  }

  #newCheck(): Check | null {
    if (this.#flags === 1) return new Crc32();
    if (this.#flags === 4) return new Crc64();
    return this.#flags === 10 ? this.#newSha256() : null;
  }

  #chunk(): Uint8Array | 'more' | null {
    const { bytes, start, length } = this.#queue;
    if (length === 0) return 'more';
    const control = bytes[start] as number;
    if (control === 0) {
      this.#queue.start++;
      this.#stage = 'check';
      return null;
    }
    return control < 0x80 ? this.#storedChunk(control) : this.#packedChunk(control);
  }

  #storedChunk(control: number): Uint8Array | 'more' {
    const { bytes, start, length } = this.#queue;
    if (control > 2 || (control === 2 && this.#needs === 'dictionary')) throw damaged('a chunk of an unknown kind');
    if (length < 3) return 'more';
    const size = (((bytes[start + 1] as number) << 8) | (bytes[start + 2] as number)) + 1;
    if (length < 3 + size) return 'more';
    if (control === 1) {
      this.#decoder.resetDictionary();
      this.#needs = 'properties';
    } else this.#needs ??= 'state';
    const window = this.#window;
    window.reserve(size);
    window.bytes.set(bytes.subarray(start + 3, start + 3 + size), window.at);
    window.at += size;
    window.known += size;
    this.#decoder.passOver(size);
    this.#queue.start += 3 + size;
    return this.#take(size);
  }

  #packedChunk(control: number): Uint8Array | 'more' {
    const { bytes, start, length } = this.#queue;
    const reset = (control >> 5) & 3;
    const head = reset >= 2 ? 6 : 5;
    if (length < head) return 'more';
    const plain = (((control & 0x1f) << 16) | ((bytes[start + 1] as number) << 8) | (bytes[start + 2] as number)) + 1;
    const packed = (((bytes[start + 3] as number) << 8) | (bytes[start + 4] as number)) + 1;
    if (length < head + packed) return 'more';
    this.#reset(reset, bytes[start + 5] as number);
    this.#window.reserve(plain);
    this.#decoder.decode(bytes.subarray(start + head, start + head + packed), plain);
    this.#queue.start += head + packed;
    return this.#take(plain);
  }

  /** Applies a chunk's reset: 1 resets the state, 2 also the properties, 3 also the dictionary. */
  #reset(reset: number, properties: number): void {
    const wanted = { dictionary: 3, properties: 2, state: 1 };
    if (this.#needs !== null && reset < wanted[this.#needs]) {
      // After an uncompressed chunk, decoders accept a compressed one that doesn't reset the state, though encoders don't write such
      // chunks.
      if (this.#needs !== 'state') throw damaged('a chunk that continues, but nothing precedes it');
    }
    if (reset === 3) this.#decoder.resetDictionary();
    if (reset >= 2 && !this.#decoder.setProperties(properties)) throw damaged('invalid LZMA2 properties');
    if (reset >= 1) this.#decoder.resetState();
    this.#needs = null;
  }

  /** Returns a copy of the window's last bytes. */
  #take(count: number): Uint8Array {
    const { bytes, at } = this.#window;
    const taken = bytes.slice(at - count, at);
    this.#check?.update(taken);
    return taken;
  }

  #checked(): 'more' | null {
    const queue = this.#queue;
    const size = CHECK_BYTES[this.#flags] ?? 0;
    const padding = -(queue.used - this.#from) & 3;
    if (queue.length < padding + size) return 'more';
    const { bytes, start } = queue;
    if (!isZero(bytes, start, padding)) throw damaged('the padding of a block is not zero');
    const digest = this.#check?.digest() ?? new Uint8Array(0);
    if (digest.some((byte, at) => byte !== bytes[start + padding + at])) throw damaged('the checksum of a block is wrong');
    queue.start += padding + size;
    this.#stage = 'block';
    return null;
  }

  #readIndex(): 'more' | null {
    const queue = this.#queue;
    const index = this.#index as IndexReader;
    const ready = index.read(queue, this.#from);
    if (!ready) return 'more';
    if (index.records !== this.#blocks) throw damaged('the index does not match the blocks');
    this.#stage = 'foot';
    return null;
  }

  #foot(): 'more' | null {
    const queue = this.#queue;
    if (queue.length < HEAD_BYTES) return 'more';
    const { bytes, start } = queue;
    const isFoot = bytes[start + 10] === 0x59 && bytes[start + 11] === 0x5a && flagsAt(bytes, start + 8) === this.#flags;
    if (!isFoot || uint32(bytes, start) !== crc32(0, bytes, start + 4, start + 10)) throw damaged('the end of the stream is invalid');
    queue.start += HEAD_BYTES;
    this.#stage = 'head';
    return null;
  }
}

class Crc32 implements Check {
  #crc = 0;

  update(bytes: Uint8Array): void {
    this.#crc = crc32(this.#crc, bytes);
  }

  digest(): Uint8Array {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, this.#crc, true);
    return bytes;
  }
}

/** Reads an index piece by piece, because it may list millions of blocks. */
class IndexReader {
  /** Number of blocks; -1: not read yet. */
  records = -1;
  #left = 1;
  #crc = 0;
  #isBegun = false;

  /** Reads available records. Returns false if more bytes are needed. Throws DAMAGED. */
  read(queue: ByteQueue, from: number): boolean {
    if (!this.#isBegun) {
      this.#use(queue, 1);
      this.#isBegun = true;
    }
    while (this.#left > 0) {
      const number = readNumber(queue.bytes, queue.start, queue.end);
      if (number === null) {
        if (queue.length >= MOST_NUMBER_BYTES) throw damaged('a number of the index is too large');
        return false;
      }
      this.#use(queue, number.bytes);
      this.#left--;
      if (this.records < 0) {
        this.records = number.value;
        this.#left = number.value * 2;
      }
    }
    const padding = -(queue.used - from) & 3;
    if (queue.length < padding + 4) return false;
    if (!isZero(queue.bytes, queue.start, padding)) throw damaged('the padding of the index is not zero');
    this.#use(queue, padding);
    if (uint32(queue.bytes, queue.start) !== this.#crc) throw damaged('the checksum of the index is wrong');
    queue.start += 4;
    return true;
  }

  #use(queue: ByteQueue, count: number): void {
    this.#crc = crc32(this.#crc, queue.bytes, queue.start, queue.start + count);
    queue.start += count;
  }
}

/** Returns the dictionary size in a block's header. Throws UNSUPPORTED for filters other than LZMA2, TOO_LARGE, DAMAGED. */
function dictionaryOf(header: Uint8Array): number {
  const flags = header[1] as number;
  const end = header.length - 4;
  let at = 2;
  const take = (): number => {
    const number = readNumber(header, at, end);
    if (number === null) throw damaged('an invalid block header');
    at += number.bytes;
    return number.value;
  };
  if ((flags & 0x3c) !== 0) throw unsupported('a block of an unknown kind');
  for (const bit of [0x40, 0x80]) if ((flags & bit) !== 0) take();
  const filter = take();
  if (filter !== LZMA2 || (flags & 3) !== 0) throw unsupported(`the filter ${FILTERS[filter] ?? filter}`);
  const properties = take();
  const bits = header[at] as number;
  if (properties !== 1 || at >= end || bits > 40) throw damaged('an invalid block header');
  const size = bits === 40 ? 0xffffffff : (2 | (bits & 1)) * 2 ** ((bits >> 1) + 11);
  if (size > MOST_DICTIONARY_BYTES)
    throw new LayerscopeError('TOO_LARGE', `a dictionary of ${size} bytes, more than the limit of ${MOST_DICTIONARY_BYTES}`);
  return size;
}

/** Reads a number; null if it is incomplete or too long. */
function readNumber(bytes: Uint8Array, start: number, end: number): { value: number; bytes: number } | null {
  let value = 0;
  for (let at = 0; at < MOST_NUMBER_BYTES && start + at < end; at++) {
    const byte = bytes[start + at] as number;
    value += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return { value, bytes: at + 1 };
  }
  return null;
}

function flagsAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

function isZero(bytes: Uint8Array, start: number, count: number): boolean {
  for (let at = start; at < start + count; at++) if (bytes[at] !== 0) return false;
  return true;
}

function uint32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)) >>> 0
  );
}

function damaged(what: string): LayerscopeError {
  return new LayerscopeError('DAMAGED', what);
}

function unsupported(what: string): LayerscopeError {
  return new LayerscopeError('UNSUPPORTED', what);
}
