import type { Progress } from '../types.ts';

const INTERVAL_MS = 100;

/** Reports progress at most ten times a second. */
export class ProgressMeter {
  readonly #phase: string;
  readonly #totalBytes: number | null;
  readonly #listener: ((progress: Progress) => void) | undefined;
  #doneBytes = 0;
  #toldMs = 0;

  constructor(phase: string, totalBytes: number | null, listener: ((progress: Progress) => void) | undefined) {
    this.#phase = phase;
    this.#totalBytes = totalBytes;
    this.#listener = listener;
  }

  advance(bytes: number): void {
    this.#doneBytes += bytes;
    if (this.#listener === undefined) return;
    const now = performance.now();
    if (now - this.#toldMs < INTERVAL_MS) return;
    this.#toldMs = now;
    const doneBytes = this.#totalBytes === null ? this.#doneBytes : Math.min(this.#doneBytes, this.#totalBytes);
    this.#listener({ phase: this.#phase, doneBytes, totalBytes: this.#totalBytes });
  }
}
