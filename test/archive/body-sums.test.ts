import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLAG } from '#format/layer';
import { LayerIndexer } from '../../src/archive/indexing/layer-indexer.ts';
import { randomChunks } from '../support/random-chunks.ts';
import { file, gnuSparse, hardlink, tar } from '../support/tar-builder.ts';

/** Returns the checksums and flags of a tar's members when the tar is read in the given pieces. */
function sumsOf(pieces: readonly Uint8Array[]): { sums: string[]; flags: Uint16Array } {
  const indexer = new LayerIndexer(0, { sums: new Uint8Array(64) });
  let length = 0;
  for (const piece of pieces) {
    indexer.push(piece);
    length += piece.length;
  }
  const { table } = indexer.finish(length, null).layer;
  const sums = Array.from({ length: table.memberCount }, (_, at) => `${table.bodySums[at * 2]}/${table.bodySums[at * 2 + 1]}`);
  return { sums, flags: table.flags };
}

const body = (length: number, seed = 1) => Uint8Array.from({ length }, (_, at) => (at * 31 + seed * 17 + (at >> 3)) & 0xff);
const LENGTHS = [0, 1, 3, 4, 7, 8, 9, 15, 16, 17, 511, 512, 513, 40_000];
const BODIES = tar(...LENGTHS.map((length) => file(`f${length}`, body(length))));

test('a sum doesn’t depend on how the bytes are split or where they are in memory', () => {
  const { sums } = sumsOf([BODIES]);
  assert.equal(new Set(sums).size, LENGTHS.length);
  for (const size of [1, 2, 3, 5, 13, 512, 1000, 4096]) {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < BODIES.length; at += size) pieces.push(BODIES.subarray(at, at + size));
    assert.deepEqual(sumsOf(pieces).sums, sums, `pieces of ${size}`);
  }
  for (let shift = 1; shift < 8; shift++) {
    const moved = new Uint8Array(BODIES.length + shift);
    moved.set(BODIES, shift);
    assert.deepEqual(sumsOf([moved.subarray(shift)]).sums, sums, `moved by ${shift}`);
  }
  for (let seed = 1; seed <= 20; seed++) assert.deepEqual(sumsOf([...randomChunks(BODIES, seed)]).sums, sums);
});

test('a flipped bit, two swapped words and an extra zero change the sum', () => {
  const original = body(100);
  const variants = [original];
  for (let bit = 0; bit < original.length * 8; bit++) {
    const changed = original.slice();
    changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
    variants.push(changed);
  }
  for (let word = 0; word + 3 < 25; word++) {
    const changed = original.slice();
    changed.set(original.subarray(word * 4, word * 4 + 4), word * 4 + 8);
    changed.set(original.subarray(word * 4 + 8, word * 4 + 12), word * 4);
    variants.push(changed);
  }
  variants.push(new Uint8Array(100), new Uint8Array(101), new Uint8Array(104), original.subarray(0, 99));
  const { sums } = sumsOf([tar(...variants.map((each, at) => file(`f${at}`, each)))]);
  assert.equal(new Set(sums).size, variants.length);
});

test('truncated and sparse bodies have no sum, nor do members without a body', () => {
  const whole = tar(
    file('a', 'alpha'),
    hardlink('b', 'a'),
    gnuSparse(
      'c',
      10_000,
      [
        [0, 4],
        [10_000, 0],
      ],
      'data',
    ),
    file('empty', ''),
    file('cut', body(3000)),
  );
  const { sums, flags } = sumsOf([whole.subarray(0, whole.length - 1024 - 1024)]);
  assert.notEqual(sums[0], '0/0');
  assert.deepEqual(sums.slice(1), ['0/0', '0/0', '0/0', '0/0']);
  assert.notEqual((flags[4] as number) & FLAG.truncated, 0);
});

test('bodies with the same bytes have the same sum, whatever their names', () => {
  const { sums } = sumsOf([tar(file('a', body(5000)), file('other/name', body(5000), { mode: 0o600 }), file('c', body(5000, 2)))]);
  assert.equal(sums[0], sums[1]);
  assert.notEqual(sums[0], sums[2]);
});
