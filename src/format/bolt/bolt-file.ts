// A bolt file is a sequence of pages. Pages 0 and 1 are meta pages. They are written alternately, so that one of them is always complete.
// All numbers are little-endian (the writer's own byte order; big-endian files are refused by their magic).
//
//   page header    id u64, flags u16 (1 branch, 2 leaf, 4 meta, 16 free list), count u16, overflow u32 (pages that follow as part of it)
//   meta           at 16: magic 0xED0CDAED u32, version 2 u32, page size u32, flags u32, root page u64, sequence u64, free list u64,
//                  high-water page u64, transaction u64, FNV-1a 64 of these 56 bytes u64
//   leaf element   flags u32 (1: the value is a bucket), pos u32, ksize u32, vsize u32; pos counts from the element itself
//   branch element pos u32, ksize u32, page u64
//   bucket value   root page u64, sequence u64; if the root is 0, an inline leaf page follows
//
// Source: etcd-io/bbolt, internal/common.
import { compareBytes, LayerscopeError } from '#model';

/** Reads up to `length` bytes of the file at `offset`; fewer at the end of the file. */
export type ReadAt = (offset: number, length: number) => Uint8Array;

const HEADER = 16;
const ELEMENT = 16;
const META_BYTES = 80;
const BUCKET_BYTES = 16;
const MAGIC = 0xed0cdaed;
const VERSION = 2;
const BRANCH = 1;
const LEAF = 2;
const IS_BUCKET = 1;
const MIN_PAGE = 512;
const MAX_PAGE = 1 << 20;
/** Offsets at which to look for the second meta page if the first one doesn't state the page size. */
const USUAL_PAGES = [4096, 16_384, 65_536, 8192, 32_768];
const MAX_DEPTH = 32;
const MAX_BUCKETS_DEEP = 16;
/** Maximum number of bytes to read from one file. */
const MAX_READ_BYTES = 256 * 1024 * 1024;
/** Maximum size of one page with its overflow pages. */
const MAX_PAGE_BYTES = 64 * 1024 * 1024;

interface Meta {
  readonly pageSize: number;
  readonly root: number;
  readonly transaction: bigint;
}

/** A page's bytes, and a description of the page for error messages. */
interface Page {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly what: string;
}

function damaged(what: string): LayerscopeError {
  return new LayerscopeError('DAMAGED', `bolt database: ${what}`);
}

/** An open database. Keys and values are views of the bytes that were read. */
export class BoltFile {
  readonly #read: ReadAt;
  readonly #pageSize: number;
  readonly #root: number;
  #bytesRead = 0;

  /** Reads the meta pages. Throws DAMAGED if none is valid; UNSUPPORTED for another version. */
  constructor(read: ReadAt) {
    this.#read = read;
    const meta = newestMeta(read);
    this.#pageSize = meta.pageSize;
    this.#root = meta.root;
  }

  /** The top-level bucket. */
  get root(): BoltBucket {
    return new BoltBucket((id) => this.#page(id), this.#root, null, 0);
  }

  #page(id: number): Page {
    const what = `page ${id}`;
    const start = id * this.#pageSize;
    if (!Number.isSafeInteger(start)) throw damaged(`${what} is outside the file`);
    const header = this.#bytes(start, HEADER, what);
    const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
    if (view.getBigUint64(0, true) !== BigInt(id)) throw damaged(`${what} says that it is another one`);
    const length = (view.getUint32(12, true) + 1) * this.#pageSize;
    if (length > MAX_PAGE_BYTES) throw damaged(`${what} has ${length} bytes`);
    return pageOf(this.#bytes(start, length, what), what);
  }

  #bytes(start: number, length: number, what: string): Uint8Array {
    this.#bytesRead += length;
    if (this.#bytesRead > MAX_READ_BYTES)
      throw new LayerscopeError('TOO_LARGE', `bolt database: more than ${MAX_READ_BYTES} bytes were read`);
    const bytes = this.#read(start, length);
    if (bytes.length < length) throw damaged(`${what} is cut off`);
    return bytes;
  }
}

/** One bucket: a sorted list of keys, whose values are bytes or buckets. */
export class BoltBucket {
  readonly #page: (id: number) => Page;
  readonly #root: number;
  readonly #inline: Page | null;
  readonly #depth: number;

  /** `inline`: the bucket's only page if `root` is 0. Used by BoltFile. */
  constructor(page: (id: number) => Page, root: number, inline: Page | null, depth: number) {
    if (depth > MAX_BUCKETS_DEEP) throw damaged(`buckets are nested more than ${MAX_BUCKETS_DEEP} deep`);
    this.#page = page;
    this.#root = root;
    this.#inline = inline;
    this.#depth = depth;
  }

  /**
   * Yields all keys in order, each with its value or bucket. Throws DAMAGED for pages that form a cycle, are out of bounds or of the wrong
   * kind; TOO_LARGE.
   */
  *entries(): Generator<BoltEntry> {
    yield* this.#walk(this.#inline ?? this.#page(this.#root), 0, new Set([this.#root]));
  }

  /** Returns the bucket of a key; null if there is none. Throws what {@link entries} throws. */
  bucket(key: Uint8Array): BoltBucket | null {
    for (const entry of this.entries()) if (compareBytes(entry.key, key) === 0) return entry.bucket;
    return null;
  }

