import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { createReader } from '#archive';
import { importArchive, spoolChain } from '#engine';
import { PortableDriver } from '../../src/driver/portable/index.ts';
import { dockerArchive } from '../support/docker-archive.ts';
import { file, tar } from '../support/tar-builder.ts';

test('a layer in a portable store has the operating system of an image that contains it', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-stored-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  await using driver = await PortableDriver.open(path.join(folder, 'home'));
  await using reader = createReader({ cacheFolder: null, workers: 0 });
  for (const os of ['windows', 'linux']) {
    const image = path.join(folder, `${os}.tar`);
    writeFileSync(image, dockerArchive({ name: `${os}:1`, os, layers: [tar(file('Files/a', os))] }));
    await using archive = await reader.open(image);
    const stored = await importArchive(driver, archive);
    assert.equal(stored.kind, 'images');
    const [layer = ''] = stored.kind === 'images' ? (stored.images[0]?.layers ?? []) : [];
    assert.equal((await spoolChain(driver, layer, folder)).os, os);
  }
});
