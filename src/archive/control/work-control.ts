import { LayerscopeError, throwIfCancelled } from '#model';

/** Control of a long task, on the calling thread or on a worker: cancellation, progress and turns. */
export interface WorkControl {
  /** Throws CANCELLED if the result is no longer wanted. */
  check(): void;
  /** Adds to the number of input bytes processed. */
  advance(bytes: number): void;
  /** How long, in ms, to occupy the thread before awaiting {@link rest}. Infinity on a worker. */
  readonly slice: number;
  rest(): Promise<void>;
}

export function cancelled(): LayerscopeError {
  return new LayerscopeError('CANCELLED', 'cancelled');
}

/** Returns the control for work on a shared thread, which yields every 10 ms. */
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
