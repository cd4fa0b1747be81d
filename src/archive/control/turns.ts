import { cancelled } from './work-control.ts';

/** Limits how many tasks run at the same time; tasks start in order of arrival. */
export class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.#free = limit;
  }

  /** Waits for a turn. Returns a function to call once, when the turn is over. Throws CANCELLED. */
  async take(signal: AbortSignal): Promise<() => void> {
    if (signal.aborted) throw cancelled();
    if (this.#free > 0) this.#free--;
    else {
      await new Promise<void>((resolve, reject) => {
        const stop = (): void => {
          this.#waiting.splice(this.#waiting.indexOf(go), 1);
          reject(cancelled());
        };
        const go = (): void => {
          signal.removeEventListener('abort', stop);
          resolve();
        };
        this.#waiting.push(go);
        signal.addEventListener('abort', stop, { once: true });
      });
    }
    return () => {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    };
  }
}
