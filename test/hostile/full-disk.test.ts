// Disks that are full or would become full: unpacking leaves space for others, and nothing is lost or half-done.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs, { mkdirSync, readdirSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createReader } from '#archive';
import { importArchive, verifyStore } from '#engine';
import { LayerscopeError } from '#model';
import { PortableDriver } from '../../src/driver/portable/index.ts';
import { dockerArchive } from '../support/docker-archive.ts';
import { onTmpfs, smallDisk } from '../support/small-disk.ts';
import { concat, file, member, tar } from '../support/tar-builder.ts';
import { collect, testFile, testFolder } from '../support/workbench.ts';

const MIB = 1024 * 1024;

/** Makes a small archive that unpacks to 64 MiB. */
const bomb = () => {
  const archive = dockerArchive({ name: 'bomb:1', layers: [tar(file('f', 'x'))] });
  return gzipSync(concat(member({ name: 'zeros' }, new Uint8Array(64 * MIB)), archive));
};

test('unpacking leaves a share of the disk free, and the error says where else to unpack', async (t) => {
  const cacheFolder = testFolder(t);
  const free = 40 * MIB;
  t.mock.method(fs, 'statfsSync', () => ({ bavail: free / 4096, bsize: 4096 }));
  await using reader = createReader({ cacheFolder, workers: 0 });
  await assert.rejects(reader.open(testFile(t, bomb(), 'bomb.tar.gz')), (error: LayerscopeError) => {
    assert.equal(error.code, 'TOO_LARGE');
    assert.match(error.message, /^bomb\.tar\.gz: .* LAYERSCOPE_CACHE /);
    return true;
  });
  await assert.rejects(
    reader.openStream(
      (async function* () {
        for (let at = 0; at < 64; at++) yield new Uint8Array(MIB);
      })(),
      '-',
    ),
    { code: 'TOO_LARGE' },
  );
  const left = readdirSync(cacheFolder, { recursive: true }).filter((name) => fs.statSync(path.join(cacheFolder, String(name))).isFile());
  assert.deepEqual(
    left.filter((name) => path.basename(String(name)) !== 'tables.key'),
    [],
  );
});

test(
  'with a full cache disk, compressed layers and their files are read; a compressed archive is unpacked on another disk',
  onTmpfs,
  async (t) => {
    const cacheFolder = smallDisk(t, 256);
    const body = randomBytes(2 * MIB);
    for (const [what, bytes] of [
      ['layer', gzipSync(tar(file('a', body), file('b', 'bee')))],
      ['archive', gzipSync(dockerArchive({ name: 'i:1', layers: [tar(file('a', body), file('b', 'bee'))] }))],
    ] as const) {
      await using reader = createReader({ cacheFolder, workers: 0 });
      await using archive = await reader.open(testFile(t, bytes));
      const [layer] = archive.images[0]?.layers ?? [];
      assert.ok(layer);
      const [indexed] = await reader.indexLayers([layer]);
      assert.ok(indexed);
      assert.deepEqual(await collect(reader.readBody(layer, indexed, 0)), body, what);
      assert.equal((await collect(reader.readBody(layer, indexed, 1))).toString(), 'bee', what);
    }
    const { bavail, bsize } = statfsSync(cacheFolder);
    assert.ok(bavail * bsize > 0);
  },
);

test('a disk that is full at any write of an import fails that import and harms nothing else', onTmpfs, async (t) => {
  const folder = testFolder(t);
  const image = path.join(folder, 'image.tar');
  writeFileSync(
    image,
    dockerArchive({ name: 'next:1', layers: [tar(file('f', randomBytes(60_000)), file('g', 'x')), tar(file('h', randomBytes(60_000)))] }),
  );
  const kept = path.join(folder, 'kept.tar');
  writeFileSync(kept, dockerArchive({ name: 'kept:1', layers: [tar(file('k', 'kept'))] }));
  const take = async (driver: PortableDriver, archivePath: string) => {
    await using reader = createReader({ cacheFolder: null, workers: 0 });
    await using archive = await reader.open(archivePath);
    await importArchive(driver, archive);
  };
  let failed = 0;
  let done = 0;
  for (let kib = 72; kib <= 360; kib += 8) {
    const disk = smallDisk(t, kib);
    const driver = await PortableDriver.open(path.join(disk, 'home'));
    await take(driver, kept);
    const ballast = path.join(disk, 'ballast');
    mkdirSync(ballast);
    let isIn = true;
    try {
      await take(driver, image);
      await using _mount = await driver.mount(
        (await driver.images.list()).find(({ names }) => names.includes('next:1'))?.layers.at(-1) ?? '',
      );
    } catch (error) {
      assert.ok(error instanceof LayerscopeError && error.code === 'IO', String(error));
      isIn = (await driver.images.list()).some(({ names }) => names.includes('next:1'));
      failed++;
    }
    if (isIn) done++;
    assert.deepEqual(await verifyStore(driver), []);
    assert.ok((await driver.images.list()).some(({ names }) => names.includes('kept:1')));
    assert.deepEqual(readdirSync(path.join(driver.home, 'tmp')), [], 'nothing unfinished is left');
    if (readdirSync(driver.home).includes('mounts')) assert.deepEqual(readdirSync(path.join(driver.home, 'mounts')), []);
    if (!isIn) assert.deepEqual(await driver.leftovers(), []);
  }
  assert.ok(failed > 3 && done > 0, `${failed} failed, ${done} done`);
  t.diagnostic(`${failed} imports failed on full disks, ${done} succeeded: nothing lost, nothing left over`);
});
