import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildStack, wastedByLayer } from '#changes';
import { createJobs, createLibrary, reportWaste } from '#engine';
import { aloneFrom } from '../../src/engine/read/compare-images.ts';
import { searchLayers } from '../../src/engine/read/search-layers.ts';
import { hasCode } from '../support/asserts.ts';
import { dockerArchive } from '../support/docker-archive.ts';
import { changedPaths } from '../support/row-text.ts';
import { directory, file, tar } from '../support/tar-builder.ts';
import { testFile, testReader } from '../support/workbench.ts';

const { signal } = new AbortController();
const LAYERS = [
  tar(directory('etc/'), file('etc/hosts', 'a'.repeat(100)), file('etc/old', 'b'.repeat(40)), file('bin/sh', 'c'.repeat(10))),
  tar(file('etc/hosts', 'd'.repeat(120)), file('etc/.wh.old')),
  tar(file('etc/hosts', 'e'.repeat(130)), file('app/main.js', 'f')),
];
const OTHER = [LAYERS[0] as Uint8Array, tar(file('etc/hosts', 'D'.repeat(120)), file('opt/tool', 'x'))];

async function open(t: Parameters<typeof testFile>[0], ...images: Uint8Array[]) {
  const reader = testReader(t);
  const jobs = createJobs({ intervalMs: 0 });
  const library = createLibrary({ reader, jobs, intervalMs: 0 });
  t.after(async () => {
    await jobs[Symbol.asyncDispose]();
    await library[Symbol.asyncDispose]();
  });
  const ids: string[] = [];
  for (const image of images) {
    const job = await jobs.ended(library.open({ path: testFile(t, image), title: 'image.tar' }));
    assert.equal(job.state, 'done');
    ids.push(job.archiveId ?? '');
  }
  return { library, ids };
}

test('two images are compared byte by byte, and equal rows are left out', async (t) => {
  const { library, ids } = await open(t, dockerArchive({ name: 'a:1', layers: LAYERS }), dockerArchive({ name: 'a:2', layers: OTHER }));
  const [a, b] = [
    { archiveId: ids[0] ?? '', image: 0, layer: 1 },
    { archiveId: ids[1] ?? '', image: 0, layer: 1 },
  ];
  assert.deepEqual(changedPaths(await library.compare(a, b, signal)), ['modified etc/hosts', 'added etc/old', 'added opt/tool']);
  assert.deepEqual(changedPaths(await library.compare(b, a, signal)), ['modified etc/hosts', 'removed etc/old', 'removed opt']);
  assert.equal((await library.compare(a, a, signal)).length, 0);
  await assert.rejects(library.compare(a, { ...b, layer: 9 }, signal), hasCode('NOT_FOUND'));
});

test('waste by file and waste by layer have the same total', async (t) => {
  const { library, ids } = await open(t, dockerArchive({ name: 'a:1', layers: LAYERS }));
  const report = await library.waste({ archiveId: ids[0] ?? '', image: 0 }, 10, signal);
  assert.deepEqual(report, {
    wastedBytes: 260,
    files: [
      { path: 'etc/hosts', wastedBytes: 220, layers: [0, 1, 2], hiddenBy: 2, cause: 'overwritten' },
      { path: 'etc/old', wastedBytes: 40, layers: [0], hiddenBy: 1, cause: 'deleted' },
    ],
    groups: [
      { cause: 'overwritten', bytes: 220, files: 1 },
      { cause: 'deleted', bytes: 40, files: 1 },
    ],
    byLayer: [140, 120, 0],
    rewritten: null,
    kinds: [
      {
        code: 'waste-removed-later',
        bytes: 40,
        hadolint: null,
        count: 1,
        places: [{ path: 'etc/old', layer: 0, bytes: 40, removedIn: 1 }],
      },
    ],
    whatIf: [
      // The layers aren't compressed, so a layer's size is one block for each member, the blocks of its body, and two blocks at the end.
      { kind: 'merge-removals', from: null, layers: 3, fileBytes: 361, storedBytes: 17 * 512, obstacle: null },
      { kind: 'squash', from: 1, layers: 2, fileBytes: 281, storedBytes: 17 * 512, obstacle: null },
      { kind: 'squash', from: 0, layers: 1, fileBytes: 141, storedBytes: 11 * 512, obstacle: null },
      { kind: 'zstd', from: null, layers: 3, fileBytes: 401, storedBytes: null, obstacle: null },
    ],
  });
  assert.equal((await library.waste({ archiveId: ids[0] ?? '', image: 0 }, 1, signal)).files.length, 1);
});

