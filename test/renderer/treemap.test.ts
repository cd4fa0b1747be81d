import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  areas,
  areaText,
  children,
  hiddenLayerOf,
  isBelow,
  layerOf,
  layersByBytes,
  layersText,
  neighbour,
  rectAt,
  sideOf,
  sumSmall,
  typesByBytes,
} from '../../renderer/state/treemap.ts';
import { buildStack, treemap, wholeImage } from '../../src/changes/index.ts';
import { displayPath, KIND, rowPath, TYPE } from '../../src/model/index.ts';
import { dir, file, layer } from '../support/layer-fixture.ts';
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
const listed = (found: ReturnType<typeof areas>) => [[...found.all], [...found.hatched]];

test('area shows the bytes that a layer writes, and hatching the bytes that it removes', () => {
  assert.deepEqual(listed(areas(table, 'layer', null)), [
    [100, 60, 30, 10, 5, 5],
    [10, 0, 0, 10, 0, 0],
  ]);
});

test('bytes that a layer overwrites have an area in the whole image, but not in that layer', () => {
  const again = { ...table, kind: table.kind.with(1, KIND.modified), hiddenBytes: table.hiddenBytes.with(1, 60) };
  assert.deepEqual(listed(areas(again, 'layer', null)), listed(areas(table, 'layer', null)));
  assert.deepEqual(listed(areas(again, 'stacked', null)), listed(areas(table, 'layer', null)));
  assert.deepEqual(listed(areas(again, 'image', null)), [
    [160, 120, 30, 10, 5, 5],
    [70, 60, 0, 10, 0, 0],
  ]);
});

test('in a whole image, a path’s size states how much is hidden', () => {
  assert.equal(areaText(100, 0, 'image'), '100 B');
  assert.equal(areaText(100, 100, 'image'), '100 B hidden');
  assert.equal(areaText(100, 40, 'image'), '60 B + 40 B hidden');
  assert.equal(areaText(100, 40, 'layer'), '100 B');
});

test('in a comparison, area shows how much files grew or shrank', () => {
  // a is added, b shrinks from 50 to 30, c is removed, d keeps its size.
  const compared = {
    ...table,
    kind: Uint8Array.of(KIND.unchanged, KIND.added, KIND.modified, KIND.removed, KIND.unchanged, KIND.modified),
    previousSize: Float64Array.of(0, 0, 50, 0, 0, 5),
    counted: Uint8Array.of(0, 1, 3, 2, 0, 3),
  };
  assert.deepEqual(listed(areas(compared, 'compare', null)), [
    [90, 60, 20, 10, 0, 0],
    [30, 0, 20, 10, 0, 0],
  ]);
  assert.deepEqual(
    [areaText(90, 30, 'compare'), areaText(60, 0, 'compare'), areaText(20, 20, 'compare'), areaText(0, 0, 'compare')],
    ['+60 B −30 B', '+60 B', '−20 B', '0 B'],
  );
});

test('with a filter, only matches have area', () => {
  assert.deepEqual([...areas(table, 'layer', Uint8Array.of(0, 0, 1, 1, 0, 0)).all], [40, 0, 30, 10, 0, 0]);
});

test('children too small to be drawn share a rectangle, which states the number of files', () => {
  const length = 101;
  const many = {
    ...numberedRows(length),
    parent: Int32Array.from({ length }, (_, row) => (row === 0 ? -1 : 0)),
    subtreeEnd: Uint32Array.from({ length }, (_, row) => (row === 0 ? length : row + 1)),
    kind: new Uint8Array(length).fill(KIND.added),
    type: Uint8Array.from({ length }, (_, row) => (row === 0 ? TYPE.directory : TYPE.file)),
    size: Float64Array.from({ length }, (_, row) => (row === 0 ? 0 : row === 1 ? 900 : 1)),
    counted: new Uint8Array(length).fill(1),
    hiddenBytes: new Float64Array(length),
  };
  const sums = areas(many, 'layer', null);
  const rects = treemap(many, sums.all, { x: 0, y: 0, w: 100, h: 100 }, { minArea: 20 });
  assert.deepEqual(
    rects.map(({ row, small }) => [row, small?.length ?? null]),
    [
      [0, null],
      [1, null],
      [0, 99],
    ],
  );
  const covered = rects.slice(1).reduce((sum, { w, h }) => sum + w * h, 0);
  assert.ok(Math.abs(covered - 100 * 100) < 1, 'nothing is left blank');
  assert.deepEqual(sumSmall(many, sums, rects[2]?.small ?? []), { files: 99, all: 99, hatched: 0 });
});

