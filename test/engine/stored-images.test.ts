import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type Archive, createReader } from '#archive';
import { exportImage, importArchive, openStored, spoolChain } from '#engine';
import { PortableDriver } from '../../src/driver/portable/index.ts';
import { dockerArchive } from '../support/docker-archive.ts';
import { file, tar } from '../support/tar-builder.ts';

test('a layer in a portable store has the operating system and platform of an image that contains it', async (t) => {
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
    const chain = await spoolChain(driver, layer, folder);
    assert.deepEqual([chain.os, chain.platform], [os, `${os}/amd64`]);
  }
});

for (const { kind, layers } of [
  { kind: 'plain', layers: [tar(file('a', 'a')), tar(file('b', 'b'))] },
  { kind: 'gzip', layers: [gzipSync(tar(file('a', 'a'))), tar(file('b', 'b'))] },
]) {
  test(`an image without a manifest is exported with the manifest that a store makes, directly and from the store: ${kind} layers`, async (t) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-stored-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    await using driver = await PortableDriver.open(path.join(folder, 'home'));
    await using reader = createReader({ cacheFolder: null, workers: 0 });
    const image = path.join(folder, 'old.tar');
    const other = path.join(folder, 'other.tar');
    const diffIds = layers.map((layer) => digestOf(layer[0] === 0x1f ? gunzipSync(layer) : layer));
    const config = { os: 'linux', architecture: 'arm64', variant: 'v8', rootfs: { type: 'layers', diff_ids: diffIds } };
    writeFileSync(image, dockerArchive({ name: 'old:1', layers, config }));
    writeFileSync(other, dockerArchive({ name: 'another:1', layers: [tar(file('c', 'c'))] }));
    await using archive = await reader.open(image);
    const exported = async (from: Archive, format: 'docker-archive' | 'oci-archive') => {
      const target = path.join(folder, 'exported.tar');
      writeFileSync(target, await bytesOf(exportImage(from, { image: 0, format }).bytes(new AbortController().signal)));
      await using opened = await reader.open(target);
      const { images, findings } = opened;
      assert.deepEqual(findings, []);
      return images.map(({ names, platform, manifestDigest, configDigest }) => ({ names, platform, manifestDigest, configDigest }));
    };
    const direct = [await exported(archive, 'oci-archive'), await exported(archive, 'docker-archive')];
    await using another = await reader.open(other);
    await importArchive(driver, another);
    const stored = await importArchive(driver, archive);
    const made = stored.kind === 'images' ? stored.images[0] : undefined;
    assert.equal(direct[0]?.[0]?.manifestDigest, made?.manifestDigest);
    assert.deepEqual([direct[0]?.[0]?.names, direct[0]?.[0]?.platform], [['old:1'], 'linux/arm64/v8']);
    assert.deepEqual(direct[1], direct[0]);
    await using fromStore = await openStored(reader, driver, 'old:1', folder);
    assert.deepEqual([await exported(fromStore, 'oci-archive'), await exported(fromStore, 'docker-archive')], direct);
  });
}

test('an image without a manifest is not exported if a layer differs from the one in its config', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-stored-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  await using reader = createReader({ cacheFolder: null, workers: 0 });
  const image = path.join(folder, 'old.tar');
  const config = { os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [digestOf(tar(file('b', 'b')))] } };
  writeFileSync(image, dockerArchive({ name: 'old:1', layers: [tar(file('a', 'a'))], config }));
  await using archive = await reader.open(image);
  const { bytes } = exportImage(archive, { image: 0, format: 'oci-archive' });
  await assert.rejects(bytesOf(bytes(new AbortController().signal)), { code: 'DIGEST_MISMATCH' });
});

const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece.slice());
  return Buffer.concat(all);
}
