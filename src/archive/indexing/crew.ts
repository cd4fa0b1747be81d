interface Job {
  readonly start: (isHere: boolean) => Promise<unknown>;
  readonly settle: (work: Promise<unknown>) => void;
}

/**
 * Gives jobs to workers and, one at a time, to the calling thread, which would otherwise just wait. That saves starting one worker, which
 * would have to compile all its code.
 */
export class Crew {
  /** Maximum number of busy workers. */
  readonly #others: number;
  readonly #waiting: Job[] = [];
  #busyOthers = 0;
  #isBusyHere = false;

  /** `size` is the number of threads, including the calling one. */
  constructor(size: number) {
    this.#others = size - 1;
  }

  /** Runs `here` on this thread or `there` on a worker, as soon as either is free. Jobs start in order. Throws what the job throws. */
  run<T>(here: () => Promise<T>, there: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const start = (isHere: boolean): Promise<unknown> => (isHere ? here() : there());
      this.#waiting.push({ start, settle: (work) => void (work as Promise<T>).then(resolve, reject) });
      this.#next();
    });
  }

  /** Starts waiting jobs. Workers come first, because one can start up while this thread begins its own job. */
  #next(): void {
    while (this.#waiting.length > 0 && (this.#busyOthers < this.#others || !this.#isBusyHere)) {
      const { start, settle } = this.#waiting.shift() as Job;
      const isHere = this.#busyOthers >= this.#others;
      this.#occupy(isHere, 1);
      const work = start(isHere).finally(() => {
        this.#occupy(isHere, -1);
        this.#next();
      });
      settle(work);
    }
  }

  #occupy(isHere: boolean, change: 1 | -1): void {
    if (isHere) this.#isBusyHere = change > 0;
    else this.#busyOthers += change;
  }
}