test('an image without layers wastes nothing', () => {
  const stack = buildStack([]);
  assert.deepEqual(wastedByLayer(stack), []);
  assert.deepEqual(reportWaste({ stack, findings: [] }, 5, null), {
    wastedBytes: 0,
    files: [],
    groups: [],
    byLayer: [],
    rewritten: null,
    kinds: [],
  });
});

test('a search finds paths in every layer, with the kind of each change', async (t) => {
  const { library, ids } = await open(t, dockerArchive({ name: 'a:1', layers: LAYERS }));
  const ref = { archiveId: ids[0] ?? '', image: 0 };
  const found = await library.search(ref, { text: 'etc/*', limit: 10 }, signal);
  assert.equal(found.total, 2);
  assert.deepEqual(
    found.matches.map(({ path, touches }) => [path, touches.map(({ layer, kind }) => `${kind} ${layer}`)]),
    [
      ['etc/hosts', ['added 0', 'modified 1', 'modified 2']],
      ['etc/old', ['added 0', 'removed 1']],
    ],
  );
  const first = await library.search(ref, { text: 'etc/*', limit: 1 }, signal);
  assert.deepEqual([first.total, first.matches.length], [2, 1]);
  assert.equal((await library.search(ref, { text: '/(/', limit: 1 }, signal)).problem, 'not a regular expression');
});

test('the best paths come first; scattered letters match only if no layer has a better match', async (t) => {
  const files = (...names: string[]) => tar(...names.map((name) => file(name, name)));
  const layers = [
    files('app/node_modules/typescript/package.json', 'etc/apt/sources.list', 'usr/lib/libcurl.so', 'usr/share/curlrc'),
    files('usr/bin/curl', 'etc/passwd', 'old-etc/passwd'),
  ];
  const { library, ids } = await open(t, dockerArchive({ name: 'a:1', layers }));
  const search = async (text: string, scattered: boolean, limit = 10) => {
    const { matches } = await library.search({ archiveId: ids[0] ?? '', image: 0 }, { text, limit, scattered }, signal);
    return matches.map(({ path }) => path);
  };
  assert.deepEqual(await search('etc/pas', true), ['etc/passwd', 'old-etc/passwd']);
  assert.deepEqual(await search('curl', true), ['usr/bin/curl', 'usr/share/curlrc', 'usr/lib/libcurl.so']);
  assert.deepEqual(await search('CURL', true, 1), ['usr/bin/curl']);
  assert.deepEqual(await search('etcsrclist', true), ['etc/apt/sources.list']);
  assert.deepEqual(await search('etcsrclist', false), []);
});

test('a search keeps only its best paths: names before folders, prefixes before the rest, shorter paths first', async (t) => {
  const worse = Array.from({ length: 40 }, (_, at) => `a/model/${String(at).padStart(2, '0')}`);
  const ordered = ['b/model', 'a/bc/model', 'b/model.bin', 'a/modeled.txt', 'a/my-model', 'a/remodel'];
  // The better matches are in the upper layer, which is searched last.
  const layers = [tar(directory('a/model/'), ...worse.map((path) => file(path, 'm'))), tar(...ordered.map((path) => file(path, 'm')))];
  const { library, ids } = await open(t, dockerArchive({ name: 'a:1', layers }));
  const search = (text: string, limit: number) => library.search({ archiveId: ids[0] ?? '', image: 0 }, { text, limit }, signal);
  const best = await search('Model', 8);
  assert.deepEqual(
    best.matches.map(({ path }) => path),
    ['a/model', ...ordered, 'a/model/00'],
  );
  assert.equal(best.total, 47);
  for (const limit of [1, 3, 47]) assert.deepEqual((await search('model', limit)).matches[0]?.path, 'a/model');
  assert.equal((await search('model', 1)).total, 47);
  assert.equal((await search('c/mod', 1)).matches[0]?.path, 'a/bc/model');
});

