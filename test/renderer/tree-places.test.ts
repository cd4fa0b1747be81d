import assert from 'node:assert/strict';
import { test } from 'node:test';
import { windowOf } from '../../renderer/components/fixed-rows.ts';
import { placesOf } from '../../renderer/components/tree-places.ts';

function placed(rows: readonly number[], parent: Int32Array) {
  const places = placesOf(Uint32Array.from(rows), parent);
  const all = (of: (index: number) => number) => rows.map((_, index) => of(index));
  return { level: all(places.level), position: all(places.position), setSize: all(places.setSize) };
}

test('each visible row has its level, its position among its siblings and their number', () => {
  // a, a/b, a/b/c, a/d, e, f, f/g
  const parent = Int32Array.of(-1, 0, 1, 0, -1, -1, 5);
  const { level, position, setSize } = placed([0, 1, 2, 3, 4, 5, 6], parent);
  assert.deepEqual(level, [0, 1, 2, 1, 0, 0, 1]);
  assert.deepEqual(position, [1, 1, 1, 2, 2, 3, 1]);
  assert.deepEqual(setSize, [3, 2, 1, 2, 3, 3, 1]);
});

test('hidden rows are not counted', () => {
  const parent = Int32Array.of(-1, 0, 1, 0, -1, -1, 5);
  const { position, setSize } = placed([0, 3, 5], parent);
  assert.deepEqual(position, [1, 1, 2]);
  assert.deepEqual(setSize, [2, 1, 2]);
});

test('siblings in a different order are counted as shown', () => {
  const parent = Int32Array.of(-1, 0, 0, -1);
  const { level, position } = placed([3, 0, 2, 1], parent);
  assert.deepEqual(level, [0, 0, 1, 1]);
  assert.deepEqual(position, [1, 2, 1, 2]);
});

test('positions don’t depend on the order of queries', () => {
  // a, a/b, a/b/c, a/b/c/d, a/b/c/e, a/f, g, g/h
  const parent = Int32Array.of(-1, 0, 1, 2, 2, 0, -1, 6);
  const rows = Uint32Array.of(0, 1, 2, 3, 4, 5, 6, 7);
  const wanted = { position: [1, 1, 1, 1, 2, 2, 2, 1], setSize: [2, 2, 1, 2, 2, 2, 2, 1] };
  for (const order of [
    [7, 6, 5, 4, 3, 2, 1, 0],
    [4, 3, 0, 6, 1, 5, 2, 7],
    [5, 0, 7, 2, 4, 6, 3, 1],
  ]) {
    const places = placesOf(rows, parent);
    for (const index of order) {
      assert.deepEqual([places.position(index), places.setSize(index)], [wanted.position[index], wanted.setSize[index]], `${index}`);
    }
  }
});

test('the rows drawn are those in view and a few more, within the table', () => {
  assert.deepEqual(windowOf(1_000, 24, 0, 240), { first: 0, end: 12 });
  assert.deepEqual(windowOf(1_000, 24, 24 * 500, 240), { first: 498, end: 512 });
  assert.deepEqual(windowOf(1_000, 24, 24 * 990, 240).end, 1_000);
  assert.deepEqual(windowOf(3, 24, 24 * 990, 240), { first: 2, end: 3 });
  assert.deepEqual(windowOf(0, 24, 0, 240), { first: 0, end: 0 });
  for (let top = 0; top < 24_000; top += 7) {
    const { first, end } = windowOf(1_000, 24, top, 255);
    assert.ok(first * 24 <= top && end * 24 >= Math.min(top + 255, 24_000), `${top}`);
  }
});
