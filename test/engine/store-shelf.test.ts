import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { createReader } from '#archive';
import { createJobs, createLibrary, createStoreShelf } from '#engine';
import { dockerArchive } from '../support/docker-archive.ts';
import { file, tar } from '../support/tar-builder.ts';

function startShelf(t: TestContext) {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-shelf-'));
  const home = path.join(folder, 'home');
  const image = path.join(folder, 'image.tar');
  writeFileSync(image, dockerArchive({ name: 'app:1', layers: [tar(file('a', 'one')), tar(file('b', 'two'))] }));
  const reader = createReader({ cacheFolder: null, workers: 0 });
  const jobs = createJobs({ intervalMs: 0 });
  const library = createLibrary({ reader, jobs, intervalMs: 0 });
  t.after(async () => {
    await jobs[Symbol.asyncDispose]();
    await library[Symbol.asyncDispose]();
    await reader[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  return { home, image, jobs, library, shelf: createStoreShelf({ home, library, jobs }) };
}

test('nothing is made before something is taken in; then it is opened without its archive, and removed', async (t) => {
  const { home, image, jobs, library, shelf } = startShelf(t);
  assert.deepEqual(await shelf.report(), { driver: 'portable', home, images: [], layers: 0, sizeBytes: 0, problem: null });
  assert.throws(() => shelf.open('app:1'), { code: 'NOT_FOUND' });
  await assert.rejects(shelf.remove('app:1'), { code: 'NOT_FOUND' });
  assert.equal(existsSync(home), false);

  const opened = await jobs.ended(library.open({ path: image, title: 'image.tar' }));
  const ref = { archiveId: opened.archiveId ?? '', image: 0 };
  assert.throws(() => shelf.take({ ...ref, image: 4 }), { code: 'NOT_FOUND' });
  const taken = await jobs.ended(shelf.take(ref));
  assert.deepEqual([taken.kind, taken.state, taken.title, taken.doneBytes === taken.totalBytes], ['import', 'done', 'app:1', true]);
  const { images, layers, sizeBytes } = await shelf.report();
  assert.deepEqual([images.map(({ name, layers: own, problem }) => [name, own, problem]), layers], [[['app:1', 2, null]], 2]);
  assert.ok(sizeBytes > 2_000);

  await library.close(ref.archiveId);
  const again = await jobs.ended(shelf.open('app:1'));
  assert.equal(again.state, 'done', again.error?.message);
  assert.deepEqual(library.summary(again.archiveId ?? '').images[0]?.names, ['app:1']);
  await library.close(again.archiveId ?? '');
  assert.equal((await jobs.ended(shelf.open('lost:1'))).error?.code, 'NOT_FOUND');
  await shelf.remove('app:1');
  assert.deepEqual((await shelf.report()).images, []);
  assert.deepEqual(readdirSync(path.join(home, 'blobs', 'sha256')), []);
});

test('a home that can not be read is told in the report', async (t) => {
  const { home, shelf } = startShelf(t);
  mkdirSync(home);
  writeFileSync(path.join(home, 'oci-layout'), '{"imageLayoutVersion":"9.0.0"}');
  assert.match((await shelf.report()).problem ?? '', /another version/);
  writeFileSync(path.join(home, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(path.join(home, 'index.json'), '{');
  assert.match((await shelf.report()).problem ?? '', /index\.json/);
});
