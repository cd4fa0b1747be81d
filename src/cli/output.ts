import { LayerscopeError } from '#model';

/** Thrown when the reader of standard output stops reading (`| head`). The program then exits silently. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}

const BATCH_CHARACTERS = 65_536;

/** Standard output, written in batches, with backpressure. */
export interface Output {
  /** Adds text to the batch; call {@link Output.drain} when `full` says so. */
  write(text: string): void;
  /** Whether the batch should be drained: `if (out.full) await out.drain()` in every loop that writes. */
  readonly full: boolean;
  /** Writes the batch and waits until the stream accepts more. Throws OutputClosed, IO. */
  drain(): Promise<void>;
  /** Writes bytes after the batch. Throws OutputClosed, IO. */
  writeBytes(bytes: Uint8Array): Promise<void>;
  /** Flushes everything to the system. Throws OutputClosed, IO. */
  finish(): Promise<void>;
}

/** `onClosed` is called once when the reader stops reading, so that work can stop before the next write. */
export function createOutput(stream: NodeJS.WritableStream, onClosed: () => void): Output {
  let batch = '';
  let failure: Error | null = null;
  let wake: (() => void) | null = null;

  const awake = (): void => {
    wake?.();
    wake = null;
  };
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (failure === null) {
      const closed = error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED' || error.code === 'EOF';
      failure = closed ? new OutputClosed() : new LayerscopeError('IO', `standard output: ${error.message}`, { cause: error });
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
  const drain = async (): Promise<void> => {
    const chunk = batch;
    batch = '';
    await send(chunk);
  };

  return {
    write(text) {
      batch += text;
    },
    get full() {
      return batch.length >= BATCH_CHARACTERS;
    },
    drain,
    async writeBytes(bytes) {
      if (batch !== '') await drain();
      await send(bytes);
    },
    async finish() {
      await drain();
      await new Promise<void>((resolve) => stream.write('', () => resolve()));
      if (failure !== null) throw failure;
    },
  };
}
