// Indexes the plain layers of an image archive while it is received, so that they don't have to be read again.
import { type TarHandler, type TarMember, TarReader } from '#format/tar';
import { LayerscopeError, TYPE } from '#model';
import { LayerIndexer } from '../indexing/layer-indexer.ts';
import type { BlobSource, IndexedBlob } from '../types.ts';

const BLOCK = 512;
const MAGIC_AT = 257;
const MAGIC = Buffer.from('ustar');
/** Maximum number of members to examine. If none of them is a layer, the tar itself is one. */
const MAX_OTHERS = 2000;
/** Limits on what is kept; layers beyond them are read as usual. */
const MAX_LAYERS = 1000;
const MAX_ENTRIES = 4_000_000;

/** The body being received. */
interface Body {
  readonly start: number;
  readonly length: number;
  /** Number of bytes received so far. */
  count: number;
  /** The first block, until it is complete. */
  head: Uint8Array;
  /** Null until the first block is complete, and if it isn't a tar header. */
  indexer: LayerIndexer | null;
  /** Whether any part of the body was in {@link StreamScan.listed}. */
  isListed: boolean;
}

/** Receives all bytes of a file in order, and finds the members that are plain tars. */
export class StreamScan implements TarHandler {
  readonly #reader: TarReader;
  readonly #layers = new Map<string, IndexedBlob>();
  #body: Body | null = null;
  #others = 0;
  #entries = 0;
  #isOff = false;
  #listed: number[] = [];
  /** Number of layers whose index isn't finished although some of their bytes were skipped. */
  #unfinished = 0;
  /** Layers with skipped bytes whose index is finished. */
  readonly #passedOver = new Set<IndexedBlob>();

  constructor() {
    this.#reader = new TarReader(this);
  }

  /**
   * Ranges in the most recently pushed bytes, as pairs of start and end, that hold contents of files in layers. Listing the layers doesn't
   * need these bytes again if {@link isWholeWith} holds in the end.
   */
  get listed(): readonly number[] {
    return this.#listed;
  }

  /**
   * Whether every body with bytes in {@link listed} has an index, and `known` contains it. Any other body, such as a config that is also a
   * tar, would need its bytes.
   */
  isWholeWith(known: ReadonlySet<IndexedBlob>): boolean {
    return this.#unfinished === 0 && [...this.#passedOver].every((each) => known.has(each));
  }

  push(bytes: Uint8Array): void {
    this.#listed = [];
    if (this.#isOff) return;
    try {
      this.#reader.push(bytes);
    } catch (error) {
      // The body isn't a tar, or is a malformed one. The latter is reported when the file is opened.
      if (!(error instanceof LayerscopeError) || error.code === 'INTERNAL') throw error;
      this.#isOff = true;
    }
  }

  /** Returns the index of a blob in the file; null if it isn't one of the layers found. */
  indexOf({ start, length, compression }: BlobSource): IndexedBlob | null {
    return compression === 'none' ? (this.#layers.get(`${start}:${length}`) ?? null) : null;
  }

  member({ type, size, sparse, bodyOffset }: TarMember): void {
    const isBody = type === TYPE.file && sparse === null && size > BLOCK;
    this.#body = isBody ? { start: bodyOffset, length: size, count: 0, head: new Uint8Array(0), indexer: null, isListed: false } : null;
    if (++this.#others > MAX_OTHERS) this.#turnOff();
  }

  finding(): void {}

  body(bytes: Uint8Array, start: number, end: number): void {
    const body = this.#body;
    if (body === null) return;
    const piece = bytes.subarray(start, end);
    body.count += piece.length;
    if (body.indexer !== null) {
      if (!body.isListed) this.#unfinished++;
      body.isListed = true;
      this.#listed.push(start, end);
      body.indexer.push(piece);
    } else if (!this.#begin(body, piece)) return;
    if (body.count === body.length) this.#finish(body);
  }

  /** Starts indexing a body once its first block is complete. Returns whether the body is being indexed. */
  #begin(body: Body, piece: Uint8Array): boolean {
    const first = body.head.length === 0 ? piece : Buffer.concat([body.head, piece]);
    if (first.length < BLOCK) {
      body.head = Uint8Array.from(first); // the caller may reuse the piece
      return false;
    }
    body.head = new Uint8Array(0);
    if (!MAGIC.equals(first.subarray(MAGIC_AT, MAGIC_AT + MAGIC.length))) {
      this.#body = null;
      return false;
    }
    body.indexer = new LayerIndexer(body.length);
    body.indexer.push(first);
    return true;
  }

  #finish({ start, length, indexer, isListed }: Body): void {
    this.#body = null;
    const layer = indexer?.finish(length, null).layer;
    if (layer?.status !== 'present') return;
    const indexed: IndexedBlob = { layer, blobDigest: null };
    this.#layers.set(`${start}:${length}`, indexed);
    if (isListed) {
      this.#unfinished--;
      this.#passedOver.add(indexed);
    }
    this.#others = 0;
    this.#entries += layer.table.memberCount;
    if (this.#layers.size >= MAX_LAYERS || this.#entries > MAX_ENTRIES) this.#turnOff();
  }

  #turnOff(): void {
    this.#isOff = true;
    this.#body = null;
    this.#reader.stop();
  }
}
