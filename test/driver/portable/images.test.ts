// Images in the portable store: importing, naming, sharing, exporting and removing them. Refused imports leave nothing behind.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createReader, type NewImage, packDockerArchive, packOciArchive, packTar } from '#archive';
import {
  exportLayer,
  exportStoredImage,
  findStored,
  findStoredLayer,
  type Imported,
  importArchive,
  openStored,
  verifyStore,
} from '#engine';
import { PortableDriver } from '../../../src/driver/portable/index.ts';
import { directory, file, tar } from '../../support/tar-builder.ts';

const work = mkdtempSync(path.join(tmpdir(), 'layerscope-images-'));
const reader = createReader({ cacheFolder: null, workers: 0 });
after(async () => {
  await reader[Symbol.asyncDispose]();
  rmSync(work, { recursive: true, force: true });
});

let count = 0;
function newPath(name = 'x'): string {
  return path.join(work, `${count++}-${name}`);
}

async function written(pieces: AsyncIterable<Uint8Array>, name: string): Promise<string> {
  const to = newPath(name);
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  writeFileSync(to, Buffer.concat(all));
  return to;
}

const base = tar(directory('etc/'), file('etc/os', 'base'));
const app = tar(file('app', 'one'));
const other = tar(file('other', 'two'));
function image(name: string, ...layers: readonly (readonly [Uint8Array, boolean])[]): NewImage {
  return {
    name,
    os: 'linux',
    architecture: 'amd64',
    layers: layers.map(([bytes, gzip], at) => ({ tar: bytes, createdBy: `step ${at}`, gzip })),
  };
}

async function take(driver: PortableDriver, from: string, name?: string): Promise<Imported> {
  await using archive = await reader.open(from);
  return importArchive(driver, archive, name === undefined ? {} : { name });
}

function blobsOf(home: string): string[] {
  return existsSync(path.join(home, 'blobs', 'sha256')) ? readdirSync(path.join(home, 'blobs', 'sha256')).sort() : [];
}

function blobsAreWhole(home: string): void {
  for (const name of blobsOf(home)) {
    assert.equal(
      createHash('sha256')
        .update(readFileSync(path.join(home, 'blobs', 'sha256', name)))
        .digest('hex'),
      name,
    );
  }
  assert.deepEqual(readdirSync(path.join(home, 'tmp')), []);
}

test('an imported image has its names, config and layers, which are layers of the store', async () => {
  await using driver = await PortableDriver.open(newPath('home'));
  const archive = await written(packOciArchive([image('web:1', [base, true], [app, false])]), 'oci.tar');
  await take(driver, archive);
  const [stored, ...more] = await driver.images.list();
  assert.ok(stored !== undefined && more.length === 0);
  assert.deepEqual([stored.names, stored.platform, stored.layers.length, stored.problem], [['web:1'], 'linux/amd64', 2, null]);
  const layers = await driver.list();
  assert.deepEqual(new Set(layers.map(({ id }) => id)), new Set(stored.layers));
  assert.ok(layers.every(({ state, images }) => state === 'ready' && images?.includes('web:1')));
  const [bottom = '', top = ''] = stored.layers;
  assert.deepEqual(await driver.chain(top), [bottom]);
  assert.equal(await driver.diffSize(top), 3);
  assert.equal((await driver.metadata(bottom)).digest, `sha256:${createHash('sha256').update(gzipSync(base)).digest('hex')}`);
  const plain = await written(driver.diff(bottom), 'plain.tar');
  assert.ok(readFileSync(plain).equals(base));
  const kept = newPath('kept');
  await exportLayer(driver, bottom, kept);
  assert.ok(readFileSync(kept).equals(gzipSync(base)), 'the layer is exported as it was imported');
  {
    await using mount = await driver.mount(top);
    assert.equal(readFileSync(path.join(mount.path, 'etc', 'os'), 'utf8'), 'base');
    await assert.rejects(driver.images.remove('web:1'), { code: 'EXISTS' });
  }
  // An image also can't be removed while another layer is based on it.
  await driver.create('mine', top);
  await driver.applyDiff('mine', [other]);
  await assert.rejects(driver.images.remove('web:1'), /based on its layers \(mine\)/);
  await assert.rejects(driver.remove(top), /layer of image web:1/);
  await assert.rejects(driver.applyDiff(top, [other]), { code: 'EXISTS' });
  await assert.rejects(driver.create(top, null), { code: 'EXISTS' });
  await driver.remove('mine');
  await driver.images.remove('web:1');
  assert.deepEqual([await driver.list(), await driver.images.list(), blobsOf(driver.home)], [[], [], []]);
});

