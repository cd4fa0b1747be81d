// Reads a layer's tar that an engine keeps in parts as if it were one file: headers and padding come from tar-split's metadata, bodies from
// files on disk. A small body is checked against its checksum before any of it is used; a large one is checked only if it is read from
// start to end.
import { closeSync, readSync } from 'node:fs';
import { Crc64 } from '#format/tar-split';
import { LayerscopeError } from '#model';
import type { BlobSource } from '../types.ts';
import type { Decompressed } from './decompress.ts';
import { type OpenBytes, SourceFile, systemError } from './source-file.ts';
import { changedOnDisk, openSplitBody, refuseMoved } from './split-body.ts';
import { readSplit, type SplitSink } from './split-feed.ts';

const SMALL_BODY = 256 * 1024;
const CRC_BYTES = 8;
/**
 * Limit on the memory for one layer's metadata: a fixed part, plus some for each byte of its packed size. Honest metadata takes 7 to 9
 * bytes per packed byte, but identical lines compress to almost nothing.
 */
const MAX_KEPT_BYTES = 96 * 1024 * 1024;
const KEPT_BYTES_A_BYTE = 8;
const MOST_KEPT_BYTES = 1 << 30;
const SEGMENT = -1;
/** Number of fields kept for each part. */
const FIELDS = 4;
/** Size of a part's fields, in bytes. */
const PART_BYTES = FIELDS * Float64Array.BYTES_PER_ELEMENT;
const NO_BYTES = new Uint8Array(PART_BYTES);
const [START, NAME, PLACE, ZEROS] = [0, 1, 2, 3] as const;

/** A split tar's headers, and where its bodies belong. Immutable once built; the parts follow one another without gaps. */
export class SplitMap implements SplitSink {
  /**
   * Four numbers for each part. START: its offset in the tar. NAME: -1 if it is a segment, the length of the name if it is a file. PLACE:
   * an offset in `#kept`, of a segment's bytes (preceded in the tar by ZEROS zero bytes), or of a file's name followed by its checksum.
   */
  readonly #parts: Float64Array<ArrayBuffer>;
  readonly #kept: Uint8Array<ArrayBuffer>;
  readonly #mostBytes: number;
  #count = 0;
  #keptBytes = 0;
  #size = 0;

