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
/** Limit on the metadata that is kept in memory for one layer. */
const MAX_KEPT_BYTES = 1 << 30;
const SEGMENT = -1;

/** A split tar's headers, and where its bodies belong. Immutable once built; the parts follow one another without gaps. */
export class SplitMap implements SplitSink {
  /** Offset of each part in the tar. */
  readonly #starts: number[] = [];
  /** For each part: -1 if it is a segment, the length of the name if it is a file. */
  readonly #names: number[] = [];
  /**
   * For each part, an offset in `#kept`: of a segment's bytes (preceded in the tar by `#zeros` zero bytes), or of a file's name followed by
   * its checksum.
   */
  readonly #places: number[] = [];
  readonly #zeros: number[] = [];
  #kept = new Uint8Array(64 * 1024);
  #keptBytes = 0;
  #size = 0;

  /** Reads a blob's metadata. Throws what {@link readSplit} throws; TRUNCATED or DAMAGED if the metadata is incomplete. */
  static async read(blob: BlobSource, signal?: AbortSignal): Promise<SplitMap> {
    const { map, packed } = await SplitMap.readPartly(blob, signal);
    if (packed.end === 'complete') return map;
    throw new LayerscopeError(packed.end === 'truncated' ? 'TRUNCATED' : 'DAMAGED', `${blob.path}: ${packed.message ?? 'not whole'}`);
  }

  /** Reads as much of the metadata as possible. Throws what {@link readSplit} throws. */
  static async readPartly(blob: BlobSource, signal?: AbortSignal): Promise<{ readonly map: SplitMap; readonly packed: Decompressed }> {
    const map = new SplitMap();
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
    return this.#kept.length + 32 * this.#starts.length;
  }

  get count(): number {
    return this.#starts.length;
  }

  segment(bytes: Uint8Array, start: number, end: number): void {
    if (end === start) return;
    // A third of the bytes are zero padding around headers.
    let from = start;
    let to = end;
    while (from < to && bytes[from] === 0) from++;
    while (to > from && bytes[to - 1] === 0) to--;
    this.#add(end - start, SEGMENT, from - start);
    this.#keep(bytes, from, to);
  }

  file(name: Uint8Array, sizeBytes: number, crc64: Uint8Array | null): void {
    if (sizeBytes === 0 || crc64 === null) return;
    this.#add(sizeBytes, name.length, 0);
    this.#keep(name, 0, name.length);
    this.#keep(crc64, 0, CRC_BYTES);
  }

  #add(length: number, name: number, zeros: number): void {
    this.#starts.push(this.#size);
    this.#names.push(name);
    this.#places.push(this.#keptBytes);
    this.#zeros.push(zeros);
    this.#size += length;
  }

  #keep(bytes: Uint8Array, from: number, to: number): void {
    const needed = this.#keptBytes + to - from;
    if (needed > MAX_KEPT_BYTES) throw new LayerscopeError('TOO_LARGE', `tar-split metadata of more than ${MAX_KEPT_BYTES} bytes`);
    if (needed > this.#kept.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#kept.length));
      grown.set(this.#kept.subarray(0, this.#keptBytes));
      this.#kept = grown;
    }
    this.#kept.set(bytes.subarray(from, to), this.#keptBytes);
    this.#keptBytes = needed;
  }

  /** The index of the part that contains the byte at `offset`, which must be less than {@link size}. */
  at(offset: number): number {
    let [low, high] = [0, this.#starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  start(part: number): number {
    return this.#starts[part] as number;
  }

  length(part: number): number {
    return (this.#starts[part + 1] ?? this.#size) - (this.#starts[part] as number);
  }

  /** Name and checksum of a file's content; null for a segment. */
  body(part: number): { readonly name: Uint8Array; readonly crc64: Uint8Array } | null {
    const name = this.#names[part] as number;
    if (name === SEGMENT) return null;
    const place = this.#places[part] as number;
    return { name: this.#kept.subarray(place, place + name), crc64: this.#kept.subarray(place + name, place + name + CRC_BYTES) };
  }

  /** Copies `length` bytes of a segment, starting at `from`, to `target` at `at`. */
  copy(part: number, from: number, target: Uint8Array, at: number, length: number): void {
    const zeros = this.#zeros[part] as number;
    const place = this.#places[part] as number;
    const stored = (this.#places[part + 1] ?? this.#keptBytes) - place;
    target.fill(0, at, at + length);
    const first = Math.max(from, zeros);
    const last = Math.min(from + length, zeros + stored);
    if (last > first) target.set(this.#kept.subarray(place + first - zeros, place + last - zeros), at + first - from);
  }
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

  /** Throws NOT_FOUND, PERMISSION, IO, which includes metadata that has changed; PATH_ESCAPE if a link has replaced the folder. */
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
   * A file's error must not hide the headers before the file: with `isLater`, returns false instead of throwing, and the next read throws.
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
  if (!found.every((byte, at) => byte === expected[at])) throw changedOnDisk(name, 'has changed on the disk: its checksum is another one');
}