test('an image can be exported in every format and imported again, unchanged', async () => {
  await using driver = await PortableDriver.open(newPath('home'));
  await take(driver, await written(packDockerArchive([image('web:1', [base, false], [app, true])]), 'docker.tar'));
  const [stored] = await driver.images.list();
  assert.ok(stored !== undefined);
  for (const format of ['docker-archive', 'oci-archive', 'oci-layout'] as const) {
    const to = newPath(format);
    await exportStoredImage(stored, format, to);
    await assert.rejects(exportStoredImage(stored, format, to), { code: 'EXISTS' });
    await using again = await PortableDriver.open(newPath('home'));
    await take(again, to);
    const [twin] = await again.images.list();
    assert.deepEqual([twin?.manifestDigest, twin?.configDigest, twin?.names], [stored.manifestDigest, stored.configDigest, ['web:1']]);
    assert.deepEqual(blobsOf(again.home), blobsOf(driver.home));
  }
});

test('blobs that images share are stored once, and kept while any image needs them', async () => {
  await using driver = await PortableDriver.open(newPath('home'));
  await take(driver, await written(packOciArchive([image('a:1', [base, true], [app, true])]), 'a.tar'));
  const before = blobsOf(driver.home).length;
  await take(driver, await written(packOciArchive([image('b:1', [base, true], [other, true])]), 'b.tar'));
  assert.equal(blobsOf(driver.home).length, before + 3, 'a layer, a config, a manifest');
  assert.equal((await driver.list()).length, 3);
  await driver.images.remove('a:1');
  assert.equal((await driver.list()).length, 2);
  assert.deepEqual(await verifyStore(driver), []);
  blobsAreWhole(driver.home);
});

test('a name moves to the image imported last, and the image that had it loses it', async () => {
  await using driver = await PortableDriver.open(newPath('home'));
  const first = await written(packOciArchive([image('web:1', [base, true])]), 'a.tar');
  await take(driver, first);
  await take(driver, first);
  assert.equal((await driver.images.list()).length, 1, 'importing the same image again changes nothing');
  await take(driver, first, 'web:old');
  assert.deepEqual(
    (await driver.images.list()).map(({ names }) => names),
    [['web:1', 'web:old']],
  );
  await driver.images.remove('web:old');
  await take(driver, await written(packOciArchive([image('web:1', [app, true])]), 'b.tar'));
  const images = await driver.images.list();
  assert.deepEqual(images.map(({ names }) => names).sort(), [[], ['web:1']]);
  const nameless = images.find(({ names }) => names.length === 0);
  assert.ok(nameless !== undefined);
  assert.equal((await findStored(driver, nameless.manifestDigest)).kind, 'image');
  await take(driver, first, 'web:0');
  assert.deepEqual((await driver.images.list()).map(({ names }) => names).sort(), [['web:0'], ['web:1']]);
  await driver.images.remove(nameless.manifestDigest);
  assert.deepEqual(
    (await driver.images.list()).map(({ names }) => names),
    [['web:1']],
  );
  await assert.rejects(driver.images.remove('nothing:1'), { code: 'NOT_FOUND' });
});

