// A blob that is fetched, for example from a registry. The thread that has the connection writes its bytes to a private file, which workers
// read as it grows (arrival-cell.ts). The connection's own thread reads a blob only when it is complete.
import { closeSync, linkSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { asLayerscopeError, type Compression, LayerscopeError } from '#model';
import { DiskSpace } from '../files/disk-space.ts';
import type { BlobParts } from '../source-types.ts';
import type { ArrivingBlob, BlobSource } from '../types.ts';
import { ARRIVING, FAILED, setArrived, WHOLE } from './arrival-cell.ts';
import { detectCompression, MAGIC_BYTES } from './compression.ts';
import { algorithmOf, Digester } from './digest.ts';
import { systemError } from './source-file.ts';

const HASH_BYTES = 1024 * 1024;

/** How to fetch a blob. */
export interface ArrivalPlan {
  /** Path of the private file that receives the blob. */
  readonly path: string;
  readonly digest: string;
  readonly length: number;
  /** As stated by the manifest; the content may turn out to be different. */
  readonly compression: Compression;
  /** Yields the bytes. Throws the reason if they can't be fetched. */
  readonly pieces: (signal: AbortSignal) => AsyncIterable<Uint8Array>;
  /** Path of a cached copy, not verified yet; null if there is none. */
  readonly kept: () => string | null;
  /** Caches the complete file, if there is a cache. */
  readonly keep: (path: string) => Promise<void>;
  /** Waits for a turn, so that a registry doesn't get too many connections at once. Returns a function that ends the turn. */
  readonly turn: (signal: AbortSignal) => Promise<() => void>;
  /** Set if parts of the blob can be fetched. */
  readonly parts?: BlobParts;
}

/**
 * A blob being fetched. Both promises reject with whatever keeps it from arriving: DIGEST_MISMATCH, CANCELLED, IO, TOO_LARGE or what
 * `pieces` throws.
 */
export interface ArrivalRun {
  /** The compression as found in the first bytes. */
  readonly head: Promise<Compression>;
  /** Resolves when the blob is complete and its digest has been checked. */
  readonly whole: Promise<void>;
}

const arrivals = new WeakMap<SharedArrayBuffer, Arrival>();

/** Fetches one blob when it is first needed. */
export class Arrival {
  readonly blob: ArrivingBlob;
  readonly #plan: ArrivalPlan;
  #run: (ArrivalRun & { readonly stop: AbortController }) | null = null;
  #isWhole = false;
  /** Whether the server ignores range requests. */
  #isServedWhole = false;

  constructor(plan: ArrivalPlan) {
    this.#plan = plan;
    const cell = new SharedArrayBuffer(8);
    this.blob = { cell, compression: plan.compression };
    arrivals.set(cell, this);
  }

  get digest(): string {
    return this.#plan.digest;
  }

  get length(): number {
    return this.#plan.length;
  }

  /** What is needed to fetch the blob in parts; null if that isn't possible. Ranges are read with {@link part}. */
  get parts(): Omit<BlobParts, 'range'> | null {
    return this.#isServedWhole ? null : (this.#plan.parts ?? null);
  }

  /** Whether the complete blob is already on disk. */
  get isHere(): boolean {
    return this.#isWhole || this.#plan.kept() !== null;
  }

  /**
   * Reads a part, from the file if the blob is complete, otherwise by fetching it. A fetched part isn't verified by any digest. If the
   * server ignores ranges, fetches the complete blob if `orWhole` is set, and throws UNSUPPORTED otherwise. Throws what the promises of
   * {@link ArrivalRun} reject with.
   */
  async part(first: number, length: number, orWhole: boolean, signal?: AbortSignal): Promise<Uint8Array> {
    const { parts } = this.#plan;
    if (parts !== undefined && !this.#isWhole && !this.#isServedWhole) {
      try {
        return await parts.range(first, length, signal);
      } catch (error) {
        if (!(error instanceof LayerscopeError) || error.code !== 'UNSUPPORTED') throw error;
        this.#isServedWhole = true;
        if (!orWhole) throw error;
      }
    }
    await this.whole();
    return readPart(this.#plan.path, first, length);
  }

  /** Starts fetching, unless already started. */
  begin(): ArrivalRun {
    this.#run ??= this.#start();
    return this.#run;
  }

  /** Waits until the blob is complete; returns its compression. Throws what the promises of {@link ArrivalRun} reject with. */
  async whole(): Promise<Compression> {
    const { whole, head } = this.begin();
    await whole;
    return head;
  }

  /** Stops fetching. If the blob is needed again, fetching starts over. */
  stop(): void {
    this.#run?.stop.abort();
  }

  #start(): ArrivalRun & { readonly stop: AbortController } {
    const stop = new AbortController();
    let tellHead: (compression: Compression) => void = () => undefined;
    let failHead: (error: unknown) => void = () => undefined;
    const head = new Promise<Compression>((resolve, reject) => {
      tellHead = resolve;
      failHead = reject;
    });
    setArrived(this.blob.cell, 0, ARRIVING);
    const whole = this.#bring(stop.signal, tellHead).then(
      () => {
        this.#isWhole = true;
        setArrived(this.blob.cell, this.#plan.length, WHOLE);
      },
      (error: unknown) => {
        this.#run = null;
        setArrived(this.blob.cell, 0, FAILED);
        failHead(error);
        throw error;
      },
    );
    // A caller may wait for only one of the two promises, so the rejection of the other must not end the process.
    head.catch(() => undefined);
    whole.catch(() => undefined);
    return { whole, head, stop };
  }

  async #bring(signal: AbortSignal, tellHead: (compression: Compression) => void): Promise<void> {
    const { path, keep } = this.#plan;
    removeIfThere(path);
    if (await this.#takeKept(signal, tellHead)) return;
    const done = await this.#plan.turn(signal);
    try {
      await this.#receive(signal, tellHead);
    } finally {
      done();
    }
    await keep(path);
  }

  /** Uses the cached copy if it matches the digest. */
  async #takeKept(signal: AbortSignal, tellHead: (compression: Compression) => void): Promise<boolean> {
    const { path, digest, length } = this.#plan;
    const kept = this.#plan.kept();
    if (kept === null) return false;
    if (kept !== path) linkSync(kept, path);
    const descriptor = openSync(path, 'r');
    try {
      const digester = new Digester(algorithmOf(digest));
      const buffer = new Uint8Array(Math.min(HASH_BYTES, length));
      let compression: Compression | null = null;
      for (let at = 0; at < length; ) {
        if (signal.aborted) throw new LayerscopeError('CANCELLED', 'cancelled');
        const count = readSync(descriptor, buffer, 0, Math.min(buffer.length, length - at), at);
        if (count === 0) break;
        const bytes = buffer.subarray(0, count);
        compression ??= detectCompression(bytes.subarray(0, MAGIC_BYTES));
        digester.update(bytes);
        at += count;
        await new Promise((resolve) => setImmediate(resolve));
      }
      const isRight = digester.finish() === digest;
      if (isRight) tellHead(compression ?? 'none');
      else removeIfThere(path);
      return isRight;
    } finally {
      closeSync(descriptor);
    }
  }

  async #receive(signal: AbortSignal, tellHead: (compression: Compression) => void): Promise<void> {
    const { path, digest, length, pieces } = this.#plan;
    const descriptor = createFile(path);
    try {
      const space = new DiskSpace(path);
      const digester = new Digester(algorithmOf(digest));
      const head = new Head(tellHead);
      let at = 0;
      for await (const piece of pieces(signal)) {
        if (at + piece.length > length) throw new LayerscopeError('DIGEST_MISMATCH', `blob ${digest}: more than its ${length} bytes`);
        space.take(piece.length);
        writeAll(descriptor, piece, at, path);
        digester.update(piece);
        at += piece.length;
        setArrived(this.blob.cell, at, ARRIVING);
        head.add(piece);
      }
      head.end();
      if (at < length) throw new LayerscopeError('UNREACHABLE', `blob ${digest}: ended after ${at} of its ${length} bytes`);
      const found = digester.finish();
      if (found !== digest) throw new LayerscopeError('DIGEST_MISMATCH', `blob ${digest}: its content hashes to ${found}`);
    } finally {
      closeSync(descriptor);
    }
  }
}

