// Inflating a stream whose consumer stops before the end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGunzip, gzipSync } from 'node:zlib';
import { InflateStream } from '../../src/archive/blob/inflate-stream.ts';
import { turns } from '../support/waiting.ts';

const MB = 1024 * 1024;

/** Unpacks 8 MB, but stops once `size` bytes have been unpacked. Returns what `write` returned and how often the gate was called. */
async function stopAt(size: number): Promise<{ outcome: string; gates: number }> {
  let [total, gates] = [0, 0];
  const stream = new InflateStream(
    createGunzip({ chunkSize: MB }),
    (bytes) => {
      total += bytes.length;
      return total < size;
    },
    async () => {
      gates++;
      if (total >= size) throw new Error('the reader has stopped');
    },
  );
  const outcome = await stream.write(gzipSync(new Uint8Array(8 * MB)));
  stream.destroy();
  // Waits until an unhandled rejection would have been noticed: the runner then fails the test.
  await turns(10);
  return { outcome, gates };
}

for (const megabytes of [1, 3, 4, 5, 8]) {
  test(`output that is stopped after ${megabytes} MB ends as stopped, without an unhandled rejection`, async () => {
    const { outcome, gates } = await stopAt(megabytes * MB);
    assert.equal(outcome, 'stopped');
    assert.equal(gates, megabytes > 4 ? 1 : 0);
  });
}
