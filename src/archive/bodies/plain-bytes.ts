import { LayerscopeError } from '#model';
import { type Decompressed, faultOf, packed } from '../blob/decompress.ts';
import { inflateChunks } from '../blob/inflate-chunks.ts';
import { type FileRange, openBlob } from '../blob/source-file.ts';
import type { LayerSpool } from '../spool/layer-spool.ts';
import type { BlobSource } from '../types.ts';

/** A layer's plain tar, read by offset, from any kind of source. The caller disposes of it. */
export interface PlainBytes extends AsyncDisposable {
  /** Returns at most `length` bytes from `at`; an empty array after the end of the tar. Throws DAMAGED, TRUNCATED, IO, CANCELLED. */
  read(at: number, length: number): Promise<Uint8Array>;
  /** Like {@link read}, but into `target` at `offset`. Returns the number of bytes, synchronously when reading from a file. */
  fill(target: Uint8Array, offset: number, at: number, length: number): number | Promise<number>;
}

/** Reads a layer that is stored uncompressed. */
export class FilePlainBytes implements PlainBytes {
  readonly #range: FileRange;

  constructor(blob: BlobSource) {
    this.#range = openBlob(blob);
  }

  async read(at: number, length: number): Promise<Uint8Array> {
    const { file, start, length: end } = this.#range;
    const bytes = new Uint8Array(Math.max(0, Math.min(length, end - at)));
    return bytes.subarray(0, file.read(bytes, start + at));
  }

  fill(target: Uint8Array, offset: number, at: number, length: number): number {
    const { file, start, length: end } = this.#range;
    return file.read(target, start + at, Math.max(0, Math.min(length, end - at)), offset);
  }

  /** Throws IO if the file was modified in the meantime. */
  async [Symbol.asyncDispose](): Promise<void> {
    using file = this.#range.file;
    if (file.isOpen) file.refuseChanged();
  }
}

/** Reads a layer that may still be arriving; its bytes are opened on the first read. */
export class ArrivingPlainBytes implements PlainBytes {
  readonly #open: () => Promise<PlainBytes>;
  #bytes: Promise<PlainBytes> | null = null;

  constructor(open: () => Promise<PlainBytes>) {
    this.#open = open;
  }

  async read(at: number, length: number): Promise<Uint8Array> {
    return (await this.#opened()).read(at, length);
  }

  async fill(target: Uint8Array, offset: number, at: number, length: number): Promise<number> {
    return (await this.#opened()).fill(target, offset, at, length);
  }

  #opened(): Promise<PlainBytes> {
    this.#bytes ??= this.#open();
    return this.#bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The reader has already received the error.
    const bytes = await this.#bytes?.catch(() => null);
    await bytes?.[Symbol.asyncDispose]();
  }
}

/** Reads a layer that an engine keeps in parts. */
export class SplitPlainBytes implements PlainBytes {
  readonly #opening: Promise<FileRange>;
  #range: FileRange | null = null;

  /** Takes ownership of the file being opened. */
  constructor(opening: Promise<FileRange>) {
    this.#opening = opening.then((range) => {
      this.#range = range;
      return range;
    });
    this.#opening.catch(() => {}); // reads report the error
  }

  async read(at: number, length: number): Promise<Uint8Array> {
    const { file, length: end } = this.#range ?? (await this.#opening);
    const bytes = new Uint8Array(Math.max(0, Math.min(length, end - at)));
    return bytes.subarray(0, file.read(bytes, at));
  }

  fill(target: Uint8Array, offset: number, at: number, length: number): number | Promise<number> {
    if (this.#range === null) return copied(this.read(at, length), target, offset);
    const { file, length: end } = this.#range;
    return file.read(target, at, Math.max(0, Math.min(length, end - at)), offset);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const range = await this.#opening.catch(() => null);
    range?.file[Symbol.dispose]();
  }
}

/** Reads a layer that an engine keeps in parts. Once a part can't be read, reads the layer another way. */
export class FallbackPlainBytes implements PlainBytes {
  readonly #split: SplitPlainBytes;
  readonly #others: (problem: LayerscopeError) => Promise<PlainBytes | null>;
  #other: PlainBytes | null = null;

  /** `others` opens the same plain bytes from elsewhere; null if there is no other way. */
  constructor(split: SplitPlainBytes, others: (problem: LayerscopeError) => Promise<PlainBytes | null>) {
    this.#split = split;
    this.#others = others;
  }

