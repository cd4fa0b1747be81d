import { closeSync, constants, fstatSync, openSync, read as readFile, readSync, write as writeFile } from 'node:fs';
import { displayText, LayerscopeError, throwIfCancelled } from '#model';
import { type Decompressed, decompress, faultOf, packed } from '../blob/decompress.ts';
import { openBlob, openFile, systemError } from '../blob/source-file.ts';
import { cancelled } from '../control/work-control.ts';
import { DiskSpace } from '../files/disk-space.ts';
import type { BlobSource } from '../types.ts';
import { BLOCK_BYTES, SpoolSums } from './spool-sums.ts';

const PIECE = 64 * 1024;
/** Like `a+`, but doesn't block on a pipe. */
const APPENDED = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | (constants.O_NONBLOCK ?? 0);

/**
 * A file with the plain tar of a compressed layer, from its start up to the furthest byte requested so far. A read beyond that inflates the
 * layer up to the end of the read and no further; {@link continue} inflates the rest. Inflating runs on node:zlib's threads.
 */
export class LayerSpool {
  readonly blob: BlobSource;
  readonly path: string;
  /** Checksums of the file's content. */
  readonly sums: SpoolSums;
  readonly #descriptor: number;
  readonly #space: DiskSpace;
  /** How many bytes came from the cache; these are verified when they are read. */
  readonly #checkedTo: number;
  #ready: number;
  #whole: boolean;
  #target = 0;
  #toTheEnd = false;
  #stopped = false;
  #closed = false;
  #run: Promise<void> | null = null;
  #failure: LayerscopeError | null = null;
  #writeFailed = false;
  #writes: Promise<void> = Promise.resolve();
  #wakeRun: () => void = () => undefined;
  readonly #waiting = new Set<() => void>();

