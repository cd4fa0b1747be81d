import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placesOf } from '../../renderer/components/tree-places.ts';

test('each row in sight knows its level, its place among its siblings and their number', () => {
  // a, a/b, a/b/c, a/d, e, f, f/g
  const parent = Int32Array.of(-1, 0, 1, 0, -1, -1, 5);
  const { level, position, setSize } = placesOf(Uint32Array.of(0, 1, 2, 3, 4, 5, 6), parent);
  assert.deepEqual([...level], [0, 1, 2, 1, 0, 0, 1]);
  assert.deepEqual([...position], [1, 1, 1, 2, 2, 3, 1]);
  assert.deepEqual([...setSize], [3, 2, 1, 2, 3, 3, 1]);
});

test('rows out of sight do not count', () => {
  const parent = Int32Array.of(-1, 0, 1, 0, -1, -1, 5);
  const { position, setSize } = placesOf(Uint32Array.of(0, 3, 5), parent);
  assert.deepEqual([...position], [1, 1, 2]);
  assert.deepEqual([...setSize], [2, 1, 2]);
});

test('siblings sorted otherwise are counted as they are shown', () => {
  const parent = Int32Array.of(-1, 0, 0, -1);
  const { level, position } = placesOf(Uint32Array.of(3, 0, 2, 1), parent);
  assert.deepEqual([...level], [0, 0, 1, 1]);
  assert.deepEqual([...position], [1, 2, 1, 2]);
});

test('no rows have no places', () => {
  assert.equal(placesOf(new Uint32Array(0), new Int32Array(0)).level.length, 0);
});
