import assert from 'node:assert/strict';
import { test } from 'node:test';
import { offerFor } from '../../renderer/state/drop.ts';
import { groupFindings } from '../../renderer/state/findings.ts';
import { contentsJob, initialJobs, jobsReducer, loadingJob, runningCount, shownJobs } from '../../renderer/state/jobs.ts';
import { parseLayout } from '../../renderer/state/layout.ts';
import { artifactTitle, contentWords, imageTitle, lastPart, shortTitle } from '../../renderer/state/library.ts';
import type { ArchiveSummary, Job } from '../../src/contract/index.ts';
import { type FindingCode, finding } from '../../src/model/index.ts';

const file = (type: string) => ({ kind: 'file', type });

test('dragging shows what a drop will do', () => {
  assert.deepEqual(offerFor([file('application/x-tar')]), { accepts: true, text: 'Open this archive' });
  assert.deepEqual(offerFor([file(''), file('application/gzip')]), { accepts: true, text: 'Open 2 archives' });
  assert.deepEqual(offerFor([file('image/png')]), { accepts: false, text: 'This is not a tar archive' });
  assert.equal(offerFor([file('image/png'), file('')])?.text, 'Open this archive');
  assert.equal(offerFor([file('')], 'web:1')?.compares, 'Compare web:1 with this');
  assert.equal(offerFor([file(''), file('')], 'web:1')?.compares, undefined);
  assert.equal(offerFor([{ kind: 'string', type: 'text/plain' }]), null);
});

test('the valid parts of a saved layout are used', () => {
  assert.equal(parseLayout(null).theme, 'auto');
  assert.equal(parseLayout({ theme: 'dark' }).theme, 'dark');
  assert.equal(parseLayout({ theme: 'pink' }).theme, 'auto');
  assert.equal(parseLayout({ chainWidth: 9_999 }).chainWidth, parseLayout(null).chainWidth);
  assert.equal(parseLayout({ chainWidth: 300 }).chainWidth, 300);
  assert.deepEqual([parseLayout({ view: 'treemap' }).view, parseLayout({ view: 1 }).view], ['treemap', 'tree']);
});

const job = (part: Partial<Job>): Job => ({
  jobId: 'j1',
  kind: 'open',
  title: 'image.tar',
  state: 'running',
  phase: '',
  doneBytes: 0,
  totalBytes: null,
  archiveId: null,
  image: null,
  error: null,
  digest: null,
  ...part,
});

test('running and failed jobs are shown, finished and cancelled ones are not', () => {
  const states = ['queued', 'running', 'done', 'failed', 'cancelled'] as const;
  const state = jobsReducer(initialJobs, { type: 'jobsReported', jobs: states.map((each) => job({ jobId: each, state: each })) });
  assert.deepEqual(
    shownJobs(state).map(({ jobId }) => jobId),
    ['queued', 'running', 'failed'],
  );
  assert.equal(runningCount(state), 2);
});

test('the job that reads an image is found by that image', () => {
  const jobs = [job({ jobId: 'other', archiveId: 'a1', image: 1 }), job({ jobId: 'mine', archiveId: 'a1', image: 0 })];
  const state = jobsReducer(initialJobs, { type: 'jobsReported', jobs });
  assert.equal(loadingJob(state, 'a1', 0)?.jobId, 'mine');
  assert.equal(loadingJob(state, 'a2', 0), null);
});

test('the job that reads contents for a table is found by the image, while it runs', () => {
  const jobs = (['done', 'running', 'failed'] as const).map((state) =>
    job({ jobId: state, kind: 'compare', state, archiveId: 'a1', image: 0 }),
  );
  const state = jobsReducer(initialJobs, { type: 'jobsReported', jobs: [...jobs, job({ archiveId: 'a1', image: 0 })] });
  assert.equal(contentsJob(state, { archiveId: 'a1', image: 0 })?.jobId, 'running');
  assert.equal(contentsJob(state, { archiveId: 'a1', image: 1 }), null);
  assert.equal(contentsJob(state, { archiveId: null, image: 0 }), null);
});

test('a transfer progresses, fails and ends', () => {
  let state = jobsReducer(initialJobs, { type: 'transferStarted', id: 't', name: 'a.tar', totalBytes: 10 });
  state = jobsReducer(state, { type: 'transferMoved', id: 't', sentBytes: 4 });
  assert.equal(state.transfers[0]?.sentBytes, 4);
  assert.equal(runningCount(state), 1);
  state = jobsReducer(state, { type: 'transferFailed', id: 't', error: { code: 'IO', message: 'cut off' } });
  assert.equal(runningCount(state), 0);
  state = jobsReducer(state, { type: 'transferEnded', id: 't' });
  assert.deepEqual(state.transfers, []);
});

