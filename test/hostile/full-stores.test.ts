// Full stores. An import that would make a store unreadable is refused before anything is replaced. A store that an earlier version made
// unreadable in that way can be used and repaired.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { createReader } from '#archive';
import { commitCopy, findStored, importArchive, openStored, verifyStore } from '#engine';
import { LayerscopeError } from '#model';
import { PortableDriver } from '../../src/driver/portable/index.ts';
import { dockerArchive as plainArchive } from '../support/docker-archive.ts';
import { archiveOf, dockerArchive } from '../support/image-builder.ts';
import { file, tar } from '../support/tar-builder.ts';
import { testFolder } from '../support/workbench.ts';

const LAYER = tar(file('f', 'content'));

interface Store {
  readonly home: string;
  readonly driver: PortableDriver;
  /** Imports an archive under `name`, or else under the names that it has. */
  readonly take: (bytes: Uint8Array, name?: string) => Promise<void>;
}

/** Creates a store with an image, `kept:1`, and a working copy of that image. */
async function newStore(t: TestContext): Promise<Store> {
  const folder = testFolder(t);
  const home = path.join(folder, 'home');
  const driver = await PortableDriver.open(home);
  const take: Store['take'] = async (bytes, name) => {
    const archivePath = path.join(folder, 'image.tar');
    writeFileSync(archivePath, bytes);
    await using reader = createReader({ cacheFolder: null, workers: 0 });
    await using archive = await reader.open(archivePath);
    await importArchive(driver, archive, name === undefined ? {} : { name });
  };
  await take(plainArchive({ name: 'kept:1', layers: [tar(file('kept', 'kept'))] }));
  await driver.createReadWrite('copy', (await driver.images.list())[0]?.layers[0] ?? null);
  return { home, driver, take };
}

/** Returns the names and sizes of the store's files, and its index. */
function pictureOf(home: string): string {
  const sizeOf = (name: string): string => {
    const stats = statSync(path.join(home, name));
    return `${name} ${stats.isFile() ? stats.size : ''}`;
  };
  const names = readdirSync(home, { recursive: true, encoding: 'utf8' }).sort();
  return `${names.map(sizeOf).join('\n')}\n${readFileSync(path.join(home, 'index.json'))}`;
}

/** Checks that the store refuses the work with TOO_LARGE and this message, and is unchanged, even when reopened. */
async function refuses({ home }: Store, message: RegExp, work: () => Promise<unknown>): Promise<void> {
  const before = pictureOf(home);
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof LayerscopeError, String(error));
    assert.equal(error.code, 'TOO_LARGE');
    assert.match(error.message, message);
    return true;
  });
  assert.equal(pictureOf(home), before);
  await using again = await PortableDriver.open(home);
  assert.equal((await again.images.list())[0]?.names[0], 'kept:1');
}

function named(tags: string[]): Uint8Array {
  return archiveOf(dockerArchive([{ tags, layers: [LAYER] }]));
}

const numbered = (count: number, prefix = 'a'): string[] => Array.from({ length: count }, (_, index) => `${prefix}:${index}`);

test('an image with more names than a store accepts is refused, but can be imported under one name', async (t) => {
  const store = await newStore(t);
  await refuses(store, /an image has 20,000 names: a store takes 1,000 at most/, () => store.take(named(numbered(20_000))));
  await store.take(named(numbered(20_000)), 'one:1');
  await store.take(named(numbered(999)));
  assert.equal((await findStored(store.driver, 'a:998')).kind, 'image');
  assert.deepEqual(await verifyStore(store.driver), []);
  await refuses(store, /an image has 1,001 names/, () => store.take(named(numbered(1, 'more'))));
});

test('a name of more than 4,096 characters is refused, from an archive or from the user', async (t) => {
  const store = await newStore(t);
  const name = 'n'.repeat(4_097);
  await refuses(store, /^the name n{50}… has 4,097 characters/, () => store.take(named([name])));
  await refuses(store, /has 4,097 characters/, () => store.take(named(['a:1']), name));
  await refuses(store, /has 4,097 characters/, () => commitCopy(store.driver, 'copy', { name }, {}));
  await store.take(named(['n'.repeat(4_096)]));
});

