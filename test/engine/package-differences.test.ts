import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createJobs, createLibrary } from '#engine';
import { hasCode } from '../support/asserts.ts';
import { dockerArchive } from '../support/docker-archive.ts';
import { file, tar } from '../support/tar-builder.ts';
import { testFile, testReader } from '../support/workbench.ts';

const { signal } = new AbortController();
const ALL = { text: '', start: 0, count: 100 };

function dpkg(...packages: readonly (readonly [name: string, version: string])[]): Uint8Array {
  const stanzas = packages.map(([name, version]) => `Package: ${name}\nStatus: install ok installed\nVersion: ${version}\n`);
  return file('var/lib/dpkg/status', stanzas.join('\n'));
}
const list = (name: string, path: string): Uint8Array => file(`var/lib/dpkg/info/${name}.list`, `${path}\n`);

const YESTERDAY = [
  tar(dpkg(['curl', '7'], ['ssl', '3.0'], ['old', '1']), list('curl', '/curl'), list('ssl', '/ssl'), list('old', '/old')),
  tar(file('curl', '12345'), file('ssl', '1234567'), file('old', '123')),
];
const TODAY = [
  tar(dpkg(['curl', '8'], ['ssl', '3.0'], ['new', '2']), list('curl', '/curl'), list('ssl', '/ssl'), list('new', '/new')),
  tar(file('curl', '1234567890'), file('ssl', 'ABCDEFG'), file('new', '1')),
];

async function open(t: Parameters<typeof testFile>[0], ...images: (readonly Uint8Array[])[]) {
  const reader = testReader(t);
  const jobs = createJobs({ intervalMs: 0 });
  const library = createLibrary({ reader, jobs, intervalMs: 0 });
  t.after(async () => {
    await jobs[Symbol.asyncDispose]();
    await library[Symbol.asyncDispose]();
  });
  const sides = [];
  for (const layers of images) {
    const job = await jobs.ended(library.open({ path: testFile(t, dockerArchive({ name: 'a:1', layers })), title: 'image.tar' }));
    assert.equal(job.state, 'done');
    sides.push({ archiveId: job.archiveId ?? '', image: 0, layer: layers.length - 1 });
  }
  const [a, b = a] = sides;
  assert.ok(a && b);
  return { library, a, b };
}

test('two images differ in packages that only one of them has, or that they have in different versions', async (t) => {
  const { library, a, b } = await open(t, YESTERDAY, TODAY);
  const { rows, ...counts } = await library.comparePackages(a, b, ALL, signal);
  assert.deepEqual(counts, { packagesA: 3, packagesB: 3, added: 1, modified: 1, removed: 1, total: 3, problems: 0 });
  assert.deepEqual(
    rows.map(({ kind, name, version, previousVersion, bytes, previousBytes, path }) => [
      kind,
      name,
      version,
      previousVersion,
      bytes,
      previousBytes,
      path,
    ]),
    [
      ['added', 'new', '2', null, 1, null, 'new'],
      ['modified', 'curl', '8', '7', 10, 5, 'curl'],
      ['removed', 'old', '1', null, 3, null, 'old'],
    ],
  );
  const back = await library.comparePackages(b, a, ALL, signal);
  assert.deepEqual(
    back.rows.map(({ kind, name }) => [kind, name]),
    [
      ['added', 'old'],
      ['modified', 'curl'],
      ['removed', 'new'],
    ],
  );
  assert.equal((await library.comparePackages(a, a, ALL, signal)).total, 0);
});

test('a search text finds differences by either version; the counts still cover all differences', async (t) => {
  const { library, a, b } = await open(t, YESTERDAY, TODAY);
  for (const [text, names] of [
    ['CURL', ['curl']],
    ['curl 8', ['curl']],
    ['7', ['curl']],
    ['ssl', []],
  ] as const) {
    const { rows, total, added, removed } = await library.comparePackages(a, b, { ...ALL, text }, signal);
    assert.deepEqual([rows.map(({ name }) => name), total, added, removed], [names, names.length, 1, 1], text);
  }
  const { rows, total } = await library.comparePackages(a, b, { text: '', start: 1, count: 1 }, signal);
  assert.deepEqual([rows.map(({ name }) => name), total], [['curl'], 3]);
});

test('the two sides may be layers of one image, with or without the layers below', async (t) => {
  const { library, a } = await open(t, [...YESTERDAY, tar(dpkg(['curl', '9']))]);
  const between = await library.comparePackages({ ...a, layer: 1 }, a, ALL, signal);
  assert.deepEqual(
    between.rows.map(({ kind, name, previousVersion }) => [kind, name, previousVersion]),
    [
      ['modified', 'curl', '7'],
      ['removed', 'ssl', null],
      ['removed', 'old', null],
    ],
  );
  // Layer 1 alone has files, but no database that says which packages own them.
  const alone = await library.comparePackages({ ...a, layer: 1, since: 1 }, { ...a, layer: 1 }, ALL, signal);
  assert.deepEqual([alone.packagesA, alone.packagesB, alone.added], [0, 3, 3]);
  await assert.rejects(library.comparePackages({ ...a, layer: 9 }, a, ALL, signal), hasCode('NOT_FOUND'));
  await assert.rejects(library.comparePackages({ ...a, layer: 1, since: 2 }, a, ALL, signal), hasCode('BAD_REQUEST'));
});

test('versions installed side by side are paired: equal ones first, the rest as upgrades', async (t) => {
  const kernels = (...versions: readonly string[]) => [tar(dpkg(...versions.map((version) => ['kernel', version] as const)))];
  const { library, a, b } = await open(t, kernels('1', '2', '3'), kernels('2', '4'));
  const { rows } = await library.comparePackages(a, b, ALL, signal);
  assert.deepEqual(
    rows.map(({ kind, version, previousVersion }) => [kind, version, previousVersion]),
    [
      ['modified', '4', '1'],
      ['removed', '3', null],
    ],
  );
});

test('a Python package stays the same if its name is spelled differently', async (t) => {
  const spelled = (name: string, version: string) => [
    tar(file(`site-packages/${name}-${version}.dist-info/METADATA`, `Name: ${name}\nVersion: ${version}\n`)),
  ];
  const { library, a, b } = await open(t, spelled('Foo_Bar', '1'), spelled('foo-bar', '2'));
  const { rows } = await library.comparePackages(a, b, ALL, signal);
  assert.deepEqual(
    rows.map(({ kind, version, previousVersion }) => [kind, version, previousVersion]),
    [['modified', '2', '1']],
  );
});

test('a search text finds packages by name and version, and by database path only if it contains a slash', async (t) => {
  const { library, a, b } = await open(t, YESTERDAY, TODAY);
  const found = async (text: string): Promise<readonly string[]> => {
    const { rows } = await library.comparePackages(a, b, { ...ALL, text }, signal);
    return rows.map(({ name }) => name).sort();
  };
  assert.deepEqual(await found('CUR'), ['curl']);
  assert.deepEqual(await found('lib'), []);
  assert.deepEqual(await found('dpkg/status'), ['curl', 'new', 'old']);
});
