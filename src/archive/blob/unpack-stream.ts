import { createHash } from 'node:crypto';
import { Bzip2Unpacker, type Unpacker, XzUnpacker } from '#format/compression';
import type { Compression } from '#model';
import { LayerscopeError } from '#model';
import { InflateFailure, type PlainSink } from './inflate-stream.ts';

/** What node:zlib has no decompressor for. */
export type UnpackedHere = Extract<Compression, 'xz' | 'bzip2'>;

export function isUnpackedHere(compression: Compression): compression is UnpackedHere {
  return compression === 'xz' || compression === 'bzip2';
}

function createUnpacker(compression: UnpackedHere): Unpacker {
  return compression === 'xz' ? new XzUnpacker(() => createHash('sha256')) : new Bzip2Unpacker();
}

/** Plain bytes of a packed stream that comes in pieces; what follows its end is left alone. Throws DAMAGED, TRUNCATED, UNSUPPORTED, TOO_LARGE. */
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

/** What can be had now, others on this thread given their turns. */
async function* drawn(unpacker: Unpacker): AsyncGenerator<Uint8Array, void, undefined> {
  let until = performance.now() + SLICE;
  for (let bytes = unpacker.next(); bytes !== null; bytes = unpacker.next()) {
    yield bytes;
    if (performance.now() < until) continue;
    await new Promise((resolve) => setImmediate(resolve));
    until = performance.now() + SLICE;
  }
}

/** Plain bytes after which whoever holds the work back is asked again. */
const GATE_BYTES = 1024 * 1024;
/** Others on this thread have a turn after so long, ms: unlike zlib's, this work is done on it. */
const SLICE = 10;

/** As {@link InflateStream}, over an {@link Unpacker}. `gate` is awaited between plain bytes too: a piece may hold thousands of times its size. */
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
