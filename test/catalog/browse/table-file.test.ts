// Catalog files as hyparquet reads them once they have been checked: the same rows as DuckDB, and at worst an error for a damaged file.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { CatalogFolder, TABLES, type TableName } from '#catalog';
import { LayerscopeError } from '#model';
import { TableFile } from '../../../src/catalog/browse/table-file.ts';
import { TASKS } from '../../../src/catalog/browse/tasks.ts';
import { groupsOf } from '../../../src/catalog/row-groups.ts';
import { hasCode } from '../../support/asserts.ts';
import { tableRows } from '../../support/catalog.ts';
import { writeFleet } from '../../support/fleet.ts';
import { testFolder } from '../../support/workbench.ts';

/** Returns the columns of a table that the window may read. */
function readable(table: TableName): readonly string[] {
  return TABLES[table].filter(({ type }) => !['bytes', 'texts', 'textMap'].includes(type)).map(({ name }) => name);
}

function rowsOf(catalog: string, table: TableName) {
  const { names } = TASKS.list({ folder: catalog, table });
  const rows = [];
  for (let at = 0, part = 0; at < names.length; ) {
    const found = TASKS.rows({ folder: catalog, table, files: names.slice(at), part, columns: readable(table) });
    assert.deepEqual(found.problems, []);
    rows.push(...found.rows);
    at += found.done;
    part = found.part;
  }
  return rows;
}

test('hyparquet reads the same rows as DuckDB, in every table', async (t) => {
  const { catalog } = await writeFleet(testFolder(t), { services: 3, tags: 3, broken: true });
  for (const table of Object.keys(TABLES) as TableName[]) {
    const columns = readable(table).filter((name) => !['mtime', 'created'].includes(name));
    const text = (row: Readonly<Record<string, unknown>>): string => JSON.stringify(columns.map((name) => row[name] ?? null));
    const expected = (await tableRows(catalog, table)).map(text).sort();
    assert.deepEqual(rowsOf(catalog, table).map(text).sort(), expected, table);
    assert.ok(expected.length > 0, table);
  }
  const created = (await tableRows(catalog, 'images')).map((row) => (row.created === null ? null : Date.parse(String(row.created))));
  const times = (values: readonly unknown[]) => [...values].map(Number).sort();
  assert.deepEqual(times(rowsOf(catalog, 'images').map((row) => row.created)), times(created));
});

/** Returns a table's biggest file, and its bytes. */
async function sampleFile(
  t: TestContext,
  table: TableName,
): Promise<{ readonly folder: string; readonly file: string; readonly bytes: Buffer }> {
  const folder = testFolder(t);
  const { catalog } = await writeFleet(folder, { services: 1, tags: 3 });
  const names = readdirSync(path.join(catalog, table));
  const all = names.map((name) => readFileSync(path.join(catalog, table, name))).sort((a, b) => b.length - a.length);
  return { folder, file: path.join(folder, 'x.parquet'), bytes: all[0] as Buffer };
}

/** Reads a whole file. Returns its number of rows, or the error's code, which must be a code for damaged files. */
function outcome(file: string, bytes: Uint8Array, table: TableName): string {
  writeFileSync(file, bytes);
  try {
    using open = TableFile.open(file, table);
    let rows = 0;
    for (let group = 0; group < open.groups; group++) rows += open.readGroup(group, readable(table)).rows;
    return `${rows} rows`;
  } catch (error) {
    // hyparquet's own errors become DAMAGED further up, where the file's name is added.
    if (!(error instanceof LayerscopeError)) return 'DAMAGED';
    assert.ok(['DAMAGED', 'TRUNCATED', 'TOO_LARGE', 'UNSUPPORTED'].includes(error.code), error.stack);
    return error.code;
  }
}

test('a file cut off anywhere is an error', async (t) => {
  const { file, bytes } = await sampleFile(t, 'history');
  for (let length = 0; length < bytes.length; length += 7) assert.notEqual(outcome(file, bytes.subarray(0, length), 'history'), '4 rows');
});

