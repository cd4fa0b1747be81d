import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { LayerscopeError } from '#model';

/** Receives plain bytes and owns them; returns false to stop. */
export type PlainSink = (bytes: Uint8Array) => boolean;

/**
 * Frees the memory of a piece that node:zlib made, if the buffer ends with the piece and isn't from Node's pool. Pass pieces in order, each
 * as soon as it and those before it are no longer needed. Otherwise V8 keeps megabytes until its next collection, and each new piece takes
 * memory that the system has to clear first.
 */
export function freePiece({ buffer, byteOffset, length }: Uint8Array): void {
  if (buffer.byteLength <= Buffer.poolSize || byteOffset + length < buffer.byteLength) return;
  (buffer as { transfer?: (length: number) => unknown }).transfer?.(0);
}

/** An error of the decompressor: damaged or truncated input. */
export class InflateFailure extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Creates a zstd decompressor. Throws UNSUPPORTED if this Node.js doesn't have one. */
export function zstdDecompressor(chunkSize: number): Transform {
  // Added in Node.js 22.15 and 23.8. Looked up at run time so that older versions can load this file.
  const { createZstdDecompress } = zlib as Partial<Pick<typeof zlib, 'createZstdDecompress'>>;
  if (createZstdDecompress === undefined) {
    throw new LayerscopeError('UNSUPPORTED', `zstd needs Node.js 22.15 or later; this is ${process.versions.node}`);
  }
  return createZstdDecompress({ chunkSize });
}

/** Number of output bytes after which `gate` is called again. A single piece can yield a lot: 64 kB of zstd can expand to two gigabytes. */
const GATE_BYTES = 4 * 1024 * 1024;

/**
 * Drives one of node:zlib's decompressors by hand: each write takes one piece, passes the output to the sink, and reports whether the
 * compressed stream has ended. `gate` is called between chunks of output; while it is pending, no output is produced.
 */
export class InflateStream {
  readonly #stream: Transform & { bytesWritten?: number };
  #outcome: 'open' | 'ended' | 'stopped' | 'failed' = 'open';
  #failure: unknown = null;
  #wake: (() => void) | null = null;

  constructor(stream: Transform, sink: PlainSink, gate: () => void | Promise<void>) {
    this.#stream = stream;
    let sinceGate = 0;
    stream.on('data', (bytes: Uint8Array) => {
      if (this.#outcome !== 'open') return;
      sinceGate += bytes.length; // counted before the sink may free the bytes
      try {
        if (!sink(bytes)) {
          this.#settle('stopped', null);
          return;
        }
        if (sinceGate < GATE_BYTES) return;
        sinceGate = 0;
        this.#hold(gate());
      } catch (error) {
        this.#settle('failed', error);
      }
    });
    stream.on('end', () => this.#settle('ended', null));
    stream.on('error', (error: Error & { code?: string }) => {
      this.#settle('failed', new InflateFailure(error.code ?? '', error.message));
    });
  }

  /** Pauses output until `held` settles. */
  #hold(held: void | Promise<void>): void {
    if (held === undefined) return;
    this.#stream.pause();
    held.then(
      () => this.#stream.resume(),
      (error: unknown) => this.#settle('failed', error),
    );
  }

  /** Bytes of input that belong to the compressed stream; valid once it has ended. */
  get usedBytes(): number {
    return this.#stream.bytesWritten ?? 0;
  }

  /**
   * Decompresses one piece. Returns `open` if the piece was used up, its output was delivered, and more may follow; `ended` if the
   * compressed stream is over and the rest of the piece is unused; `stopped` if the sink wants no more. Don't modify the piece before the
   * promise settles. Throws InflateFailure and what the sink throws.
   */
  async write(piece: Uint8Array): Promise<'open' | 'ended' | 'stopped'> {
    if (this.#outcome === 'open') {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        // A failed write also emits an error event, which has more detail.
        this.#stream.write(piece, (error) => {
          if (!error) resolve();
        });
      });
      // While `gate` holds back the output, some of it may still be buffered.
      while (this.#outcome === 'open' && this.#stream.readableLength > 0) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
          this.#stream.once('data', () => resolve());
        });
      }
      this.#wake = null;
    }
    return this.#result();
  }

  /** Ends the input. Throws InflateFailure `Z_BUF_ERROR` if the compressed stream is incomplete. */
  async end(): Promise<'ended' | 'stopped'> {
    if (this.#outcome === 'open') {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#stream.end();
      });
    }
    return this.#result() === 'stopped' ? 'stopped' : 'ended';
  }

  destroy(): void {
    if (this.#outcome === 'open') this.#outcome = 'stopped';
    this.#stream.destroy();
  }

  #settle(outcome: 'ended' | 'stopped' | 'failed', failure: unknown): void {
    if (this.#outcome !== 'open') return;
    this.#outcome = outcome;
    this.#failure = failure;
    if (outcome !== 'ended') this.#stream.destroy();
    this.#wake?.();
  }

  #result(): 'open' | 'ended' | 'stopped' {
    if (this.#outcome === 'failed') throw this.#failure;
    return this.#outcome;
  }
}
