import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awaitedName } from '../../renderer/state/awaited.ts';
import { initialJobs, jobsReducer } from '../../renderer/state/jobs.ts';
import { toOpen } from '../../renderer/state/opening.ts';
import type { ArchiveSummary, Job } from '../../src/contract/index.ts';

const reported = (jobs: readonly Job[]) => jobsReducer(initialJobs, { type: 'jobsReported', jobs });
const KNOWN = { archives: [], catalogs: [], awaited: [], jobs: reported([]) };

test('a window is empty only once the host has said that nothing is to be opened', () => {
  assert.equal(awaitedName(KNOWN), null);
  for (const part of [{ archives: null }, { catalogs: null }, { awaited: null }, { jobs: initialJobs }])
    assert.equal(awaitedName({ ...KNOWN, ...part }), '');
});

test('what is being opened has its name until its archive is listed', () => {
  assert.equal(awaitedName({ ...KNOWN, awaited: [{ grant: 'g', name: 'img.tar' }] }), 'img.tar');
  const started = (jobs: readonly Job[]) => jobsReducer(reported(jobs), { type: 'started', jobId: 'j', purpose: toOpen({}) });
  assert.equal(awaitedName({ ...KNOWN, jobs: started([]) }), '');
  const done = { jobId: 'j', kind: 'open', title: 'img.tar', state: 'done', archiveId: 'a' } as Job;
  assert.equal(awaitedName({ ...KNOWN, jobs: started([done]) }), 'img.tar');
  const listed = { archiveId: 'a', images: [] } as unknown as ArchiveSummary;
  assert.equal(awaitedName({ ...KNOWN, archives: [listed], jobs: started([done]) }), null);
});
