import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addTotals, emptyTotals, type RowSort, sortChildren, sortedRows, sortSteps, subtreeTotals, visibleRows } from '#changes';
import { KIND, newColumns, type RowTable, TYPE } from '#model';

/** Makes a table of `folders` top-level folders with `count` files each; sizes and kinds are pseudorandom. */
function tableOf(folders: number, count: number): RowTable {
  const length = folders * (count + 1);
  const column = <T>(make: (row: number) => T): T[] => Array.from({ length }, (_, row) => make(row));
  const isFolder = (row: number) => row % (count + 1) === 0;
  const random = (row: number) => (Math.imul(row + 1, 2_654_435_761) >>> 16) % 97;
  return {
    length,
    ...newColumns(length),
    parent: Int32Array.from(column((row) => (isFolder(row) ? -1 : row - (row % (count + 1))))),
    subtreeEnd: Uint32Array.from(column((row) => (isFolder(row) ? row + count + 1 : row + 1))),
    kind: Uint8Array.from(column((row) => (isFolder(row) ? KIND.unchanged : random(row) % 4))),
    type: Uint8Array.from(column((row) => (isFolder(row) ? TYPE.directory : TYPE.file))),
    size: Float64Array.from(column((row) => (isFolder(row) ? 0 : random(row)))),
    hiddenBytes: Float64Array.from(column((row) => (isFolder(row) ? 0 : random(row * 7)))),
    nameStart: new Uint32Array(length + 1),
    names: new Uint8Array(0),
    links: new Map(),
  };
}

for (const [what, folders, count] of [
  ['few', 5, 7],
  ['more', 3, 400],
  ['very many', 2, 9_000],
] as const) {
  test(`${what} visible siblings are sorted like all rows`, () => {
    const table = tableOf(folders, count);
    const totals = subtreeTotals(table);
    const expanded = new Uint8Array(table.length).fill(1);
    for (const by of ['size', 'name'] as const satisfies readonly RowSort[]) {
      for (const descending of [true, false]) {
        const order = sortChildren(table, by, totals, descending);
        const rows = sortedRows(table, expanded, totals, { by, descending });
        assert.deepEqual(rows, visibleRows(table, expanded, { order }), `${by} ${descending ? 'down' : 'up'}`);
        // Sorts again in steps. After each step, another sort overwrites the shared arrays.
        const steps = sortSteps(table, expanded, totals, { by, descending });
        let step = steps.next();
        for (; !step.done; step = steps.next()) sortedRows(table, expanded, totals, { by: 'size', descending: !descending });
        assert.deepEqual(step.value, rows);
      }
    }
  });
}

test('removed rows come first, then modified ones; within each kind, rows that hide the most come first', () => {
  const table = tableOf(1, 50);
  const totals = subtreeTotals(table);
  const [, ...rows] = sortedRows(table, Uint8Array.of(1, ...new Uint8Array(50)), totals, { by: 'what', descending: true });
  const rank = [0, 1, 2, 3];
  for (const [at, row] of rows.entries()) {
    const next = rows[at + 1];
    if (next === undefined) continue;
    const [a, b] = [rank[table.kind[row] as number] as number, rank[table.kind[next] as number] as number];
    assert.ok(a > b || (a === b && (table.hiddenBytes[row] as number) >= (table.hiddenBytes[next] as number)));
  }
});

test('a long table is sorted in several steps', () => {
  const table = tableOf(20, 9_000);
  const totals = subtreeTotals(table);
  const expanded = new Uint8Array(table.length).fill(1);
  let steps = 0;
  for (const _ of sortSteps(table, expanded, totals, { by: 'size', descending: true })) steps++;
  assert.ok(steps >= 4, `${steps}`);
});

test('rows in collapsed folders and rows that don’t match the filter are not visible', () => {
  const table = tableOf(2, 3);
  const totals = subtreeTotals(table);
  const sort = { by: 'size', descending: true } as const;
  assert.equal(sortedRows(table, new Uint8Array(8), totals, sort).length, 2);
  const mask = Uint8Array.of(2, 1, 0, 0, 0, 0, 0, 0);
  assert.deepEqual([...sortedRows(table, new Uint8Array(8).fill(1), totals, sort, { mask })], [0, 1]);
});

test('sums for a table loaded page by page equal the sums for the whole table', () => {
  const table = tableOf(4, 11);
  const sums = emptyTotals(table.length);
  let before = 0;
  for (const length of [5, 12, 13, 30, table.length]) {
    addTotals({ ...table, length }, sums, before);
    before = length;
  }
  assert.deepEqual(sums, subtreeTotals(table));
});
