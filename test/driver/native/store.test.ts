// The command line's store operations on the stand-in for vmcompute.dll: compressed tars, existing files, sources that fail, verification.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { exportLayer, importLayerTar, verifyStore } from '#engine';
import { WindowsBench } from '../../support/windows-bench.ts';
import { filterTar, sketchOf } from '../../support/windows-tars.ts';

const TAR = await filterTar({ files: { 'a.txt': 'a' } }, true);

test('a plain, gzip or zstd tar is recognized by its content and imported, and exported only to a new file', async () => {
  await using bench = new WindowsBench('windowsfilter');
  const driver = await bench.open();
  const input = path.join(bench.folder, 'input');
  for (const [id, bytes] of [
    ['plain', TAR],
    ['gzip', gzipSync(TAR)],
    ['zstd', zstdCompressSync(TAR)],
  ] as const) {
    writeFileSync(input, bytes);
    await importLayerTar(driver, { id, parent: null, tar: { file: input } });
    const to = path.join(bench.folder, `${id}.tar`);
    const { bytes: written } = await exportLayer(driver, id, to);
    const tar = readFileSync(to);
    assert.equal(tar.length, written);
    assert.deepEqual((await sketchOf(tar)).files, { 'a.txt': 'a' });
    await assert.rejects(exportLayer(driver, id, to), { code: 'EXISTS' });
    assert.ok(readFileSync(to).equals(tar), 'an existing file is left alone');
    rmSync(to);
  }
  rmSync(input);
  assert.deepEqual(await verifyStore(driver), []);
  assert.deepEqual(await bench.stray(), []);
});

test('a missing, damaged or truncated source leaves no layer behind, and a failed export leaves no file', async () => {
  await using bench = new WindowsBench('windowsfilter');
  const driver = await bench.open();
  const input = path.join(bench.folder, 'input');
  const packed = gzipSync(TAR);
  await assert.rejects(importLayerTar(driver, { id: 'x', parent: null, tar: { file: input } }), { code: 'NOT_FOUND' });
  for (const bytes of [
    packed.subarray(0, packed.length - 20),
    Buffer.concat([packed.subarray(0, 40), Buffer.alloc(50, 7)]),
    Buffer.alloc(0),
  ]) {
    writeFileSync(input, bytes);
    await assert.rejects(importLayerTar(driver, { id: 'x', parent: null, tar: { file: input } }));
    assert.equal(await driver.exists('x'), false);
  }
  rmSync(input);
  const to = path.join(bench.folder, 'out.tar');
  await assert.rejects(exportLayer(driver, 'missing', to), { code: 'NOT_FOUND' });
  assert.equal(existsSync(to), false);
  assert.deepEqual(await bench.stray(), []);
});

test('verification names the broken layers', async () => {
  await using bench = new WindowsBench('windowsfilter');
  const driver = await bench.open();
  await driver.create('base', null);
  await driver.applyDiff('base', [TAR]);
  await driver.create('empty', null);
  mkdirSync(path.join(bench.home, 'no chain'));
  mkdirSync(path.join(bench.home, 'odd', 'layerchain.json'), { recursive: true });
  const problems = await verifyStore(driver);
  assert.deepEqual(
    problems.map(({ id }) => id),
    ['empty', 'no chain', 'odd'],
  );
  assert.match(problems[0]?.message ?? '', /without a Files folder/);
  assert.match(problems[1]?.message ?? '', /layerchain\.json is missing/);
  assert.match(problems[2]?.message ?? '', /layerchain\.json can't be read/);
});
