import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  copyColumns,
  haveLength,
  newColumns,
  pickColumns,
  ROW_COLUMN_BYTES,
  ROW_COLUMN_NAMES,
  ROW_COLUMNS,
  type RowColumns,
  viewColumns,
  writeColumns,
} from '#model';
import { numberedRows } from '../support/row-tables.ts';

const ROWS = numberedRows(11);

/** Returns every column with its type and values, to compare all at once. */
function contents(columns: RowColumns, rows = (column: Iterable<number>): number[] => [...column]): unknown[] {
  return ROW_COLUMN_NAMES.map((name) => [name, columns[name].constructor.name, rows(columns[name])]);
}

test('new columns are zero and have the listed types', () => {
  const columns = newColumns(3);
  assert.deepEqual(
    contents(columns),
    Object.entries(ROW_COLUMNS).map(([name, type]) => [name, type.name, [0, 0, 0]]),
  );
  assert.equal(
    ROW_COLUMN_NAMES.reduce((sum, name) => sum + columns[name].byteLength, 0),
    3 * ROW_COLUMN_BYTES,
  );
});

test('copies, views and picks have the requested rows in every column', () => {
  const rows = (from: number, to: number) => contents(ROWS, (column) => [...column].slice(from, to));
  const copy = copyColumns(ROWS, 2, 7);
  assert.deepEqual(contents(copy), rows(2, 7));
  assert.ok(ROW_COLUMN_NAMES.every((name) => copy[name].buffer.byteLength === copy[name].byteLength));
  const view = viewColumns(ROWS, 4);
  assert.deepEqual(contents(view), rows(0, 4));
  assert.ok(ROW_COLUMN_NAMES.every((name) => view[name].buffer === ROWS[name].buffer));
  const picked = contents(ROWS, (column) => [9, 0, 3].map((row) => [...column][row] as number));
  assert.deepEqual(contents(pickColumns(ROWS, Uint32Array.of(9, 0, 3))), picked);
});

test('columns written piece by piece equal the whole', () => {
  const whole = newColumns(ROWS.length);
  writeColumns(whole, copyColumns(ROWS, 0, 5), 0);
  writeColumns(whole, copyColumns(ROWS, 5, ROWS.length), 5);
  assert.deepEqual(contents(whole), contents(ROWS));
  assert.throws(() => writeColumns(whole, newColumns(1), ROWS.length), RangeError);
});

test('any column that is too short or too long is noticed', () => {
  assert.ok(haveLength(ROWS, ROWS.length));
  for (const name of ROW_COLUMN_NAMES) {
    assert.ok(!haveLength({ ...ROWS, [name]: new ROW_COLUMNS[name](ROWS.length - 1) }, ROWS.length), name);
  }
});
