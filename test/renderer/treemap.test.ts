import assert from 'node:assert/strict';
import { test } from 'node:test';
import { areas, children, isBelow, neighbour, rectAt } from '../../renderer/state/treemap.ts';
import { subtreeTotals, treemap } from '../../src/changes/index.ts';
import { KIND, TYPE } from '../../src/model/index.ts';
import { numberedRows } from '../support/row-tables.ts';

// app/ (a 60, b 30, removed c 10), etc/ (d 5)
const base = numberedRows(6);
const table = {
  ...base,
  parent: Int32Array.of(-1, 0, 0, 0, -1, 4),
  subtreeEnd: Uint32Array.of(4, 2, 3, 4, 6, 6),
  kind: Uint8Array.of(KIND.unchanged, KIND.added, KIND.added, KIND.removed, KIND.unchanged, KIND.added),
  reason: new Uint8Array(6),
  type: Uint8Array.of(TYPE.directory, TYPE.file, TYPE.file, TYPE.file, TYPE.directory, TYPE.file),
  size: Float64Array.of(0, 60, 30, 10, 0, 5),
  counted: Uint8Array.of(0, 1, 1, 1, 0, 1),
  hiddenBytes: Float64Array.of(0, 0, 0, 10, 0, 0),
};
const totals = subtreeTotals(table);

test('area shows the bytes that exist and those that are hidden', () => {
  assert.deepEqual([...areas(table, totals, null)], [100, 60, 30, 10, 5, 5]);
});

test('with a filter only matches have area', () => {
  assert.deepEqual([...areas(table, totals, Uint8Array.of(2, 0, 1, 1, 0, 0))], [40, 0, 30, 10, 0, 0]);
});

test('arrow keys move through siblings by size, into and out of folders, but not out of the shown folder', () => {
  const weights = areas(table, totals, null);
  assert.deepEqual(children(table, weights, 0), [1, 2, 3]);
  assert.equal(neighbour(table, weights, -1, -1, 'next'), 0);
  assert.equal(neighbour(table, weights, -1, 0, 'next'), 4);
  assert.equal(neighbour(table, weights, -1, 0, 'in'), 1);
  assert.equal(neighbour(table, weights, -1, 1, 'next'), 2);
  assert.equal(neighbour(table, weights, -1, 1, 'previous'), 3);
  assert.equal(neighbour(table, weights, -1, 2, 'out'), 0);
  assert.equal(neighbour(table, weights, 0, 2, 'out'), 2);
  assert.equal(neighbour(table, weights, -1, 1, 'in'), 1);
  assert.ok(isBelow(table, 3, 0) && !isBelow(table, 5, 0) && isBelow(table, 5, -1));
});

test('a point hits the innermost rectangle', () => {
  const weights = areas(table, totals, null);
  const rects = treemap(table, weights, { x: 0, y: 0, w: 105, h: 100 }, { header: 10, inset: 1 });
  assert.equal(rectAt(rects, 2, 2)?.row, 0);
  assert.equal(rectAt(rects, 10, 40)?.row, 1);
  assert.equal(rectAt(rects, 200, 40), null);
});
