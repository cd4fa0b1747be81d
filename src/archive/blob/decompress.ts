// Blobs are gzip (RFC 1952) or zstd (RFC 8878) streams, and both may consist of several streams in a row: stargz and pigz -i write one
// gzip member per piece; zstd:chunked and pzstd write one zstd frame per piece, with skippable frames in between. node:zlib reads
// consecutive gzip members, but
//   - if bytes follow the last member it fails and loses the output so far; Go returns the content, then the error;
//   - if data is damaged it loses what the same piece yielded before the damage;
//   - for zstd it reads the first frame and silently drops the rest.
// So zstd is split into frames here (zstd-frames.ts). If a piece fails, everything up to it is decompressed again and the piece is fed in
// smaller and smaller parts: this recovers all readable data, and only damaged blobs pay for the two extra passes.
// unpack-stream.ts handles xz and bzip2, which node:zlib lacks; it keeps all output before the damage.

import { createGunzip } from 'node:zlib';
import type { Compression } from '#model';
import { LayerscopeError } from '#model';
import type { CheckpointMaker } from './checkpoint-maker.ts';
import { detectCompression, MAGIC_BYTES } from './compression.ts';
import { InflateFailure, InflateStream, type PlainSink, zstdDecompressor } from './inflate-stream.ts';
import type { FileRange } from './source-file.ts';
import { isUnpackedHere, UnpackStream } from './unpack-stream.ts';
import { ZstdFrames } from './zstd-frames.ts';

/** Compression of a blob that isn't plain. */
export type PackedAs = Exclude<Compression, 'none'>;

export interface DecompressOptions {
  /** Receives the packed bytes as they are read, for hashing. If set, the whole blob is read, even past the last stream and past damage. */
  readonly onPacked?: (bytes: Uint8Array) => void;
  /** Awaited before each piece; may throw to cancel, or wait to throttle. */
  readonly gate?: () => void | Promise<void>;
  readonly onProgress?: (bytes: number) => void;
  /** Size of the input pieces; with small ones, decompression stops sooner when cancelled. */
  readonly pieceBytes?: number;
  /** Maximum plain size for a blob of any size, in bytes. Defaults to {@link MOST_PLAIN_BYTES}. */
  readonly mostPlainBytes?: number;
  /** Makes checkpoints of a gzip blob while it is decompressed. */
  readonly checkpoints?: CheckpointMaker | undefined;
}

/** How decompression ended. `message` is a clause for the user, null if nothing is wrong. */
export interface Decompressed {
  readonly end: 'complete' | 'stopped' | 'truncated' | 'damaged';
  readonly plainBytes: number;
  readonly message: string | null;
  /**
   * Whether the last stream is followed by bytes that don't start another one. (Bytes that do start one belong to the blob, and damage
   * there damages the blob.)
   */
  readonly trailing: boolean;
  /** Set if the stream is `damaged` only because it uses a feature that isn't supported here, such as a rare filter. */
  readonly isUnsupported?: boolean;
  /** Set if the stream is `damaged` only because it unpacks to more than is allowed for a blob of its size. */
  readonly isTooLarge?: boolean;
}

/**
 * Maximum plain size for a blob of any size, in bytes; a larger size is accepted only in proportion to the blob's. gzip can't expand more
 * than 1,032 times, but a few kilobytes of zstd or bzip2 can keep a decompressor busy for days. No legitimate layer is both that large and
 * that repetitive.
 */
const MOST_PLAIN_BYTES = 128 * 2 ** 30;
const MOST_RATIO = 1_100;

/** Returns the error code for a blob that wasn't unpacked completely; null if it was, or if the sink stopped it. */
export function faultOf({ end, isUnsupported, isTooLarge }: Decompressed): 'DAMAGED' | 'TRUNCATED' | 'UNSUPPORTED' | 'TOO_LARGE' | null {
  if (end === 'truncated') return 'TRUNCATED';
  if (end !== 'damaged') return null;
  return isTooLarge ? 'TOO_LARGE' : isUnsupported ? 'UNSUPPORTED' : 'DAMAGED';
}

const PIECE = 256 * 1024;
const PLAIN_CHUNK = 512 * 1024;
const RETRY_CHUNK = 16 * 1024;
const NOTHING = new Uint8Array(0);
const STOPPED = { end: 'stopped', message: null, trailing: false } as const;
const TOO_MUCH = 'TOO_MUCH';
/** Codes of failures that don't lose any output. */
const NO_RETRY: ReadonlySet<string> = new Set(['Z_BUF_ERROR', TOO_MUCH]);
/** Sizes of the parts in which a failed piece is fed again. */
const RETRY_PIECES = [512, 1] as const;
/** Code for a stream that exceeds the window limit of 2^27 bytes, which is node:zlib's default and the zstd command's. */
const WINDOW_TOO_LARGE = 'ZSTD_error_frameParameter_windowTooLarge';
/** Failures of bytes that don't begin a gzip member (1F 8B 08). After a complete member they are trailing data. */
const NO_MEMBER = /incorrect header check|unknown compression method/;
const GZIP_FIRST_BYTE = 0x1f;

