import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import type { Job } from '#contract';
import { createJobs, createLibrary } from '#engine';
import { dockerArchive } from '../support/docker-archive.ts';
import { pack } from '../support/image-builder.ts';
import { file, hardlink, tar } from '../support/tar-builder.ts';
import { testFile, testReader } from '../support/workbench.ts';

const { signal } = new AbortController();
const ref = { archiveId: 'a1', image: 0 };
/** Bytes that don't compress, so that their amount shows in packed sizes. */
const noise = (length: number, seed: number) =>
  Buffer.from(Array.from({ length }, (_, at) => (Math.imul(at + seed, 0x9e3779b1) >>> 13) & 0xff)).toString('latin1');

async function open(t: TestContext, layers: readonly Uint8Array[]) {
  const jobs = createJobs({ intervalMs: 0 });
  const library = createLibrary({ reader: testReader(t), jobs, intervalMs: 0 });
  t.after(async () => {
    await jobs[Symbol.asyncDispose]();
    await library[Symbol.asyncDispose]();
  });
  await jobs.ended(library.open({ path: testFile(t, dockerArchive({ name: 'app:1', layers })), title: 'image.tar' }));
  const whatIf = async () => (await library.waste(ref, 1, signal)).whatIf;
  return { jobs, library, whatIf };
}

const LAYERS = [
  tar(file('a', noise(200_000, 1)), file('gone', noise(90_000, 2))),
  tar(file('.wh.gone'), file('a', noise(150_000, 3)), file('c', noise(9_000, 5))),
  tar(file('b', noise(30_000, 4)), file('c', 'x')),
];

test('a job packs whatever has no known stored size, with progress, and the waste report then has the stored sizes', async (t) => {
  const { jobs, library, whatIf } = await open(
    t,
    LAYERS.map((layer) => pack(layer, 'gzip')),
  );
  assert.deepEqual(
    (await whatIf()).map(({ kind, from, storedBytes }) => [kind, from, storedBytes]),
    [
      ['merge-removals', null, null],
      ['squash', 1, null],
      ['squash', 0, null],
      ['zstd', null, null],
    ],
  );
  const seen: Job[] = [];
  jobs.subscribe((list) => seen.push(...list.filter(({ kind }) => kind === 'weigh')));
  const jobId = library.weigh(ref);
  assert.equal(library.weigh(ref), jobId, 'a second request joins the job');
  const { state, archiveId, image, error } = await jobs.ended(jobId);
  assert.deepEqual([state, archiveId, image, error], ['done', 'a1', 0, null]);
  assert.ok(seen.some(({ phase }) => phase === 'packing 3 of 4'));
  assert.ok(seen.some(({ doneBytes, totalBytes }) => doneBytes > 0 && totalBytes !== null && doneBytes < totalBytes));
  const packed = await whatIf();
  assert.ok(packed.every(({ storedBytes, obstacle }) => storedBytes !== null && obstacle === null));
  const [merged, upper, one, zstd] = packed.map(({ storedBytes }) => storedBytes ?? 0);
  // The layers packed one by one with node:zlib, for comparison.
  const asZstd = LAYERS.reduce((sum, layer) => sum + zstdCompressSync(layer).length, 0);
  assert.ok(Math.abs((zstd ?? 0) - asZstd) < asZstd / 100, `${zstd} ${asZstd}`);
  const stored = LAYERS.reduce((sum, layer) => sum + pack(layer, 'gzip').length, 0);
  for (const [smaller, bigger] of [
    [one, merged],
    [merged, stored],
    [upper, stored],
  ] as const)
    assert.ok((smaller ?? 0) < (bigger ?? 0), packed.map(({ storedBytes }) => storedBytes).join());
});

test('a cancelled job keeps what it has packed', async (t) => {
  const { jobs, library, whatIf } = await open(
    t,
    LAYERS.map((layer) => pack(layer, 'gzip')),
  );
  const jobId = library.weigh(ref);
  const stop = jobs.subscribe((list) => {
    if (list.some((job) => job.jobId === jobId && job.phase === 'packing 2 of 4')) jobs.cancel(jobId);
  });
  assert.equal((await jobs.ended(jobId)).state, 'cancelled');
  stop();
  const known = (await whatIf()).map(({ storedBytes }) => storedBytes !== null);
  assert.deepEqual(known, [true, false, false, false]);
  assert.equal((await jobs.ended(library.weigh(ref))).state, 'done');
  assert.ok((await whatIf()).every(({ storedBytes }) => storedBytes !== null));
});

test('if a plan can’t be written, the reason is given; with a damaged layer, no plan can be written', async (t) => {
  const linked = [tar(file('d/a', 'a'.repeat(10)), hardlink('b', 'd/a')), tar(file('d/.wh.a'), file('x', 'x'))];
  const { jobs, library, whatIf } = await open(
    t,
    linked.map((layer) => pack(layer, 'gzip')),
  );
  assert.equal((await jobs.ended(library.weigh(ref))).state, 'done');
  assert.ok((await whatIf()).every(({ storedBytes, obstacle }) => (storedBytes === null) === (obstacle !== null)));
  const cut = LAYERS.map((layer) => pack(layer, 'gzip')).map((layer, at) => (at === 1 ? layer.subarray(0, layer.length / 2) : layer));
  const damaged = await open(t, cut);
  assert.equal((await damaged.jobs.ended(damaged.library.weigh(ref))).state, 'done');
  const reports = await damaged.whatIf();
  assert.deepEqual(new Set(reports.map(({ storedBytes, obstacle }) => `${storedBytes} ${obstacle}`)), new Set(['null layer 1 is damaged']));
});