test('a search by size covers all layers, and its sums cover all matches, listed or not', async (t) => {
  // Each file is larger in the upper layer, except the file that this layer removes.
  const files = (bytes: (at: number) => number) => Array.from({ length: 30 }, (_, at) => file(`lib/${at}.so`, 'x'.repeat(bytes(at))));
  const layers = [
    tar(...files((at) => at), file('lib/gone.so', 'x'.repeat(500))),
    tar(...files((at) => 100 + at), file('lib/.wh.gone.so')),
  ];
  const { library, ids } = await open(t, dockerArchive({ name: 'a:1', layers }));
  const wanted = { text: '*.so', limit: 3, order: 'size' } as const;
  const found = await library.search({ archiveId: ids[0] ?? '', image: 0 }, wanted, signal);
  assert.deepEqual(
    found.matches.map(({ path, size, touches }) => [path, size, touches.map(({ kind, layer }) => `${kind} ${layer}`)]),
    [
      ['lib/gone.so', 500, ['added 0', 'removed 1']],
      ['lib/29.so', 129, ['added 0', 'modified 1']],
      ['lib/28.so', 128, ['added 0', 'modified 1']],
    ],
  );
  const sums = { total: 31, bytes: 435 + 500 + 3_000 + 435 };
  assert.deepEqual({ total: found.total, bytes: found.bytes }, sums);
  const { total, bytes } = await library.search({ archiveId: ids[0] ?? '', image: 0 }, { text: '*.so', limit: 1 }, signal);
  assert.deepEqual({ total, bytes }, sums);
});

test('among paths with the same size, a search by size returns the first by name, with all layers that touch them', async (t) => {
  const names = Array.from({ length: 500 }, (_, at) => `f/${String((at * 77) % 500).padStart(3, '0')}`);
  const layers = [
    tar(...names.map((name) => file(name, 'xx'))),
    tar(...names.toReversed().map((name) => file(name, 'y')), file('g', 'xyz')),
  ];
  const { library, ids } = await open(t, dockerArchive({ name: 'a:1', layers }));
  const found = await library.search({ archiveId: ids[0] ?? '', image: 0 }, { text: '*', limit: 4, order: 'size' }, signal);
  assert.deepEqual(
    found.matches.map(({ path, size, touches }) => [path, size, touches.length]),
    [
      ['g', 3, 1],
      ['f/000', 2, 2],
      ['f/001', 2, 2],
      ['f/002', 2, 2],
    ],
  );
});

test('paths of a Windows image can also be searched for in the container’s form', async (t) => {
  const layer = tar(directory('Files/'), directory('Files/Windows/'), file('Files/Windows/a.dll', 'a'), file('Hives/System_Delta', 'h'));
  const { library, ids } = await open(
    t,
    dockerArchive({ name: 'w:1', os: 'windows', layers: [layer] }),
    dockerArchive({ name: 'l:1', layers: [layer] }),
  );
  const paths = async (image: number, text: string) =>
    (await library.search({ archiveId: ids[image] ?? '', image: 0 }, { text, limit: 10 }, signal)).matches.map(({ path }) => path);
  for (const text of ['C:\\Windows\\a.dll', 'c:\\windows\\a', 'C:/Windows/*.dll']) {
    assert.deepEqual(await paths(0, text), ['Files/Windows/a.dll'], text);
    assert.deepEqual(await paths(1, text), [], text);
  }
  assert.deepEqual(await paths(0, 'D:\\Windows'), []);
});

test('in part of an image, case distinguishes names as in the whole image, however its os is spelled', () => {
  for (const [os, caseInsensitive] of [
    ['Windows', true],
    ['windows', true],
    ['linux', false],
  ] as const) {
    const loaded = { image: { os }, layers: [null, null], stack: buildStack([null, null], { caseInsensitive }) };
    assert.equal(aloneFrom(loaded as never, 1).stack.caseInsensitive, caseInsensitive, os);
  }
});

test('an aborted search ends', async () => {
  const control = new AbortController();
  control.abort();
  await assert.rejects(
    searchLayers({ layers: [null] } as never, 'x', { limit: 1, scattered: false, signal: control.signal }),
    hasCode('CANCELLED'),
  );
});