test('findings are grouped by code, most severe first; findings of other images are omitted', () => {
  const groups = groupFindings(
    [
      finding('duplicate-path', 'a', { image: 0 }),
      finding('trailing-data', 'b', { image: 0 }),
      finding('missing-blob', 'c'),
      finding('trailing-data', 'd', { image: 0 }),
      finding('trailing-data', 'e', { image: 1 }),
    ],
    0,
  );
  assert.deepEqual(
    groups.map(({ code, findings }) => [code, findings.length]),
    [
      ['missing-blob', 1],
      ['trailing-data', 2],
      ['duplicate-path', 1],
    ],
  );
});

test('within a severity, findings with the most bytes come first, then by layer and path', () => {
  const at = (code: FindingCode, layer: number, path: string, bytes?: number) =>
    finding(code, path, { image: 0, layer, path, ...(bytes === undefined ? {} : { bytes }) });
  const groups = groupFindings(
    [
      at('waste-logs', 0, 'log', 10),
      at('bare-whiteout', 2, 'c'),
      at('bare-whiteout', 1, 'd'),
      at('bare-whiteout', 1, 'b'),
      at('waste-tmp', 0, 'tmp/a', 5),
      at('waste-tmp', 1, 'tmp/b', 9),
    ],
    0,
  );
  assert.deepEqual(
    groups.map(({ findings }) => findings.map(({ path }) => path)),
    [['b', 'd', 'c'], ['tmp/b', 'tmp/a'], ['log']],
  );
});

test('an archive with no or several images describes its contents; an artifact is titled by its name or else its digest', () => {
  const artifact = {
    index: 0,
    digest: `sha256:${'ab'.repeat(32)}`,
    artifactType: null,
    kind: 'other' as const,
    predicateTypes: [],
    mediaTypes: [],
    subject: null,
    bytes: 1,
    names: [],
  };
  const words = (images: number, artifacts: number) =>
    contentWords({
      images: Array(images).fill({}),
      ...(artifacts === 0 ? {} : { artifacts: Array(artifacts).fill(artifact) }),
    } as unknown as ArchiveSummary);
  assert.deepEqual([words(0, 0), words(2, 0), words(0, 1), words(1, 2)], ['no images', '2 images', '1 artifact', '1 image, 2 artifacts']);
  assert.deepEqual([artifactTitle(artifact), artifactTitle({ ...artifact, names: ['chart:1'] })], ['abababababab', 'chart:1']);
});

test('an image is titled by its name, or else its digest, or else its file', () => {
  const image = { names: ['docker.io/library/debian:12'], configDigest: null } as unknown as ArchiveSummary['images'][number];
  const archive = { title: 'image.tar', format: 'docker-archive' } as ArchiveSummary;
  assert.equal(imageTitle(archive, image), 'debian:12');
  assert.equal(imageTitle(archive, { ...image, names: [], configDigest: `sha256:${'ab'.repeat(32)}` }), 'abababababab');
  assert.equal(imageTitle(archive, { ...image, names: [] }), 'image.tar');
  assert.equal(lastPart('ghcr.io/acme/web:1'), 'web:1');
});

test('a name that is only a tag follows the name of its OCI archive', () => {
  const title = (file: string, name: string, format: ArchiveSummary['format'] = 'oci-layout') =>
    imageTitle(
      { title: file, format } as ArchiveSummary,
      { names: [name], configDigest: null } as unknown as ArchiveSummary['images'][number],
    );
  assert.equal(title('dpkg', '1'), 'dpkg:1');
  assert.equal(title('img-oci.tar.gz', 't', 'oci-archive'), 'img-oci:t');
  assert.equal(title('dpkg', 'debian:12'), 'debian:12');
  assert.equal(title('store:8e03', '1'), '1');
  assert.equal(title('image.tar', 'latest', 'docker-archive'), 'latest');
});

test('where space is scarce, images are distinguished by the beginnings of their name and tag', () => {
  assert.deepEqual(shortTitle('registry.example.com/team/web-api:1.8'), ['web-api', '1.8']);
  assert.deepEqual(shortTitle('localhost:5000/app'), ['app']);
  assert.deepEqual(shortTitle('1871059774ab'), ['1871059774ab']);
  assert.deepEqual(shortTitle('app:'), ['app']);
});
