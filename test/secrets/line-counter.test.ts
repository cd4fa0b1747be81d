import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { countLines } from '../../src/secrets/line-counter.ts';

test('line feeds are counted between any two places', () => {
  const bytes = new Uint8Array(randomBytes(8192).map((byte) => [0x0a, 0x0b, 0x8a, 0x00, 0xff, 0x09][byte % 6] as number));
  const words = new Int32Array(bytes.buffer);
  for (let round = 0; round < 2_000; round++) {
    const from = Math.floor(Math.random() * 8192);
    const to = from + Math.floor(Math.random() * (8193 - from));
    assert.equal(countLines(bytes, words, from, to), bytes.subarray(from, to).filter((byte) => byte === 0x0a).length, `${from} ${to}`);
  }
});

test('every line feed of a full counter is counted', () => {
  const bytes = new Uint8Array(4096).fill(0x0a);
  assert.equal(countLines(bytes, new Int32Array(bytes.buffer), 0, 4096), 4096);
});