test('arrow keys move through siblings by size, into and out of folders, but not out of the shown folder', () => {
  const weights = areas(table, 'layer', null).all;
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
  const weights = areas(table, 'layer', null).all;
  const rects = treemap(table, weights, { x: 0, y: 0, w: 105, h: 100 }, { header: 10, inset: 1 });
  assert.equal(rectAt(rects, 2, 2)?.row, 0);
  assert.equal(rectAt(rects, 10, 40)?.row, 1);
  assert.equal(rectAt(rects, 200, 40), null);
});

test('folders that have nothing but each other share a rectangle and its header, if headers are drawn', () => {
  const rows = wholeImage(
    buildStack([layer([dir('a'), dir('a/b'), dir('a/b/c'), file('a/b/c/x', 60), file('a/b/c/y', 30), file('z', 5)])]),
  );
  const rect = { x: 0, y: 0, w: 200, h: 200 };
  const drawn = (options: Parameters<typeof treemap>[3]) =>
    treemap(rows, areas(rows, 'image', null).all, rect, options).map(({ row, joined = [] }) =>
      [...joined, row].map((each) => displayPath(rowPath(rows, each))).join(' '),
    );
  assert.deepEqual(drawn({ header: 10, inset: 1 }), ['a a/b a/b/c', 'z', 'a/b/c/x', 'a/b/c/y']);
  assert.deepEqual(drawn({}), ['a', 'z', 'a/b', 'a/b/c', 'a/b/c/x', 'a/b/c/y']);
});

test('in a comparison, a row is coloured like its largest file: only in A, only in B, or changed', () => {
  const all = Float64Array.of(100, 30, 10, 60, 5, 5);
  const compared = { ...table, kind: table.kind.with(2, KIND.modified) };
  assert.deepEqual(
    [1, 2, 3, 0].map((row) => sideOf(compared, all, row)),
    ['added', 'modified', 'removed', 'removed'],
  );
});

test('hidden bytes belong to the layer that wrote them, not to the one that hid them', () => {
  const rows = wholeImage(
    buildStack(
      [
        [dir('d'), file('d/gone', 7), file('twice', 5), file('kept', 1)],
        [file('twice', 6)],
        [{ whiteout: 'd/gone' }, file('new', 2), file('new', 3)],
      ].map(layer),
    ),
  );
  const { all } = areas(rows, 'image', null);
  const found = Array.from({ length: rows.length }, (_, row) => [
    displayPath(rowPath(rows, row)),
    layerOf(rows, all, row),
    hiddenLayerOf(rows, row),
    layersText(rows, row),
  ]);
  assert.deepEqual(found, [
    ['d', 0, null, 'written in layer 0'],
    ['d/gone', 0, null, 'written in layer 0, removed in layer 2'],
    ['kept', 0, null, 'written in layer 0'],
    ['new', 2, 2, 'written in layer 2, hidden version from layer 2'],
    ['twice', 1, 0, 'written in layer 1, hidden version from layer 0, replaced in layer 1'],
  ]);
});

test('the legend lists the file types with their bytes', () => {
  const rows = wholeImage(buildStack([[file('a.js', 9), file('b.js', 9), file('c.png', 10), file('d.py', 1)]].map(layer)));
  const sums = areas(rows, 'image', null);
  assert.deepEqual(typesByBytes(rows, sums, -1), [
    { of: 'source', bytes: 19 },
    { of: 'pictures', bytes: 10 },
  ]);
});

test('the legend lists layers with the bytes that they wrote, including hidden ones', () => {
  const rows = wholeImage(buildStack([[file('d/a', 9), file('b', 5)], [file('d/a', 4)], [file('c', 2)]].map(layer)));
  const sums = areas(rows, 'image', null);
  const bytes = (root: number) => layersByBytes(rows, sums, root).map((each) => [each.of, each.bytes]);
  assert.deepEqual(bytes(-1), [
    [0, 14],
    [1, 4],
    [2, 2],
  ]);
  const folder = Array.from({ length: rows.length }, (_, row) => row).find((row) => (rows.subtreeEnd[row] as number) > row + 1) ?? -1;
  assert.deepEqual(bytes(folder), [
    [0, 9],
    [1, 4],
  ]);
});