  /**
   * `path` is a new file, or one that contains the start of the plain tar; if `whole`, it contains all of the tar. `kept` are the checksums
   * of a cached file, which isn't trusted without them. Throws IO; DAMAGED if the file doesn't match its checksums.
   */
  constructor(blob: BlobSource, path: string, whole: boolean, kept: SpoolSums | null = null) {
    this.blob = blob;
    this.path = path;
    try {
      this.#descriptor = whole ? openFile(path).descriptor : openSync(path, APPENDED, 0o600);
      this.#ready = fstatSync(this.#descriptor).size;
    } catch (error) {
      throw systemError(error, path);
    }
    this.#whole = whole;
    this.#space = new DiskSpace(path);
    this.sums = kept ?? new SpoolSums();
    this.#checkedTo = kept?.length ?? 0;
    if (this.sums.length === this.#ready && this.#endFits()) return;
    closeSync(this.#descriptor);
    throw this.#damaged();
  }

  /** Whether the last block matches its checksum. Data may be appended to that block, so it is verified first. */
  #endFits(): boolean {
    const block = Math.floor(this.#ready / BLOCK_BYTES);
    const bytes = new Uint8Array(this.sums.bytesOf(block));
    return readSync(this.#descriptor, bytes, 0, bytes.length, block * BLOCK_BYTES) === bytes.length && this.sums.fits(block, bytes);
  }

  #damaged(): LayerscopeError {
    return new LayerscopeError('DAMAGED', `${displayText(this.path)} does not match its checksums`);
  }

  /** Bytes of the plain tar in the file. */
  get readyBytes(): number {
    return this.#ready;
  }

  /** Whether the file contains the whole plain tar. */
  get isWhole(): boolean {
    return this.#whole;
  }

  /**
   * Whether the layer must be read without a spool, because the file can't be written (for example, the disk is full) or the cached part is
   * damaged.
   */
  get failed(): boolean {
    return this.#writeFailed;
  }

  /**
   * Waits until the bytes before `end` are in the file or the tar has ended; returns how many are. Throws the error that stops inflating
   * before `end`: DAMAGED, TRUNCATED, IO, UNSUPPORTED; CANCELLED.
   */
  async reach(end: number, signal: AbortSignal | undefined): Promise<number> {
    while (this.#ready < end && !this.#whole) {
      throwIfCancelled(signal);
      if (this.#failure !== null) throw this.#failure;
      if (this.#stopped) throw cancelled();
      this.#target = Math.max(this.#target, end);
      this.#run ??= this.#inflate();
      this.#wakeRun();
      // If the blob can't be opened, inflating fails at once, and nothing would wake a later waiter.
      if (this.#failure === null) await this.#change(signal);
    }
    return this.#ready;
  }

  /** Reads available bytes from `at`. Throws IO; DAMAGED if they don't match the checksums. */
  async read(at: number, length: number): Promise<Uint8Array> {
    const end = Math.min(at + length, this.#ready);
    if (at >= this.#checkedTo || end <= at) return this.#readFile(at, Math.max(0, end - at));
    const first = Math.floor(at / BLOCK_BYTES);
    const start = first * BLOCK_BYTES;
    const bytes = await this.#readFile(start, Math.min(Math.ceil(end / BLOCK_BYTES) * BLOCK_BYTES, this.#ready) - start);
    for (let block = first; block * BLOCK_BYTES < end && (block + 1) * BLOCK_BYTES <= this.#checkedTo; block++) {
      const from = (block - first) * BLOCK_BYTES;
      if (!this.sums.fits(block, bytes.subarray(from, from + BLOCK_BYTES))) throw this.#spoil();
    }
    return bytes.subarray(at - start, end - start);
  }

  #spoil(): LayerscopeError {
    this.#writeFailed = true;
    this.#stopped = true;
    this.#failure = this.#damaged();
    this.onSpoiled();
    this.#wakeRun();
    this.#wakeAll();
    return this.#failure;
  }

  /** Called when the cached part turns out to be damaged. */
  onSpoiled: () => void = () => undefined;

  #readFile(at: number, length: number): Promise<Uint8Array> {
    if (this.#closed) return Promise.reject(cancelled());
    const bytes = new Uint8Array(length);
    return new Promise((resolve, reject) => {
      readFile(this.#descriptor, bytes, 0, bytes.length, at, (error, count) => {
        if (error) reject(systemError(error, this.path));
        else resolve(count === bytes.length ? bytes : bytes.subarray(0, count));
      });
    });
  }

  /** Inflates the rest even if nobody is waiting for it. */
  continue(): void {
    if (this.#whole || this.#failure !== null || this.#stopped) return;
    this.#toTheEnd = true;
    this.#run ??= this.#inflate();
    this.#wakeRun();
  }

  /** Called when the file is complete. */
  onWhole: () => void = () => undefined;

  /** Stops inflating and closes the file. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopped = true;
    this.#wakeRun();
    this.#wakeAll();
    await this.#run;
    await this.#writes;
    closeSync(this.#descriptor);
  }

  #change(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  #wakeAll(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  async #inflate(): Promise<void> {
    try {
      const range = openBlob(this.blob);
      using _file = range.file;
      const known = this.#ready;
      let at = 0;
      const ended = await decompress(
        range,
        packed(this.blob.compression),
        (bytes) => {
          const from = at;
          at += bytes.length;
          if (at > known) this.#append(from < known ? bytes.subarray(known - from) : bytes);
          return !this.#stopped && !this.#writeFailed;
        },
        {
          pieceBytes: PIECE,
          gate: async () => {
            range.file.refuseChanged();
            await this.#gate();
          },
        },
      );
      await this.#writes;
      range.file.refuseChanged();
      this.#end(ended);
    } catch (error) {
      this.#failure ??= error instanceof LayerscopeError ? error : systemError(error, this.blob.path);
    }
    this.#wakeAll();
  }

  #end(ended: Decompressed): void {
    const fault = faultOf(ended);
    if (ended.end === 'complete') {
      this.#whole = true;
      this.onWhole();
    } else this.#failure ??= fault === null ? cancelled() : new LayerscopeError(fault, ended.message ?? '');
  }

  async #gate(): Promise<void> {
    await this.#writes;
    while (!this.#stopped && !this.#toTheEnd && this.#ready >= this.#target) {
      await new Promise<void>((resolve) => {
        this.#wakeRun = resolve;
      });
    }
    if (this.#stopped) throw cancelled();
  }

  #append(bytes: Uint8Array): void {
    this.#writes = this.#writes.then(() => this.#write(bytes));
  }

  async #write(bytes: Uint8Array): Promise<void> {
    try {
      this.#space.take(bytes.length);
    } catch (error) {
      this.#writeFailed = true;
      this.#failure = error as LayerscopeError;
    }
    const before = this.#ready;
    for (let at = 0; at < bytes.length && !this.#writeFailed; ) {
      const count = await new Promise<number>((resolve) => {
        writeFile(this.#descriptor, bytes, at, bytes.length - at, null, (error, written) => {
          if (error) {
            this.#writeFailed = true;
            this.#failure = systemError(error, this.path);
          }
          resolve(error ? 0 : written);
        });
      });
      at += count;
      this.#ready += count;
    }
    this.sums.update(bytes.subarray(0, this.#ready - before));
    this.#wakeAll();
  }
}
