import { close, open, write } from 'node:fs';
import { promisify } from 'node:util';
import { systemError } from '../blob/source-file.ts';
import { DiskSpace } from '../files/disk-space.ts';

const PIECE = 1024 * 1024;

const openFile = promisify(open);
const closeFile = promisify(close);

/**
 * A new private file for a stream, written from front to back, within the free disk space: one piece is written while the next arrives. The
 * caller disposes of it.
 */
export class StreamFile implements AsyncDisposable {
  readonly #path: string;
  readonly #descriptor: number;
  readonly #space: DiskSpace;
  #piece = Buffer.allocUnsafeSlow(PIECE);
  #other = Buffer.allocUnsafeSlow(PIECE);
  #filled = 0;
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string, descriptor: number) {
    this.#path = path;
    this.#descriptor = descriptor;
    this.#space = new DiskSpace(path);
  }

  /** Throws IO, PERMISSION. */
  static async create(path: string): Promise<StreamFile> {
    try {
      return new StreamFile(path, await openFile(path, 'wx', 0o600));
    } catch (error) {
      throw systemError(error, path);
    }
  }

  /** Takes a copy of the bytes. Throws IO, also for bytes taken before; TOO_LARGE if too little disk space would be left. */
  async take(bytes: Uint8Array): Promise<void> {
    this.#space.take(bytes.length);
    for (let from = 0; from < bytes.length; ) {
      const count = Math.min(bytes.length - from, PIECE - this.#filled);
      this.#piece.set(bytes.subarray(from, from + count), this.#filled);
      this.#filled += count;
      from += count;
      if (this.#filled === PIECE) await this.#pass();
    }
  }

  /** Waits until everything is written. Throws IO. */
  async end(): Promise<void> {
    await this.#pass();
    await this.#writing;
  }

  /** Starts to write the piece once the one before is written. */
  async #pass(): Promise<void> {
    await this.#writing;
    const full = this.#piece.subarray(0, this.#filled);
    [this.#piece, this.#other, this.#filled] = [this.#other, this.#piece, 0];
    this.#writing = this.#write(full);
    // Whoever waits for it next reports a failure. Until then it must not end the process as an unhandled rejection.
    this.#writing.catch(() => {});
  }

  #write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const rest = (at: number): void => {
        if (at === bytes.length) resolve();
        else
          write(this.#descriptor, bytes, at, bytes.length - at, null, (error, count) => {
            if (error === null) rest(at + count);
            else reject(systemError(error, this.#path));
          });
      };
      rest(0);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing.catch(() => {});
    await closeFile(this.#descriptor);
  }
}
