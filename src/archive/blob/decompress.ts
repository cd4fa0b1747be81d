// Blobs are gzip (RFC 1952) or zstd (RFC 8878) streams, and both may be several streams in a row: stargz and pigz -i write a gzip member
// for each piece, zstd:chunked and pzstd a zstd frame, with skippable frames between. node:zlib reads gzip members one after another,
// but
//   - bytes behind the last member fail it and lose what came out before: Go reads the content and then complains;
//   - of damaged data it loses what the same piece brought to light before the damage;
//   - of zstd it reads the first frame and drops the rest in silence.
// So zstd is split into frames here (zstd-frames.ts), and where a piece fails, all is read again up to there and the piece put in
// in ever smaller ones: whatever can be read is read, at two more passes for damaged blobs alone.
// xz and bzip2, which node:zlib doesn't have, are unpacked by unpack-stream.ts; what it brings to light before damage it doesn't lose.

import { createGunzip } from 'node:zlib';
import type { Compression } from '#model';
import { LayerscopeError } from '#model';
import { InflateFailure, InflateStream, type PlainSink, zstdDecompressor } from './inflate-stream.ts';
import type { FileRange } from './source-file.ts';
import { isUnpackedHere, UnpackStream } from './unpack-stream.ts';
import { ZstdFrames } from './zstd-frames.ts';

/** How a blob is packed that is. */
export type PackedAs = Exclude<Compression, 'none'>;

export interface DecompressOptions {
  /** Sees the packed bytes as they are read, those behind the last stream too; to hash them. Everything is read then, damage or not. */
  readonly onPacked?: (bytes: Uint8Array) => void;
  /** Awaited before each piece: to throw, or to hold back. */
  readonly gate?: () => void | Promise<void>;
  readonly onProgress?: (bytes: number) => void;
  /** Bytes put in at once; small ones stop sooner. */
  readonly pieceBytes?: number;
}

/** How it ended. `message` is a clause for people, null where all is well. */
export interface Decompressed {
  readonly end: 'complete' | 'stopped' | 'truncated' | 'damaged';
  readonly plainBytes: number;
  readonly message: string | null;
  /** Bytes follow the last compressed stream. */
  readonly trailing: boolean;
  /** `damaged`, but by nothing more than what isn't read here: a rare filter, say. */
  readonly isUnsupported?: boolean;
}

const PIECE = 256 * 1024;
const PLAIN_CHUNK = 512 * 1024;
const RETRY_CHUNK = 16 * 1024;
const NOTHING = new Uint8Array(0);
const STOPPED = { end: 'stopped', message: null, trailing: false } as const;
/** Sizes of the pieces in which a piece that failed is put in again. */
const RETRY_PIECES = [512, 1] as const;
/** node:zlib's default for zstd, and what the zstd command takes unless it is told otherwise: 2^27 bytes. */
const WINDOW_TOO_LARGE = 'ZSTD_error_frameParameter_windowTooLarge';
/** Failures in a gzip member's header: behind a whole member they say that no further member follows. */
const HEADER_FAILURE = /incorrect header check|unknown compression method|unknown header flags|header crc mismatch/;

/**
 * Decompresses a blob into a sink, all members and frames of it. What is damaged or cut off is no error but an outcome: everything before
 * the damage has been handed out. Throws what the sink and the gate throw, IO, UNSUPPORTED (zstd on an old Node.js).
 */
export async function decompress(
  range: FileRange,
  compression: PackedAs,
  sink: PlainSink,
  options: DecompressOptions = {},
): Promise<Decompressed> {
  const pass = new Pass(range, compression, sink, options);
  return pass.run();
}

/** Where a piece failed: its packed offset. */
interface Failed {
  readonly at: number;
  readonly failure: InflateFailure;
}

class Pass {
  readonly #range: FileRange;
  readonly #compression: PackedAs;
  readonly #sink: PlainSink;
  readonly #options: DecompressOptions;
  readonly #pieceBytes: number;
  #plainBytes = 0;
  /** Plain bytes that the sink has already, in a pass that reads them again. */
  #known = 0;
  #packedSeen = 0;
  #held: Promise<void> | null = null;

  constructor(range: FileRange, compression: PackedAs, sink: PlainSink, options: DecompressOptions) {
    this.#range = range;
    this.#compression = compression;
    this.#sink = sink;
    this.#options = options;
    this.#pieceBytes = options.pieceBytes ?? PIECE;
  }

