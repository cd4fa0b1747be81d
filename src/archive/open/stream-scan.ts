// Indexes the plain layers of an image archive while the archive is received, so that they need not be read again for that.
import { type TarHandler, type TarMember, TarReader } from '#format/tar';
import { LayerscopeError, TYPE } from '#model';
import { LayerIndexer } from '../indexing/layer-indexer.ts';
import type { BlobSource, IndexedBlob } from '../types.ts';

const BLOCK = 512;
const MAGIC_AT = 257;
const MAGIC = Buffer.from('ustar');
/** An archive without a layer among its first members is a layer itself. */
const MAX_OTHERS = 2000;
/** Limits on what is kept; further layers are read as usual. */
const MAX_LAYERS = 1000;
const MAX_ENTRIES = 4_000_000;

/** The body that is being received. */
interface Body {
  readonly start: number;
  readonly length: number;
  /** Bytes that have come. */
  count: number;
  /** The first block, until it is whole. */
  head: Uint8Array;
  /** Null until the first block is known, and if it isn't a tar's. */
  indexer: LayerIndexer | null;
  /** Whether any of it was in a list of {@link StreamScan.listed}. */
  isListed: boolean;
}

/** Gets all bytes of a file in order; finds the members that are plain tars. */
export class StreamScan implements TarHandler {
  readonly #reader: TarReader;
  readonly #layers = new Map<string, IndexedBlob>();
  #body: Body | null = null;
  #others = 0;
  #entries = 0;
  #isOff = false;
  /** Ranges of the last pushed bytes, pairs of start and end. */
  #listed: number[] = [];
  /** Layers of which some bytes were passed over, and whose index isn't finished. */
  #unfinished = 0;
  /** Those whose index is finished. */
  readonly #passedOver = new Set<IndexedBlob>();

  constructor() {
    this.#reader = new TarReader(this);
  }

  /**
   * Ranges of the last pushed bytes, pairs of start and end, that are contents of files in layers, so that listing the layers doesn't need
   * them again if {@link isWholeWith} in the end.
   */
  get listed(): readonly number[] {
    return this.#listed;
  }

  /**
   * Whether each body of which bytes were in {@link listed} has an index, and it is one of these. Another body, such as a config that is
   * also a tar, is read by its bytes.
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
      // Not a tar, or a bad one, which is said when the file is opened.
      if (!(error instanceof LayerscopeError) || error.code === 'INTERNAL') throw error;
      this.#isOff = true;
    }
  }

  /** Returns the index of a blob of the file; null if it isn't one of the layers that were found. */
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

  /** Begins to index a body once its first block is known. Returns whether the body is being indexed. */
  #begin(body: Body, piece: Uint8Array): boolean {
    const first = body.head.length === 0 ? piece : Buffer.concat([body.head, piece]);
    if (first.length < BLOCK) {
      body.head = Uint8Array.from(first); // the piece's memory is the caller's
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
