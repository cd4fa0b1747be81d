import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildStack, changesOf, countDifferences, DIFFERENCE_CLASS } from '#changes';
import { filterRows } from '#changes/filter';
import { escapePath, rowPath } from '#model';
import { file, layer } from '../support/layer-fixture.ts';

const stack = buildStack([
  layer([file('content', 1, { mtime: 1 }), file('mode', 1, { mtime: 1, mode: 0o644 }), file('time', 1, { mtime: 1 }), file('gone')]),
  layer([
    file('content', 2, { mtime: 2 }),
    file('mode', 1, { mtime: 2, mode: 0o755 }),
    file('time', 1, { mtime: 2 }),
    file('new'),
    { whiteout: 'gone' },
  ]),
]);

function table() {
  const rows = changesOf(stack, 1, 1);
  // Simulates comparing bytes: only the file `content` has different bytes.
  for (let row = 0; row < rows.length; row++) {
    const name = escapePath(rowPath(rows, row));
    if (name === 'mode' || name === 'time') rows.differs[row] = ((rows.differs[row] as number) & ~257) | 128;
  }
  return rows;
}

function shown(differences: number): string[] {
  const rows = table();
  const { matches } = filterRows(rows, { text: '', kinds: 15, minBytes: 0, types: 0, differences });
  return Array.from({ length: rows.length }, (_, row) => row)
    .filter((row) => matches === null || matches[row] === 1)
    .map((row) => escapePath(rowPath(rows, row)));
}

test('each modified row has one class: content takes precedence over metadata, and metadata over time', () => {
  assert.deepEqual(countDifferences(table()), { content: 1, metadata: 1, time: 1 });
});

test('a filter by class applies only to modified rows', () => {
  assert.deepEqual(shown(DIFFERENCE_CLASS.content | DIFFERENCE_CLASS.metadata), ['content', 'gone', 'mode', 'new']);
  assert.deepEqual(shown(DIFFERENCE_CLASS.time), ['gone', 'new', 'time']);
  assert.deepEqual(shown(0), ['gone', 'new']);
  assert.deepEqual(shown(7), ['content', 'gone', 'mode', 'new', 'time']);
});