  async run(): Promise<Decompressed> {
    let result = await this.#once(null);
    for (const step of RETRY_PIECES) {
      if (!('at' in result) || result.failure.code === 'Z_BUF_ERROR' || isUnpackedHere(this.#compression)) break;
      this.#known = Math.max(this.#known, this.#plainBytes);
      this.#plainBytes = 0;
      result = await this.#once({ at: result.at, step });
    }
    this.#plainBytes = Math.max(this.#known, this.#plainBytes);
    if (this.#options.onPacked !== undefined && !('end' in result && result.end === 'stopped')) await this.#readRest();
    return 'at' in result ? this.#judge(result.failure) : { ...result, plainBytes: this.#plainBytes };
  }

  #take = (bytes: Uint8Array): boolean => {
    const from = this.#plainBytes;
    this.#plainBytes += bytes.length;
    if (this.#plainBytes <= this.#known) return true;
    return this.#sink(from < this.#known ? bytes.subarray(this.#known - from) : bytes);
  };

  #judge(failure: InflateFailure): Decompressed {
    const plainBytes = this.#plainBytes;
    const name = this.#compression;
    if (failure.code === 'Z_BUF_ERROR') {
      const trailing = name === 'gzip' && this.#endsBefore();
      if (trailing) return { end: 'complete', plainBytes, message: null, trailing };
      return { end: 'truncated', plainBytes, message: `the ${name} stream is cut off`, trailing: false };
    }
    if (name === 'gzip' && HEADER_FAILURE.test(failure.message) && plainBytes > 0) {
      return { end: 'complete', plainBytes, message: null, trailing: true };
    }
    if (failure.code === WINDOW_TOO_LARGE) {
      const message = `the ${name} stream asks for a window of over 128 MiB, which is not read`;
      return { end: 'damaged', plainBytes, message, trailing: false, isUnsupported: true };
    }
    if (failure.code === 'UNSUPPORTED' || failure.code === 'TOO_LARGE') {
      const message = `the ${name} stream has ${failure.message}, which is not read`;
      return { end: 'damaged', plainBytes, message, trailing: false, isUnsupported: true };
    }
    return { end: 'damaged', plainBytes, message: `the ${name} stream is damaged: ${failure.message}`, trailing: false };
  }

  /** Does the only gzip member end some bytes before the input does? Its last field is the length of the content. Those bytes begin like a member. */
  #endsBefore(): boolean {
    const { file, start, length } = this.#range;
    const tail = new Uint8Array(24);
    const from = Math.max(0, length - tail.length);
    const count = file.read(tail, start + from, length - from);
    for (let end = count - 1; end >= Math.max(4, count - 17); end--) {
      const stated =
        ((tail[end - 4] as number) |
          ((tail[end - 3] as number) << 8) |
          ((tail[end - 2] as number) << 16) |
          ((tail[end - 1] as number) << 24)) >>>
        0;
      if (stated === this.#plainBytes % 2 ** 32 && this.#plainBytes > 0) return true;
    }
    return false;
  }

  /** Hands `onPacked` what it hasn't seen: what follows the end, or the damage. */
  async #readRest(): Promise<void> {
    const buffer = new Uint8Array(PIECE);
    while (this.#packedSeen < this.#range.length) {
      await this.#gate();
      const count = this.#read(buffer, this.#packedSeen);
      if (count === 0) return;
    }
  }

  #read(buffer: Uint8Array, at: number): number {
    const { file, start, length } = this.#range;
    if (at > this.#packedSeen) this.#readOver(at);
    const count = file.read(buffer, start + at, Math.min(buffer.length, length - at));
    if (at + count > this.#packedSeen) {
      const fresh = at + count - this.#packedSeen;
      this.#options.onPacked?.(buffer.subarray(count - fresh, count));
      this.#options.onProgress?.(fresh);
      this.#packedSeen = at + count;
    }
    return count;
  }

  /** Skippable frames: passed over, but part of what is hashed. */
  #readOver(to: number): void {
    if (this.#options.onPacked === undefined) {
      this.#options.onProgress?.(to - this.#packedSeen);
      this.#packedSeen = to;
      return;
    }
    const buffer = new Uint8Array(Math.min(PIECE, to - this.#packedSeen));
    while (this.#packedSeen < to) {
      if (this.#read(buffer.subarray(0, Math.min(buffer.length, to - this.#packedSeen)), this.#packedSeen) === 0) return;
    }
  }

  /** Two that wait at the gate at once wait together. */
  #gate(): void | Promise<void> {
    if (this.#held !== null) return this.#held;
    const held = this.#options.gate?.();
    if (held === undefined) return;
    this.#held = held.finally(() => {
      this.#held = null;
    });
    return this.#held;
  }

  #stream(chunkSize: number): InflateStream | UnpackStream {
    const compression = this.#compression;
    if (isUnpackedHere(compression)) return new UnpackStream(compression, this.#take, () => this.#gate());
    return new InflateStream(compression === 'gzip' ? createGunzip({ chunkSize }) : zstdDecompressor(chunkSize), this.#take, () =>
      this.#gate(),
    );
  }

  /** Reads and writes pieces until something ends it; a failure comes back with the offset of its piece. */
  async #once(retry: { at: number; step: number } | null): Promise<Omit<Decompressed, 'plainBytes'> | Failed> {
    const chunkSize = retry === null ? PLAIN_CHUNK : RETRY_CHUNK;
    const stream = this.#stream(chunkSize);
    const frames = this.#compression === 'zstd' ? new ZstdFrames(this.#range) : null;
    const window = new PieceWindow(this.#pieceBytes, (buffer, at) => this.#read(buffer, at));
    let pending: Promise<'open' | 'ended' | 'stopped'> = Promise.resolve('open');
    let pendingAt = 0;
    try {
      for (let at = 0; ; ) {
        // What is unpacked on this thread waits at the gate by itself: two must not wait there at once.
        if (isUnpackedHere(this.#compression)) await pending;
        await this.#gate();
        const next = frames === null ? at : frames.skipTo(at);
        let wanted = this.#pieceBytes;
        if (retry !== null) wanted = at >= retry.at ? retry.step : Math.min(wanted, retry.at - at);
        // The next piece is read while the one before is decompressed.
        let piece = next === null ? NOTHING : window.piece(next, wanted);
        if (frames !== null && next !== null) piece = piece.subarray(0, frames.cut(piece, next));
        const outcome = await pending;
        if (outcome === 'stopped') return STOPPED;
        if (outcome === 'ended') return { end: 'complete', message: null, trailing: stream.usedBytes < this.#range.length };
        if (next === null || piece.length === 0) break;
        pendingAt = next;
        pending = stream.write(piece);
        pending.catch(() => undefined); // awaited in the next round
        at = next + piece.length;
      }
      pendingAt = this.#range.length;
      if ((await stream.end()) === 'stopped') return STOPPED;
      const unused = isUnpackedHere(this.#compression) && stream.usedBytes < this.#range.length;
      return { end: 'complete', message: null, trailing: frames?.trailing ?? unused };
    } catch (error) {
      if (error instanceof InflateFailure) return { at: pendingAt, failure: error };
      throw error;
    } finally {
      stream.destroy();
    }
  }
}

/** Pieces of the input by offset, out of two buffers, so that a piece stands while the next is read. */
class PieceWindow {
  readonly #buffers: readonly [Uint8Array, Uint8Array];
  readonly #fill: (buffer: Uint8Array, at: number) => number;
  #turn: 0 | 1 = 0;
  #start = 0;
  #end = 0;

  constructor(bytes: number, fill: (buffer: Uint8Array, at: number) => number) {
    this.#buffers = [new Uint8Array(bytes), new Uint8Array(bytes)];
    this.#fill = fill;
  }

  /** At most `wanted` bytes at `at`; none at the end of the input. */
  piece(at: number, wanted: number): Uint8Array {
    if (at < this.#start || at >= this.#end) {
      this.#turn = this.#turn === 0 ? 1 : 0;
      this.#start = at;
      this.#end = at + this.#fill(this.#buffers[this.#turn], at);
    }
    return this.#buffers[this.#turn].subarray(at - this.#start, Math.min(this.#end, at + wanted) - this.#start);
  }
}

/** Throws INTERNAL for a blob that isn't compressed: a caller's mistake. */
export function packed(compression: Compression): PackedAs {
  if (compression === 'none') throw new LayerscopeError('INTERNAL', 'a plain blob is not to be decompressed');
  return compression;
}
