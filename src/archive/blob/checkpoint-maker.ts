// Makes checkpoints in a gzip blob while zlib unpacks it. zlib doesn't report where blocks begin, so the input is cut at each likely block
// start (findBlock), and zlib outputs exactly what precedes the cut. The bytes after the cut are then unpacked separately; the checkpoint
// is kept only if the result is identical.
import { createHash, type Hash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { type BlockPlace, findBlock, WINDOW_BYTES } from '#format/deflate';
import { type BlobCheckpoint, type CheckpointPlace, unpackSome } from './checkpoint.ts';

/** Minimum number of plain bytes between checkpoints. */
const SPAN_BYTES = 4 * 1024 * 1024;
/** After a checkpoint with a deflated window larger than this, the next span is twice as long, to limit the space that windows take. */
const LARGE_WINDOW = 16 * 1024;
/** How many packed bytes of a piece to search for the start of a block. Most blocks are shorter than this. */
const SEARCHED_BYTES = 32 * 1024;
/** Where blocks are long, only one byte in this many is searched, because searching a byte takes longer than unpacking it. */
const SEARCHED_SHARE = 16;
/** The empty stored block that writers such as pigz and pgzip emit when they flush. Being byte-aligned, it is found quickly. */
const FLUSH = Uint8Array.of(0, 0, 0xff, 0xff);
/**
 * Maximum numbers of plain bytes, and of the packed bytes that produce them, to compare to prove a checkpoint. A stored block can't prove
 * anything, because its packed bytes equal its plain ones wherever it seems to begin. Only the blocks after it can.
 */
const PROOF_BYTES = 4 * 1024;
const PROOF_PACKED = 16 * 1024;
const LEAST_PROOF = 512;

/** A position where a block seems to begin. */
interface CutPlace extends Omit<CheckpointPlace, 'plainOffset'> {
  readonly shared: number;
  /** Number of bytes of a stored block at this position. They prove nothing. */
  readonly storedBytes: number;
}

/** A position where the input was cut. */
interface Candidate extends CutPlace {
  readonly plainOffset: number;
  readonly window: Uint8Array;
  /** Packed bytes that follow the cut; `plain` is what they unpack to. */
  readonly packed: Uint8Array;
  packedBytes: number;
  readonly plain: Uint8Array[];
  plainBytes: number;
  /** Hash of the packed bytes that follow the cut; null if no digests are wanted. */
  readonly hash: Hash | null;
}

/** Receives the input and the output of an inflater. Create one per blob. */
export class CheckpointMaker {
  readonly #hasDigests: boolean;
  readonly #made: BlobCheckpoint[] = [{ kind: 'start', packedOffset: 0, plainOffset: 0, bits: 0, shared: 0, window: null, digest: null }];
  /** Hash of the packed bytes since the last checkpoint. */
  #hash: Hash | null;
  #plainBytes = 0;
  readonly #spanBytes: number;
  #nextAt: number;
  /** The most recent plain bytes: at least a window of them. */
  #tail: Uint8Array[] = [];
  #tailBytes = 0;
  /** The next position to cut at, with the block found there. */
  #place: CutPlace | null = null;
  #candidate: Candidate | null = null;
  #isBroken = false;
  /** How many bytes may still be searched. */
  #searchable = 4 * SEARCHED_BYTES;

  /**
   * With `hasDigests`, also computes digests of the packed bytes between checkpoints, for blobs that may be fetched in parts. `spanBytes`
   * is the minimum number of plain bytes between checkpoints.
   */
  constructor(hasDigests: boolean, spanBytes: number = SPAN_BYTES) {
    this.#spanBytes = spanBytes;
    this.#nextAt = spanBytes;
    this.#hasDigests = hasDigests;
    this.#hash = hasDigests ? createHash('sha256') : null;
  }

  /** Stops making checkpoints, and discards those made so far. Call this if the blob is damaged or has to be read in another way. */
  stop(): void {
    this.#isBroken = true;
  }

  /** Returns how many packed bytes of a piece to give to zlib: up to a likely block start if a checkpoint is due, otherwise all. */
  cut(bytes: Uint8Array, at: number): number {
    if (this.#place !== null || this.#candidate !== null || this.#isBroken || this.#plainBytes < this.#nextAt) return bytes.length;
    const found = this.#find(bytes);
    if (found === null) return bytes.length;
    const { packedOffset, bits, isStored } = found;
    const shared = bytes[packedOffset - 1] as number;
    const storedBytes = isStored ? (bytes[packedOffset] as number) + 256 * (bytes[packedOffset + 1] as number) : 0;
    this.#place = { kind: isStored ? 'stored' : 'block', packedOffset: at + packedOffset, bits, shared, storedBytes };
    return packedOffset;
  }

  #find(bytes: Uint8Array): BlockPlace | null {
    const flush = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(FLUSH, 1);
    if (flush > 0) return { packedOffset: flush, bits: 0, isStored: true };
    this.#searchable += bytes.length / SEARCHED_SHARE;
    const count = Math.min(bytes.length, SEARCHED_BYTES);
    if (this.#searchable < count) return null;
    const found = findBlock(bytes, 1, count);
    this.#searchable -= found?.packedOffset ?? count;
    return found;
  }

  /** Call this before giving packed bytes to zlib, after zlib has output everything before them. */
  packed(bytes: Uint8Array, at: number): void {
    if (this.#isBroken) return;
    if (this.#place?.packedOffset === at) this.#begin(this.#place);
    const candidate = this.#candidate;
    if (candidate !== null && candidate.packedBytes < candidate.packed.length) {
      const piece = bytes.subarray(0, candidate.packed.length - candidate.packedBytes);
      candidate.packed.set(piece, candidate.packedBytes);
      candidate.packedBytes += piece.length;
    }
    candidate?.hash?.update(bytes);
    this.#hash?.update(bytes);
  }

  #begin(place: CutPlace): void {
    this.#place = null;
    const hash = this.#hasDigests ? createHash('sha256') : null;
    this.#candidate = {
      ...{ ...place, plainOffset: this.#plainBytes, window: this.#window(), hash },
      ...{ packed: new Uint8Array(PROOF_PACKED + place.storedBytes), packedBytes: 0, plain: [], plainBytes: 0 },
    };
    // If the candidate turns out to be a checkpoint, bytes hashed from here on count towards it.
    this.#before = this.#hash?.copy() ?? null;
  }

  /** State of the hash at the candidate. */
  #before: Hash | null = null;

  /** Takes plain bytes as zlib outputs them; keeps copies of the most recent ones. */
  plain(bytes: Uint8Array): void {
    if (this.#isBroken) return;
    this.#plainBytes += bytes.length;
    const last = new Uint8Array(bytes.subarray(-WINDOW_BYTES));
    this.#tail.push(last);
    this.#tailBytes += last.length;
    for (let [first] = this.#tail; first !== undefined && this.#tailBytes - first.length >= WINDOW_BYTES; [first] = this.#tail) {
      this.#tail.shift();
      this.#tailBytes -= first.length;
    }
    const candidate = this.#candidate;
    if (candidate === null) return;
    const wanted = PROOF_BYTES + candidate.storedBytes;
    const piece = new Uint8Array(bytes.subarray(0, wanted - candidate.plainBytes));
    candidate.plain.push(piece);
    candidate.plainBytes += piece.length;
    if (candidate.plainBytes === wanted) this.#prove(candidate);
  }

  #window(): Uint8Array {
    const window = new Uint8Array(Math.min(WINDOW_BYTES, this.#plainBytes));
    let end = window.length;
    for (let index = this.#tail.length - 1; end > 0; index--) {
      const piece = this.#tail[index] as Uint8Array;
      const part = piece.subarray(Math.max(0, piece.length - end));
      end -= part.length;
      window.set(part, end);
    }
    return window;
  }

  /** Unpacks the bytes that follow the candidate, and keeps the candidate as a checkpoint if the result matches zlib's output. */
  #prove(candidate: Candidate): void {
    const { kind, packedOffset, plainOffset, bits, shared, storedBytes, window, packed, packedBytes, plain, hash } = candidate;
    this.#candidate = null;
    const found = unpackSome({ kind, bits, shared }, packed.subarray(0, packedBytes), window);
    const expected = Buffer.concat(plain);
    const length = Math.min(found.length, expected.length);
    if (length < LEAST_PROOF + storedBytes || expected.compare(found, 0, length, 0, length) !== 0) return;
    const deflated = new Uint8Array(deflateRawSync(window, { level: 4 }));
    this.#nextAt = plainOffset + this.#spanBytes * (deflated.length > LARGE_WINDOW ? 2 : 1);
    this.#endSpan(this.#before);
    this.#hash = hash;
    this.#made.push({ kind, packedOffset, plainOffset, bits, shared, window: deflated, digest: null });
  }

  #endSpan(hash: Hash | null): void {
    const last = this.#made.pop();
    if (last !== undefined) this.#made.push({ ...last, digest: hash === null ? null : new Uint8Array(hash.digest()) });
  }

  /**
   * Returns the checkpoints, the first at the start of the blob. Returns none if there is no other, or if the blob wasn't unpacked in one
   * pass.
   */
  finish(): readonly BlobCheckpoint[] {
    if (this.#isBroken || this.#made.length < 2) return [];
    this.#endSpan(this.#hash);
    return this.#made;
  }
}
