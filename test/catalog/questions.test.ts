// The built-in questions, on a fleet whose answers are known; and their files, which Spark reads as they are.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { duckSql, parseQuestion, readQuestions, TABLES } from '#catalog';
import { spec } from '../../src/cli/catalog.ts';
import { type SmallImage, writeArchive, writeLayout } from '../support/catalog.ts';
import { commandJson, commandLines, type JsonLine, runCommand } from '../support/command-line.ts';
import { archiveOf, dockerArchive } from '../support/image-builder.ts';
import { directory, file, tar } from '../support/tar-builder.ts';
import { testFolder } from '../support/workbench.ts';

const root = path.join(import.meta.dirname, '..', '..');
const QUESTIONS = readQuestions(path.join(root, 'src', 'catalog', 'questions'));

const gzip = (...parts: Uint8Array[]) => ({ tar: tar(...parts), packed: 'gzip' as const });
const STATUS = (version: string) =>
  `Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\n\nPackage: zlib_x\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n`;
const BASE_1 = gzip(file('etc/base', 'one'), file('usr/su', 'su', { mode: 0o4755 }), file('var/lib/dpkg/status', STATUS('1.0')));
const BASE_2 = gzip(file('etc/base', 'two!'), file('var/lib/dpkg/status', STATUS('2.0')));
const APP = gzip(file('srv/app', 'the app'), file('srv/copy', 'the app'), directory('var/'), file('var/log/.wh.none'));
const HIDES = gzip(file('.wh.etc'), file('srv/new', 'n'));
const OPAQUE = gzip(directory('etc/'), file('etc/.wh..wh..opq'));
const CACHES = gzip(file('var/cache/apt/archives/x.deb', 'd'.repeat(5000)));
const created = (day: number): object => ({ Labels: { day: String(day) } });

const FLEET: readonly SmallImage[] = [
  { name: 'registry.example/os:1', layers: [BASE_1], history: ['ADD one'] },
  { name: 'registry.example/os:2', layers: [BASE_2], history: ['ADD two'] },
  { name: 'registry.example/app:1', layers: [BASE_1, APP], history: ['ADD one', 'COPY app'] },
  { name: 'registry.example/app:2', layers: [BASE_2, APP], history: ['ADD two', 'COPY app'] },
  { name: 'registry.example/hides:1', layers: [BASE_1, HIDES], history: ['ADD one', 'RUN rm'], config: created(1) },
  { name: 'registry.example/opaque:1', layers: [BASE_1, OPAQUE], history: ['ADD one', 'RUN rm -r'] },
  { name: 'registry.example/cached:1', layers: [BASE_2, CACHES], history: ['ADD two', 'RUN apt-get install x'] },
];

async function makeCatalog(t: TestContext): Promise<string> {
  const folder = testFolder(t);
  const to = path.join(folder, 'catalog');
  const layout = writeLayout(path.join(folder, 'layout'), FLEET);
  // The same base, packed differently in two more images.
  const plain = path.join(folder, 'plain.tar');
  writeFileSync(plain, archiveOf(dockerArchive([{ layers: [BASE_1.tar, APP.tar], tags: ['registry.example/plain:1'] }])));
  writeArchive(folder, 'zstd.tar', [{ name: 'registry.example/zstd:1', layers: [{ ...BASE_1, packed: 'zstd' }, CACHES] }]);
  mkdirSync(path.join(folder, 'broken'));
  writeFileSync(path.join(folder, 'broken', 'x.tar'), 'no image');
  await commandJson(['catalog', 'index', layout, path.join(folder, 'zstd.tar'), '--to', to, '--json']);
  assert.equal((await runCommand(['catalog', 'index', plain, path.join(folder, 'broken'), '--to', to])).code, 3);
  return to;
}

