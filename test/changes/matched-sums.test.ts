import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ALL_DIFFERENCES,
  buildStack,
  changesOf,
  compareViews,
  countBodies,
  type MatchedSums,
  matchedSumSteps,
  viewAt,
  wholeImage,
} from '#changes';
import { filterRows, type RowFilter } from '#changes/filter';
import { displayPath, type RowTable, rowPath, TYPE } from '#model';
import { dir, file, layer } from '../support/layer-fixture.ts';

const ALL: RowFilter = { text: '', kinds: 15, minBytes: 0, types: 0 };

function sums(table: RowTable, filter: Partial<RowFilter>, compares = false): MatchedSums {
  const whole = { ...ALL, ...filter };
  const { matches } = filterRows(table, whole);
  assert.ok(matches !== null);
  const steps = matchedSumSteps(table, whole, { matches, compares });
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Returns the nonzero values of the rows, by path. */
function byPath(table: RowTable, values: ArrayLike<number>): Record<string, number> {
  const found: Record<string, number> = {};
  for (let row = 0; row < table.length; row++) if (values[row] !== 0) found[displayPath(rowPath(table, row))] = values[row] as number;
  return found;
}

const LAYERS = [
  layer([dir('app'), file('app/a.js', 10), file('app/b.png', 200), dir('app/lib'), file('app/lib/c.js', 30), file('top.js', 4)]),
  layer([file('app/b.png', 220), { whiteout: 'app/a.js' }, file('app/new.js', 7)]),
];
const stack = buildStack(LAYERS);

test('a folder’s sums are the bytes and the number of the matches below it', () => {
  const table = viewAt(stack, 0);
  const found = sums(table, { text: '*.js' });
  assert.deepEqual(byPath(table, found.size), { app: 40, 'app/a.js': 10, 'app/lib': 30, 'app/lib/c.js': 30, 'top.js': 4 });
  assert.deepEqual(byPath(table, found.items), { app: 2, 'app/lib': 1 });
});

test('a folder that matches by its name or type includes its content in its sums', () => {
  const table = viewAt(stack, 0);
  const lib = sums(table, { text: '*lib' });
  assert.deepEqual(byPath(table, lib.size), { app: 30, 'app/lib': 30, 'app/lib/c.js': 30 });
  assert.deepEqual(byPath(table, lib.items), { app: 2, 'app/lib': 1 });
  const folders = sums(table, { types: 1 << TYPE.directory });
  assert.deepEqual(byPath(table, folders.size), { app: 240, 'app/a.js': 10, 'app/b.png': 200, 'app/lib': 30, 'app/lib/c.js': 30 });
});

test('below a folder that matches by name, criteria other than name and type apply to each row', () => {
  const table = changesOf(stack, 1, 1);
  const found = sums(table, { text: 'app', kinds: 2 });
  assert.deepEqual(byPath(table, found.size), { app: 7, 'app/new.js': 7 });
  assert.deepEqual(byPath(table, found.added), { app: 1, 'app/new.js': 1 });
  assert.deepEqual(byPath(table, found.modified), {});
});

test('the hidden bytes of matching rows are summed too', () => {
  const table = wholeImage(stack);
  const found = sums(table, { kinds: 8 });
  assert.deepEqual(byPath(table, found.hidden), { app: 10, 'app/a.js': 10 });
  assert.deepEqual(byPath(table, found.size), {});
  const modified = sums(table, { kinds: 4 });
  assert.deepEqual([byPath(table, modified.size).app, byPath(table, modified.hidden).app], [220, 200]);
});

test('in a comparison, both sides are summed', () => {
  const table = compareViews(stack, 0, stack, 1);
  countBodies({ stack, layer: 0 }, { stack, layer: 1 }, table, new Uint8Array(table.length).fill(1));
  const found = sums(table, { text: '*.js', differences: ALL_DIFFERENCES }, true);
  assert.deepEqual(byPath(table, found.sides?.before ?? []), { app: 10, 'app/a.js': 10 });
  assert.deepEqual(byPath(table, found.sides?.net ?? []), { app: -3, 'app/a.js': -10, 'app/new.js': 7 });
});
