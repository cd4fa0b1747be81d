// What a query may do, and what happens to files that are damaged or don't belong to the catalog.
import assert from 'node:assert/strict';
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { duckRows, writeLayout } from '../support/catalog.ts';
import { commandJson, runCommand } from '../support/command-line.ts';
import { file, tar } from '../support/tar-builder.ts';
import { runTool } from '../support/tools.ts';
import { testFolder } from '../support/workbench.ts';

const HOSTILE = 'it\'s "x"; DROP TABLE entries; -- $path :path \\x00';

async function makeCatalog(t: TestContext, count = 3): Promise<{ readonly folder: string; readonly to: string }> {
  const folder = testFolder(t);
  const to = path.join(folder, "it's a catalog");
  const images = Array.from({ length: count }, (_, at) => ({
    name: `registry.example/app:${at}`,
    layers: [{ tar: tar(file(`f${at}`, `${at}`), file(HOSTILE, 'h')), packed: 'gzip' as const }],
  }));
  await commandJson(['catalog', 'index', writeLayout(path.join(folder, 'layout'), images), '--to', to, '--json']);
  return { folder, to };
}

const query = (from: string, sql: string, ...more: string[]) => runCommand(['catalog', 'query', sql, '--from', from, ...more]);

test('query parameters are bound, whatever is in them', async (t) => {
  const { to } = await makeCatalog(t, 1);
  const printed = HOSTILE.replaceAll('\\', '\\\\');
  const sql = await query(to, 'SELECT count(*) AS n FROM entries WHERE path = $p', '--json', '--param', `p=${printed}`);
  assert.equal(sql.stdout, '{"n":1}\n', sql.stderr);
  const named = await runCommand(['catalog', 'query', '--from', to, '--named', 'who-has-path', '--json', '--param', `path=/${printed}`]);
  assert.equal(named.stdout.split('\n').length, 2, named.stderr);
});

test('a query only reads the catalog’s tables: it can’t read other files, open connections, change settings or write anything', async (t) => {
  const { to, folder } = await makeCatalog(t, 1);
  const secret = path.join(folder, 'secret.csv');
  writeFileSync(secret, 'a\n1\n');
  const [entries] = readdirSync(path.join(to, 'entries')).filter((name) => name.startsWith('sha256-'));
  const own = path.join(to, 'entries', entries ?? '').replaceAll("'", "''");
  const quotedTo = to.replaceAll("'", "''");
  const before = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const bytes = readFileSync(path.join(to, 'entries', entries ?? ''));
  const refused = [
    `SELECT * FROM read_csv('${secret}')`,
    `SELECT * FROM read_text('${secret}')`,
    `SELECT * FROM '${secret}'`,
    `SELECT * FROM read_text('${quotedTo}/catalog.json')`,
    `SELECT * FROM glob('${folder}/*')`,
    "SELECT * FROM 'https://registry.example/x.parquet'",
    `COPY (SELECT 1) TO '${folder}/new.csv'`,
    `COPY (SELECT 1) TO '${quotedTo}/entries/new.parquet'`,
    `COPY (SELECT 1) TO '${own}'`,
    `EXPLAIN ANALYZE COPY (SELECT 1) TO '${own}'`,
    `ATTACH '${folder}/new.db'`,
    `EXPORT DATABASE '${folder}/new'`,
    'INSTALL httpfs',
    'LOAD httpfs',
    'SET enable_external_access = true',
    "SET allowed_directories = ['/']",
    'RESET lock_configuration',
    'PRAGMA enable_profiling',
    'CREATE TABLE t AS SELECT 1',
    'DROP VIEW entries',
    'SELECT 1; SELECT 2',
    'SELECT * FROM enable_profiling()',
    'WITH a AS (SELECT * FROM (FROM Enable_Logging())) SELECT * FROM a, entries',
    "SELECT * FROM query('SELECT * FROM enable_profiling()')",
    "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT * FROM enable_logging()'))",
    "SELECT write_log('x')",
    'FROM force_checkpoint()',
    'PIVOT (FROM enable_logging()) ON success USING count(*)',
    '',
  ];
  for (const sql of refused) {
    const { code, stdout, error } = await query(to, sql === '' ? ' ' : sql, '--json');
    assert.ok(code !== 0, `${sql}: ${stdout}`);
    assert.ok(error !== null && ['USAGE', 'FORBIDDEN', 'IO'].includes(error.code), `${sql}: ${error?.code} ${error?.message}`);
  }
  // enable_logging is a table function that writes files, even if a SELECT calls it.
  for (const place of [folder, quotedTo, `${quotedTo}/entries`, own]) {
    await query(to, `FROM enable_logging(level := 'debug', storage := 'file', storage_path := '${place}')`);
    await query(to, `SELECT * FROM enable_logging(storage := 'file', storage_path := '${place}/log'), entries`);
  }
  assert.deepEqual(readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort(), before);
  assert.deepEqual(readFileSync(path.join(to, 'entries', entries ?? '')), bytes);
});

