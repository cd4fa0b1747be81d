import assert from 'node:assert/strict';
import test, { mock } from 'node:test';
import type { Job } from '#contract';
import { createJobs, type JobContext } from '#engine';
import { LayerscopeError } from '#model';
import { hasCode } from '../support/asserts.ts';

/** Creates work that runs until released or cancelled. */
function held() {
  let release: () => void = () => {};
  let context: JobContext | null = null;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const run = async (given: JobContext): Promise<void> => {
    context = given;
    await Promise.race([gate, new Promise((_, reject) => given.signal.addEventListener('abort', () => reject(new Error('torn down'))))]);
  };
  return { run, release: () => release(), context: () => context as JobContext | null };
}

const what = { kind: 'open', title: 'image.tar' } as const;
const states = (jobs: readonly Job[]): string[] => jobs.map(({ state }) => state);

test('two jobs run in parallel; the others wait in order', async () => {
  await using jobs = createJobs();
  const works = [held(), held(), held(), held()];
  const ids = works.map(({ run }) => jobs.start(what, run));
  assert.deepEqual(states(jobs.list()), ['running', 'running', 'queued', 'queued']);
  works[1]?.release();
  await jobs.ended(ids[1] as string);
  assert.deepEqual(states(jobs.list()), ['running', 'done', 'running', 'queued']);
});

test('a job reports its steps and ends as done', async () => {
  await using jobs = createJobs();
  const work = held();
  const id = jobs.start({ ...what, title: 'evil\u001b[2J.tar' }, work.run);
  work.context()?.about({ archiveId: 'a1', image: 2 });
  work.context()?.report({ phase: 'reading layer 3 of 9', doneBytes: 5, totalBytes: 10 });
  const [job] = jobs.list();
  assert.deepEqual(job, {
    jobId: id,
    kind: 'open',
    title: 'evil\\x1B[2J.tar',
    state: 'running',
    phase: 'reading layer 3 of 9',
    doneBytes: 5,
    totalBytes: 10,
    archiveId: 'a1',
    image: 2,
    error: null,
    digest: null,
  });
  work.release();
  const ended = await jobs.ended(id);
  assert.equal(ended.state, 'done');
  work.context()?.report({ phase: 'too late' });
  assert.equal(jobs.list()[0]?.phase, 'done');
});

test('a cancelled job is aborted and ends as cancelled, whatever it throws', async () => {
  await using jobs = createJobs();
  const work = held();
  const id = jobs.start(what, work.run);
  jobs.cancel(id);
  const { state, error } = await jobs.ended(id);
  assert.deepEqual([state, error], ['cancelled', null]);
  jobs.cancel(id); // no effect
  assert.equal(jobs.list()[0]?.state, 'cancelled');
});

test('a waiting job is cancelled without being started', async () => {
  await using jobs = createJobs({ atOnce: 1 });
  const [first, second] = [held(), held()];
  jobs.start(what, first.run);
  const id = jobs.start(what, second.run);
  jobs.cancel(id);
  assert.equal((await jobs.ended(id)).state, 'cancelled');
  first.release();
  await new Promise(setImmediate);
  assert.equal(second.context(), null);
});

test('a failed job keeps its error until it is dismissed', async () => {
  await using jobs = createJobs();
  const id = jobs.start(what, async () => {
    throw new LayerscopeError('TRUNCATED', 'image.tar ends too early');
  });
  const { state, error } = await jobs.ended(id);
  assert.deepEqual([state, error], ['failed', { code: 'TRUNCATED', message: 'image.tar ends too early' }]);
  jobs.dismiss(id);
  assert.deepEqual(jobs.list(), []);
  assert.throws(() => jobs.dismiss(id), hasCode('NOT_FOUND'));
  assert.throws(() => jobs.cancel(id), hasCode('NOT_FOUND'));
  await assert.rejects(jobs.ended(id), hasCode('NOT_FOUND'));
});

test('an internal error goes to the log, not to the window', async () => {
  const defects: Error[] = [];
  await using jobs = createJobs({ onDefect: (error) => defects.push(error) });
  const id = jobs.start(what, async () => {
    throw new TypeError('x is not a function');
  });
  const { error } = await jobs.ended(id);
  assert.equal(error?.code, 'INTERNAL');
  assert.doesNotMatch(error?.message ?? '', /not a function/);
  assert.match(defects[0]?.message ?? '', /not a function/);
});

test('a running job can’t be dismissed', async () => {
  await using jobs = createJobs();
  const id = jobs.start(what, held().run);
  assert.throws(() => jobs.dismiss(id), hasCode('USAGE'));
});

test('the topic of jobs starts with a snapshot and reports a thousand steps in a few messages', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    await using jobs = createJobs();
    const updates: (readonly Job[])[] = [];
    const work = held();
    const id = jobs.start(what, work.run);
    const end = jobs.subscribe((state) => updates.push(state));
    assert.equal(updates.length, 1);
    for (let i = 0; i < 1_000; i++) {
      work.context()?.report({ doneBytes: i });
      if (i % 100 === 0) await Promise.resolve();
    }
    assert.equal(updates.length, 2); // the snapshot, then one update for the first change; the rest wait for the timer
    mock.timers.tick(99);
    assert.equal(updates.length, 2);
    mock.timers.tick(1);
    assert.equal(updates.length, 3);
    assert.equal(updates[2]?.[0]?.doneBytes, 999);
    mock.timers.tick(1_000);
    assert.equal(updates.length, 3); // no change since
    end();
    work.release();
    await jobs.ended(id);
    mock.timers.tick(1_000);
    assert.equal(updates.length, 3);
  } finally {
    mock.timers.reset();
  }
});

test('disposal cancels running and waiting jobs, and refuses new ones', async () => {
  const jobs = createJobs({ atOnce: 1 });
  const works = [held(), held()];
  const ids = works.map(({ run }) => jobs.start(what, run));
  await jobs[Symbol.asyncDispose]();
  for (const id of ids) assert.equal((await jobs.ended(id)).state, 'cancelled');
  assert.throws(() => jobs.start(what, held().run), hasCode('CANCELLED'));
});

test('the list of ended jobs has a limit', async () => {
  await using jobs = createJobs();
  for (let i = 0; i < 300; i++) await jobs.ended(jobs.start(what, async () => {}));
  assert.ok(jobs.list().length <= 200);
});