/** Reports a blob's compression as soon as enough bytes are known. */
class Head {
  readonly #tell: (compression: Compression) => void;
  #bytes: Uint8Array = new Uint8Array(0);
  #isTold = false;

  constructor(tell: (compression: Compression) => void) {
    this.#tell = tell;
  }

  add(piece: Uint8Array): void {
    if (this.#isTold) return;
    this.#bytes = Buffer.concat([this.#bytes, piece.subarray(0, MAGIC_BYTES)]);
    if (this.#bytes.length >= MAGIC_BYTES) this.end();
  }

  end(): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#tell(detectCompression(this.#bytes.subarray(0, MAGIC_BYTES)));
  }
}

/** The blob's arrival; null if the blob is in a file from the start. */
export function arrivalOf({ arriving }: Pick<BlobSource, 'arriving'>): Arrival | null {
  return arriving === undefined ? null : (arrivals.get(arriving.cell) ?? null);
}

/**
 * Waits until this thread can read the blob. Returns the blob with the compression that was detected. Throws the error that stopped the
 * arrival.
 */
export async function arrived<T extends Pick<BlobSource, 'arriving'>>(blob: T): Promise<T> {
  const arrival = arrivalOf(blob);
  return arrival === null ? blob : { ...blob, compression: await arrival.whole() };
}

/** Reads a part of a complete file. Throws IO. */
function readPart(path: string, first: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  try {
    const descriptor = openSync(path, 'r');
    try {
      let count = 0;
      for (let got = -1; got !== 0 && count < length; count += got) got = readSync(descriptor, bytes, count, length - count, first + count);
      return bytes.subarray(0, count);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw systemError(error, path);
  }
}

function createFile(path: string): number {
  try {
    return openSync(path, 'wx', 0o600);
  } catch (error) {
    throw systemError(error, path);
  }
}

function writeAll(descriptor: number, bytes: Uint8Array, position: number, path: string): void {
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at, bytes.length - at, position + at);
  } catch (error) {
    throw systemError(error, path);
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (asLayerscopeError(error).code !== 'NOT_FOUND') throw systemError(error, path);
  }
}
