import { LayerscopeError, throwIfCancelled } from '#model';

/** What a long piece of work asks and tells while it runs, on the calling thread or on a worker. */
export interface WorkControl {
  /** Throws CANCELLED where nobody wants the result any more. */
  check(): void;
  /** Counts bytes of the input that were dealt with. */
  advance(bytes: number): void;
  /** Longest time to hold the thread, ms; then {@link rest} is awaited. Infinity on a worker. */
  readonly slice: number;
  rest(): Promise<void>;
}

export function cancelled(): LayerscopeError {
  return new LayerscopeError('CANCELLED', 'cancelled');
}

/** Work on a thread that has others to serve: held for 10 ms at a time. */
export function callerControl(signal: AbortSignal | undefined, onBytes?: (bytes: number) => void): WorkControl {
  return {
    check() {
      throwIfCancelled(signal);
    },
    advance(bytes) {
      onBytes?.(bytes);
    },
    slice: 10,
    rest: () => new Promise((resolve) => setImmediate(resolve)),
  };
}
