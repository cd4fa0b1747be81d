import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import type { ArchiveSummary, Client, EntryDetails, Job } from '#contract';
import { type Finding, finding, type RowTable } from '#model';
import { appStore, dispatchDetails, dispatchJobs, getApp, setApp, setLayout } from '../../renderer/state/app-state.ts';
import { clearChanges, loadChanges } from '../../renderer/state/changes/load-changes.ts';
import { ofOpenArchives, withCached } from '../../renderer/state/changes/table-cache.ts';
import { clearDetails, loadDetails, loadMore } from '../../renderer/state/details/load-details.ts';
import { viewBefore } from '../../renderer/state/details/views.ts';
import { watchOwnJobs } from '../../renderer/state/finished-jobs.ts';
import { initialJobs, isPreceded, jobsReducer, type PlaceInBatch, type Purpose } from '../../renderer/state/jobs.ts';
import { toast, watchToasts } from '../../renderer/state/messages.ts';
import { mayPass, messageAfter } from '../../renderer/state/plain-error.ts';
import { NOTHING, type Selection } from '../../renderer/state/selection.ts';
import { watchStores } from '../../renderer/state/stores/watch-stores.ts';

const atFirst = appStore.getInitialState();

beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] })); // toasts disappear by a timer
afterEach(() => {
  mock.timers.reset();
  appStore.setState(atFirst, true);
});

