import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { createReader } from '#archive';
import type { StoreReport } from '#contract';
import { createJobs, createLibrary, createStoreList, createStoreThread, type KeptHomes, type StoreLocation } from '#engine';
import { dockerArchive } from '../support/docker-archive.ts';
import { archiveOf, Files, ociImage, ociLayout } from '../support/image-builder.ts';
import { file, tar } from '../support/tar-builder.ts';
import { until } from '../support/waiting.ts';

function startStores(t: TestContext, kept?: KeptHomes, thread = createStoreThread()) {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-stores-'));
  const home = path.join(folder, 'home');
  const image = path.join(folder, 'image.tar');
  writeFileSync(image, dockerArchive({ name: 'app:1', layers: [tar(file('a', 'one')), tar(file('b', 'two'))] }));
  const reader = createReader({ cacheFolder: null, workers: 0 });
  const jobs = createJobs({ intervalMs: 0 });
  const library = createLibrary({ reader, jobs, intervalMs: 0 });
  t.after(async () => {
    await thread[Symbol.asyncDispose]();
    await jobs[Symbol.asyncDispose]();
    await library[Symbol.asyncDispose]();
    await reader[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  const stores = createStoreList({ home, library, thread, jobs, ...(kept === undefined ? {} : { kept }) });
  const open = async (archive: string) =>
    (await jobs.ended(library.open({ path: archive, title: path.basename(archive) }))).archiveId ?? '';
  return { folder, home, image, jobs, library, stores, open, own: async () => (await stores.report())[0] as StoreReport };
}

test('the first import creates the store; its image is opened without the archive, and removed', async (t) => {
  const { home, image, jobs, library, stores, open, own } = startStores(t);
  const nothing = { elevation: 'none', readOnlyReason: null, images: [], layers: [], sizeBytes: 0, problem: null, checked: null };
  assert.deepEqual(await stores.report(), [{ storeId: 's1', driver: 'portable', home, isOwn: true, ...nothing }]);
  assert.throws(() => stores.open('s1', 'app:1'), { code: 'NOT_FOUND' });
  assert.throws(() => stores.open('s7', 'app:1'), { code: 'NOT_FOUND' });
  await assert.rejects(stores.remove('s1', 'app:1'), { code: 'NOT_FOUND' });
  assert.equal(existsSync(home), false);

  const ref = { archiveId: await open(image), image: 0 };
  assert.throws(() => stores.importImage('s1', { ...ref, image: 4 }, null), { code: 'NOT_FOUND' });
  const imported = await jobs.ended(stores.importImage('s1', ref, null));
  assert.deepEqual([imported.kind, imported.state, imported.title], ['import', 'done', 'app:1'], imported.error?.message);
  assert.equal(imported.doneBytes, imported.totalBytes);
  const { images, layers, sizeBytes } = await own();
  assert.deepEqual(
    images.map(({ name, layers: of, problem }) => [name, of.map(({ id }) => id), problem]),
    [
      [
        'app:1',
        layers
          .filter(({ below }) => below === 0)
          .concat(layers.filter(({ below }) => below === 1))
          .map(({ id }) => id),
        null,
      ],
    ],
  );
  assert.ok(layers.every(({ ofImage, state, isReadWrite }) => ofImage && state === 'ready' && !isReadWrite));
  assert.ok(sizeBytes > (images[0]?.sizeBytes ?? 0), 'includes config and manifest');

  await library.close(ref.archiveId);
  const again = await jobs.ended(stores.open('s1', 'app:1'));
  assert.equal(again.state, 'done', again.error?.message);
  assert.deepEqual(library.summary(again.archiveId ?? '').images[0]?.names, ['app:1']);
  await library.close(again.archiveId ?? '');
  assert.equal((await jobs.ended(stores.open('s1', 'lost:1'))).error?.code, 'NOT_FOUND');
  await stores.remove('s1', 'app:1');
  assert.deepEqual((await own()).images, []);
  assert.deepEqual(readdirSync(path.join(home, 'blobs', 'sha256')), []);
});

test('a layer tar is imported on top of the named layer, and opened with its chain', async (t) => {
  const { folder, image, jobs, library, stores, open, own } = startStores(t);
  await jobs.ended(stores.importImage('s1', { archiveId: await open(image), image: 0 }, null));
  const parent = (await own()).layers.find(({ below }) => below === 1)?.id ?? '';
  const layer = path.join(folder, 'layer.tar');
  writeFileSync(layer, tar(file('c', 'three')));
  const archiveId = await open(layer);
  assert.equal((await jobs.ended(stores.importImage('s1', { archiveId, image: 0 }, 'lost'))).error?.code, 'NOT_FOUND');
  const imported = await jobs.ended(stores.importImage('s1', { archiveId, image: 0 }, parent));
  assert.equal(imported.state, 'done', imported.error?.message);
  const top = (await own()).layers.find(({ below }) => below === 2);
  assert.deepEqual([top?.parent, top?.ofImage], [parent, false]);
  const opened = await jobs.ended(stores.open('s1', top?.id ?? ''));
  const [shown] = library.summary(opened.archiveId ?? '').images;
  assert.equal(shown?.layers.length, 3);
  await assert.rejects(stores.remove('s1', parent), { code: 'EXISTS' });
});

test('a mounted layer is written to, its changes are listed, and they are committed as a layer', async (t) => {
  const { image, jobs, stores, open, own } = startStores(t);
  await jobs.ended(stores.importImage('s1', { archiveId: await open(image), image: 0 }, null));
  const base = (await own()).layers.find(({ below }) => below === 1)?.id ?? '';
  const run = await stores.create('s1', base);
  await assert.rejects(stores.mountPath('s1', run), { code: 'NOT_FOUND' });
  const [{ path: at, findings }, again] = await Promise.all([stores.mount('s1', run), stores.mount('s1', run)]);
  assert.equal(again.path, at, 'mounted once, however often it is requested');
  // Only root may change owners. The call that lays out the layer reports this.
  const owners = ['the owner of 2 entries could not be preserved: only root can change owners'];
  assert.deepEqual([...findings, ...again.findings], process.getuid?.() === 0 ? [] : owners);
  assert.equal(await stores.mountPath('s1', run), at);
  assert.equal(readFileSync(path.join(at, 'a'), 'utf8'), 'one');
  writeFileSync(path.join(at, 'new'), 'made outside');
  rmSync(path.join(at, 'b'));
  const working = (await own()).layers.find(({ id }) => id === run);
  assert.deepEqual([working?.state, working?.isReadWrite, working?.mountPath], ['mounted', true, at]);
  await assert.rejects(stores.remove('s1', run), { code: 'EXISTS' });
  const { changes, complete } = await stores.changes('s1', run, 10);
  assert.deepEqual(changes.map(({ kind, path: changed }) => `${kind} ${changed}`).sort(), ['added new', 'removed b']);
  assert.equal(complete, true);
  assert.equal((await stores.changes('s1', run, 1)).complete, false);

  const before = new Set((await own()).layers.map(({ id }) => id));
  const job = await jobs.ended(stores.commit('s1', run));
  assert.equal(job.state, 'done', job.error?.message);
  const made = (await own()).layers.find(({ id }) => !before.has(id));
  assert.deepEqual([made?.parent, made?.isReadWrite, made?.below], [base, false, 2]);
  await stores.release('s1', run);
  await assert.rejects(stores.release('s1', run), { code: 'NOT_FOUND' });
  await stores.remove('s1', run);
});

test('verification’s results appear in the report, and leftovers are cleaned up', async (t) => {
  const { home, image, jobs, stores, open, own } = startStores(t);
  assert.equal((await jobs.ended(stores.verify('s1'))).state, 'done');
  assert.deepEqual((await own()).checked, []);
  await jobs.ended(stores.importImage('s1', { archiveId: await open(image), image: 0 }, null));
  const blobs = path.join(home, 'blobs', 'sha256');
  const largest = readdirSync(blobs).sort((a, b) => statSync(path.join(blobs, b)).size - statSync(path.join(blobs, a)).size)[0] ?? '';
  const bytes = readFileSync(path.join(blobs, largest));
  bytes[600] = (bytes[600] ?? 0) ^ 1;
  chmodSync(path.join(blobs, largest), 0o644);
  writeFileSync(path.join(blobs, largest), bytes);
  assert.equal((await jobs.ended(stores.verify('s1'))).state, 'done');
  const { checked } = await own();
  assert.ok((checked?.length ?? 0) > 0);
  assert.match(checked?.map(({ message }) => message).join('\n') ?? '', /DIGEST_MISMATCH/);
  writeFileSync(path.join(blobs, 'f'.repeat(64)), 'nobody names it');
  assert.deepEqual(await stores.leftovers('s1'), ['f'.repeat(64)]);
  assert.deepEqual(await stores.cleanup('s1'), ['f'.repeat(64)]);
  assert.deepEqual(await stores.leftovers('s1'), []);
  assert.equal(existsSync(path.join(blobs, 'f'.repeat(64))), false);
});

test('other stores are listed, remembered and removed; a store of Windows layers is read-only', async (t) => {
  let kept: readonly StoreLocation[] = [];
  const set = (homes: readonly StoreLocation[]): void => {
    kept = homes;
  };
  const { folder, stores, jobs } = startStores(t, { list: () => kept, set });
  const windows = path.join(folder, 'windowsfilter');
  mkdirSync(path.join(windows, 'base'), { recursive: true });
  mkdirSync(path.join(windows, 'top'));
  writeFileSync(path.join(windows, 'base', 'layerchain.json'), 'null');
  writeFileSync(path.join(windows, 'top', 'layerchain.json'), JSON.stringify(['C:\\ProgramData\\docker\\windowsfilter\\base']));
  mkdirSync(path.join(windows, 'x-removing'));
  const storeId = await stores.add(windows);
  assert.equal(await stores.add(windows), storeId);
  assert.deepEqual(kept, [{ driver: 'windowsfilter', home: windows }]);
  const report = (await stores.report()).find((each) => each.storeId === storeId);
  assert.match(report?.readOnlyReason ?? '', /Windows|vmcompute/);
  assert.deepEqual(
    report?.layers.map(({ id, parent, below, state }) => [id, parent, below, state]),
    [
      ['base', null, 0, 'ready'],
      ['top', 'base', 1, 'ready'],
      ['x-removing', null, 0, 'leftover'],
    ],
  );
  assert.equal((await jobs.ended(stores.open(storeId, 'top'))).error?.code, 'UNSUPPORTED');
  assert.deepEqual(await stores.bases(storeId), []);
  const other = path.join(folder, 'something');
  mkdirSync(other);
  writeFileSync(path.join(other, 'notes.txt'), '');
  await assert.rejects(stores.add(other), { code: 'UNSUPPORTED' });
  await assert.rejects(stores.add(path.join(folder, 'lost')), { code: 'NOT_FOUND' });
  await assert.rejects(stores.forget('s1'), { code: 'USAGE' });
  await stores.forget(storeId);
  assert.deepEqual(kept, []);
  assert.equal((await stores.report()).length, 1);
});

test('a store with a mounted layer can’t be removed from the list', async (t) => {
  const { folder, image, jobs, stores, open } = startStores(t);
  const other = path.join(folder, 'other');
  mkdirSync(other);
  const storeId = await stores.add(other);
  await jobs.ended(stores.importImage(storeId, { archiveId: await open(image), image: 0 }, null));
  const report = (await stores.report()).find((each) => each.storeId === storeId);
  const id = report?.layers[0]?.id ?? '';
  await stores.mount(storeId, id);
  await assert.rejects(stores.forget(storeId), { code: 'EXISTS' });
  await stores.release(storeId, id);
  await stores.forget(storeId);
});

test('a mount ends with the thread that held it: it isn’t shown and blocks nothing', async (t) => {
  const thread = createStoreThread(new URL('../support/crashing-worker.ts', import.meta.url));
  const { folder, image, jobs, stores, open } = startStores(t, undefined, thread);
  const other = path.join(folder, 'other');
  mkdirSync(other);
  const storeId = await stores.add(other);
  await jobs.ended(stores.importImage(storeId, { archiveId: await open(image), image: 0 }, null));
  const layer = async () => (await stores.report()).find((each) => each.storeId === storeId)?.layers[0];
  const id = (await layer())?.id ?? '';
  await stores.mount(storeId, id);
  assert.equal((await layer())?.state, 'mounted');
  await assert.rejects(thread.service({ driver: 'portable', home: '/tmp/crash' }).report(), { code: 'IO' });
  assert.equal((await layer())?.state, 'ready');
  await assert.rejects(stores.mountPath(storeId, id), { code: 'NOT_FOUND' });
  const { path: again } = await stores.mount(storeId, id);
  assert.equal(await stores.mountPath(storeId, id), again);
  await stores.release(storeId, id);
  await stores.forget(storeId);
});

test('a cancelled import leaves nothing behind', async (t) => {
  const { folder, home, jobs, stores, open, own } = startStores(t);
  const big = path.join(folder, 'big.tar');
  writeFileSync(
    big,
    dockerArchive({ name: 'big:1', layers: [tar(file('a', 'x'.repeat(50_000_000))), tar(file('b', 'y'.repeat(50_000_000)))] }),
  );
  const job = stores.importImage('s1', { archiveId: await open(big), image: 0 }, null);
  await until(() => jobs.list().find(({ jobId }) => jobId === job)?.doneBytes !== 0, 'the import is on its way');
  jobs.cancel(job);
  assert.equal((await jobs.ended(job)).state, 'cancelled');
  const { images, layers } = await own();
  assert.deepEqual([images, layers], [[], []]);
  const files = readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  assert.deepEqual(files.map(({ name }) => name).sort(), ['index.json', 'layerscope-store.json', 'oci-layout']);
});

test('a store that can’t be read has its problem in the report', async (t) => {
  const { home, own } = startStores(t);
  mkdirSync(home);
  writeFileSync(path.join(home, 'oci-layout'), '{"imageLayoutVersion":"9.0.0"}');
  assert.match((await own()).problem ?? '', /another version/);
  writeFileSync(path.join(home, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(path.join(home, 'index.json'), '{');
  assert.match((await own()).problem ?? '', /index\.json/);
});

test('an image that was opened by name is imported with its name, and leaves no file behind', async (t) => {
  const { folder, image, jobs, library, stores, own } = startStores(t);
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith('layerscope-store-'));
  const files = new Files();
  const annotations = { 'io.containerd.image.name': 'docker.io/library/other:2' };
  const manifest = ociImage(files, { layers: [{ tar: tar(file('c', 'three')), packed: 'gzip' }], annotations });
  const oci = path.join(folder, 'oci.tar');
  writeFileSync(oci, archiveOf(ociLayout(files, [manifest])));
  const importOf = async (from: string) => {
    const opened = library.open({ path: null, title: 'by name', read: (reader, options) => reader.open(from, options) });
    const { archiveId } = await jobs.ended(opened);
    return jobs.ended(stores.importImage('s1', { archiveId: archiveId ?? '', image: 0 }, null));
  };
  const imported = await importOf(oci);
  assert.deepEqual([imported.state, imported.error], ['done', null]);
  // The image has no manifest, like images that engines store.
  assert.equal((await importOf(image)).error?.code, 'UNSUPPORTED');
  const { images } = await own();
  assert.deepEqual(
    images.map(({ names, layers }) => [names, layers.length]),
    [[['docker.io/library/other:2'], 1]],
  );
  const left = readdirSync(tmpdir()).filter((name) => name.startsWith('layerscope-store-') && !before.includes(name));
  assert.deepEqual(left, []);
});
