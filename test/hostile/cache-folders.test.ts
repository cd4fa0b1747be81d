// A cache folder set up as a trap by another user of the machine: nothing behind it is used or has its mode changed.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, existsSync, lchownSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { createReader } from '#archive';
import { isPrivateFolder, makePrivateFolder } from '#archive/private-place';
import { CatalogFolder } from '#catalog';
import { cacheFolder } from '#engine';
import { PackedTables } from '../../src/catalog/packed-tables.ts';
import { PortableDriver } from '../../src/driver/portable/index.ts';
import { runCommand } from '../support/command-line.ts';
import { dockerArchive } from '../support/docker-archive.ts';
import { file, tar } from '../support/tar-builder.ts';
import { testFolder } from '../support/workbench.ts';

const asRoot = process.getuid?.() === 0 ? {} : { skip: 'needs root, to be another user' };
const STRANGER = 54_321;

test('another user’s link in a shared folder doesn’t make the program restrict its own user’s folders', asRoot, async (t) => {
  const folder = testFolder(t);
  const shared = path.join(folder, 'shared');
  const own = path.join(folder, 'own');
  for (const name of ['index', 'spool', 'blobs']) mkdirSync(path.join(own, name), { recursive: true, mode: 0o755 });
  mkdirSync(shared, { mode: 0o777 });
  chmodSync(shared, 0o777);
  writeFileSync(path.join(shared, 'other'), '');
  const link = path.join(shared, 'layerscope');
  symlinkSync(own, link);
  lchownSync(link, STRANGER, STRANGER);
  const cache = cacheFolder({ LAYERSCOPE_CACHE: shared });
  assert.equal(cache, link);
  const image = path.join(folder, 'image.tar');
  writeFileSync(image, dockerArchive({ name: 'image:1', layers: [tar(file('f', 'x'))] }));
  {
    await using reader = createReader({ cacheFolder: cache, workers: 0 });
    await using archive = await reader.open(image);
    await reader.indexLayers(archive.images[0]?.layers ?? []);
  }
  for (const name of ['index', 'spool', 'blobs']) {
    assert.equal(statSync(path.join(own, name)).mode & 0o777, 0o755, name);
    assert.deepEqual(readdirSync(path.join(own, name)), []);
  }
});

test('another user’s catalog packs are not used, and none of this user’s files are overwritten through a link', asRoot, async (t) => {
  const folder = testFolder(t);
  const to = path.join(folder, 'catalog');
  const image = path.join(folder, 'image.tar');
  writeFileSync(image, dockerArchive({ name: 'image:1', layers: [tar(file('f', 'x'))] }));
  await runCommand(['catalog', 'index', image, '--to', to]);
  const cache = path.join(folder, 'cache');
  const victim = path.join(folder, 'victim');
  for (const each of [path.join(cache, 'catalogs'), victim]) mkdirSync(each, { recursive: true, mode: 0o777 });
  const catalog = CatalogFolder.open(to);
  const place = createHash('sha256').update(catalog.path).digest('hex').slice(0, 16);
  const pack = path.join(cache, 'catalogs', place);
  symlinkSync(victim, pack);
  for (const each of [pack, path.join(cache, 'catalogs')]) lchownSync(each, STRANGER, STRANGER);
  const packs = new PackedTables(cache, catalog);
  const names = catalog.files('entries');
  assert.deepEqual([packs.find(catalog, 'entries', names).pack, packs.find(catalog, 'entries', names).isWorthPacking], [null, false]);
  assert.deepEqual(readdirSync(victim), []);
});

test('the user’s own link may put the cache on another disk', async (t) => {
  const folder = testFolder(t);
  const elsewhere = path.join(folder, 'elsewhere');
  mkdirSync(elsewhere);
  const cache = path.join(folder, 'cache');
  symlinkSync(elsewhere, cache);
  const image = path.join(folder, 'image.tar');
  writeFileSync(image, dockerArchive({ name: 'image:1', layers: [tar(file('f', 'x'))] }));
  {
    await using reader = createReader({ cacheFolder: cache, workers: 0 });
    await using archive = await reader.open(image);
    await reader.indexLayers(archive.images[0]?.layers ?? []);
  }
  assert.equal(readdirSync(path.join(elsewhere, 'index')).length > 0, true);
});

/** Ways for another user to swap the folder `cache` in the folder `above` right after it was checked. */
const EXCHANGED: Readonly<Record<string, (above: string) => void>> = {
  'belongs to another user': (above) => chownSync(above, STRANGER, STRANGER),
  'belongs to another user, and is sticky': (above) => {
    chmodSync(above, 0o1777);
    chownSync(above, STRANGER, STRANGER);
  },
  'is open to all': (above) => chmodSync(above, 0o777),
  'is open to a group of several users': (above) => {
    chmodSync(above, 0o775);
    chownSync(above, 0, STRANGER);
  },
  'holds only the user’s own link': (above) => {
    const own = path.join(path.dirname(above), 'own');
    mkdirSync(own);
    symlinkSync(own, path.join(above, 'cache'));
    chmodSync(above, 0o777);
  },
};

for (const [what, open] of Object.entries(EXCHANGED)) {
  test(`no cache is used below a folder that ${what}, at any depth`, asRoot, async (t) => {
    const above = path.join(testFolder(t), 'above');
    mkdirSync(above);
    open(above);
    for (const folder of [path.join(above, 'cache'), path.join(above, 'cache', 'deep', 'cache')]) {
      const image = path.join(testFolder(t), 'image.tar');
      writeFileSync(image, dockerArchive({ name: 'image:1', layers: [tar(file('f', 'x'))] }));
      await using reader = createReader({ cacheFolder: folder, workers: 0 });
      await using archive = await reader.open(image);
      await reader.indexLayers(archive.images[0]?.layers ?? []);
      assert.equal(existsSync(path.join(folder, 'index')), false);
      assert.equal(isPrivateFolder(folder), false);
    }
  });
}

test('a cache in root’s sticky folder, such as /tmp, is used, as is one below a folder writable by the user’s own group', asRoot, (t) => {
  const above = path.join(testFolder(t), 'above');
  for (const mode of [0o1777, 0o775, 0o755]) {
    mkdirSync(path.join(above, `${mode}`), { recursive: true });
    chmodSync(path.join(above, `${mode}`), mode);
    assert.equal(makePrivateFolder(path.join(above, `${mode}`, 'cache')), true, mode.toString(8));
  }
});

test('a store is not created behind another user’s link', asRoot, async (t) => {
  const folder = testFolder(t);
  const own = path.join(folder, 'own');
  mkdirSync(own, { mode: 0o755 });
  const link = path.join(folder, 'store');
  symlinkSync(own, link);
  lchownSync(link, STRANGER, STRANGER);
  await assert.rejects(PortableDriver.open(link), { code: 'PERMISSION', message: /another user's link/ });
  assert.deepEqual([readdirSync(own), statSync(own).mode & 0o777], [[], 0o755]);
  lchownSync(link, 0, 0);
  await using _driver = await PortableDriver.open(link);
});