test('a file with a changed byte is read or is an error, in bounded memory', async (t) => {
  const { file, bytes } = await sampleFile(t, 'history');
  const before = process.memoryUsage().rss;
  for (let at = 0; at < bytes.length; at++) {
    const changed = Uint8Array.from(bytes);
    changed[at] = at % 2 === 0 ? 0xff : 0x7f;
    outcome(file, changed, 'history');
  }
  assert.ok(process.memoryUsage().rss - before < 600_000_000, 'takes less than 600 MB');
});

test('a Parquet run that claims two billion values is refused before it is read', async (t) => {
  const { file, bytes } = await sampleFile(t, 'history');
  const run = Buffer.of(0xfe, 0xff, 0xff, 0xff, 0x0f);
  const before = process.memoryUsage().rss;
  // The columns are at the beginning of the file, each with its page's header, levels and values. The run is written at each offset there
  // in turn.
  const outcomes = new Set<string>();
  for (let at = 4; at < Math.min(bytes.length / 2, 600); at++) {
    outcomes.add(outcome(file, Buffer.concat([bytes.subarray(0, at), run, bytes.subarray(at + run.length)]), 'history'));
  }
  assert.ok(outcomes.has('DAMAGED'));
  assert.ok(process.memoryUsage().rss - before < 600_000_000, 'takes less than 600 MB');
});

test('opening anything but a table file throws an error that gives the file’s name and the reason', async (t) => {
  const folder = testFolder(t);
  const { catalog } = await writeFleet(path.join(folder, 'fleet'), { services: 1, tags: 1 });
  mkdirSync(path.join(folder, 'folder.parquet'));
  writeFileSync(path.join(folder, 'text.parquet'), 'no Parquet at all, but long enough');
  assert.throws(() => TableFile.open(path.join(folder, 'none.parquet'), 'images'), hasCode('NOT_FOUND'));
  assert.throws(() => TableFile.open(path.join(folder, 'folder.parquet'), 'images'), hasCode('UNSUPPORTED'));
  assert.throws(
    () => TableFile.open(path.join(folder, 'text.parquet'), 'images'),
    (error: Error) => /text\.parquet: /.test(error.message),
  );
  // A file from another table lacks most columns, so their values are null.
  const other = path.join(folder, 'other.parquet');
  copyFileSync(path.join(catalog, 'layers', 'empty.parquet'), other);
  using open = TableFile.open(other, 'images');
  assert.equal(open.groups, 0);
});

test('the columns of a row group share one limit', (t) => {
  const folder = path.join(testFolder(t), 'catalog');
  // Takes kilobytes in the file, but 25 MB as text in each column.
  const text = 'y'.repeat(25_000_000);
  const row = { image: text, source: text, repository: text, tag: text, digest: text };
  {
    using catalog = CatalogFolder.create(folder);
    catalog.write('images', `${'a'.repeat(32)}-${'b'.repeat(32)}.parquet`, groupsOf(TABLES.images, [row]));
  }
  const [name = ''] = TASKS.list({ folder, table: 'images' }).names;
  using open = TableFile.open(path.join(folder, 'images', name), 'images');
  const two = open.readGroup(0, ['image', 'source']);
  assert.ok(two.plainBytes > 50_000_000 && two.plainBytes < 50_001_000, `${two.plainBytes}`);
  assert.throws(() => open.readGroup(0, ['image', 'source', 'repository', 'tag', 'digest']), hasCode('TOO_LARGE'));
  assert.throws(
    () => open.readGroup(0, ['repository', 'tag', 'digest'], two.plainBytes),
    hasCode('TOO_LARGE'),
    'bytes already held count towards the limit',
  );
  const columns = ['image', 'source', 'repository', 'tag', 'digest'];
  const { rows, problems } = TASKS.rows({ folder, table: 'images', files: [name], part: 0, columns });
  assert.deepEqual([rows.length, problems.map(({ code }) => code)], [0, ['TOO_LARGE']]);
});