/**
 * Decompresses all members and frames of a blob into a sink. Damaged or truncated data is a result, not an error: the sink has received
 * everything before the damage. Throws what the sink and the gate throw; IO; UNSUPPORTED (zstd on an old Node.js).
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

/** A failed piece; `at` is its offset in the packed data. */
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
  readonly #mostPlainBytes: number;
  /** Number of input bytes to decompress: the whole range, or all but its last byte. */
  #length: number;
  #plainBytes = 0;
  /** Plain bytes up to the end of the last complete zstd frame. */
  #plainOfFrames = 0;
  /** Plain bytes that the sink has already received in an earlier pass. */
  #known = 0;
  #packedSeen = 0;
  #held: Promise<void> | null = null;

  constructor(range: FileRange, compression: PackedAs, sink: PlainSink, options: DecompressOptions) {
    this.#range = range;
    this.#length = range.length;
    this.#compression = compression;
    this.#sink = sink;
    this.#options = options;
    this.#pieceBytes = options.pieceBytes ?? PIECE;
    this.#mostPlainBytes = Math.max(options.mostPlainBytes ?? MOST_PLAIN_BYTES, range.length * MOST_RATIO);
  }

  async run(): Promise<Decompressed> {
    let result = await this.#once(null);
    for (const step of RETRY_PIECES) {
      if (!('at' in result) || NO_RETRY.has(result.failure.code) || isUnpackedHere(this.#compression)) break;
      result = await this.#again({ at: result.at, step });
    }
    if ('at' in result && result.failure.code === 'Z_BUF_ERROR' && this.#mayEndWithOneMore()) result = await this.#withoutLastByte(result);
    this.#plainBytes = Math.max(this.#known, this.#plainBytes);
    if (this.#options.onPacked !== undefined && !('end' in result && result.end === 'stopped')) await this.#readRest();
    return 'at' in result ? this.#judge(result.failure) : { ...result, plainBytes: this.#plainBytes };
  }

  #again(retry: { at: number; step: number } | null): Promise<Omit<Decompressed, 'plainBytes'> | Failed> {
    this.#known = Math.max(this.#known, this.#plainBytes);
    this.#plainBytes = 0;
    this.#options.checkpoints?.stop();
    return this.#once(retry);
  }

  #take = (bytes: Uint8Array): boolean => {
    const from = this.#plainBytes;
    if (from + bytes.length > this.#mostPlainBytes) throw new InflateFailure(TOO_MUCH, `more than ${this.#mostPlainBytes} bytes`);
    this.#plainBytes += bytes.length;
    this.#options.checkpoints?.plain(bytes);
    if (this.#plainBytes <= this.#known) return true;
    return this.#sink(from < this.#known ? bytes.subarray(this.#known - from) : bytes);
  };

  #judge(failure: InflateFailure): Decompressed {
    const plainBytes = this.#plainBytes;
    const name = this.#compression;
    if (failure.code === 'Z_BUF_ERROR') {
      return { end: 'truncated', plainBytes, message: `the ${name} stream is cut off`, trailing: false };
    }
    if (name === 'gzip' && NO_MEMBER.test(failure.message) && this.#beginsWithMember()) {
      return { end: 'complete', plainBytes, message: null, trailing: true };
    }
    if (failure.code === TOO_MUCH) {
      const message = `the ${name} stream of ${this.#range.length} bytes unpacks to ${failure.message}, the limit for its size`;
      return { end: 'damaged', plainBytes, message, trailing: false, isTooLarge: true };
    }
    if (failure.code === WINDOW_TOO_LARGE) {
      const message = `the ${name} stream needs a window of more than 128 MiB, which is not supported`;
      return { end: 'damaged', plainBytes, message, trailing: false, isUnsupported: true };
    }
    if (failure.code === 'UNSUPPORTED' || failure.code === 'TOO_LARGE') {
      const message = `the ${name} stream has ${failure.message}, which is not supported`;
      return { end: 'damaged', plainBytes, message, trailing: false, isUnsupported: true };
    }
    return { end: 'damaged', plainBytes, message: `the ${name} stream is damaged: ${failure.message}`, trailing: false };
  }

  #beginsWithMember(): boolean {
    const head = new Uint8Array(MAGIC_BYTES);
    const { file, start, length } = this.#range;
    return detectCompression(head.subarray(0, file.read(head, start, Math.min(MAGIC_BYTES, length)))) === 'gzip';
  }

  /**
   * Whether a gzip member may end before the last byte, in which case that byte is trailing data. zlib doesn't report this, because it
   * examines the start of a further member only once it has two bytes. So the length that a member states at its end is compared with what
   * was unpacked.
   */
  #mayEndWithOneMore(): boolean {
    const { file, start, length } = this.#range;
    if (this.#compression !== 'gzip' || length < 5) return false;
    const tail = new Uint8Array(5);
    file.read(tail, start + length - 5);
    return tail[4] !== GZIP_FIRST_BYTE && new DataView(tail.buffer).getUint32(0, true) <= Math.max(this.#known, this.#plainBytes);
  }

  /** Decompresses all but the last byte, which is trailing data if the others are complete. */
  async #withoutLastByte(cutOff: Failed): Promise<Omit<Decompressed, 'plainBytes'> | Failed> {
    this.#length--;
    try {
      const result = await this.#again(null);
      if ('end' in result && result.end === 'complete') return { ...result, trailing: true };
      return 'end' in result && result.end === 'stopped' ? result : cutOff;
    } finally {
      this.#length++;
    }
  }

  /** Passes the rest of the blob, which wasn't decompressed, to `onPacked`. */
  async #readRest(): Promise<void> {
    const buffer = new Uint8Array(PIECE);
    while (this.#packedSeen < this.#range.length) {
      await this.#gate();
      const count = this.#read(buffer, this.#packedSeen);
      if (count === 0) return;
    }
  }

  #read(buffer: Uint8Array, at: number): number {
    const { file, start } = this.#range;
    if (at > this.#packedSeen) this.#readOver(at);
    const count = file.read(buffer, start + at, Math.min(buffer.length, this.#length - at));
    if (at + count > this.#packedSeen) {
      const fresh = at + count - this.#packedSeen;
      this.#options.onPacked?.(buffer.subarray(count - fresh, count));
      this.#options.onProgress?.(fresh);
      this.#packedSeen = at + count;
    }
    return count;
  }

  /** Skips skippable frames, which still have to be hashed. */
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

  /** Calls the gate. Concurrent callers share one wait. */
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

  /** Runs one pass over the blob; a failure is returned with the offset of its piece. */
  async #once(retry: { at: number; step: number } | null): Promise<Omit<Decompressed, 'plainBytes'> | Failed> {
    const chunkSize = retry === null ? PLAIN_CHUNK : RETRY_CHUNK;
    const stream = this.#stream(chunkSize);
    const frames = this.#compression === 'zstd' ? new ZstdFrames(this.#range) : null;
    const checkpoints = this.#compression === 'gzip' && retry === null ? this.#options.checkpoints : undefined;
    const window = new PieceWindow(this.#pieceBytes, (buffer, at) => this.#read(buffer, at));
    let pending: Promise<'open' | 'ended' | 'stopped'> = Promise.resolve('open');
    let pendingAt = 0;
    let contentBytes: number | null | undefined;
    this.#plainOfFrames = 0;
    try {
      for (let at = 0; ; ) {
        // The decompressors for xz and bzip2 run on this thread and await the gate themselves. The two waits must not overlap.
        if (isUnpackedHere(this.#compression)) await pending;
        await this.#gate();
        const next = frames === null ? at : frames.skipTo(at);
        let wanted = this.#pieceBytes;
        if (retry !== null) wanted = at >= retry.at ? retry.step : Math.min(wanted, retry.at - at);
        // Reads the next piece while the previous one is decompressed.
        let piece = next === null ? NOTHING : window.piece(next, wanted);
        if (frames !== null && next !== null) piece = piece.subarray(0, frames.cut(piece, next));
        if (checkpoints !== undefined) piece = piece.subarray(0, checkpoints.cut(piece, at));
        const outcome = await pending;
        if (outcome === 'stopped') return STOPPED;
        if (contentBytes !== undefined) this.#endFrame(contentBytes);
        if (outcome === 'ended') return { end: 'complete', message: null, trailing: stream.usedBytes < this.#range.length };
        if (next === null || piece.length === 0) break;
        pendingAt = next;
        checkpoints?.packed(piece, next);
        pending = stream.write(piece);
        pending.catch(() => undefined); // the next iteration awaits the write
        at = next + piece.length;
        contentBytes = frames?.contentBytesAt(at);
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

  /** Checks a frame's stated content size, which libzstd ignores if the last block is empty. Throws InflateFailure. */
  #endFrame(statedBytes: number | null): void {
    const bytes = this.#plainBytes - this.#plainOfFrames;
    this.#plainOfFrames = this.#plainBytes;
    if (statedBytes === null || bytes === statedBytes) return;
    throw new InflateFailure('ZSTD_error_corruption_detected', `a frame has ${bytes} bytes, but states ${statedBytes}`);
  }
}

/** Reads the input in pieces, with two buffers so that one piece stays valid while the next is read. */
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

  /** Returns at most `wanted` bytes from `at`; an empty array at the end of the input. */
  piece(at: number, wanted: number): Uint8Array {
    if (at < this.#start || at >= this.#end) {
      this.#turn = this.#turn === 0 ? 1 : 0;
      this.#start = at;
      this.#end = at + this.#fill(this.#buffers[this.#turn], at);
    }
    return this.#buffers[this.#turn].subarray(at - this.#start, Math.min(this.#end, at + wanted) - this.#start);
  }
}

/** Narrows the type. Throws INTERNAL for a plain blob, which is a bug in the caller. */
export function packed(compression: Compression): PackedAs {
  if (compression === 'none') throw new LayerscopeError('INTERNAL', 'a plain blob cannot be decompressed');
  return compression;
}