test('files that are damaged or don’t belong to the catalog are reported and left out, and the others are read', async (t) => {
  const { to, folder } = await makeCatalog(t, 4);
  const layers = path.join(to, 'layers');
  const [first = '', second = '', third = ''] = readdirSync(layers).filter((name) => name.startsWith('sha256-'));
  truncateSync(path.join(layers, first), 40);
  writeFileSync(path.join(layers, second), 'PAR1 nothing PAR1');
  // Well-formed, but from another table.
  const [images = ''] = readdirSync(path.join(to, 'images')).filter((name) => name !== 'empty.parquet');
  copyFileSync(path.join(to, 'images', images), path.join(layers, third));
  writeFileSync(path.join(layers, 'other.parquet'), 'somebody’s');
  writeFileSync(path.join(layers, '.layerscope-0000000000000000-1-1-00000000'), 'unfinished');
  for (const cache of [null, path.join(folder, 'cache')]) {
    const argv = ['catalog', 'query', 'SELECT count(*) AS n FROM layers WHERE bytes > 0', '--from', to, '--json'];
    const { code, stdout, stderr } = await runCommand(argv, cache);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, '{"n":1}\n');
    for (const name of [first, second, third, 'other.parquet']) assert.match(stderr, new RegExp(`layers/${name} is left out: `));
    assert.equal(stderr.match(/is left out/g)?.length, 4, stderr);
  }
  const entries = await query(to, 'SELECT count(*) AS n FROM entries', '--json');
  assert.equal(entries.stdout, '{"n":8}\n', entries.stderr);
});

test('a pack gives the same answers as its files, follows their changes, and is rewritten or ignored when damaged', async (t) => {
  const { to, folder } = await makeCatalog(t, 60);
  const cache = path.join(folder, 'cache');
  const count = async (): Promise<string> => {
    const sql = "SELECT count(*) AS n, count(DISTINCT layer) AS l, string_agg(path, ',' ORDER BY path) AS p FROM entries";
    const direct = await query(to, sql, '--json');
    const packed = await runCommand(['catalog', 'query', sql, '--from', to, '--json'], cache);
    assert.equal(packed.stdout, direct.stdout, packed.stderr);
    return packed.stdout;
  };
  await count();
  const packs = path.join(cache, 'catalogs', readdirSync(path.join(cache, 'catalogs'))[0] ?? '');
  const pack = path.join(packs, 'entries.parquet');
  assert.ok(existsSync(pack));
  const made = statSync(pack, { bigint: true }).mtimeNs;
  const more = writeLayout(path.join(folder, 'more'), [{ name: 'more:1', layers: [{ tar: tar(file('more', 'more')) }] }]);
  await commandJson(['catalog', 'index', more, '--to', to, '--json']);
  assert.match(await count(), /"l":61/);
  assert.equal(statSync(pack, { bigint: true }).mtimeNs, made);
  // A different file now has the name of a file in the pack.
  const [name = ''] = readdirSync(path.join(to, 'entries')).filter((each) => each.startsWith('sha256-'));
  copyFileSync(path.join(to, 'entries', 'empty.parquet'), path.join(to, 'entries', name));
  assert.match(await count(), /"l":60/);
  // The pack is damaged, but keeps the size and time recorded in its list.
  const { size, atime, mtime } = statSync(pack);
  const bytes = readFileSync(pack);
  bytes.fill(0, 4, size - 200);
  writeFileSync(pack, bytes);
  utimesSync(pack, atime, mtime);
  await count();
});

