import { throwIfCancelled } from '#model';
import { cancelled } from '../work/work-control.ts';
import { type Decompressed, decompress, type PackedAs } from './decompress.ts';
import type { FileRange } from './source-file.ts';

/** Chunks that wait for the consumer. */
const MAX_WAITING = 4;

/**
 * A blob's plain bytes as they are inflated, no faster than they are taken; returns how it ended. To stop early, end the iteration.
 * Throws what {@link decompress} does; CANCELLED.
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
  run.catch(() => undefined); // awaited below
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
    await run.catch(() => undefined); // its end, good or bad, is what counts here: the file is free
  }
}