function ask(folder: string, name: string, ...parameters: string[]): Promise<JsonLine[]> {
  return commandLines([
    'catalog',
    'query',
    '--from',
    folder,
    '--named',
    name,
    '--json',
    ...parameters.flatMap((each) => ['--param', each]),
  ]);
}

const short = (name: unknown): string => String(name).replace('registry.example/', '');

test('each question gives the answer that its fleet was made for', async (t) => {
  const folder = await makeCatalog(t);

  const carriers = await ask(folder, 'who-has-path', 'path=/etc/base');
  const seen = carriers.map(({ image, visible, hiddenIn, size }) => [short(image), visible, hiddenIn, size]);
  assert.deepEqual(seen, [
    ['app:1', true, null, 3],
    ['app:2', true, null, 4],
    ['cached:1', true, null, 4],
    ['hides:1', false, 1, 3],
    ['opaque:1', false, 1, 3],
    ['os:1', true, null, 3],
    ['os:2', true, null, 4],
    ['plain:1', true, null, 3],
    ['zstd:1', true, null, 3],
  ]);
  assert.deepEqual(await ask(folder, 'who-has-path', 'path=etc/bas_'), []);

  const packages = await ask(folder, 'who-has-package', 'name=zlib1g', 'version=1.%');
  assert.deepEqual(
    packages.map(({ image }) => short(image)),
    ['app:1', 'hides:1', 'opaque:1', 'os:1', 'plain:1', 'zstd:1'],
  );
  // An underscore stands for itself, not for any character.
  assert.deepEqual(new Set((await ask(folder, 'who-has-package', 'name=zlib_x')).map(({ name }) => name)), new Set(['zlib_x']));
  assert.deepEqual(await ask(folder, 'who-has-package', 'name=zlib__'), []);

  const [first] = await commandLines([
    'catalog',
    'query',
    "SELECT content FROM entries WHERE path = 'srv/app'",
    '--from',
    folder,
    '--json',
  ]);
  const contents = await ask(folder, 'who-has-content', `content=${String(first?.content).toUpperCase()}`);
  assert.deepEqual(
    contents.map(({ image, path: of }) => [short(image), of]),
    ['app:1', 'app:2', 'plain:1'].flatMap((name) => [
      [name, 'srv/app'],
      [name, 'srv/copy'],
    ]),
  );

  const shared = await ask(folder, 'shared-layers');
  assert.deepEqual(shared.map(({ images }) => images).sort(), [2, 3, 3, 6]);
  assert.ok(shared.every(({ images, bytes, savedBytes }) => savedBytes === (Number(images) - 1) * Number(bytes)));

  const lineage = await ask(folder, 'lineage');
  assert.deepEqual(
    lineage.map(({ image, base, ownLayers }) => [short(image), short(base), ownLayers]),
    [
      ['app:1', 'os:1', 1],
      ['app:2', 'os:2', 1],
      ['cached:1', 'os:2', 1],
      ['hides:1', 'os:1', 1],
      ['opaque:1', 'os:1', 1],
      ['plain:1', 'os:1', 1],
      ['zstd:1', 'os:1', 1],
    ],
  );

  const versions = await ask(folder, 'base-versions');
  assert.deepEqual(
    versions.filter(({ base }) => base === 'registry.example/os').map(({ version, images }) => [version, images]),
    [
      ['1', 5],
      ['2', 2],
    ],
  );

  const [twice] = await ask(folder, 'layers-stored-twice');
  assert.ok(twice && Number(twice.blobs) >= 2 && Number(twice.savedBytes) > 0);

  const files = await ask(folder, 'files-stored-twice');
  assert.deepEqual(
    files.map(({ size, copies, savedBytes, example }) => [size, copies, savedBytes, example]),
    [[7, 2, 7, 'srv/app']],
  );

  const waste = await ask(folder, 'waste-by-image');
  assert.deepEqual(
    waste.filter(({ wastedBytes }) => Number(wastedBytes) > 0).map(({ image }) => short(image)),
    ['hides:1', 'opaque:1'],
  );
  const commands = await ask(folder, 'waste-by-command');
  const cache = commands.find(({ code }) => code === 'waste-apt-cache');
  assert.deepEqual([cache?.layers, cache?.bytes], [1, 5000]);

  const growth = await ask(folder, 'growth', 'repository=registry.example/app');
  assert.deepEqual(
    growth.map(({ tag, layers, grownBytes }) => [tag, layers, grownBytes]),
    [
      ['1', 2, null],
      ['2', 2, -1],
    ],
  );

  assert.deepEqual(await ask(folder, 'secrets'), []);
  const [su, ...others] = await ask(folder, 'setuid');
  assert.deepEqual([others.length, su?.path, su?.mode, su?.octal, su?.images], [0, 'usr/su', 0o4755, 4755, 6]);
  const errors = await ask(folder, 'errors');
  assert.deepEqual(
    errors.map(({ source }) => path.basename(String(source))),
    ['x.tar'],
  );
});

