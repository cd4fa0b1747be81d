import { throwIfCancelled } from '#model';
import { cancelled } from '../control/work-control.ts';
import { type Decompressed, decompress, type PackedAs } from './decompress.ts';
import type { FileRange } from './source-file.ts';

/** Maximum number of chunks buffered for the consumer. */
const MAX_WAITING = 4;

/**
 * Yields a blob's plain bytes as they are decompressed, no faster than the consumer reads; returns how decompression ended. To stop early,
 * end the iteration. Throws what {@link decompress} does; CANCELLED.
 */
export async function* inflateChunks(
  range: FileRange,
  compression: PackedAs,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, Decompressed> {
  const waiting: Uint8Array[] = [];
  let over = false;
  let stopped = false;
  let wakeConsumer: () => void = () => undefined;
  let wakeProducer: () => void = () => undefined;
  const run = decompress(
    range,
    compression,
    (bytes) => {
      waiting.push(bytes);
      wakeConsumer();
      return !stopped;
    },
    {
      pieceBytes: 64 * 1024,
      gate: async () => {
        while (waiting.length > MAX_WAITING && !stopped) {
          await new Promise<void>((resolve) => {
            wakeProducer = resolve;
          });
        }
        if (stopped || signal?.aborted) throw cancelled();
      },
    },
  ).finally(() => {
    over = true;
    wakeConsumer();
  });
  run.catch(() => undefined); // the result is awaited below
  try {
    for (;;) {
      throwIfCancelled(signal);
      const chunk = waiting.shift();
      if (chunk !== undefined) {
        wakeProducer();
        yield chunk;
      } else if (over) return await run;
      else {
        await new Promise<void>((resolve) => {
          wakeConsumer = resolve;
        });
      }
    }
  } finally {
    stopped = true;
    wakeProducer();
    await run.catch(() => undefined); // wait until the file is no longer in use, whatever the outcome
  }
}
