/** Offset and length of each stored piece of a sparse file, in ascending order. */
type Runs = readonly (readonly [number, number])[];

const ZEROS = new Uint8Array(256 * 1024);

/** Passes on the stored bytes of one sparse file after another, with zeros where it has holes. */
export class ExpandedBody {
  readonly #sink: (bytes: Uint8Array, start: number, end: number) => void;
  #runs: Runs = [];
  #run = 0;
  #at = 0;
  #size = 0;

  constructor(sink: (bytes: Uint8Array, start: number, end: number) => void) {
    this.#sink = sink;
  }

  begin(size: number, runs: Runs): void {
    this.#runs = runs;
    this.#run = 0;
    this.#at = 0;
    this.#size = size;
    this.#fill();
  }

  push(bytes: Uint8Array, start: number, end: number): void {
    for (let from = start; from < end; ) {
      const run = this.#runs[this.#run];
      if (run === undefined) return;
      const count = Math.min(end - from, run[0] + run[1] - this.#at);
      this.#sink(bytes, from, from + count);
      from += count;
      this.#at += count;
      this.#fill();
    }
  }

  /** Passes on the zeros before the next stored byte. */
  #fill(): void {
    for (;;) {
      const run = this.#runs[this.#run];
      const next = run === undefined ? this.#size : Math.max(run[0], this.#at);
      for (let count: number; this.#at < next; this.#at += count) {
        count = Math.min(ZEROS.length, next - this.#at);
        this.#sink(ZEROS, 0, count);
      }
      if (run === undefined || this.#at < run[0] + run[1]) return;
      this.#run++;
    }
  }
}
