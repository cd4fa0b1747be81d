// Limits of a query, whatever its rows contain: memory for rows and for DuckDB, and how it ends.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { TABLES } from '#catalog/layout';
import { CatalogFolder } from '../../src/catalog/catalog-folder.ts';
import { CatalogReader } from '../../src/catalog/catalog-reader.ts';
import { loadDuckDb } from '../../src/catalog/duckdb.ts';
import { QueryGuard } from '../../src/catalog/query-guard.ts';
import { groupsOf } from '../../src/catalog/row-groups.ts';
import { hasCode } from '../support/asserts.ts';
import { runCommand } from '../support/command-line.ts';
import { measureCommand } from '../support/peak-memory.ts';
import { testFolder } from '../support/workbench.ts';

/** Limit on the process's peak memory. DuckDB copies the rows of a chunk, which take 240 MB in this test. */
const MOST_RESIDENT_BYTES = 750 * 1024 * 1024;
const elsewhere = process.platform === 'linux' ? false : 'peak memory is read from Linux’s /proc';

const query = (from: string, sql: string, ...more: string[]) => runCommand(['catalog', 'query', sql, '--from', from, ...more]);

/** Options for each format, and the minimum number of characters of a long string that it prints. */
const FORMATS = [
  [[], 1_000],
  [['--json'], 400_000],
  [['--csv'], 400_000],
  [['--markdown'], 200],
] as const;

for (const [format, least] of FORMATS) {
  test(`one long string in hundreds of rows is not held once per row: ${format[0] ?? 'text'}`, { skip: elsewhere }, async (t) => {
    const folder = testFolder(t);
    const to = path.join(folder, 'catalog');
    const row = { source: 'x', error: 'X', message: 'long '.repeat(80_000) };
    const rows = Array.from({ length: 600 }, () => row);
    CatalogFolder.create(to).write('images', `${'a'.repeat(32)}-${'b'.repeat(32)}.parquet`, groupsOf(TABLES.images, rows));
    const words = ['catalog', 'query', 'SELECT message FROM images', '--from', to, ...format];
    const { code, peakBytes, outBytes, stderr } = await measureCommand(folder, words, { signal: t.signal });
    assert.equal(code, 0, stderr);
    t.diagnostic(`${Math.round(peakBytes / 1e6)} MB, ${Math.round(outBytes / 1e6)} MB printed`);
    assert.ok(outBytes > least * rows.length, `${outBytes} bytes`);
    assert.ok(peakBytes > 0 && peakBytes < MOST_RESIDENT_BYTES, `${peakBytes} bytes`);
  });
}

test('a row with too much text is refused by its length, in every type that contains text', async (t) => {
  const to = path.join(testFolder(t), 'catalog');
  CatalogFolder.create(to);
  const long = "repeat('a', 9000000)";
  const wide = [
    `${long} AS a, ${long} AS b`,
    `[${long}, ${long}]`,
    `{'a': ${long}, 'b': [${long}]}`,
    `MAP {'a': ${long}, 'b': ${long}}`,
    `array_value(${long}, ${long})`,
    `union_value(a := repeat('a', 17000000))`,
    "repeat('a', 17000000)::BLOB",
    'range(2000000)',
  ];
  for (const columns of wide) {
    const { error, stdout } = await query(to, `SELECT ${columns}`, '--json');
    assert.equal(error?.code, 'TOO_LARGE', `${columns}: ${error?.message} ${stdout.length}`);
    assert.match(error.message, /a row of the answer takes .* left\(/);
  }
  // Rows before the refused one are printed, and a null has no length.
  const some = await query(
    to,
    "SELECT CASE WHEN i < 3 THEN 'x' WHEN i > 3 THEN repeat('a', 17000000) END AS x FROM range(5) t(i)",
    '--csv',
  );
  assert.deepEqual([some.error?.code, some.stdout], ['TOO_LARGE', 'x\nx\nx\nx\n\n']);
});

test('a table shows the beginning of a long string; the other formats show all of it', async (t) => {
  const to = path.join(testFolder(t), 'catalog');
  CatalogFolder.create(to);
  const sql = "SELECT repeat('ä', 5000) AS a, 1 AS b UNION ALL SELECT 'short', 2";
  const table = await query(to, sql);
  assert.deepEqual(
    table.stdout.split('\n').map((line) => line.length),
    [1003, 1003, 1003, 0],
    table.stderr,
  );
  assert.match(table.stdout, /ä…/);
  const csv = await query(to, sql, '--csv');
  assert.ok(csv.stdout.includes('ä'.repeat(5_000)));
});

test('long strings in many columns split a printed table into several blocks', async (t) => {
  const to = path.join(testFolder(t), 'catalog');
  CatalogFolder.create(to);
  const columns = Array.from({ length: 30 }, (_, at) => `CASE WHEN i = 0 THEN repeat('x', 1000) ELSE 'y' END AS c${at}`);
  const { stdout, stderr } = await query(to, `SELECT ${columns.join(', ')} FROM range(900) t(i)`);
  const lines = stdout.split('\n');
  assert.equal(lines.length, 902, stderr);
  assert.ok((lines.at(2)?.length ?? 0) > 29_000);
  assert.ok((lines.at(-2)?.length ?? 0) < 1_000);
});

test('a guard interrupts DuckDB, and gives up if DuckDB doesn’t stop', async () => {
  const never = new Promise<never>(() => {});
  let resident = 0;
  let interrupted = 0;
  let end: (error: Error) => void = () => {};
  const options = { residentBytes: () => resident, mostGrowthBytes: 1_000 };
  let stuck = 0;
  const guard = new QueryGuard({ ...options, interrupt: () => interrupted++, onStuck: () => stuck++ });
  assert.equal(await guard.wait(async () => 7), 7);
  resident = 2_000;
  await assert.rejects(
    guard.wait(() => never),
    hasCode('TOO_LARGE'),
  );
  assert.ok(guard.isStuck && interrupted > 0);
  assert.equal(stuck, 1);

  resident = 0;
  const obeyed = new QueryGuard({ ...options, interrupt: () => end(new Error('INTERRUPT Error')) });
  resident = 1_100;
  const work = new Promise<never>((_, reject) => {
    end = reject;
  });
  await assert.rejects(
    obeyed.wait(() => work),
    hasCode('TOO_LARGE'),
  );
  assert.ok(!obeyed.isStuck);

  const controller = new AbortController();
  const cancelled = new QueryGuard({ ...options, signal: controller.signal, interrupt: () => {} });
  const waiting = cancelled.wait(() => never);
  controller.abort();
  await assert.rejects(waiting, hasCode('CANCELLED'));
  assert.ok(cancelled.isStuck);
  await assert.rejects(
    cancelled.wait(async () => assert.fail('nothing more is started')),
    hasCode('CANCELLED'),
  );
});

test('a running query can be cancelled', async (t) => {
  const to = path.join(testFolder(t), 'catalog');
  CatalogFolder.create(to);
  const controller = new AbortController();
  const onStuck = (): void => assert.fail('DuckDB stops when interrupted');
  using reader = await CatalogReader.open(loadDuckDb(to), CatalogFolder.open(to), { signal: controller.signal, onStuck });
  const sql = 'SELECT max(hash(a.i, b.i)) FROM range(1000000) a(i), range(1000000) b(i)';
  const parts = reader.query(sql, {});
  const first = parts.next();
  setImmediate(() => controller.abort());
  await assert.rejects(async () => {
    await first;
    await parts.next();
  }, hasCode('CANCELLED'));
});
