import assert from 'node:assert/strict';
import { test } from 'node:test';
import { barWidth, sizeLines } from '../../renderer/state/sizes.ts';
import { formatSize, formatSizeIn, unitOfBoth } from '../../renderer/words/numbers.ts';

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

test('two sizes have the same unit and enough digits to distinguish them, unless one would be zero in that unit', () => {
  const lines = (a: number, b: number) => [...[a, b].map((bytes) => formatSizeIn(bytes, unitOfBoth(a, b))), formatSize(b - a)];
  assert.deepEqual(lines(5_667_700, 5_700_100), ['5.668 MB', '5.700 MB', '32.4 kB']);
  assert.deepEqual(lines(4_400_000, 382_000), ['4.4 MB', '0.4 MB', '−4.0 MB']);
  assert.deepEqual(lines(4_400_000, 3_000), ['4.4 MB', '3.0 kB', '−4.4 MB']);
  assert.deepEqual(lines(1_234_900_000, 1_267_300_000), ['1.235 GB', '1.267 GB', '32.4 MB']);
  assert.deepEqual(lines(1_267_300_000, 1_265_100_000), ['1.2673 GB', '1.2651 GB', '−2.2 MB']);
  assert.deepEqual(lines(980_000, 1_020_000), ['0.980 MB', '1.020 MB', '40.0 kB']);
  assert.deepEqual(lines(1_500_000_000, 3_250_000_000), ['1.50 GB', '3.25 GB', '1.75 GB']);
  assert.deepEqual(lines(612_590, 612_617), ['612,590 B', '612,617 B', '27 B']);
  // Only bytes may reach 1,000, and sizes that differ by a thousandth must not look the same.
  for (const a of [1_000_000, 9_999_949, 999_949_999, 1_000_000_000, 99_995_000_001]) {
    for (const by of [1_000, 9_999, 99_950, 1_000_000, 54_321_000]) {
      const [one = '', other = ''] = lines(a, a + by);
      assert.doesNotMatch(`${one} ${other}`, /\d{4}\./);
      if (by * 1_000 >= a) assert.notEqual(one, other);
    }
  }
  // In MB, the difference would be a long number.
  assert.deepEqual(lines(5_000_000, 5_000_020), ['5.0 MB', '5.0 MB', '20 B']);
  assert.deepEqual(lines(700, 700), ['700 B', '700 B', '0 B']);
});

test('bars are in proportion to sizes, and at least a pixel long unless there are no bytes', () => {
  assert.equal(barWidth(25, 100), 'max(1px, 25%)');
  assert.equal(barWidth(100, 100), 'max(1px, 100%)');
  assert.equal(barWidth(0, 100), '0');
});
