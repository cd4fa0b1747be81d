// A reader of thousands of layers keeps only a few of them open and on disk.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { ArchiveLayer, IndexedLayer } from '#archive';
import { trimCache } from '../../src/archive/cache/cache-trim.ts';
import { makePrivateFolder } from '../../src/archive/files/private-place.ts';
import { archiveOf, Files, ociImage, ociLayout } from '../support/image-builder.ts';
import { gather } from '../support/random-chunks.ts';
import { file, tar } from '../support/tar-builder.ts';
import { until } from '../support/waiting.ts';
import { openFilesBelow, testFile, testFolder, testReader } from '../support/workbench.ts';

const LAYERS = 80;

test('only a few of the layers whose files were read stay unpacked, and all can be read again', {
  skip: process.platform !== 'linux',
}, async (t) => {
  const files = new Files();
  const tars = Array.from({ length: LAYERS }, (_, at) => tar(file('a', `first of ${at}`), file('b', `second of ${at}`)));
  const image = ociImage(files, { layers: tars.map((each) => ({ tar: each, packed: 'gzip' })) });
  const cacheFolder = testFolder(t);
  const reader = testReader(t, { cacheFolder });
  const archive = await reader.open(testFile(t, archiveOf(ociLayout(files, [image]))));
  const layers = archive.images[0]?.layers ?? [];
  const indexed = await reader.indexLayers(layers);
  const read = async (at: number, member: number): Promise<string> => {
    const bodies: AsyncIterable<Uint8Array> = reader.readBody(layers[at] as ArchiveLayer, indexed[at] as IndexedLayer, member);
    return Buffer.from(await gather(bodies)).toString();
  };
  for (let at = 0; at < LAYERS; at++) assert.equal(await read(at, 0), `first of ${at}`);
  const open = (): number => openFilesBelow(cacheFolder)?.length ?? 0;
  const left = (): number =>
    readdirSync(cacheFolder, { recursive: true, encoding: 'utf8' }).filter((name) => /run-.*\.part$/.test(name)).length;
  await until(() => open() <= 64 && left() <= 64, 'unwanted spools are closed and removed');
  assert.ok(open() > 0, 'recent ones stay open');
  await Promise.all(Array.from({ length: LAYERS }, async (_, at) => assert.equal(await read(at, 1), `second of ${at}`)));
});

test('a spool is removed from the cache by the time of its checksums, which is when it was last used', async (t) => {
  const cacheFolder = testFolder(t);
  const folder = path.join(cacheFolder, 'spool');
  assert.ok(makePrivateFolder(folder));
  const names = ['a', 'b', 'c'].map((letter) => path.join(folder, letter.repeat(40)));
  for (const [at, name] of names.entries()) {
    writeFileSync(`${name}.tar`, Buffer.alloc(1000));
    writeFileSync(`${name}.sum`, Buffer.alloc(10));
    utimesSync(`${name}.tar`, 1000 + at, 1000 + at);
    utimesSync(`${name}.sum`, 2000 - at, 2000 - at);
  }
  await trimCache(cacheFolder, 1500);
  assert.deepEqual(
    names.map((name) => existsSync(`${name}.tar`)),
    [true, false, false],
  );
});
