import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { LayerscopeError } from '#model';

/** Plain bytes as they come; false: no more are wanted. The bytes are the sink's to keep. */
export type PlainSink = (bytes: Uint8Array) => boolean;

/** What ended a decompressor besides a whole input. */
export class InflateFailure extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Throws UNSUPPORTED where this Node.js has no zstd. */
export function zstdDecompressor(chunkSize: number): Transform {
  // Node.js has it since 22.15 and 23.8: looked for when needed, so that older ones load this file.
  const { createZstdDecompress } = zlib as Partial<Pick<typeof zlib, 'createZstdDecompress'>>;
  if (createZstdDecompress === undefined) {
    throw new LayerscopeError('UNSUPPORTED', `zstd needs Node.js 22.15 or later, this is ${process.versions.node}`);
  }
  return createZstdDecompress({ chunkSize });
}

/** Plain bytes after which whoever holds the work back is asked again: 64 kB of zstd may hold two gigabytes. */
const GATE_BYTES = 4 * 1024 * 1024;

/**
 * One of node:zlib's decompressors, driven by hand: pieces go in one after another, plain bytes come out in between, and it is known after
 * each piece whether the compressed stream has ended. While `gate`, asked between plain bytes, is awaited, none come.
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
      try {
        if (!sink(bytes)) this.#settle('stopped', null);
        sinceGate += bytes.length;
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

  /** No plain bytes come until `held` is settled. */
  #hold(held: void | Promise<void>): void {
    if (held === undefined || this.#outcome !== 'open') return;
    this.#stream.pause();
    held.then(
      () => this.#stream.resume(),
      (error: unknown) => this.#settle('failed', error),
    );
  }

  /** Bytes of the compressed stream that were used, once it has ended. */
  get usedBytes(): number {
    return this.#stream.bytesWritten ?? 0;
  }

  /**
   * Puts a piece in; `open`: all of it was used, more may come. `ended`: the compressed stream is over, the rest of the piece isn't its own.
   * `stopped`: the sink wants no more. Throws InflateFailure, and what the sink throws. The piece must not change until then.
   */
  async write(piece: Uint8Array): Promise<'open' | 'ended' | 'stopped'> {
    if (this.#outcome === 'open') {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        // A failed write tells of it in the stream's own event, which says more.
        this.#stream.write(piece, (error) => {
          if (!error) resolve();
        });
      });
      this.#wake = null;
    }
    return this.#result();
  }

  /** No more pieces come. Throws InflateFailure `Z_BUF_ERROR` where the compressed stream isn't over. */
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
