import { createHash } from 'node:crypto';
import { Bzip2Unpacker, type Unpacker, XzUnpacker } from '#format/compression';
import type { Compression } from '#model';
import { LayerscopeError } from '#model';
import { InflateFailure, type PlainSink } from './inflate-stream.ts';

/** Formats that node:zlib has no decompressor for. */
export type UnpackedHere = Extract<Compression, 'xz' | 'bzip2'>;

export function isUnpackedHere(compression: Compression): compression is UnpackedHere {
  return compression === 'xz' || compression === 'bzip2';
}

function createUnpacker(compression: UnpackedHere): Unpacker {
  return compression === 'xz' ? new XzUnpacker(() => createHash('sha256')) : new Bzip2Unpacker();
}

/** Decompresses a stream that arrives in pieces; ignores bytes after its end. Throws DAMAGED, TRUNCATED, UNSUPPORTED, TOO_LARGE. */
export async function* unpackPieces(
  compression: UnpackedHere,
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const unpacker = createUnpacker(compression);
  for await (const piece of pieces) {
    unpacker.push(piece);
    yield* drawn(unpacker);
    if (unpacker.done) return;
  }
  unpacker.end();
  yield* drawn(unpacker);
}

/** Yields the output available so far, and lets other work on this thread run in between. */
async function* drawn(unpacker: Unpacker): AsyncGenerator<Uint8Array, void, undefined> {
  let until = performance.now() + SLICE;
  for (let bytes = unpacker.next(); bytes !== null; bytes = unpacker.next()) {
    yield bytes;
    if (performance.now() < until) continue;
    await new Promise((resolve) => setImmediate(resolve));
    until = performance.now() + SLICE;
  }
}

/** Number of output bytes after which `gate` is called again. */
const GATE_BYTES = 1024 * 1024;
/** How long to unpack before yielding to other work, in ms. Unlike zlib, these decompressors run on the calling thread. */
const SLICE = 10;

/**
 * Like {@link InflateStream}, for an {@link Unpacker}. `gate` is also awaited between chunks, because a piece may expand a thousandfold.
 */
export class UnpackStream {
  readonly #unpacker: Unpacker;
  readonly #sink: PlainSink;
  readonly #gate: () => void | Promise<void>;
  #sinceGate = 0;
  #until = performance.now() + SLICE;

  constructor(compression: UnpackedHere, sink: PlainSink, gate: () => void | Promise<void>) {
    this.#unpacker = createUnpacker(compression);
    this.#sink = sink;
    this.#gate = gate;
  }

  get usedBytes(): number {
    return this.#unpacker.usedBytes;
  }

  async write(piece: Uint8Array): Promise<'open' | 'ended' | 'stopped'> {
    this.#unpacker.push(piece);
    return this.#drain();
  }

  async end(): Promise<'ended' | 'stopped'> {
    this.#unpacker.end();
    return (await this.#drain()) === 'stopped' ? 'stopped' : 'ended';
  }

  destroy(): void {}

  async #drain(): Promise<'open' | 'ended' | 'stopped'> {
    for (let bytes = this.#next(); bytes !== null; bytes = this.#next()) {
      if (!this.#sink(bytes)) return 'stopped';
      this.#sinceGate += bytes.length;
      if (this.#sinceGate >= GATE_BYTES) {
        this.#sinceGate = 0;
        await this.#gate();
      }
      if (performance.now() < this.#until) continue;
      await new Promise((resolve) => setImmediate(resolve));
      this.#until = performance.now() + SLICE;
    }
    return this.#unpacker.done ? 'ended' : 'open';
  }

  #next(): Uint8Array | null {
    try {
      return this.#unpacker.next();
    } catch (error) {
      if (!(error instanceof LayerscopeError)) throw error;
      throw new InflateFailure(error.code === 'TRUNCATED' ? 'Z_BUF_ERROR' : error.code, error.message);
    }
  }
}