test('all platforms of an index are imported, or only the chosen one', async () => {
  const plain = await written(
    packOciArchive([image('x:1', [base, true]), { ...image('x:1', [app, true]), architecture: 'arm64' }]),
    'two.tar',
  );
  await using archive = await reader.open(plain);
  const manifests = archive.roots().map(({ descriptor }) => descriptor);
  const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests }));
  const digest = createHash('sha256').update(index).digest('hex');
  const members = archive.roots().flatMap(({ blobs }) => blobs);
  const layout = [
    ...members.map(({ digest: blob, source }) => ({
      name: `blobs/sha256/${blob.slice(7)}`,
      body: readFileSync(source.path).subarray(source.start, source.start + source.length),
    })),
    { name: `blobs/sha256/${digest}`, body: index },
    {
      name: 'index.json',
      body: JSON.stringify({
        schemaVersion: 2,
        manifests: [
          {
            mediaType: 'application/vnd.oci.image.index.v1+json',
            digest: `sha256:${digest}`,
            size: index.length,
            annotations: { 'org.opencontainers.image.ref.name': 'multi:1' },
          },
        ],
      }),
    },
    { name: 'oci-layout', body: '{"imageLayoutVersion":"1.0.0"}' },
  ];
  const nested = await written(packTar(layout), 'nested.tar');
  await using driver = await PortableDriver.open(newPath('home'));
  await take(driver, nested);
  const images = await driver.images.list();
  assert.deepEqual(
    images.map(({ names, platform }) => [names[0], platform]),
    [
      ['multi:1', 'linux/amd64'],
      ['multi:1', 'linux/arm64'],
    ],
  );
  assert.ok(images.every(({ root }) => root.descriptor?.digest === `sha256:${digest}`));
  const arm = await findStored(driver, 'multi:1', 'linux/arm64');
  assert.ok(arm.kind === 'image' && arm.image.platform === 'linux/arm64');
  const out = newPath('arm.tar');
  await exportStoredImage(arm.image, 'docker-archive', out);
  await using docker = await reader.open(out);
  assert.deepEqual(
    docker.images.map(({ platform, names }) => [platform, names]),
    [['linux/arm64', ['multi:1']]],
  );
  {
    await using stored = await openStored(reader, driver, 'multi:1', work);
    assert.equal(stored.images.length, 2);
  }
  await driver.images.remove('multi:1');
  assert.deepEqual(blobsOf(driver.home), []);
  await using one = await PortableDriver.open(newPath('home'));
  await using again = await reader.open(nested);
  await importArchive(one, again, { platform: 'linux/arm64' });
  assert.deepEqual(
    (await one.images.list()).map(({ platform }) => platform),
    ['linux/arm64'],
  );
  assert.equal(blobsOf(one.home).length, 3);
});

test('a blob that is missing or doesn’t match its digest is refused, and nothing is left behind', async () => {
  await using driver = await PortableDriver.open(newPath('home'));
  await take(driver, await written(packOciArchive([image('kept:1', [base, true])]), 'kept.tar'));
  const before = blobsOf(driver.home);
  const archive = await written(packOciArchive([image('bad:1', [base, true], [app, true])]), 'bad.tar');
  const bytes = readFileSync(archive);
  const at = bytes.indexOf(gzipSync(app));
  assert.ok(at > 0);
  bytes[at + 20] = (bytes[at + 20] ?? 0) ^ 1;
  writeFileSync(archive, bytes);
  await assert.rejects(take(driver, archive), { code: 'DIGEST_MISMATCH' });
  assert.deepEqual([blobsOf(driver.home), (await driver.list()).length], [before, 1]);
  const layout = newPath('layout');
  const [stored] = await driver.images.list();
  assert.ok(stored !== undefined);
  await exportStoredImage(stored, 'oci-layout', layout);
  const layer = stored.image.layers[0]?.digest?.slice(7) ?? '';
  rmSync(path.join(layout, 'blobs', 'sha256', layer));
  await using other2 = await PortableDriver.open(newPath('home'));
  await assert.rejects(take(other2, layout), { code: 'BLOB_MISSING' });
  assert.deepEqual(blobsOf(other2.home), []);
  // A config with a wrong diffID.
  const lying = image('lie:1', [base, true]);
  const docker = readFileSync(await written(packDockerArchive([lying]), 'lie.tar')).toString('latin1');
  const diffId = createHash('sha256').update(base).digest('hex');
  const lie = newPath('lie.tar');
  writeFileSync(lie, Buffer.from(docker.replaceAll(`sha256:${diffId}`, `sha256:${'0'.repeat(64)}`), 'latin1'));
  await assert.rejects(take(driver, lie), { code: 'DIGEST_MISMATCH' });
  assert.deepEqual(blobsOf(driver.home), before);
  blobsAreWhole(driver.home);
});

test('a cancelled import leaves nothing behind', async () => {
  await using driver = await PortableDriver.open(newPath('home'));
  const archive = await written(packOciArchive([image('a:1', [base, true], [app, true], [other, true])]), 'a.tar');
  for (let stop = 1; stop <= 4; stop++) {
    const controller = new AbortController();
    await using opened = await reader.open(archive);
    let pieces = 0;
    const onProgress = (): void => {
      if (++pieces === stop) controller.abort();
    };
    await assert.rejects(importArchive(driver, opened, {}, { signal: controller.signal, onProgress }), { code: 'CANCELLED' });
    assert.deepEqual([blobsOf(driver.home), await driver.list()], [[], []]);
  }
});

