// Contents of a layer that is listed by its table of contents: each piece of a file is fetched, unpacked and checked separately.
import { chunkDigest, chunkOf, isHole, type LayerTable } from '#format/layer';
import { LayerscopeError, throwIfCancelled } from '#model';
import type { PackedAs } from '../blob/decompress.ts';
import { Digester } from '../blob/digest.ts';
import { unpackBytes } from '../blob/memory-bytes.ts';
import type { PlainBytes } from './plain-bytes.ts';

/** Pieces that are read in order are fetched together if the gap between them is at most this large. */
const GAP_BYTES = 32 * 1024;
/** Initial and maximum number of bytes to fetch ahead when pieces are read in order. */
const FIRST_AHEAD = 256 * 1024;
const MOST_AHEAD = 4 * 1024 * 1024;
/** Maximum size of a piece to cache. */
const MAX_KEPT_BYTES = 4 * 1024 * 1024;

/** Where packed bytes come from, and where checked pieces are kept. */
export interface ChunkSource {
  readonly table: LayerTable;
  readonly compression: PackedAs;
  /** Reads a part of the blob. No digest verifies the part. */
  readonly part: (first: number, length: number, signal: AbortSignal | undefined) => Promise<Uint8Array>;
  /** Caches pieces by digest; null if there is no cache. */
  readonly kept: {
    readonly read: (digest: string) => Uint8Array | null;
    readonly keep: (digest: string, bytes: Uint8Array) => void;
  } | null;
}

/** Reads contents at the addresses in a table's `bodyAt`. A piece is checked if the table has a digest for it. */
export class ChunkPlainBytes implements PlainBytes {
  readonly #source: ChunkSource;
  readonly #signal: AbortSignal | undefined;
  /** The most recently read piece. */
  #last: { readonly chunk: number; readonly bytes: Uint8Array } | null = null;
  /** The most recently unpacked member of the blob. It may contain several pieces. */
  #member: { readonly start: number; readonly bytes: Uint8Array } | null = null;
  #fetched: { readonly start: number; readonly bytes: Uint8Array } = { start: 0, bytes: new Uint8Array(0) };
  #ahead = 0;

  constructor(source: ChunkSource, signal: AbortSignal | undefined) {
    this.#source = source;
    this.#signal = signal;
  }

  /** Throws DIGEST_MISMATCH if a piece doesn't match its digest, and what fetching throws. */
  async read(at: number, length: number): Promise<Uint8Array> {
    const { table } = this.#source;
    const { chunkAt } = table;
    const chunk = chunkOf(table, at);
    if (chunk < 0) return new Uint8Array(0);
    const from = at - (chunkAt[chunk] as number);
    const count = Math.min(length, (chunkAt[chunk + 1] as number) - at);
    if (isHole(table, chunk)) return new Uint8Array(count);
    if (this.#last?.chunk !== chunk) this.#last = { chunk, bytes: await this.#piece(chunk) };
    return this.#last.bytes.subarray(from, from + count);
  }

  async fill(target: Uint8Array, offset: number, at: number, length: number): Promise<number> {
    const bytes = await this.read(at, length);
    target.set(bytes, offset);
    return bytes.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #piece(chunk: number): Promise<Uint8Array> {
    const { table, kept } = this.#source;
    throwIfCancelled(this.#signal);
    const digest = chunkDigest(table, chunk);
    const size = (table.chunkAt[chunk + 1] as number) - (table.chunkAt[chunk] as number);
    const mayBeKept = kept !== null && digest !== null && size <= MAX_KEPT_BYTES;
    const known = mayBeKept ? kept.read(digest) : null;
    if (known !== null && known.length === size) return known;
    const inner = table.chunkInner[chunk] as number;
    const bytes = (await this.#unpacked(chunk)).subarray(inner, inner + size);
    if (bytes.length < size) throw new LayerscopeError('TRUNCATED', `a piece has ${bytes.length} bytes, but is listed with ${size}`);
    if (digest === null) return bytes;
    const digester = new Digester('sha256');
    digester.update(bytes);
    const found = digester.finish();
    if (found !== digest)
      throw new LayerscopeError('DIGEST_MISMATCH', `a piece of the layer hashes to ${found}, but is listed as ${digest}`);
    if (mayBeKept) kept.keep(digest, bytes);
    return bytes;
  }

  /** Returns the plain bytes of the blob's member that contains the piece, up to the end of the last piece in that member. */
  async #unpacked(chunk: number): Promise<Uint8Array> {
    const { table, compression } = this.#source;
    const start = table.chunkStart[chunk] as number;
    if (this.#member?.start === start) return this.#member.bytes;
    let most = 0;
    for (let each = chunk; table.chunkStart[each] === start; each++)
      most = (table.chunkInner[each] as number) + (table.chunkAt[each + 1] as number) - (table.chunkAt[each] as number);
    const packed = await this.#packed(chunk);
    const bytes = await unpackBytes('a piece of the layer', packed, compression, most);
    this.#member = { start, bytes };
    return bytes;
  }

  /** Fetches a piece's packed bytes; if pieces are read in order, also fetches some of the following ones. */
  async #packed(chunk: number): Promise<Uint8Array> {
    const { table, part } = this.#source;
    const start = table.chunkStart[chunk] as number;
    const end = table.chunkEnd[chunk] as number;
    const known = this.#fetched;
    const knownEnd = known.start + known.bytes.length;
    if (start >= known.start && end <= knownEnd) return known.bytes.subarray(start - known.start, end - known.start);
    const isNext = known.bytes.length > 0 && start >= known.start && start <= knownEnd + GAP_BYTES;
    this.#ahead = isNext ? Math.min(Math.max(FIRST_AHEAD, this.#ahead * 2), MOST_AHEAD) : 0;
    const bytes = await part(start, this.#endAhead(chunk, start, end) - start, this.#signal);
    if (bytes.length < end - start) throw new LayerscopeError('TRUNCATED', `the layer ends before byte ${end}`);
    this.#fetched = { start, bytes };
    return bytes.subarray(0, end - start);
  }

  #endAhead(chunk: number, start: number, end: number): number {
    const { chunkStart, chunkEnd } = this.#source.table;
    let last = end;
    for (let next = chunk + 1; next < chunkStart.length; next++) {
      const [from, to] = [chunkStart[next] as number, chunkEnd[next] as number];
      if (from === to || to <= last) continue;
      if (from < start || from > last + GAP_BYTES || to - start > this.#ahead) break;
      last = to;
    }
    return last;
  }
}
