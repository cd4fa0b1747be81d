// Watches what DuckDB does: it counts only a part of its memory, and looks only now and then at whether it shall stop. Whoever waits for it
// does not wait for that.
import { formatSize, LayerscopeError, throwIfCancelled } from '#model';

/** How much the process may grow. DuckDB's own limit is below it. */
const MOST_GROWTH_BYTES = 1.25 * 1024 * 1024 * 1024;
const LOOK_EVERY_MS = 50;
/** How long DuckDB has to end when it was told to, unless the process grows on. */
const PATIENCE_MS = 2_000;
/** How much more than allowed the process may grow before that is over. */
const MOST_OVERSHOOT = 1.75;

/** What a guard looks at and tells. */
export interface GuardOptions {
  readonly signal?: AbortSignal | undefined;
  /** Tells DuckDB to end what it does. It may be called again. */
  readonly interrupt: () => void;
  /** Called when work is given up. */
  readonly onStuck?: (() => void) | undefined;
  /** The process's memory. */
  readonly residentBytes?: () => number;
  readonly mostGrowthBytes?: number;
}

/** Waits for DuckDB's work. */
export class QueryGuard {
  readonly #options: GuardOptions & Required<Pick<GuardOptions, 'residentBytes' | 'mostGrowthBytes'>>;
  readonly #before: number;
  #stopped: { readonly reason: LayerscopeError; readonly at: number } | null = null;
  /** Whether work was given up that may still be running on another thread: what it uses must not be closed then. */
  isStuck = false;

  constructor(options: GuardOptions) {
    this.#options = { residentBytes: () => process.memoryUsage.rss(), mostGrowthBytes: MOST_GROWTH_BYTES, ...options };
    this.#before = this.#options.residentBytes();
  }

  /** Throws CANCELLED; TOO_LARGE once the process has grown too much. */
  throwIfStopped(): void {
    throwIfCancelled(this.#options.signal);
    if (this.#stopped !== null) throw this.#stopped.reason;
  }

  /** Throws what the work throws, and like {@link throwIfStopped}. */
  async wait<T>(work: () => Promise<T>): Promise<T> {
    this.throwIfStopped();
    const { signal } = this.#options;
    let giveUp: (reason: LayerscopeError) => void = () => {};
    const givenUp = new Promise<never>((_, reject) => {
      giveUp = reject;
    });
    const look = (): void => {
      const reason = this.#look();
      if (reason !== null) giveUp(reason);
    };
    const timer = setInterval(look, LOOK_EVERY_MS);
    signal?.addEventListener('abort', look, { once: true });
    try {
      return await Promise.race([work(), givenUp]);
    } finally {
      clearInterval(timer);
      signal?.removeEventListener('abort', look);
      // Whatever an interrupted query says of itself.
      this.throwIfStopped();
    }
  }

  /** Returns why the work is given up; null if it isn't. */
  #look(): LayerscopeError | null {
    const { signal, interrupt, residentBytes, mostGrowthBytes } = this.#options;
    const growth = residentBytes() - this.#before;
    if (this.#stopped === null) {
      if (!signal?.aborted && growth <= mostGrowthBytes) return null;
      const reason = signal?.aborted ? new LayerscopeError('CANCELLED', 'cancelled') : tooLarge(mostGrowthBytes);
      this.#stopped = { reason, at: performance.now() };
    }
    interrupt();
    const { reason, at } = this.#stopped;
    if (performance.now() - at < PATIENCE_MS && growth < mostGrowthBytes * MOST_OVERSHOOT) return null;
    this.isStuck = true;
    this.#options.onStuck?.();
    return reason;
  }
}

function tooLarge(most: number): LayerscopeError {
  return new LayerscopeError('TOO_LARGE', `the query takes more than ${formatSize(most)} of memory`);
}
