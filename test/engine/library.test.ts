import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { createReader } from '#archive';
import type { ArchiveSummary, Job } from '#contract';
import { createJobs, createLibrary } from '#engine';
import { encodeUtf8 } from '#model';
import { faultsIn, hasCode } from '../support/asserts.ts';
import { dockerArchive } from '../support/docker-archive.ts';
import { changedPaths } from '../support/row-text.ts';
import { SECRET_SAMPLES } from '../support/secret-samples.ts';
import { directory, file, tar } from '../support/tar-builder.ts';
import { until } from '../support/waiting.ts';

const { signal } = new AbortController();
const layers = [
  tar(directory('etc/'), file('etc/hosts', '127.0.0.1 localhost\n'), file('etc/old', 'old')),
  tar(file('etc/hosts', 'changed\n'), file('etc/.wh.old'), file('app', 'x'.repeat(5_000))),
];

/** A tar with so many members that reading it takes long enough to be cancelled. */
const LONG_LAYER = tar(...Array<Uint8Array>(20_000).fill(file('again')));

/** Creates a library over a reader without workers, and a folder to write archives to. */
async function startLibrary(image: Uint8Array = dockerArchive({ name: 'web:1', layers })) {
  const folder = await mkdtemp(path.join(tmpdir(), 'layerscope-test-'));
  const archive = path.join(folder, 'image.tar');
  await writeFile(archive, image);
  const reader = createReader({ cacheFolder: null, workers: 0 });
  const real = createJobs({ intervalMs: 0 });
  // Every reported phase; the topic skips phases that end quickly.
  const phases: string[] = [];
  const jobs: typeof real = {
    ...real,
    start: (what, run) =>
      real.start(what, (context) =>
        run({
          ...context,
          report(progress) {
            if (progress.phase !== undefined) phases.push(progress.phase);
            context.report(progress);
          },
        }),
      ),
  };
  const failures: unknown[] = [];
  const library = createLibrary({ reader, jobs, intervalMs: 0, onFailure: (error) => failures.push(error) });
  return {
    folder,
    archive,
    jobs,
    library,
    failures,
    phases,
    async open(release?: () => Promise<void>): Promise<Job> {
      return jobs.ended(library.open({ path: archive, title: 'image.tar', ...(release === undefined ? {} : { release }) }));
    },
    async [Symbol.asyncDispose]() {
      await jobs[Symbol.asyncDispose]();
      await library[Symbol.asyncDispose]();
      await reader[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

test('opening reads the manifests, then the layers of the first image, as one job', async () => {
  await using it = await startLibrary();
  const states: (readonly ArchiveSummary[])[] = [];
  it.library.subscribe((state) => states.push(state));
  const job = await it.open();
  assert.deepEqual([job.state, job.archiveId, job.image, job.error], ['done', 'a1', 0, null]);
  const summary = it.library.summary('a1');
  const codes = summary.findings.map(({ code }) => code);
  assert.deepEqual(
    [summary.title, summary.format, summary.images.length, codes],
    ['image.tar', 'docker-archive', 1, ['waste-removed-later']],
  );
  const [image] = summary.images;
  assert.equal(image?.loaded, true);
  assert.deepEqual(
    image?.layers.map(({ added, modified, removed }) => [added, modified, removed]),
    [
      [3, 0, 0],
      [1, 1, 1],
    ],
  );
  assert.match(image?.chainIds[1] ?? '', /^sha256:[0-9a-f]{64}$/);
  assert.notEqual(image?.chainIds[1], image?.layers[1]?.diffId);
  assert.deepEqual(states[0], []);
  assert.equal(states.find((state) => state.length === 1)?.[0]?.images[0]?.loaded, false); // listed before its layers are read
  await until(() => isDeepStrictEqual(states.at(-1), [summary]), 'the topic has the whole summary');
});

test('archives are listed in the order in which they were opened, whichever is read first', async () => {
  await using it = await startLibrary();
  let readFirst = (): void => {};
  const isFirstRead = new Promise<void>((resolve) => {
    readFirst = resolve;
  });
  const first = it.library.open({
    path: null,
    title: 'first.tar',
    read: async (reader, options) => {
      await isFirstRead;
      return reader.open(it.archive, options);
    },
  });
  await it.open();
  readFirst();
  await it.jobs.ended(first);
  assert.deepEqual(
    it.library.list().map(({ title }) => title),
    ['first.tar', 'image.tar'],
  );
});

test('changes and views are returned as rows; one table serves all pages', async () => {
  await using it = await startLibrary();
  await it.open();
  const ref = { archiveId: 'a1', image: 0 };
  const changes = await it.library.changes(ref, { from: 1, to: 1, signal });
  assert.deepEqual(changedPaths(changes), ['added app', 'modified etc/hosts', 'removed etc/old']);
  assert.equal(await it.library.changes(ref, { from: 1, to: 1, signal }), changes);
  assert.notEqual(await it.library.changes(ref, { from: 0, to: 1, signal }), changes);
  assert.equal((await it.library.view(ref, { layer: 0, signal })).length, 3);
  assert.equal((await it.library.view(ref, { layer: 1, signal })).length, 3);
});

test('an entry has content, details and a raw header', async () => {
  await using it = await startLibrary();
  await it.open();
  const entry = { archiveId: 'a1', image: 0, layer: 1, path: encodeUtf8('etc/hosts') };
  const whole = await it.library.content(entry, { offset: 0, length: 262_144 }, signal);
  assert.deepEqual([whole.offset, whole.totalBytes, Buffer.from(whole.bytes).toString()], [0, 8, 'changed\n']);
  const below = await it.library.content({ ...entry, layer: 0 }, { offset: 10, length: 5 }, signal);
  assert.equal(Buffer.from(below.bytes).toString(), 'local');
  assert.equal((await it.library.content(entry, { offset: 100, length: 5 }, signal)).bytes.length, 0);
  assert.equal((await it.library.content(entry, { offset: 0, length: 0 }, signal)).totalBytes, 8);
  const details = await it.library.details(entry, signal);
  assert.deepEqual(
    details.history.map(({ layer, kind }) => [layer, kind]),
    [
      [0, 'added'],
      [1, 'modified'],
    ],
  );
  const raw = await it.library.raw(entry, signal);
  assert.deepEqual([raw.format, raw.bytes.length], ['ustar', 512]);
});

test('anything that doesn’t exist is NOT_FOUND', async () => {
  await using it = await startLibrary();
  await it.open();
  const ref = { archiveId: 'a1', image: 0 };
  const path = encodeUtf8('etc/nothing');
  await assert.rejects(it.library.changes({ ...ref, archiveId: 'a2' }, { from: 0, to: 0, signal }), hasCode('NOT_FOUND'));
  await assert.rejects(it.library.changes({ ...ref, image: 1 }, { from: 0, to: 0, signal }), hasCode('NOT_FOUND'));
  await assert.rejects(it.library.changes(ref, { from: 0, to: 2, signal }), hasCode('NOT_FOUND'));
  await assert.rejects(it.library.view(ref, { layer: 9, signal }), hasCode('NOT_FOUND'));
  await assert.rejects(it.library.content({ ...ref, layer: 1, path }, { offset: 0, length: 1 }, signal), hasCode('NOT_FOUND'));
  await assert.rejects(
    it.library.content({ ...ref, layer: 1, path: encodeUtf8('etc') }, { offset: 0, length: 1 }, signal),
    hasCode('NOT_FOUND'),
  );
  await assert.rejects(it.library.details({ ...ref, layer: 1, path }, signal), hasCode('NOT_FOUND'));
  assert.throws(() => it.library.load({ ...ref, image: 7 }), hasCode('NOT_FOUND'));
  await assert.rejects(it.library.close('a9'), hasCode('NOT_FOUND'));
});

test('an archive’s second image is read on demand, once for all requests', async () => {
  await using it = await startLibrary(
    dockerArchive({ name: 'one', layers }, { name: 'two', architecture: 's390x', layers: layers.slice(0, 1) }),
  );
  await it.open();
  const ref = { archiveId: 'a1', image: 1 };
  await assert.rejects(it.library.view(ref, { layer: 0, signal }), hasCode('NOT_FOUND'));
  const jobId = it.library.load(ref);
  assert.equal(it.library.load(ref), jobId);
  assert.equal((await it.jobs.ended(jobId)).state, 'done');
  assert.equal((await it.library.view(ref, { layer: 0, signal })).length, 3);
});

test('verifying finds a layer that does not match its config', async () => {
  const image = dockerArchive({ name: 'one', layers });
  const at = Buffer.from(image).indexOf('localhost');
  image.set(encodeUtf8('LOCALHOST'), at);
  await using it = await startLibrary(image);
  await it.open();
  assert.deepEqual(faultsIn(it.library.summary('a1').findings), []);
  await it.jobs.ended(it.library.verify({ archiveId: 'a1', image: 0 }));
  const [found] = it.library.summary('a1').findings;
  assert.deepEqual([found?.code, found?.image, found?.layer], ['diffid-mismatch', 0, 0]);
});

test('a scan finds secrets, and a later check of the digests keeps them', async () => {
  const secret = SECRET_SAMPLES['secret-github-token']?.().text ?? '';
  await using it = await startLibrary(dockerArchive({ name: 'one', layers: [tar(file('app/token', secret))] }));
  await it.open();
  const ref = { archiveId: 'a1', image: 0 };
  assert.equal(it.library.summary('a1').images[0]?.scanned, false);
  assert.deepEqual(it.library.summary('a1').findings, []);
  for (const start of [it.library.scan, it.library.verify]) {
    assert.equal((await it.jobs.ended(start(ref))).state, 'done');
    const { findings, images } = it.library.summary('a1');
    assert.deepEqual(
      findings.map(({ code, image, layer, path }) => [code, image, layer, path]),
      [['secret-github-token', 0, 0, 'app/token']],
    );
    assert.equal(images[0]?.scanned, true);
  }
});

test('a scan for secrets leaves other findings as they are', async () => {
  const body = 'the same bytes again\n'.repeat(1000);
  const copies = [tar(file('app/one', body), file('app/one', body)), tar(file('app/one', body), file('app/two', body))];
  await using it = await startLibrary(dockerArchive({ name: 'one', layers: copies }));
  await it.open();
  const ref = { archiveId: 'a1', image: 0 };
  await it.jobs.ended(it.library.load(ref));
  const before = it.library.summary('a1').findings;
  assert.notDeepEqual(before, []);
  await it.jobs.ended(it.library.scan(ref));
  assert.equal(it.library.summary('a1').images[0]?.scanned, true);
  assert.deepEqual(it.library.summary('a1').findings, before);
});

test('closing closes the archive and releases its file once', async () => {
  await using it = await startLibrary();
  let released = 0;
  await it.open(async () => {
    released++;
  });
  assert.equal(released, 0);
  await it.library.close('a1');
  await new Promise(setImmediate);
  assert.equal(released, 1);
  assert.deepEqual(it.library.list(), []);
  assert.throws(() => it.library.summary('a1'), hasCode('NOT_FOUND'));
  await it.open();
  assert.equal(it.library.list()[0]?.archiveId, 'a2'); // ids are never reused
});

test('an archive that can’t be opened is not listed, and its file is released', async () => {
  await using it = await startLibrary(encodeUtf8('no archive of any kind'.repeat(100)));
  let released = 0;
  const job = await it.open(async () => {
    released++;
  });
  assert.equal(job.state, 'failed');
  assert.equal(job.error?.code, 'NOT_AN_IMAGE');
  await new Promise(setImmediate);
  assert.equal(released, 1);
  assert.deepEqual(it.library.list(), []);
});

test('a cancelled opening leaves nothing behind', async () => {
  await using it = await startLibrary(dockerArchive({ name: 'big', layers: [LONG_LAYER] }));
  let released = 0;
  const release = async (): Promise<void> => {
    released++;
  };
  const jobId = it.library.open({ path: it.archive, title: 'image.tar', release });
  it.library.subscribe((state) => {
    if (state.length === 1) it.jobs.cancel(jobId); // while its layers are read
  });
  assert.equal((await it.jobs.ended(jobId)).state, 'cancelled');
  await new Promise(setImmediate);
  assert.deepEqual([it.library.list(), released], [[], 1]);
});

test('closing an archive while its layers are read cancels the reading', async () => {
  await using it = await startLibrary(dockerArchive({ name: 'big', layers: [LONG_LAYER] }));
  const jobId = it.library.open({ path: it.archive, title: 'image.tar' });
  await new Promise<void>((resolve) => it.library.subscribe((state) => state.length === 1 && resolve()));
  await it.library.close('a1');
  assert.equal((await it.jobs.ended(jobId)).state, 'cancelled');
  assert.deepEqual(it.library.list(), []);
});

test('a failure to release an archive’s file is reported and has no other effect', async () => {
  await using it = await startLibrary();
  await it.open(async () => {
    throw new Error('the disk is gone');
  });
  await it.library.close('a1');
  await new Promise(setImmediate);
  assert.match(String(it.failures[0]), /disk is gone/);
});

test('a comparison with much to read runs as a job and can be cancelled', async () => {
  // Layers with the same paths and sizes; only the last byte of the second file differs.
  const bodies = [...'abc'].map((end) => tar(file('same', 'x'.repeat(12_000_000)), file('other', 'y'.repeat(12_000_000) + end)));
  await using it = await startLibrary(dockerArchive({ name: 'web:1', layers: bodies }));
  const { archiveId } = await it.open();
  assert.ok(archiveId);
  const seen: Job[] = [];
  it.jobs.subscribe((jobs) => seen.push(...jobs.filter(({ kind }) => kind === 'compare')));
  const side = (layer: number) => ({ archiveId, image: 0, layer });

  let turns = 0;
  let isRunning = true;
  const count = (): void => {
    turns += 1;
    if (isRunning) setImmediate(count);
  };
  count();
  const table = await it.library.compare(side(0), side(1), signal);
  isRunning = false;
  assert.ok(turns > 2, 'the event loop keeps turning');
  assert.deepEqual(changedPaths(table), ['modified other']);
  const running = seen.filter(({ state }) => state === 'running');
  assert.ok(running.some(({ totalBytes, phase }) => totalBytes === 24_000_001 && phase === 'comparing files'));
  const done = running.map(({ doneBytes }) => doneBytes);
  assert.deepEqual(
    done,
    [...done].sort((a, b) => a - b),
  );
  assert.ok(
    it.jobs.list().every(({ kind }) => kind !== 'compare'),
    'the caller gets the table, so the job is not listed',
  );

  // Cancelled from the list of jobs: the caller gets CANCELLED and can try again.
  const stop = it.jobs.subscribe((jobs) => {
    const job = jobs.find(({ kind, state }) => kind === 'compare' && state === 'running');
    if (job !== undefined) it.jobs.cancel(job.jobId);
  });
  await assert.rejects(it.library.compare(side(0), side(2), signal), hasCode('CANCELLED'));
  stop();
  assert.deepEqual(changedPaths(await it.library.compare(side(0), side(2), signal)), ['modified other']);

  // The caller aborts: the job is cancelled.
  const control = new AbortController();
  const leave = it.jobs.subscribe((jobs) => jobs.some(({ kind, state }) => kind === 'compare' && state === 'running') && control.abort());
  await assert.rejects(it.library.compare(side(1), side(2), control.signal));
  leave();
  assert.ok(it.jobs.list().every(({ kind }) => kind !== 'compare'));
});

test('a job reports which layer it reads', async () => {
  await using it = await startLibrary();
  await it.open();
  assert.deepEqual(
    [...new Set(it.phases)].filter((phase) => phase.startsWith('reading layer')),
    ['reading layer 1 of 2', 'reading layer 2 of 2'],
  );
});

test('opening an open file again gives the same archive, until the file changes or is closed', async () => {
  await using it = await startLibrary();
  const first = await it.open();
  const again = await it.open();
  assert.deepEqual([again.state, again.archiveId, again.image], ['done', first.archiveId, 0]);
  const both = await Promise.all([it.open(), it.open()]);
  assert.deepEqual(
    both.map(({ archiveId }) => archiveId),
    [first.archiveId, first.archiveId],
  );
  assert.equal(it.library.list().length, 1);

  await writeFile(it.archive, dockerArchive({ name: 'web:2', layers }));
  const changed = await it.open();
  assert.notEqual(changed.archiveId, first.archiveId);
  assert.equal(it.library.list().length, 2);

  await it.library.close(changed.archiveId ?? '');
  let released = 0;
  const last = await it.open(async () => {
    released++;
  });
  assert.notEqual(last.archiveId, changed.archiveId);
  // The archive is already open, so this job releases the source it was given.
  await it.open(async () => {
    released += 10;
  });
  assert.equal(released, 10);
});

test('two jobs that open a file at the same time result in one archive', async () => {
  await using it = await startLibrary();
  const both = await Promise.all([it.open(), it.open()]);
  assert.equal(both[0]?.archiveId, both[1]?.archiveId);
  assert.equal(it.library.list().length, 1);
});