test('an import that would make index.json larger than its readers accept is refused', async (t) => {
  const store = await newStore(t);
  const long = (from: string): string[] => numbered(500, `${from}${'n'.repeat(4_000)}`);
  await store.take(archiveOf(dockerArchive([{ tags: long('a'), layers: [LAYER] }])));
  await refuses(store, /^the store can't take more: index\.json has \d+ bytes; the limit for a document is 4194304/, () =>
    store.take(archiveOf(dockerArchive([{ tags: long('b'), layers: [tar(file('g', 'g'))] }]))),
  );
});

test('an import is refused if readers of index.json would omit its entries', async (t) => {
  const store = await newStore(t);
  for (const batch of 'abcdefghi') {
    await store.take(archiveOf(dockerArchive([{ tags: numbered(1_000, batch), layers: [tar(file('f', batch))] }])));
  }
  await refuses(store, /^the store can't take more: the index has more than 10000 entries/, () =>
    store.take(archiveOf(dockerArchive([{ tags: numbered(1_000, 'last'), layers: [tar(file('f', 'last'))] }]))),
  );
  await store.take(archiveOf(dockerArchive([{ tags: numbered(999, 'last'), layers: [tar(file('f', 'last'))] }])));
});

test('an import that, together with existing images, has more steps than a store’s readers accept is refused', async (t) => {
  const store = await newStore(t);
  const history = Array.from({ length: 9_000 }, () => ({ created_by: 'x', empty_layer: true }));
  const images = (from: string) =>
    Array.from({ length: 12 }, (_, index) => ({
      tags: [`${from}:${index}`],
      layers: [tar(file('f', `${from}${index}`))],
      config: { history },
    }));
  await store.take(archiveOf(dockerArchive(images('a'))));
  await refuses(store, /^the store can't take more: the configs have more than 200000 steps/, () =>
    store.take(archiveOf(dockerArchive(images('b')))),
  );
});

test('a store with more than 64 MB of configs is listed, verified and shown completely', async (t) => {
  const store = await newStore(t);
  const comment = 'c'.repeat(3_900_000);
  for (let index = 0; index < 18; index++)
    await store.take(
      archiveOf(
        dockerArchive([{ tags: [`c:${index}`], layers: [LAYER], config: { history: [{ comment: `${index}` }], os: `o${comment}` } }]),
      ),
    );
  await using driver = await PortableDriver.open(store.home);
  const images = await driver.images.list();
  assert.equal(images.length, 19);
  for (const { problem, image } of images) assert.deepEqual([problem, image.config === null], [null, false]);
  assert.deepEqual(await driver.images.verify(), []);
  await using reader = createReader({ cacheFolder: null, workers: 0 });
  await using archive = await openStored(reader, driver, 'c:17', store.home);
  const [shown] = archive.images;
  assert.equal(shown?.history.length, 1);
  assert.equal((shown?.config as { os?: string } | null)?.os?.length, 3_900_001);
});

/** Adds names to a store's index, as versions without a limit on names did. */
function overfill(home: string, count: number): void {
  const at = path.join(home, 'index.json');
  const index = JSON.parse(readFileSync(at, 'utf8')) as { manifests: { annotations?: object }[] };
  const last = index.manifests.at(-1);
  const more = Array.from({ length: count }, (_, number) => ({
    ...last,
    annotations: { 'org.opencontainers.image.ref.name': `x:${number}` },
  }));
  writeFileSync(at, JSON.stringify({ ...index, manifests: [...index.manifests, ...more] }));
}

test('a store whose index.json is too large for other readers is listed, and repaired by removing the image', async (t) => {
  const store = await newStore(t);
  await store.take(named(['many:1']));
  overfill(store.home, 20_000);
  assert.ok(statSync(path.join(store.home, 'index.json')).size > 4 * 1024 * 1024);
  await using driver = await PortableDriver.open(store.home);
  const images = await driver.images.list();
  assert.deepEqual(
    images.map(({ names }) => names.length),
    [1, 20_001],
  );
  {
    await using _mount = await driver.mount('copy');
  }
  assert.deepEqual(await verifyStore(driver), []);
  await driver.cleanup();
  await driver.images.remove('x:19999');
  await driver.images.remove(images[1]?.manifestDigest ?? '');
  await refuses({ ...store, driver }, /an image has 1,001 names/, () => store.take(named(numbered(1_001))));
  await using reader = createReader({ cacheFolder: null, workers: 0 });
  await using archive = await openStored(reader, driver, 'kept:1', store.home);
  assert.equal(archive.images.length, 1);
});
