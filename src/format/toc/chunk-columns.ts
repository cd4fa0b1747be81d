import type { TocChunk } from '#format/estargz';
import { DIGEST_BYTES, grown, type LayerTable } from '#format/layer';

const SHA256 = 'sha256:';

/** The columns of a table that locate files' contents and state their digests. */
export type ContentColumns = Pick<
  LayerTable,
  'bodyAt' | 'chunkAt' | 'chunkStart' | 'chunkEnd' | 'chunkInner' | 'chunkDigests' | 'wholeRows' | 'wholeDigests'
>;

/** Collects the pieces of files' contents in row order. Addresses are offsets in the concatenated contents of all files. */
export class ChunkColumns {
  /** Addresses of the rows' contents. */
  #bodies = new Float64Array(64);
  #at = new Float64Array(64);
  #start = new Float64Array(64);
  #end = new Float64Array(64);
  #inner = new Float64Array(64);
  readonly #digests = new DigestColumn();
  #count = 0;
  #address = 0;
  #unvouched = 0;
  readonly #wholeRows: number[] = [];
  readonly #wholes = new DigestColumn();

  /** Number of pieces without a digest, stored or not. */
  get unvouched(): number {
    return this.#unvouched;
  }

  /** Adds the pieces that make up a file, and the digest of its content. Rows must come in order. */
  add(row: number, chunks: readonly TocChunk[], digest: string | null): void {
    const [first] = chunks;
    if (first === undefined) return;
    if (row >= this.#bodies.length) this.#bodies = grown(this.#bodies, row * 2);
    this.#bodies[row] = this.#address;
    for (let index = 0; index < chunks.length; index++) this.#addChunk(chunks[index] as TocChunk);
    const isPieces = chunks.length === 1 && !first.isZeros && first.digest === digest;
    if (digest !== null && !isPieces && this.#wholes.set(this.#wholeRows.length, digest)) this.#wholeRows.push(row);
  }

  #addChunk({ sizeBytes, packedStart, packedEnd, innerOffset, digest }: TocChunk): void {
    const index = this.#count++;
    if (this.#count >= this.#at.length) this.#grow();
    this.#at[index] = this.#address;
    this.#start[index] = packedStart;
    this.#end[index] = packedEnd;
    this.#inner[index] = innerOffset;
    if (!this.#digests.set(index, digest)) this.#unvouched++;
    this.#address += sizeBytes;
    this.#at[this.#count] = this.#address;
  }

  #grow(): void {
    const length = this.#at.length * 2;
    this.#at = grown(this.#at, length);
    this.#start = grown(this.#start, length);
    this.#end = grown(this.#end, length);
    this.#inner = grown(this.#inner, length);
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
      chunkDigests: this.#digests.finish(count),
      wholeRows: Uint32Array.from(this.#wholeRows),
      wholeDigests: this.#wholes.finish(this.#wholeRows.length),
    };
  }
}

/** A column of SHA-256 digests, 32 bytes each; zeros where there is none. */
class DigestColumn {
  #bytes = new Uint8Array(64 * DIGEST_BYTES);

  /** Sets a digest. Returns false if the column can't store it: it must be a SHA-256 digest, and not all zeros. */
  set(index: number, digest: string | null): boolean {
    const end = (index + 1) * DIGEST_BYTES;
    if (end > this.#bytes.length) this.#bytes = grown(this.#bytes, end * 2);
    if (!digest?.startsWith(SHA256)) return false;
    let bits = 0;
    for (let at = end - DIGEST_BYTES, from = SHA256.length; at < end; at++, from += 2) {
      const byte = hexByte(digest, from);
      this.#bytes[at] = byte;
      bits |= byte;
    }
    return bits !== 0;
  }

  finish(count: number): Uint8Array {
    return this.#bytes.slice(0, count * DIGEST_BYTES);
  }
}

/** Parses two lower-case hexadecimal digits without creating a string. */
function hexByte(text: string, at: number): number {
  return hexDigit(text.charCodeAt(at)) * 16 + hexDigit(text.charCodeAt(at + 1));
}

function hexDigit(code: number): number {
  return code <= 0x39 ? code - 0x30 : code - 0x57;
}
