import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sizeLines } from '../../renderer/state/sizes.ts';
import { formatSizeIn, unitOfBoth } from '../../renderer/words/numbers.ts';

test('sizes share a line only if they are exactly the same, on both sides', () => {
  const lines = (...sizes: (readonly (number | null)[])[]) => sizeLines(sizes, (size) => size);
  assert.deepEqual(lines([1_234_800_000], [1_234_800_000], [1_234_800_001]), [[[1_234_800_000], [1_234_800_000]], [[1_234_800_001]]]);
  assert.deepEqual(lines([5, 6], [5, 6]), [
    [
      [5, 6],
      [5, 6],
    ],
  ]);
  assert.deepEqual(lines([5, 6], [5, 7], [6, 7]), [[[5, 6]], [[5, 7]], [[6, 7]]]);
  assert.deepEqual(lines([null, 0], [0, 0]), [[[null, 0]], [[0, 0]]]);
});

test('two sizes and their difference are in one unit, unless a size would be zero in it', () => {
  const lines = (a: number, b: number) => [a, b, b - a].map((bytes) => formatSizeIn(bytes, unitOfBoth(a, b)));
  assert.deepEqual(lines(5_667_700, 5_700_100), ['5667.7 kB', '5700.1 kB', '32.4 kB']);
  assert.deepEqual(lines(4_400_000, 382_000), ['4.4 MB', '0.4 MB', '−4.0 MB']);
  assert.deepEqual(lines(4_400_000, 3_000), ['4.4 MB', '3.0 kB', '−4.4 MB']);
  // With the next unit but one, it would be a long number.
  assert.deepEqual(lines(5_000_000, 5_000_020), ['5.0 MB', '5.0 MB', '20 B']);
  assert.deepEqual(lines(700, 700), ['700 B', '700 B', '0 B']);
});
