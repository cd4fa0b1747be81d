import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createReader } from '#archive';
import { createJobs, createLibrary, type ExportRequest } from '#engine';
import { dockerArchive } from '../cli/run-cli.ts';
import { rowLines } from '../support/row-text.ts';
import { file, hardlink, tar } from '../support/tar-builder.ts';
import { atEnd, testFile } from '../support/workbench.ts';

const { signal } = new AbortController();

/** Creates a library with the image opened as `a1`. */
async function openLibrary(t: TestContext, image: Uint8Array) {
  const reader = createReader({ cacheFolder: null, workers: 0 });
  const jobs = createJobs({ intervalMs: 0 });
  const library = createLibrary({ reader, jobs, intervalMs: 0 });
  const path = testFile(t, image, 'image.tar');
  atEnd(t, async () => {
    await jobs[Symbol.asyncDispose]();
    await library[Symbol.asyncDispose]();
    await reader[Symbol.asyncDispose]();
  });
  await jobs.ended(library.open({ path, title: 'image.tar' }));
  return { jobs, library };
}

const ref = { archiveId: 'a1', image: 0 };
const SMALL = [tar(file('chmod', 'same'), file('other', 'aaaa')), tar(file('chmod', 'same', { mode: 0o600 }), file('other', 'aaab'))];
const TOLD = ['~ chmod [mode,rewritten]', '~ other [content]'];

test('changes, a view and a comparison distinguish rewritten from changed files', async (t) => {
  const { library } = await openLibrary(t, dockerArchive([SMALL]));
  const bits = (lines: string[]) => lines.map((line) => line.replace(/ \(.*\)/, ''));
  assert.deepEqual(bits(rowLines(await library.changes(ref, { from: 1, to: 1, signal }))), TOLD);
  assert.deepEqual(bits(rowLines(await library.view(ref, { layer: 1, signal }))), TOLD);
  assert.deepEqual(bits(rowLines(await library.compare({ ...ref, layer: 0 }, { ...ref, layer: 1 }, signal))), TOLD);
});

test('a row whose mode differs has both modes, in changes and in a comparison', async (t) => {
  const { library } = await openLibrary(t, dockerArchive([SMALL]));
  const tables = [
    await library.changes(ref, { from: 1, to: 1, signal }),
    await library.compare({ ...ref, layer: 0 }, { ...ref, layer: 1 }, signal),
  ];
  for (const { mode, previousMode } of tables) assert.deepEqual([previousMode[0], mode[0]], [0o644, 0o600]);
});

/** Layers that rewrite two files of 12 MB, one of them with a different last byte. */
const LARGE = [...'ab'].map((end, mode) =>
  tar(file('late', 'x'.repeat(12_000_000) + end), file('chmod', 'y'.repeat(12_000_000), { mode: 0o600 + mode })),
);

test('large files are compared by a job, and the rows include its result', async (t) => {
  const { library, jobs } = await openLibrary(t, dockerArchive([LARGE]));
  const seen = new Set<number | null>();
  jobs.subscribe((list) => {
    for (const { kind, totalBytes } of list) if (kind === 'compare') seen.add(totalBytes);
  });
  const rows = await library.changes(ref, { from: 1, to: 1, signal });
  assert.deepEqual(
    rowLines(rows).map((line) => line.slice(line.indexOf('['))),
    ['[mode,rewritten]', '[content]'],
  );
  assert.ok(seen.has(24_000_001));
  assert.ok(jobs.list().every(({ kind }) => kind !== 'compare'));
});

test('after the job that compares files is cancelled, changes are still shown, with uncompared files as unread', async (t) => {
  const { library, jobs } = await openLibrary(t, dockerArchive([LARGE]));
  jobs.subscribe((list) => {
    const job = list.find(({ kind, state }) => kind === 'compare' && state === 'running');
    if (job !== undefined) jobs.cancel(job.jobId);
  });
  const rows = await library.changes(ref, { from: 1, to: 1, signal });
  assert.deepEqual(
    rowLines(rows).map((line) => line.slice(line.indexOf('['))),
    ['[mode,unread]', '[unread]'],
  );
});

test('a caller gets its rows even if another caller cancelled the shared request', async (t) => {
  const { library, jobs } = await openLibrary(t, dockerArchive([LARGE]));
  const first = new AbortController();
  const leave = jobs.subscribe((list) => list.some(({ kind, state }) => kind === 'compare' && state === 'running') && first.abort());
  const given = library.changes(ref, { from: 1, to: 1, signal: first.signal });
  const wanted = library.changes(ref, { from: 1, to: 1, signal });
  await assert.rejects(given);
  leave();
  assert.deepEqual(
    rowLines(await wanted).map((line) => line.slice(line.indexOf('['))),
    ['[mode,rewritten]', '[content]'],
  );
});

test('a comparison’s rows count each file once per side', async (t) => {
  const names = Array.from({ length: 300 }, (_, at) => `l${at}`);
  const layer = (end: string) => tar(file('f', 'x'.repeat(1_000) + end), ...names.map((name) => hardlink(name, 'f')));
  const { library } = await openLibrary(t, dockerArchive([[layer('a'), layer('b')]]));
  const rows = await library.compare({ ...ref, layer: 0 }, { ...ref, layer: 1 }, signal);
  assert.equal(rows.length, 301);
  assert.deepEqual(
    [...rows.counted].filter((bits) => bits !== 0),
    [3],
  );
});

test('configs are compared if both sides are whole images, including in the export', async (t) => {
  const layers = [tar(file('x', 'one')), tar(file('y', ''))];
  const { library, jobs } = await openLibrary(
    t,
    dockerArchive(
      [layers, { config: { Cmd: ['a'], Labels: { l: `\u001b[31m${'x'.repeat(5_000)}` } } }],
      [layers, { names: ['b'], config: { User: 'root' } }],
    ),
  );
  await jobs.ended(library.load({ ...ref, image: 1 }));
  const a = { ...ref, layer: 1 };
  const b = { ...ref, image: 1, layer: 1 };
  const { compared, total, differences } = await library.configs(a, b, signal);
  assert.deepEqual([compared, total], [true, 3]);
  assert.deepEqual(differences.slice(0, 2), [
    { field: 'User', a: null, b: 'root' },
    { field: 'Cmd', a: '["a"]', b: null },
  ]);
  assert.match(differences[2]?.a ?? '', /^\\x1B\[31mx{1000,}…$/);
  for (const part of [
    { ...a, layer: 0 },
    { ...a, since: 1 },
  ]) {
    assert.deepEqual(await library.configs(part, b, signal), { compared: false, total: 0, differences: [] });
  }
  const linesOf = async (wanted: ExportRequest) => {
    let text = '';
    for await (const bytes of library.exported(wanted).bytes(signal)) text += Buffer.from(bytes).toString();
    return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
  };
  const lines = await linesOf({ what: 'comparison', a, b });
  assert.deepEqual(
    lines.map(({ kind, field }) => `${kind} ${field}`),
    ['config User', 'config Cmd', 'config Labels.l'],
  );
  assert.deepEqual(await linesOf({ what: 'comparison', a: { ...a, since: 1 }, b: { ...b, since: 1 } }), []);
});