  async read(at: number, length: number): Promise<Uint8Array> {
    if (this.#other !== null) return this.#other.read(at, length);
    try {
      return await this.#split.read(at, length);
    } catch (error) {
      return (await this.#instead(error)).read(at, length);
    }
  }

  fill(target: Uint8Array, offset: number, at: number, length: number): number | Promise<number> {
    if (this.#other !== null) return this.#other.fill(target, offset, at, length);
    const again = async (error: unknown): Promise<number> => (await this.#instead(error)).fill(target, offset, at, length);
    try {
      const filled = this.#split.fill(target, offset, at, length);
      return typeof filled === 'number' ? filled : filled.catch(again);
    } catch (error) {
      return again(error);
    }
  }

  /** Opens the layer the other way; throws `error` itself if there is none. */
  async #instead(error: unknown): Promise<PlainBytes> {
    if (!(error instanceof LayerscopeError) || error.code === 'CANCELLED' || error.code === 'INTERNAL') throw error;
    this.#other ??= await this.#others(error);
    if (this.#other === null) throw error;
    return this.#other;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#other?.[Symbol.asyncDispose]();
    await this.#split[Symbol.asyncDispose]();
  }
}

/** Reads a layer from its spool, inflating only as much as is requested. If the spool fails or is damaged, inflates without one. */
export class SpooledPlainBytes implements PlainBytes {
  readonly #spool: LayerSpool;
  readonly #signal: AbortSignal | undefined;
  readonly #release: () => void;
  #instead: ForwardPlainBytes | null = null;

  constructor(spool: LayerSpool, signal: AbortSignal | undefined, release: () => void) {
    this.#spool = spool;
    this.#signal = signal;
    this.#release = release;
  }

  async read(at: number, length: number): Promise<Uint8Array> {
    if (this.#instead === null) {
      try {
        return await this.#readSpool(at, length);
      } catch (error) {
        if (!this.#spool.failed || this.#signal?.aborted) throw error;
        this.#instead = new ForwardPlainBytes(this.#spool.blob, this.#signal);
      }
    }
    return this.#instead.read(at, length);
  }

  async #readSpool(at: number, length: number): Promise<Uint8Array> {
    try {
      await this.#spool.reach(at + length, this.#signal);
    } catch (error) {
      // Everything before the damage is readable.
      if (this.#spool.readyBytes <= at || this.#signal?.aborted) throw error;
    }
    return this.#spool.read(at, length);
  }

  fill(target: Uint8Array, offset: number, at: number, length: number): Promise<number> {
    return copied(this.read(at, length), target, offset);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#instead?.[Symbol.asyncDispose]();
    this.#release();
  }
}

/** Inflates a layer as it is read and keeps nothing, for when a spool can't be made. Reading backwards starts over. */
export class ForwardPlainBytes implements PlainBytes {
  readonly #blob: BlobSource;
  readonly #signal: AbortSignal | undefined;
  readonly #range: FileRange;
  #chunks: ReturnType<typeof inflateChunks>;
  #chunk = new Uint8Array(0) as Uint8Array;
  #chunkAt = 0;

  constructor(blob: BlobSource, signal: AbortSignal | undefined) {
    this.#blob = blob;
    this.#signal = signal;
    this.#range = openBlob(blob);
    this.#chunks = inflateChunks(this.#range, packed(blob.compression), signal);
  }

  async read(at: number, length: number): Promise<Uint8Array> {
    if (at < this.#chunkAt) await this.#beginAnew();
    while (at >= this.#chunkAt + this.#chunk.length) {
      this.#chunkAt += this.#chunk.length;
      const next = await this.#chunks.next();
      if (next.done) {
        const ended: Decompressed | undefined = next.value;
        this.#range.file.refuseChanged();
        const fault = ended === undefined ? null : faultOf(ended);
        if (fault !== null) throw new LayerscopeError(fault, ended?.message ?? '');
        this.#chunk = new Uint8Array(0);
        return this.#chunk;
      }
      this.#chunk = next.value;
    }
    const from = at - this.#chunkAt;
    return this.#chunk.subarray(from, from + length);
  }

  fill(target: Uint8Array, offset: number, at: number, length: number): Promise<number> {
    return copied(this.read(at, length), target, offset);
  }

  async #beginAnew(): Promise<void> {
    await this.#chunks.return(undefined as never);
    this.#chunks = inflateChunks(this.#range, packed(this.#blob.compression), this.#signal);
    this.#chunk = new Uint8Array(0);
    this.#chunkAt = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#chunks.return(undefined as never);
    this.#range.file[Symbol.dispose]();
  }
}

async function copied(read: Promise<Uint8Array>, target: Uint8Array, offset: number): Promise<number> {
  const bytes = await read;
  target.set(bytes, offset);
  return bytes.length;
}
