import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepRows } from '#changes';
import { rowName } from '#model';
import { numberedRows } from '../support/row-tables.ts';

test('keeping rows also keeps the folders above them, and changes nothing else', () => {
  const table = numberedRows(16); // folders 0, 4, 8, 12 with three rows each
  const keep = new Uint8Array(16);
  keep[3] = 1;
  keep[8] = 1;
  keep[14] = 1;
  const kept = keepRows(table, keep);
  const from = [0, 3, 8, 12, 14];
  assert.equal(kept.length, from.length);
  assert.deepEqual([...kept.parent], [-1, 0, -1, -1, 3]);
  assert.deepEqual([...kept.subtreeEnd], [2, 2, 3, 5, 5]);
  for (const [at, row] of from.entries()) {
    assert.deepEqual([...rowName(kept, at)], [...rowName(table, row)], `name of ${row}`);
    for (const column of ['kind', 'differs', 'size', 'previousSize', 'mtime', 'layer', 'entry', 'previousEntry'] as const) {
      assert.equal(kept[column][at], table[column][row], `${column} of ${row}`);
    }
    assert.deepEqual(kept.links.get(at), table.links.get(row));
  }
});

test('all rows or none can be kept', () => {
  const table = numberedRows(9);
  assert.deepEqual(keepRows(table, new Uint8Array(9).fill(1)), table);
  assert.equal(keepRows(table, new Uint8Array(9)).length, 0);
});
