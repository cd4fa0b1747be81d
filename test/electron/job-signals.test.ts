// What the desktop shows about jobs while its user looks elsewhere.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Job } from '#contract';
import { type Notice, progressOf, watchJobs } from '../../electron/job-signals.ts';

function job(part: Partial<Job>): Job {
  return {
    ...{ jobId: 'j1', kind: 'import', title: 'app.tar', state: 'running', phase: '', doneBytes: 0, totalBytes: null },
    ...{ archiveId: null, image: null, error: null, digest: null },
    ...part,
  };
}

test('progress covers all unfinished jobs by bytes, and is unknown while one has no total', () => {
  assert.equal(progressOf([]), null);
  assert.equal(progressOf([job({ state: 'done', doneBytes: 5, totalBytes: 5 })]), null);
  assert.equal(progressOf([job({})]), 'unknown');
  assert.equal(progressOf([job({ totalBytes: 0 })]), 'unknown');
  const half = job({ doneBytes: 50, totalBytes: 100 });
  assert.equal(progressOf([half]), 0.5);
  assert.equal(progressOf([half, job({ jobId: 'j2', state: 'queued', totalBytes: 300 })]), 0.12);
  assert.equal(progressOf([half, job({ jobId: 'j2' })]), 'unknown');
  // A file that grows while it is read doesn't take the progress past 1.
  assert.equal(progressOf([job({ doneBytes: 900, totalBytes: 100 })]), 1);
});

function watched() {
  const state = { now: 0, isWatched: false };
  const notices: Notice[] = [];
  const progress: (number | 'unknown' | null)[] = [];
  const failed: string[] = [];
  const listen = watchJobs({
    notify: (notice) => void notices.push(notice),
    progress: (value) => void progress.push(value),
    failed: (kind, code) => void failed.push(`${kind} ${code}`),
    isWatched: () => state.isWatched,
    now: () => state.now,
  });
  return { state, notices, progress, failed, listen };
}

test('progress is shown when it changes, and removed at the end', () => {
  const { progress, listen } = watched();
  listen([]);
  listen([job({})]);
  listen([job({})]);
  listen([job({ doneBytes: 101, totalBytes: 1_000 })]);
  listen([job({ doneBytes: 102, totalBytes: 1_000 })]);
  listen([job({ state: 'done' })]);
  assert.deepEqual(progress, ['unknown', 0.1, null]);
});

test('only a long job that ends unwatched gives a notification, and only one', () => {
  const { state, notices, listen } = watched();
  const running = [job({}), job({ jobId: 'j2', title: 'x'.repeat(200), kind: 'export' })];
  listen([job({ state: 'queued' })]);
  state.now = 60_000;
  listen(running);
  state.now += 9_999;
  listen([job({ state: 'done' }), running[1] as Job]);
  assert.deepEqual(notices, []);
  state.now += 1;
  const ended = job({
    jobId: 'j2',
    title: 'x'.repeat(200),
    kind: 'export',
    state: 'failed',
    error: { code: 'NO_SPACE', message: 'disk /home/me' },
  });
  listen([job({ state: 'done' }), ended]);
  listen([job({ state: 'done' }), ended]);
  assert.deepEqual(notices, [{ title: `${'x'.repeat(79)}…`, body: 'Export failed: NO_SPACE' }]);
});

test('a job that is cancelled, watched, or never seen running gives no notification', () => {
  const { state, notices, failed, listen } = watched();
  listen([job({}), job({ jobId: 'j2' })]);
  state.now = 20_000;
  listen([job({ state: 'cancelled' }), job({ jobId: 'j2' }), job({ jobId: 'j3', state: 'failed', error: { code: 'IO', message: '' } })]);
  state.isWatched = true;
  listen([job({ jobId: 'j2', state: 'done' })]);
  assert.deepEqual(notices, []);
  assert.deepEqual(failed, ['import IO']);
});