  /** Returns the value of a key; null if there is none. Throws what {@link entries} throws. */
  value(key: Uint8Array): Uint8Array | null {
    for (const entry of this.entries()) if (compareBytes(entry.key, key) === 0) return entry.value;
    return null;
  }

  *#walk(page: Page, depth: number, seen: Set<number>): Generator<BoltEntry> {
    const flags = page.view.getUint16(8, true);
    const count = page.view.getUint16(10, true);
    if (HEADER + count * ELEMENT > page.bytes.length) throw damaged(`${page.what} has more elements than fit`);
    if (flags === LEAF) {
      // Elements must not overlap. Otherwise, a small file could contain any number of nested buckets.
      let free = HEADER + count * ELEMENT;
      for (let index = 0; index < count; index++) {
        const { entry, start, end } = this.#entry(page, HEADER + index * ELEMENT);
        if (start < free) throw damaged(`${page.what} has elements that overlap`);
        free = end;
        yield entry;
      }
      return;
    }
    if (flags !== BRANCH) throw damaged(`${page.what} is neither a branch nor a leaf`);
    if (depth >= MAX_DEPTH) throw damaged(`pages are nested more than ${MAX_DEPTH} deep`);
    for (let index = 0; index < count; index++) {
      const id = safe(page.view.getBigUint64(HEADER + index * ELEMENT + 8, true), page.what);
      if (seen.has(id)) throw damaged(`page ${id} is used twice`);
      seen.add(id);
      yield* this.#walk(this.#page(id), depth + 1, seen);
    }
  }

  #entry(page: Page, at: number): { readonly entry: BoltEntry; readonly start: number; readonly end: number } {
    const { view, bytes, what } = page;
    const flags = view.getUint32(at, true);
    const keyStart = at + view.getUint32(at + 4, true);
    const keyEnd = keyStart + view.getUint32(at + 8, true);
    const end = keyEnd + view.getUint32(at + 12, true);
    if (end > bytes.length) throw damaged(`${what} has an element that reaches beyond it`);
    const [key, value] = [bytes.subarray(keyStart, keyEnd), bytes.subarray(keyEnd, end)];
    const span = { start: keyStart, end };
    if ((flags & IS_BUCKET) === 0) return { entry: { key, value, bucket: null }, ...span };
    if (value.length < BUCKET_BYTES) throw damaged(`${what} has a bucket that is cut off`);
    const root = safe(new DataView(value.buffer, value.byteOffset).getBigUint64(0, true), what);
    const inline = root === 0 ? pageOf(value.subarray(BUCKET_BYTES), `a bucket in ${what}`) : null;
    return { entry: { key, value: null, bucket: new BoltBucket(this.#page, root, inline, this.#depth + 1) }, ...span };
  }
}

/** A key, with either its value or its bucket. */
export type BoltEntry =
  | { readonly key: Uint8Array; readonly value: Uint8Array; readonly bucket: null }
  | { readonly key: Uint8Array; readonly value: null; readonly bucket: BoltBucket };

function safe(number: bigint, what: string): number {
  if (number > BigInt(Number.MAX_SAFE_INTEGER)) throw damaged(`${what} refers to a page outside the file`);
  return Number(number);
}

function pageOf(bytes: Uint8Array, what: string): Page {
  if (bytes.length < HEADER) throw damaged(`${what} is cut off`);
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), what };
}

/** Returns the valid meta page with the newer transaction. The other page may be half written. */
function newestMeta(read: ReadAt): Meta {
  const first = metaAt(read, 0);
  const sizes = first === null ? USUAL_PAGES : [first.pageSize];
  let newest = first;
  for (const size of sizes) {
    const second = metaAt(read, size);
    if (second === null || second.pageSize !== size) continue;
    if (newest === null || second.transaction > newest.transaction) newest = second;
  }
  if (newest !== null) return newest;
  throw damaged('it has no valid meta page');
}

/** Parses a meta page; null if missing or damaged. Throws UNSUPPORTED for another version. */
function metaAt(read: ReadAt, offset: number): Meta | null {
  const bytes = read(offset, META_BYTES);
  if (bytes.length < META_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(16, true) !== MAGIC || view.getBigUint64(72, true) !== fnv1a(bytes.subarray(16, 72))) return null;
  const version = view.getUint32(20, true);
  if (version !== VERSION) throw new LayerscopeError('UNSUPPORTED', `bolt database: version ${version} is not supported`);
  const pageSize = view.getUint32(24, true);
  const root = view.getBigUint64(32, true);
  if (pageSize < MIN_PAGE || pageSize > MAX_PAGE || (pageSize & (pageSize - 1)) !== 0 || root < 2n) return null;
  return { pageSize, root: safe(root, 'the meta page'), transaction: view.getBigUint64(64, true) };
}

function fnv1a(bytes: Uint8Array): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}

/** Decodes a signed varint as Go's encoding/binary writes it (zigzag). Null if it is malformed or beyond 2^53. */
export function decodeVarint(bytes: Uint8Array): number | null {
  let value = 0n;
  for (let at = 0; at < Math.min(bytes.length, 10); at++) {
    const byte = bytes[at] as number;
    value |= BigInt(byte & 0x7f) << BigInt(7 * at);
    if (byte >= 0x80) continue;
    const signed = (value & 1n) === 0n ? value >> 1n : -((value + 1n) >> 1n);
    return signed >= -BigInt(Number.MAX_SAFE_INTEGER) && signed <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(signed) : null;
  }
  return null;
}
