// Watches DuckDB's memory and stops its queries. DuckDB itself counts only part of its memory, and checks only now and then whether it
// should stop. Callers wait up to PATIENCE_MS for it; then the query is abandoned.
import { formatSize, LayerscopeError, throwIfCancelled } from '#model';

/** How much the process's memory may grow. DuckDB's own limit is lower. */
const MOST_GROWTH_BYTES = 1.25 * 1024 * 1024 * 1024;
const LOOK_EVERY_MS = 50;
/** How long DuckDB may take to stop once interrupted, unless memory keeps growing. */
const PATIENCE_MS = 2_000;
/** If memory growth reaches this multiple of the limit, the query is abandoned without waiting for DuckDB to stop. */
const MOST_OVERSHOOT = 1.75;

export interface GuardOptions {
  readonly signal?: AbortSignal | undefined;
  /** Asks DuckDB to stop. May be called repeatedly. */
  readonly interrupt: () => void;
  /** Called when the work is abandoned. */
  readonly onStuck?: (() => void) | undefined;
  /** Returns the process's memory use. */
  readonly residentBytes?: () => number;
  readonly mostGrowthBytes?: number;
}

/** Waits for DuckDB's work, and gives it up if it exceeds the limit or doesn't stop. */
export class QueryGuard {
  readonly #options: GuardOptions & Required<Pick<GuardOptions, 'residentBytes' | 'mostGrowthBytes'>>;
  readonly #before: number;
  #stopped: { readonly reason: LayerscopeError; readonly at: number } | null = null;
  /** Whether abandoned work may still be running on another thread. If so, what that work uses must not be closed. */
  isStuck = false;

  constructor(options: GuardOptions) {
    this.#options = { residentBytes: () => process.memoryUsage.rss(), mostGrowthBytes: MOST_GROWTH_BYTES, ...options };
    this.#before = this.#options.residentBytes();
  }

  /** Throws CANCELLED, or TOO_LARGE once memory has grown too much. */
  throwIfStopped(): void {
    throwIfCancelled(this.#options.signal);
    if (this.#stopped !== null) throw this.#stopped.reason;
  }

  /** Throws what the work throws, and what {@link throwIfStopped} throws. */
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
      // Takes precedence over the error that an interrupted query throws.
      this.throwIfStopped();
    }
  }

  /** Returns why the work is abandoned; null to keep waiting. */
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
