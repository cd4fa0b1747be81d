import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DistinctNumbers } from '../../src/catalog/distinct-numbers.ts';

/** Returns whole numbers that all have the same hash: their upper and lower 32 bits mix to the same value. */
function numbersOfOneHash(count: number): number[] {
  const view = new DataView(new ArrayBuffer(8));
  return Array.from({ length: count }, (_, at) => {
    const high = 0x43300000 + at; // doubles from 2^52 on are whole numbers, whatever their low word
    view.setUint32(4, high, true);
    view.setUint32(0, Math.imul(high, 0x9e3779b1), true);
    return view.getFloat64(0, true);
  });
}

test('each number gets its own index, until there are too many', () => {
  const distinct = new DistinctNumbers(3);
  assert.deepEqual(
    [5, 7, 5, -1, 7, 0].map((value) => distinct.of(value)),
    [0, 1, 0, 2, 1, -1],
  );
  assert.deepEqual([...distinct.values], [5, 7, -1]);
});

test('numbers crafted to have the same hash are given up on', () => {
  const made = numbersOfOneHash(1000);
  assert.ok(made.every(Number.isSafeInteger) && new Set(made).size === made.length);
  const distinct = new DistinctNumbers(10_000);
  const found = made.map((value) => distinct.of(value));
  assert.deepEqual(
    found.slice(0, 256),
    Array.from({ length: 256 }, (_, at) => at),
  );
  assert.equal(found[256], -1);
});