/** Creates a client that answers calls by name; calls without an answer stay pending until aborted. */
function clientWith(answers: Readonly<Record<string, unknown>>): {
  client: Client;
  signals: { name: string; signal: AbortSignal | undefined }[];
} {
  const signals: { name: string; signal: AbortSignal | undefined }[] = [];
  const call = (name: string, _input: unknown, { signal }: { signal?: AbortSignal } = {}) => {
    signals.push({ name, signal });
    return name in answers
      ? Promise.resolve(answers[name])
      : new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
  };
  return { client: { call } as unknown as Client, signals };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

const job = (part: Partial<Job>): Job => ({
  jobId: 'j1',
  kind: 'verify',
  title: 'image.tar',
  state: 'done',
  phase: '',
  doneBytes: 0,
  totalBytes: null,
  archiveId: 'a1',
  image: 0,
  error: null,
  digest: null,
  ...part,
});

const toasts = () => getApp().toasts.map(({ text }) => text);

async function outcomeOfCheck(findings: readonly Finding[]): Promise<readonly string[]> {
  // The library's most recent report doesn't include the check yet.
  setApp({
    client: clientWith({ 'archive.summary': { findings } }).client,
    archives: [{ archiveId: 'a1', findings: [] } as unknown as ArchiveSummary],
  });
  watchOwnJobs();
  dispatchJobs({ type: 'jobsReported', jobs: [job({})] });
  dispatchJobs({ type: 'started', jobId: 'j1', purpose: { kind: 'check' } });
  await settled();
  assert.deepEqual(getApp().jobs.own, []);
  return toasts();
}

test('checking digests reports what the host has found by the end of the check', async () => {
  assert.deepEqual(await outcomeOfCheck([finding('diffid-mismatch', 'a', { image: 0 })]), ['1 digest does not match']);
});

test('mismatches in other images and other findings don’t affect the outcome of a check', async () => {
  assert.deepEqual(await outcomeOfCheck([finding('digest-mismatch', 'a', { image: 1 }), finding('trailing-data', 'b', { image: 0 })]), [
    'All digests match',
  ]);
});

test('a message replaces an equal one, and disappears when it no longer applies, or after a while', () => {
  watchToasts();
  toast('Path copied');
  toast('21 secrets found', null, ({ layout }) => !layout.findingsOpen);
  toast('Path copied');
  assert.deepEqual(toasts(), ['21 secrets found', 'Path copied']);
  setLayout({ findingsOpen: true });
  assert.deepEqual(toasts(), ['Path copied']);
  mock.timers.tick(5_000);
  assert.deepEqual(toasts(), []);
});

const opens: Purpose = { kind: 'open', sideA: null, offersImport: true, isShown: false, compares: false };

test('the first of several files opened together is shown; the next batch begins when all have settled', () => {
  let jobs = initialJobs;
  for (const jobId of ['a', 'b']) jobs = jobsReducer(jobs, { type: 'started', jobId, purpose: opens });
  jobs = jobsReducer(jobs, { type: 'imageShown', jobId: 'a' });
  assert.deepEqual(
    jobs.own.map(({ purpose }) => purpose.kind === 'open' && purpose.isShown),
    [true, false],
  );
  jobs = jobsReducer(jobs, { type: 'settled', jobId: 'a' });
  assert.equal(jobs.hasShownOne, true);
  // Work other than opening doesn't keep a batch open.
  jobs = jobsReducer(jobs, { type: 'started', jobId: 'c', purpose: { kind: 'save' } });
  jobs = jobsReducer(jobs, { type: 'settled', jobId: 'b' });
  assert.equal(jobs.hasShownOne, false);
  assert.deepEqual(
    jobs.own.map(({ jobId }) => jobId),
    ['c'],
  );
});

test('the first of the files opened together is shown, whichever is read first, or the next one if it fails', () => {
  const [first, second] = [0, 1].map((at) => ({ batch: 1, at }));
  let jobs = jobsReducer(initialJobs, { type: 'transferStarted', id: 't', name: 'a.tar', totalBytes: null, place: first });
  jobs = jobsReducer(jobs, { type: 'started', jobId: 'b', purpose: { ...opens, place: second as PlaceInBatch } });
  assert.equal(isPreceded(jobs, second), true);
  assert.equal(isPreceded(jobs, { batch: 2, at: 1 }), false);
  const failed = jobsReducer(jobs, { type: 'transferFailed', id: 't', error: { code: 'IO', message: 'cut off' } });
  assert.equal(isPreceded(failed, second), false);
  jobs = jobsReducer(jobs, { type: 'started', jobId: 'a', purpose: { ...opens, place: first as PlaceInBatch } });
  jobs = jobsReducer(jobs, { type: 'transferEnded', id: 't' });
  assert.deepEqual([isPreceded(jobs, first), isPreceded(jobs, second)], [false, true]);
  assert.equal(isPreceded(jobsReducer(jobs, { type: 'imageShown', jobId: 'a' }), second), false);
  assert.equal(isPreceded(jobsReducer(jobs, { type: 'settled', jobId: 'a' }), second), false);
});

test('a store job’s callback runs once, after the report that includes its result', async () => {
  let reports = 0;
  const call = async (name: string) => {
    if (name === 'store.report') reports++;
    return { stores: [] };
  };
  (globalThis as { window?: unknown }).window = { addEventListener: () => {} };
  try {
    setApp({ client: { call } as unknown as Client });
    watchStores();
    await settled();
    const atStart = reports;
    const done: string[] = [];
    for (const jobId of ['i1', 'i2']) dispatchJobs({ type: 'started', jobId, purpose: { kind: 'store', onDone: () => done.push(jobId) } });
    dispatchJobs({
      type: 'jobsReported',
      jobs: [job({ jobId: 'i1', kind: 'import' }), job({ jobId: 'i2', kind: 'import', state: 'failed' })],
    });
    assert.equal(done.length, 0);
    await settled();
    assert.deepEqual(done, ['i1'], 'a failed job has no callback');
    assert.equal(reports, atStart + 2);
    dispatchJobs({ type: 'jobsReported', jobs: [job({ jobId: 'i1', kind: 'import' })] });
    // The job's end was reported before this window knew that it had started the job.
    dispatchJobs({ type: 'started', jobId: 'i1', purpose: { kind: 'store', onDone: () => done.push('again') } });
    await settled();
    assert.deepEqual([done, getApp().jobs.own], [['i1', 'again'], []]);
  } finally {
    delete (globalThis as { window?: unknown }).window;
  }
});

const selection: Selection = { ...NOTHING, archiveId: 'a1', from: 1, to: 2, path: 'etc' };

test('loading changes is aborted by the next request, and when nothing is selected', async () => {
  const { client, signals } = clientWith({});
  setApp({ client, selection });
  void loadChanges('a1/0/changes/1-2', selection);
  void loadChanges('a1/0/view/2', { ...selection, mode: 'stacked' });
  assert.deepEqual(
    signals.map(({ name, signal }) => [name, signal?.aborted]),
    [
      ['image.changes', true],
      ['image.view', false],
    ],
  );
  clearChanges();
  assert.equal(signals[1]?.signal?.aborted, true);
  await settled();
  assert.equal(getApp().changes.status, 'idle', 'an abort is not a failure');
});

test('leaving a path aborts loading its details and more of its content', async () => {
  const { client, signals } = clientWith({});
  setApp({ client, selection });
  void loadDetails('a1/0/changes/1-2/657463', selection);
  assert.equal(signals[0]?.name, 'entry.details');
  const entry = { type: 'file' };
  dispatchDetails({
    type: 'detailsUpdated',
    key: 'a1/0/changes/1-2/657463',
    details: { state: 'ready', value: { now: entry, before: null } as unknown as EntryDetails },
  });
  const value = { totalBytes: 9, bytes: new Uint8Array(1), more: 'there', moreError: null } as const;
  dispatchDetails({ type: 'contentUpdated', key: 'a1/0/changes/1-2/657463', content: { state: 'ready', value } });
  void loadMore();
  assert.equal(signals[1]?.name, 'entry.content');
  clearDetails();
  assert.deepEqual(
    signals.map(({ signal }) => signal?.aborted),
    [true, true],
  );
  await settled();
  assert.equal(getApp().details.details.state, 'idle');
});

const tableOf = (length: number) => ({ length }) as RowTable;

test('the least recently used tables are evicted, and the tables of closed archives are dropped', () => {
  let tables: ReadonlyMap<string, RowTable> = new Map();
  for (const key of ['a/1', 'a/2', 'b/1']) tables = withCached(tables, key, tableOf(500_000));
  assert.deepEqual([...tables.keys()], ['a/1', 'a/2', 'b/1']);
  tables = withCached(tables, 'a/1', tables.get('a/1') ?? tableOf(0));
  tables = withCached(tables, 'b/2', tableOf(1));
  assert.deepEqual([...tables.keys()], ['b/1', 'a/1', 'b/2']);
  assert.deepEqual([...withCached(tables, 'c/1', tableOf(9_000_000)).keys()], ['c/1'], 'a table too long by itself is kept');
  assert.deepEqual([...ofOpenArchives(tables, new Set(['a'])).keys()], ['a/1']);
});

test('a path is compared with the layers below the selected ones, or with side A', () => {
  assert.deepEqual(viewBefore(selection), { archiveId: 'a1', image: 0, layer: 0 });
  assert.deepEqual(viewBefore({ ...selection, mode: 'stacked' }), { archiveId: 'a1', image: 0, layer: 1 });
  assert.equal(viewBefore({ ...selection, from: 0 }), null);
  const against = { archiveId: 'a2', image: 1, layer: 3, since: 2 };
  assert.deepEqual(viewBefore({ ...selection, mode: 'compare', against }), { archiveId: 'a2', image: 1, layer: 3 });
});

test('ids in a message are shortened', () => {
  const id = '0123456789ab'.padEnd(64, 'c');
  toast(`layer ${id} is in use by sha256:${id}`);
  assert.deepEqual(toasts().at(-1), 'layer 0123456789ab is in use by sha256:0123456789ab');
  // An id in a path isn't shortened, because the path must lead somewhere.
  toast(`no place for /store/${id}/etc`);
  assert.deepEqual(toasts().at(-1), `no place for /store/${id}/etc`);
});

test('an error shown below a name doesn’t repeat the name, and is retried only if that may help', () => {
  assert.equal(messageAfter('x.tar', 'x.tar is empty: it has 0 bytes'), 'is empty: it has 0 bytes');
  assert.equal(messageAfter('x.tar', 'x.tar: unexpected end'), 'unexpected end');
  assert.equal(messageAfter('x.tar', 'x.tar.gz is empty'), 'x.tar.gz is empty');
  assert.equal(messageAfter('x.tar', 'layer 4: digest does not match'), 'layer 4: digest does not match');
  assert.deepEqual(
    ['NOT_AN_IMAGE', 'DIGEST_MISMATCH', 'IO', 'UNREACHABLE', 'NOT_FOUND'].map((code) => mayPass({ code, message: '' })),
    [false, false, true, true, true],
  );
});
