// Unpacks gzip (RFC 1952) and makes checkpoints. Gzip is a sequence of members, each with a header, a deflate stream, and eight bytes of
// checksum and length.
import { LayerscopeError } from '#model';
import type { Checkpoint } from './checkpoint.ts';
import { type BlockSink, DeflateDecoder } from './deflate-decoder.ts';

const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
const FHCRC = 2;
const FEXTRA = 4;
const FNAME = 8;
const FCOMMENT = 16;
/** Limit on a member's header, enough for names and fields of reasonable length. */
const MAX_HEADER_BYTES = 256 * 1024;

export interface GzipScannerOptions {
  /** Minimum number of unpacked bytes between two checkpoints. */
  readonly spanBytes: number;
  /** Receives the unpacked bytes: `start` to `end` of `bytes`, valid during the call. */
  readonly plain?: (bytes: Uint8Array, start: number, end: number) => void;
  /** Receives each checkpoint and owns its window. */
  readonly checkpoint: (checkpoint: Checkpoint) => void;
}

/**
 * Unpacks gzip from the bytes pushed into it, and makes a checkpoint at the first block after each span. The beginning of the first member
 * is the first checkpoint. Checksums are not checked. Throws DAMAGED. Zeros and other bytes after the last member only set
 * {@link trailing}.
 */
export class GzipScanner {
  readonly #options: GzipScannerOptions;
  #held: Uint8Array = new Uint8Array(0);
  #packed = 0;
  #plain = 0;
  #next = 0;
  #decoder: DeflateDecoder | null = null;
  #members = 0;
  #trailing = false;

  constructor(options: GzipScannerOptions) {
    this.#options = options;
  }

  get plainBytes(): number {
    return this.#plain + (this.#decoder?.plainBytes ?? 0);
  }

  /** Whether bytes that aren't a member follow the last one. */
  get trailing(): boolean {
    return this.#trailing;
  }

  push(bytes: Uint8Array): void {
    let left = bytes;
    while (left.length > 0 && !this.#trailing) {
      if (this.#decoder === null) {
        const held = joined(this.#held, left);
        this.#held = new Uint8Array(0);
        left = this.#begin(held);
        continue;
      }
      this.#decoder.push(left);
      left = this.#decoder.ended ? this.#finish(this.#decoder) : new Uint8Array(0);
    }
  }

  /** Ends the input. Throws DAMAGED; TRUNCATED if the input ends inside a member, or contains none. */
  end(): void {
    while (this.#decoder !== null) {
      this.#decoder.end();
      const rest = this.#finish(this.#decoder);
      if (this.#skip > 0) break;
      if (rest.length > 0) this.push(rest);
    }
    if (this.#skip > 0 || this.#members === 0 || this.#held.length > 0) {
      throw new LayerscopeError('TRUNCATED', 'the gzip data is cut off', { offset: this.#packed });
    }
  }

  /** Remaining bytes of a trailer. */
  #skip = 0;

  /** Reads the rest of a trailer, then a header. Returns the bytes after the header, or nothing if more input is needed. */
  #begin(bytes: Uint8Array): Uint8Array {
    const skipped = Math.min(this.#skip, bytes.length);
    this.#skip -= skipped;
    this.#packed += skipped;
    const rest = bytes.subarray(skipped);
    if (rest.length === 0) return rest;
    if (this.#members > 0 && !(rest[0] === 0x1f && (rest[1] ?? 0x8b) === 0x8b)) {
      this.#trailing = true;
      return new Uint8Array(0);
    }
    const length = headerLength(rest);
    if (length === null) {
      if (rest.length > MAX_HEADER_BYTES) throw new LayerscopeError('DAMAGED', 'a gzip header that is too long');
      this.#held = rest.slice();
      return new Uint8Array(0);
    }
    this.#packed += length;
    this.#members++;
    this.#decoder = new DeflateDecoder(this.#sink(this.#packed, this.#plain));
    return rest.subarray(length);
  }

  #sink(packedBefore: number, plainBefore: number): BlockSink {
    const { plain, checkpoint, spanBytes } = this.#options;
    return {
      plain: (bytes, start, end) => plain?.(bytes, start, end),
      block: (packedOffset, bits, plainOffset, window) => {
        const at = plainBefore + plainOffset;
        if (at < this.#next) return;
        this.#next = at + spanBytes;
        checkpoint({ packedOffset: packedBefore + packedOffset, bits, plainOffset: at, window: window() });
      },
    };
  }

  /** Ends a member. Returns the bytes after its trailer. */
  #finish(decoder: DeflateDecoder): Uint8Array {
    const rest = decoder.rest.slice();
    this.#packed += decoder.packedBytes;
    this.#plain += decoder.plainBytes;
    this.#decoder = null;
    const skipped = Math.min(TRAILER_BYTES, rest.length);
    this.#skip = TRAILER_BYTES - skipped;
    this.#packed += skipped;
    return rest.subarray(skipped);
  }
}

/** Returns the length of a member's header; null if the header is incomplete. Throws DAMAGED. */
function headerLength(bytes: Uint8Array): number | null {
  const [first, second = 0x8b, method = 8, flags = 0] = bytes;
  if (first !== 0x1f || second !== 0x8b) throw new LayerscopeError('DAMAGED', 'not gzip data');
  if (method !== 8 || (flags & 0xe0) !== 0) throw new LayerscopeError('DAMAGED', 'a gzip header of an unknown kind');
  if (bytes.length < HEADER_BYTES) return null;
  let at = HEADER_BYTES;
  if ((flags & FEXTRA) !== 0) {
    if (bytes.length < at + 2) return null;
    at += 2 + ((bytes[at] as number) | ((bytes[at + 1] as number) << 8));
  }
  for (const field of [FNAME, FCOMMENT]) {
    if ((flags & field) === 0) continue;
    const end = bytes.indexOf(0, at);
    if (end < 0) return null;
    at = end + 1;
  }
  if ((flags & FHCRC) !== 0) at += 2;
  return at <= bytes.length ? at : null;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