  private constructor(metadataBytes: number) {
    this.#mostBytes = Math.min(MOST_KEPT_BYTES, MAX_KEPT_BYTES + KEPT_BYTES_A_BYTE * metadataBytes);
    // These buffers grow in place, because copying would take twice the memory.
    const maxByteLength = Math.ceil(this.#mostBytes / PART_BYTES) * PART_BYTES;
    this.#parts = new Float64Array(new ArrayBuffer(0, { maxByteLength }));
    this.#kept = new Uint8Array(new ArrayBuffer(0, { maxByteLength }));
  }

  /** Reads a blob's metadata. Throws what {@link readSplit} throws; TRUNCATED or DAMAGED if the metadata is incomplete. */
  static async read(blob: BlobSource, signal?: AbortSignal): Promise<SplitMap> {
    const { map, packed } = await SplitMap.readPartly(blob, signal);
    if (packed.end === 'complete') return map;
    throw new LayerscopeError(packed.end === 'truncated' ? 'TRUNCATED' : 'DAMAGED', `${blob.path}: ${packed.message ?? 'incomplete'}`);
  }

  /** Reads as much of the metadata as possible. Throws what {@link readSplit} throws. */
  static async readPartly(blob: BlobSource, signal?: AbortSignal): Promise<{ readonly map: SplitMap; readonly packed: Decompressed }> {
    const map = new SplitMap(sizeOf(blob));
    const steps = readSplit(blob, map, signal);
    for (;;) {
      const { done, value } = await steps.next();
      if (done) return { map, packed: value };
    }
  }

  /** Size of the tar in bytes. */
  get size(): number {
    return this.#size;
  }

  /** Bytes of memory that the map holds. */
  get heldBytes(): number {
    return this.#kept.length + this.#parts.byteLength;
  }

  get count(): number {
    return this.#count;
  }

  segment(bytes: Uint8Array, start: number, end: number): void {
    if (end === start) return;
    // Zeros at either end aren't kept. They are the padding around headers, a third of all bytes.
    let from = start;
    let to = end;
    while (from < to && bytes[from] === 0) from++;
    while (to > from && bytes[to - 1] === 0) to--;
    if (!this.#joins(end - start, from - start, to === from)) this.#add(end - start, SEGMENT, from - start);
    this.#keep(bytes, from, to);
  }

  file(name: Uint8Array, sizeBytes: number, crc64: Uint8Array | null): void {
    if (sizeBytes === 0 || crc64 === null) return;
    this.#add(sizeBytes, name.length, 0);
    this.#keep(name, 0, name.length);
    this.#keep(crc64, 0, CRC_BYTES);
  }

  /** Merges a segment into the one before it, if the zeros between them take less memory than a part. Returns whether it did. */
  #joins(length: number, zeros: number, isAllZeros: boolean): boolean {
    const last = this.#count - 1;
    if (last < 0 || this.#field(last, NAME) !== SEGMENT) return false;
    const stored = this.#keptBytes - this.#field(last, PLACE);
    if (stored === 0) this.#parts[last * FIELDS + ZEROS] = this.#size - this.#field(last, START) + (isAllZeros ? length : zeros);
    else if (!isAllZeros) {
      const between = this.#size + zeros - (this.#field(last, START) + this.#field(last, ZEROS) + stored);
      if (between > PART_BYTES) return false;
      this.#keep(NO_BYTES, 0, between);
    }
    this.#size += length;
    return true;
  }

  #add(length: number, name: number, zeros: number): void {
    this.#refuseMore(PART_BYTES);
    const at = this.#count * FIELDS;
    grow(this.#parts.buffer, (at + FIELDS) * Float64Array.BYTES_PER_ELEMENT);
    this.#parts[at + START] = this.#size;
    this.#parts[at + NAME] = name;
    this.#parts[at + PLACE] = this.#keptBytes;
    this.#parts[at + ZEROS] = zeros;
    this.#count++;
    this.#size += length;
  }

  #keep(bytes: Uint8Array, from: number, to: number): void {
    this.#refuseMore(to - from);
    grow(this.#kept.buffer, this.#keptBytes + to - from);
    this.#kept.set(bytes.subarray(from, to), this.#keptBytes);
    this.#keptBytes += to - from;
  }

  #refuseMore(bytes: number): void {
    if (this.#keptBytes + this.#count * PART_BYTES + bytes <= this.#mostBytes) return;
    throw new LayerscopeError('TOO_LARGE', `tar-split metadata takes more than ${this.#mostBytes} bytes`);
  }

  #field(part: number, field: number): number {
    return this.#parts[part * FIELDS + field] as number;
  }

  /** Returns the index of the part that contains the byte at `offset`, which must be less than {@link size}. */
  at(offset: number): number {
    let [low, high] = [0, this.#count - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#field(middle, START) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  start(part: number): number {
    return this.#field(part, START);
  }

  length(part: number): number {
    return (part + 1 < this.#count ? this.#field(part + 1, START) : this.#size) - this.#field(part, START);
  }

  /** Returns the name and checksum of a file's content; null for a segment. */
  body(part: number): { readonly name: Uint8Array; readonly crc64: Uint8Array } | null {
    const name = this.#field(part, NAME);
    if (name === SEGMENT) return null;
    const place = this.#field(part, PLACE);
    // Copies, because not every API accepts views of a resizable buffer.
    return { name: this.#kept.slice(place, place + name), crc64: this.#kept.slice(place + name, place + name + CRC_BYTES) };
  }

  /** Copies `length` bytes of a segment, starting at `from`, to `target` at `at`. */
  copy(part: number, from: number, target: Uint8Array, at: number, length: number): void {
    const zeros = this.#field(part, ZEROS);
    const place = this.#field(part, PLACE);
    const stored = (part + 1 < this.#count ? this.#field(part + 1, PLACE) : this.#keptBytes) - place;
    target.fill(0, at, at + length);
    const first = Math.max(from, zeros);
    const last = Math.min(from + length, zeros + stored);
    if (last > first) target.set(this.#kept.subarray(place + first - zeros, place + last - zeros), at + first - from);
  }
}

/** Grows a buffer to at least this many bytes. */
function grow(buffer: ArrayBuffer, bytes: number): void {
  if (bytes > buffer.byteLength)
    buffer.resize(Math.min(buffer.maxByteLength, Math.max(64 * 1024, Math.ceil(bytes / 8) * 8, 2 * buffer.byteLength)));
}

/** Returns the packed size of a blob's metadata. Throws NOT_FOUND, PERMISSION, IO. */
function sizeOf(blob: BlobSource): number {
  using file = new SourceFile(blob.path, blob.identity);
  return file.size;
}

/** The file that is being read. */
interface OpenBody {
  readonly part: number;
  readonly name: Uint8Array;
  readonly size: number;
  readonly descriptor: number;
  /** The whole content, already checked; null for a large file. */
  readonly bytes: Uint8Array | null;
  readonly crc64: Uint8Array;
  readonly sum: Crc64;
  /** How many bytes of the file are included in `sum`. */
  summed: number;
}

/** A split blob, open for reading. The caller disposes of it. */
export class SplitFile implements OpenBytes {
  readonly path: string;
  readonly #map: SplitMap;
  readonly #folder: string;
  /** The metadata file, kept open to detect changes. */
  readonly #file: SourceFile;
  #body: OpenBody | null = null;

  /** Throws NOT_FOUND, PERMISSION; IO, including if the metadata has changed; PATH_ESCAPE if a link has replaced the folder. */
  constructor(blob: BlobSource, map: SplitMap) {
    this.#folder = blob.split?.folder ?? '';
    refuseMoved(this.#folder);
    this.#file = new SourceFile(blob.path, blob.identity);
    this.path = blob.path;
    this.#map = map;
  }

  get size(): number {
    return this.#map.size;
  }

  get isOpen(): boolean {
    return this.#file.isOpen;
  }

  refuseChanged(): void {
    this.#file.refuseChanged();
  }

  /** Like {@link SourceFile.read}. Throws DIGEST_MISMATCH for a file that has changed; PATH_ESCAPE, PERMISSION, IO. */
  read(target: Uint8Array, position: number, length: number = target.length, at = 0): number {
    const map = this.#map;
    const end = Math.min(position + length, map.size);
    if (position >= end) return 0;
    let offset = position;
    for (let part = map.at(position); offset < end; part++) {
      const from = offset - map.start(part);
      const count = Math.min(end - offset, map.length(part) - from);
      const body = map.body(part);
      if (body === null) map.copy(part, from, target, at + offset - position, count);
      else if (!this.#tryBody(offset > position, () => this.#readBody(part, body, from, target, at + offset - position, count))) break;
      offset += count;
    }
    return offset - position;
  }

  /**
   * Runs `read`. With `isLater`, returns false instead of throwing, so that a file's error doesn't hide the headers before the file. The
   * next read then throws the error.
   */
  #tryBody(isLater: boolean, read: () => void): boolean {
    try {
      read();
      return true;
    } catch (error) {
      if (!isLater) throw error;
      return false;
    }
  }

  #readBody(
    part: number,
    body: { name: Uint8Array; crc64: Uint8Array },
    from: number,
    target: Uint8Array,
    at: number,
    count: number,
  ): void {
    if (this.#body?.part !== part) {
      this.#closeBody();
      this.#body = this.#openBody(part, body.name, body.crc64);
    }
    const open = this.#body as OpenBody;
    if (open.bytes !== null) {
      target.set(open.bytes.subarray(from, from + count), at);
      return;
    }
    readWhole(open, target, at, count, from);
    if (open.summed !== from) return;
    open.sum.update(target, at, at + count);
    open.summed += count;
    if (open.summed === open.size) checkSum(open.name, open.sum, open.crc64);
  }

  #openBody(part: number, name: Uint8Array, crc64: Uint8Array): OpenBody {
    const size = this.#map.length(part);
    const descriptor = openSplitBody(this.#folder, name, size);
    const open = { part, name, size, descriptor, bytes: null, crc64, sum: new Crc64(), summed: 0 };
    if (size > SMALL_BODY) return open;
    try {
      const bytes = new Uint8Array(size);
      readWhole(open, bytes, 0, size, 0);
      open.sum.update(bytes);
      checkSum(name, open.sum, crc64);
      return { ...open, bytes };
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  #closeBody(): void {
    if (this.#body !== null) closeSync(this.#body.descriptor);
    this.#body = null;
  }

  [Symbol.dispose](): void {
    this.#closeBody();
    this.#file[Symbol.dispose]();
  }
}

function readWhole({ descriptor, name }: OpenBody, target: Uint8Array, at: number, length: number, position: number): void {
  for (let done = 0; done < length; ) {
    let count: number;
    try {
      count = readSync(descriptor, target, at + done, length - done, position + done);
    } catch (error) {
      throw systemError(error, 'a file of the layer');
    }
    if (count === 0) throw changedOnDisk(name, 'became shorter while it was being read');
    done += count;
  }
}

function checkSum(name: Uint8Array, sum: Crc64, expected: Uint8Array): void {
  const found = sum.digest();
  if (!found.every((byte, at) => byte === expected[at])) throw changedOnDisk(name, 'has changed on the disk: its checksum differs');
}
