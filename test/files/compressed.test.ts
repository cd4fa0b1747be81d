import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { type Compressor, compressed } from '#files';
import { gather } from '../support/random-chunks.ts';

const BLOCK = 128 * 1024;

/** Yields pieces in the same memory, each after `pause`. */
async function* pieces(bytes: Uint8Array, length: number, pause: () => Promise<void>): AsyncGenerator<Uint8Array> {
  const memory = new Uint8Array(length);
  for (let at = 0; at < bytes.length; at += length) {
    await pause();
    const part = bytes.subarray(at, at + length);
    memory.set(part);
    yield memory.subarray(0, part.length);
    memory.fill(0xee);
  }
}

test('the same bytes compress to the same output, however they are cut and whenever they arrive', async () => {
  const pauses = [async () => {}, () => turn(), () => turn().then(() => turn())];
  for (const compressor of ['gzip', 'zstd'] as const satisfies Compressor[]) {
    const unpack = compressor === 'gzip' ? gunzipSync : zstdDecompressSync;
    for (const size of [0, 1, 700, BLOCK, 3 * BLOCK, 3 * BLOCK + 1]) {
      const bytes = Uint8Array.from({ length: size }, (_, at) => (at % 251) ^ (at >> 9));
      const results = new Set<string>();
      for (const length of [1000, 65_536, BLOCK, size + 1])
        for (const pause of pauses) {
          const packed = Buffer.from(await gather(compressed(pieces(bytes, length, pause), compressor)));
          assert.ok(unpack(packed).equals(bytes), `${compressor}, ${size} bytes`);
          results.add(packed.toString('hex'));
        }
      assert.equal(results.size, 1, `${compressor}, ${size} bytes`);
    }
  }
});

test('an error in the pieces ends the compression with that error, and stopping early ends the pieces', async () => {
  let ended = 0;
  const endless = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield crypto.getRandomValues(new Uint8Array(60_000));
    } finally {
      ended++;
    }
  };
  const failing = async function* (): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(10);
    throw new Error('no more');
  };
  for (const compressor of ['gzip', 'zstd'] as const) {
    await assert.rejects(gather(compressed(failing(), compressor)), /no more/);
    for await (const piece of compressed(endless(), compressor)) if (piece.length > 0) break;
  }
  assert.equal(ended, 2);
});