test('every question is tested above, runs on an empty catalog, and names its parameters in its first lines', async (t) => {
  const text = readFileSync(import.meta.filename, 'utf8');
  const folder = testFolder(t);
  const to = path.join(folder, 'catalog');
  await runCommand(['catalog', 'index', writeLayout(path.join(folder, 'none'), []), '--to', to]);
  for (const { name, summary, parameters, sql } of QUESTIONS) {
    assert.ok(text.includes(`ask(folder, '${name}'`), name);
    assert.match(summary, /^[A-Z].*\.$/, name);
    const used = new Set([...sql.replace(/--[^\n]*/g, '').matchAll(/(?<!:):(\w+)/g)].map(([, parameter]) => parameter));
    assert.deepEqual(new Set(parameters.map((parameter) => parameter.name)), used, name);
    assert.deepEqual(await ask(to, name, ...parameters.map((parameter) => `${parameter.name}=x`)), [], name);
  }
});

test('only parameters are converted for DuckDB: strings, names, comments and casts are left unchanged', () => {
  const sql = `SELECT ':a', ":b", x::INT, y :: INT, :c, ':''d', :_e1 -- :f\n/* :g */ FROM t WHERE z=:c`;
  assert.equal(duckSql(sql), `SELECT ':a', ":b", x::INT, y :: INT, $c, ':''d', $_e1 -- :f\n/* :g */ FROM t WHERE z=$c`);
});

test('a question’s first lines are its summary and its parameters', () => {
  const { summary, parameters } = parseQuestion('q', '-- One.\n-- Two.\n-- :a      an a\n-- :b = %  a b\nSELECT 1 -- :c  no\n');
  assert.equal(summary, 'One. Two.');
  assert.deepEqual(parameters, [
    { name: 'a', what: 'an a', default: null },
    { name: 'b', what: 'a b', default: '%' },
  ]);
});

test('the page about the format lists the columns of each table, in their order and with their types', () => {
  const page = readFileSync(path.join(root, 'docs', 'formats', 'catalog.md'), 'utf8');
  const words = {
    text: 'text',
    bytes: 'bytes',
    int: 'int',
    long: 'long',
    time: 'time',
    flag: 'flag',
    texts: 'list of text',
    textMap: 'map of text to text',
  };
  for (const [table, columns] of Object.entries(TABLES)) {
    const section = page.split(`\n### ${table}\n`)[1]?.split('\n#')[0] ?? '';
    const listed = [...section.matchAll(/^\| `(\w+)` \| ([a-z ]+) \|/gm)].map(([, name, type]) => [name, type]);
    assert.deepEqual(
      listed,
      columns.map(({ name, type }) => [name, words[type]]),
      table,
    );
  }
});

test('shells complete the name of each question', () => {
  assert.deepEqual(
    spec.options.named?.words,
    QUESTIONS.map(({ name }) => name),
  );
});
