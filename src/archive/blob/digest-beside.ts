import { Worker } from 'node:worker_threads';
import { asLayerscopeError, LayerscopeError } from '#model';

/** Maximum number of pieces waiting to be hashed, so that memory stays limited when hashing is slow. */
const MAX_WAITING = 8;

// The worker's script is inline, because a separate file would have to be shipped with every bundle and found at run time.
const HASHER = `
const { parentPort, workerData } = require('node:worker_threads');
const hash = require('node:crypto').createHash(workerData);
parentPort.on('message', (bytes) => {
  if (bytes !== null) hash.update(bytes);
  parentPort.postMessage(bytes === null ? hash.digest('hex') : null);
});`;

/**
 * Computes a digest on another thread, while this one reads and writes. The bytes must be in shared memory, and nobody may change them
 * afterwards. Dispose of it to end the thread.
 */
export class DigesterBeside implements Disposable {
  readonly algorithm: string;
  readonly #worker: Worker;
  #waiting = 0;
  #hex: string | null = null;
  #problem: LayerscopeError | null = null;
  #wake = (): void => {};

  /** `algorithm` is `sha256` or `sha512`. */
  constructor(algorithm: string) {
    this.algorithm = algorithm;
    this.#worker = new Worker(HASHER, { eval: true, workerData: algorithm });
    this.#worker.on('message', (hex: string | null) => {
      this.#waiting--;
      this.#hex = hex;
      this.#wake();
    });
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('it ended')));
  }

  /** Queues bytes; resolves when more may follow. Throws INTERNAL if the thread failed. */
  async update(bytes: Uint8Array<SharedArrayBuffer>): Promise<void> {
    this.#send(bytes);
    await this.#until(MAX_WAITING);
  }

  /** Returns `sha256:…`. Call it only once. Throws INTERNAL if the thread failed. */
  async finish(): Promise<string> {
    this.#send(null);
    await this.#until(0);
    return `${this.algorithm}:${this.#hex}`;
  }

  [Symbol.dispose](): void {
    void this.#worker.terminate();
  }

  #send(bytes: Uint8Array<SharedArrayBuffer> | null): void {
    this.#waiting++;
    this.#worker.postMessage(bytes);
  }

  async #until(waiting: number): Promise<void> {
    while (this.#problem === null && this.#waiting > waiting) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#problem !== null) throw this.#problem;
  }

  #fail(cause: unknown): void {
    this.#problem ??= new LayerscopeError('INTERNAL', `the thread that computes a digest failed: ${asLayerscopeError(cause).message}`, {
      cause,
    });
    this.#wake();
  }
}
