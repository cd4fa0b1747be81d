import { LayerscopeError, systemWords, throwIfCancelled } from '#model';

/** Thrown when the reader of standard output stops reading (`| head`). The program then exits silently. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}

const BATCH_CHARACTERS = 65_536;
/** How long a loop that writes may block signals and timers. Writing to a file doesn't yield to the event loop, so such loops have to. */
const TURN_MS = 20;

/** Standard output, written in batches, with backpressure. */
export interface Output {
  /** Adds text to the batch; call {@link Output.drain} when `full` says so. */
  write(text: string): void;
  /** Whether the batch should be drained. Call `if (out.full) await out.drain()` in every loop that writes. */
  readonly full: boolean;
  /** Writes the batch and waits until the stream accepts more. Throws OutputClosed, IO, CANCELLED. */
  drain(): Promise<void>;
  /** Present if only a part of a file is wanted: returns which part, given the file's size. Nothing else is written then. */
  part?(totalBytes: number): { readonly start: number; readonly length: number };
  /** Writes bytes after the batch. Throws OutputClosed, IO. */
  writeBytes(bytes: Uint8Array): Promise<void>;
  /** Flushes everything to the system. Throws OutputClosed, IO. */
  finish(): Promise<void>;
}

/**
 * Creates an output. `onClosed` is called once when the reader stops reading, so that work can stop before the next write. Aborting
 * `signal` ends loops that write.
 */
export function createOutput(stream: NodeJS.WritableStream, onClosed: () => void, signal?: AbortSignal): Output {
  let batch = '';
  let failure: Error | null = null;
  let wake: (() => void) | null = null;
  let turnAt = performance.now();

  const awake = (): void => {
    wake?.();
    wake = null;
  };
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (failure === null) {
      const closed = error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED' || error.code === 'EOF';
      failure = closed
        ? new OutputClosed()
        : new LayerscopeError('IO', `standard output: ${systemWords(error) ?? error.message}`, { cause: error });
      if (closed) onClosed();
    }
    awake();
  });
  stream.on('drain', awake);

  const send = async (chunk: string | Uint8Array): Promise<void> => {
    if (failure !== null) throw failure;
    if (chunk.length > 0 && !stream.write(chunk)) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    if (failure !== null) throw failure;
  };
  const flush = async (): Promise<void> => {
    const chunk = batch;
    batch = '';
    await send(chunk);
  };
  const takeTurn = async (): Promise<void> => {
    if (performance.now() - turnAt < TURN_MS) return;
    await new Promise((resolve) => setImmediate(resolve));
    turnAt = performance.now();
    if (failure === null) throwIfCancelled(signal);
  };

  return {
    write(text) {
      batch += text;
    },
    get full() {
      return batch.length >= BATCH_CHARACTERS;
    },
    async drain() {
      await flush();
      await takeTurn();
    },
    async writeBytes(bytes) {
      if (batch !== '') await flush();
      await send(bytes);
      await takeTurn();
    },
    async finish() {
      await flush();
      await new Promise<void>((resolve) => stream.write('', () => resolve()));
      if (failure !== null) throw failure;
    },
  };
}
