// A cache folder set up as a trap by another user of the machine: nothing behind it is used or has its mode changed.
import assert from 'node:assert/strict';
import { chmodSync, lchownSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { createReader } from '#archive';
import { cacheFolder } from '#engine';
import { PortableDriver } from '../../src/driver/portable/index.ts';
import { dockerArchive } from '../support/docker-archive.ts';
import { file, tar } from '../support/tar-builder.ts';
import { testFolder } from '../support/workbench.ts';

const asRoot = process.getuid?.() === 0 ? {} : { skip: 'needs root, to be another user' };
const STRANGER = 54_321;

test('another user’s link in a shared folder does not make the program restrict its own user’s folders', asRoot, async (t) => {
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

test('a store is not made behind another user’s link', asRoot, async (t) => {
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
