import type { TocChunk } from '#format/estargz';
import { grown, type LayerTable } from '#format/layer';
import { toHex } from '#model';
import { hexNumber } from './hex-number.ts';

/** Bytes of a SHA-256. */
const DIGEST_BYTES = 32;
const SHA256 = 'sha256:';

/** The columns of a table that locate contents. */
export type ContentColumns = Pick<LayerTable, 'bodyAt' | 'chunkAt' | 'chunkStart' | 'chunkEnd' | 'chunkInner' | 'chunkDigests'>;

/** Collects the pieces of files' contents in the order of the rows. Addresses are offsets in the joined contents of all files. */
export class ChunkColumns {
  /** Addresses of the rows' contents. */
  #bodies = new Float64Array(64);
  #at = new Float64Array(64);
  #start = new Float64Array(64);
  #end = new Float64Array(64);
  #inner = new Float64Array(64);
  #digests = new Uint8Array(64 * DIGEST_BYTES);
  #count = 0;
  #address = 0;
  #unvouched = 0;

  /** Number of stored pieces without a digest. */
  get unvouched(): number {
    return this.#unvouched;
  }

  /** Adds the pieces that make up a file. Rows come in order. */
  add(row: number, chunks: readonly TocChunk[]): void {
    if (chunks.length === 0) return;
    if (row >= this.#bodies.length) this.#bodies = grown(this.#bodies, row * 2);
    this.#bodies[row] = this.#address;
    for (let index = 0; index < chunks.length; index++) this.#addChunk(chunks[index] as TocChunk);
  }

  #addChunk({ sizeBytes, packedStart, packedEnd, innerOffset, digest, isZeros }: TocChunk): void {
    const index = this.#count++;
    if (this.#count >= this.#at.length) this.#grow();
    this.#at[index] = this.#address;
    this.#start[index] = packedStart;
    this.#end[index] = packedEnd;
    this.#inner[index] = innerOffset;
    if (digest?.startsWith(SHA256)) this.#addDigest(index, digest);
    else if (!isZeros) this.#unvouched++;
    this.#address += sizeBytes;
    this.#at[this.#count] = this.#address;
  }

  #addDigest(index: number, digest: string): void {
    const digests = this.#digests;
    const to = (index + 1) * DIGEST_BYTES;
    for (let at = index * DIGEST_BYTES, from = SHA256.length; at < to; at++, from += 2) digests[at] = hexNumber(digest, from, 2);
  }

  #grow(): void {
    const length = this.#at.length * 2;
    this.#at = grown(this.#at, length);
    this.#start = grown(this.#start, length);
    this.#end = grown(this.#end, length);
    this.#inner = grown(this.#inner, length);
    this.#digests = grown(this.#digests, length * DIGEST_BYTES);
  }

  finish(memberCount: number): ContentColumns {
    const bodyAt = new Float64Array(memberCount);
    bodyAt.set(this.#bodies.subarray(0, memberCount));
    const count = this.#count;
    return {
      bodyAt,
      chunkAt: count === 0 ? new Float64Array(0) : this.#at.slice(0, count + 1),
      chunkStart: this.#start.slice(0, count),
      chunkEnd: this.#end.slice(0, count),
      chunkInner: this.#inner.slice(0, count),
      chunkDigests: this.#digests.slice(0, count * DIGEST_BYTES),
    };
  }
}

/** Returns the piece that contains an address; -1 if the address is after the last piece. */
export function chunkOf({ chunkAt }: Pick<LayerTable, 'chunkAt'>, at: number): number {
  let [low, high] = [0, chunkAt.length - 1];
  if (!(at >= 0 && at < (chunkAt[high] ?? 0))) return -1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((chunkAt[middle] as number) <= at) low = middle;
    else high = middle;
  }
  return low;
}

/** Returns the digest of a piece; null if none is stated. */
export function chunkDigest({ chunkDigests }: Pick<LayerTable, 'chunkDigests'>, chunk: number): string | null {
  const bytes = chunkDigests.subarray(chunk * DIGEST_BYTES, (chunk + 1) * DIGEST_BYTES);
  return bytes.every((byte) => byte === 0) ? null : SHA256 + toHex(bytes);
}
