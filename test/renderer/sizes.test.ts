import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sizeLines } from '../../renderer/state/sizes.ts';

test('sizes are told in one line only if they are exactly the same, on both sides', () => {
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