test('a missing parameter or catalog is a one-line error', async (t) => {
  const { to, folder } = await makeCatalog(t, 1);
  const cases: [string[], RegExp][] = [
    [['--named', 'who-has-path', '--from', to], /USAGE: who-has-path needs --param path=…/],
    [['--named', 'who-has-path', '--from', to, '--param', 'path=x', '--param', 'x=y'], /has no parameter x: path/],
    [['--named', 'nobody', '--from', to], /no question nobody: base-versions, /],
    [['SELECT 1'], /needs --from FOLDER/],
    [['SELECT $a', '--from', to], /needs --param a=…/],
    [['SELECT 1', '--from', to, '--param', 'a=1'], /has no parameter \$a/],
    [['SELECT 1', '--from', to, '--json', '--csv'], /--json or --csv, not both/],
    [['SELECT 1', '--from', folder], /is not a catalog/],
    [['SELECT nothing FROM entries', '--from', to], /USAGE: Binder Error/],
  ];
  for (const [argv, expected] of cases) {
    const { stderr, code } = await runCommand(['catalog', 'query', ...argv]);
    assert.ok(code !== 0);
    assert.match(stderr, expected);
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
  }
});

test('a spreadsheet doesn’t mistake any text in a result for a formula', async (t) => {
  const { to } = await makeCatalog(t, 1);
  const cells = ['=HYPERLINK("x")', '+1', '-2+3', '@SUM(A1)', '\tx', 'a=b', '\u202e', '＝1', '＋1', '－1', '＠a', 'a;=1;b;-1', 'a; b;c'];
  const sql = `SELECT ${cells.map((cell, at) => `'${cell}' AS c${at}`).join(', ')}, -7 AS n`;
  const [, line] = (await query(to, sql, '--csv')).stdout.split('\n');
  assert.equal(line, `"'=HYPERLINK(""x"")",'+1,'-2+3,'@SUM(A1),\\x09x,a=b,\\u202E,'＝1,'＋1,'－1,'＠a,a;'=1;b;'-1,a; b;c,-7`);
});

test('a pipe among the files is left out, and a catalog with links is not written to', async (t) => {
  const { to, folder } = await makeCatalog(t, 1);
  const pipe = path.join(to, 'layers', `sha256-${'0'.repeat(64)}.parquet`);
  runTool('mkfifo', [pipe]);
  const { stdout, stderr } = await query(to, 'SELECT count(*) AS n FROM layers', '--json');
  assert.equal(stdout, '{"n":1}\n');
  assert.match(stderr, /is left out: it is not a file/);
  rmSync(pipe);
  const elsewhere = path.join(folder, 'elsewhere');
  renameSync(path.join(to, 'entries'), elsewhere);
  symlinkSync(elsewhere, path.join(to, 'entries'));
  const before = readdirSync(elsewhere);
  const { error } = await runCommand(['catalog', 'index', path.join(folder, 'layout'), '--to', to]);
  assert.equal(error?.code, 'FORBIDDEN');
  assert.deepEqual(readdirSync(elsewhere), before);
});

test('gigabytes of text from a small file end the query, not the process', async (t) => {
  const { to } = await makeCatalog(t, 1);
  const file = path.join(to, 'entries', `sha256-${'1'.repeat(64)}.parquet`);
  const rows = "SELECT 'sha256:x' AS layer, repeat('x', 50000) || (row % 10) AS path, 'entry' AS kind FROM range(24000) each(row)";
  await duckRows('', `COPY (${rows}) TO '${file.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd)`);
  assert.ok(statSync(file).size < 4_000_000);
  const { error } = await query(to, "SELECT list(path || kind) AS all FROM entries WHERE path LIKE 'xxx%'", '--json');
  assert.equal(error?.code, 'TOO_LARGE');
});

test('results print as JSON lines, CSV, Markdown and a table, with names from images escaped', async (t) => {
  const { to } = await makeCatalog(t, 1);
  const sql = "SELECT 'a,\"b' AS t, 12 AS n, NULL AS z, '| <b> \u001b[31m' AS m, [1, 2] AS l, TIMESTAMPTZ '2024-01-02 03:04:05.5+00' AS at";
  const print = async (...options: string[]): Promise<string> => (await query(to, sql, ...options)).stdout;
  assert.equal(await print('--json'), '{"t":"a,\\"b","n":12,"z":null,"m":"| <b> \\u001b[31m","l":[1,2],"at":"2024-01-02T03:04:05.5Z"}\n');
  assert.equal(await print('--csv'), 't,n,z,m,l,at\n"a,""b",12,,| <b> \\x1B[31m,"[1,2]",2024-01-02T03:04:05.5Z\n');
  const markdown = await print('--markdown');
  assert.equal(markdown.split('\n').length, 4);
  assert.ok(!markdown.includes('\u001b') && !/[^`]<b>/.test(markdown.replace(/`[^`]*`/g, '')), markdown);
  const table = await print();
  assert.ok(!table.includes('\u001b'), table);
  assert.match(table, /\\x1B\[31m/);
});