test('verify reports every document and layer that doesn’t match its digest', async () => {
  await using driver = await PortableDriver.open(newPath('home'));
  await take(driver, await written(packOciArchive([image('a:1', [base, true], [app, true])]), 'a.tar'));
  const [stored] = await driver.images.list();
  assert.ok(stored !== undefined && stored.configDigest !== null);
  const blob = (digest: string | null | undefined): string => path.join(driver.home, 'blobs', 'sha256', (digest ?? '').slice(7));
  const config = readFileSync(blob(stored.configDigest), 'utf8');
  writeFileSync(blob(stored.configDigest), config.replace('step 0', 'step 9'));
  await using again = await PortableDriver.open(driver.home);
  assert.ok((await verifyStore(again)).some(({ id, message }) => id === 'a:1' && message.includes(stored.configDigest ?? '?')));
  writeFileSync(blob(stored.configDigest), config);
  const layer = blob(stored.image.layers[1]?.digest);
  truncateSync(layer, statSync(layer).size - 4);
  await using third = await PortableDriver.open(driver.home);
  assert.deepEqual(
    (await verifyStore(third)).map(({ id }) => id),
    [stored.layers[1]],
  );
  rmSync(layer);
  assert.match((await verifyStore(third))[0]?.message ?? '', /is missing/);
});

test('if another program adds an image to the layout, the image’s layers are listed, and the store stays usable', async () => {
  await using driver = await PortableDriver.open(newPath('home'));
  await take(driver, await written(packOciArchive([image('a:1', [base, true])]), 'a.tar'));
  await using outside = await PortableDriver.open(newPath('outside'));
  await take(outside, await written(packOciArchive([image('b:1', [app, true])]), 'b.tar'));
  for (const name of blobsOf(outside.home)) {
    writeFileSync(path.join(driver.home, 'blobs', 'sha256', name), readFileSync(path.join(outside.home, 'blobs', 'sha256', name)));
  }
  const read = (home: string) => JSON.parse(readFileSync(path.join(home, 'index.json'), 'utf8')) as { manifests: unknown[] };
  const index = read(driver.home);
  writeFileSync(
    path.join(driver.home, 'index.json'),
    JSON.stringify({ ...index, manifests: [...index.manifests, ...read(outside.home).manifests] }),
  );
  assert.equal((await driver.list()).length, 2);
  assert.equal((await driver.images.list()).length, 2);
  await driver.create('mine', await findStoredLayer(driver, 'b:1'));
  assert.deepEqual(await driver.cleanup(), []);
});

test('layers and images are found by id, id prefix and shortened name', async () => {
  await using driver = await PortableDriver.open(newPath('home'));
  await take(driver, await written(packOciArchive([image('docker.io/library/web:latest', [base, true], [app, true])]), 'a.tar'));
  const [stored] = await driver.images.list();
  const [bottom = '', top = ''] = stored?.layers ?? [];
  assert.equal(await findStoredLayer(driver, 'web'), top);
  assert.equal(await findStoredLayer(driver, bottom), bottom);
  assert.equal(await findStoredLayer(driver, bottom.slice(0, 8)), bottom);
  await driver.create('abcd1', null);
  await driver.create('abcd2', null);
  await assert.rejects(findStoredLayer(driver, 'abcd'), { code: 'USAGE' });
  await assert.rejects(findStoredLayer(driver, 'abc'), { code: 'NOT_FOUND' });
  await assert.rejects(findStored(driver, '../../etc'), { code: 'NOT_FOUND' });
  await using archive = await openStored(reader, driver, bottom.slice(0, 8), work);
  assert.deepEqual(
    archive.images.map(({ layers }) => layers.length),
    [1],
  );
});

test('a home given as a symbolic link is the folder that the link leads to', async () => {
  await using driver = await PortableDriver.open(newPath('home'));
  const link = newPath('link');
  symlinkSync(driver.home, link);
  await using linked = await PortableDriver.open(link);
  assert.equal(linked.home, driver.home);
  await take(linked, await written(packOciArchive([image('a:1', [base, true])]), 'a.tar'));
  assert.equal((await driver.images.list()).length, 1);
});
