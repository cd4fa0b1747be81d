// Plain layers of an archive that is being received are indexed as they arrive, with the same result as from a file.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { Archive, ArchiveReader } from '#archive';
import { hasCode } from '../support/asserts.ts';
import { archiveOf, dockerArchive, Files, ociImage, ociLayout } from '../support/image-builder.ts';
import { gather } from '../support/random-chunks.ts';
import { concat, directory, file, hardlink, pax, tar } from '../support/tar-builder.ts';
import { testFile, testFolder, testReader } from '../support/workbench.ts';

const LAYERS = [
  tar(directory('etc/'), file('etc/passwd', 'root'), concat(pax({ path: 'n'.repeat(300) }), file('short', 'x'.repeat(700)))),
  tar(file('big', new Uint8Array(300_000).fill(7)), hardlink('link', 'big'), file('etc/.wh.passwd', '')),
];
const BLOBS = new Files();
const IMAGE = ociImage(BLOBS, { layers: LAYERS.map((each, at) => ({ tar: each, packed: at === 0 ? 'none' : 'gzip' })) });

/** Inputs by description. `known`: how many of an image's layers were indexed while it arrived; 0 for a single layer. */
const INPUTS: readonly (readonly [what: string, bytes: Uint8Array, known: number])[] = [
  ['a docker-archive', archiveOf(dockerArchive([{ layers: LAYERS, tags: ['app:1'] }])), 2],
  ['an OCI archive with a plain and a gzip layer', archiveOf(ociLayout(BLOBS, [IMAGE])), 1],
  ['a layer', LAYERS[1] ?? new Uint8Array(0), 0],
  ['a layer with tars in it', tar(file('a.tar', LAYERS[0] ?? ''), file('b', 'x')), 0],
];

/** Yields pieces. The memory of each piece is detached when the next piece is requested. */
async function* pieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) {
    const piece = Uint8Array.from(bytes.subarray(at, at + length));
    yield piece;
    structuredClone(piece.buffer, { transfer: [piece.buffer] });
  }
}

async function indexed(reader: ArchiveReader, archive: Archive): Promise<unknown> {
  const layers = archive.images[0]?.layers ?? [];
  const found = await reader.indexLayers(layers);
  const bodies: Buffer[] = [];
  for (const [at, layer] of layers.entries()) {
    const each = found[at];
    for (let member = 0; each && member < each.table.memberCount; member++)
      if (each.table.type[member] === 0) bodies.push(await gatherAll(reader.readBody(layer, each, member)));
  }
  return { found, bodies };
}

async function gatherAll(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.from(await gather(bytes));
}

test('an archive received in pieces of any size has the same index as the file', async (t) => {
  for (const [what, bytes] of INPUTS) {
    const reader = testReader(t);
    const expected = await indexed(reader, await reader.open(testFile(t, bytes)));
    for (const length of [100, 511, 512, 65_536, bytes.length]) {
      const other = testReader(t);
      await using archive = await other.openStream(pieces(bytes, length), 'it');
      assert.deepEqual(await indexed(other, archive), expected, `${what}, ${length} bytes at a time`);
    }
  }
});

test('an index made while receiving is used, but verifying still reads the layer', async (t) => {
  for (const [what, bytes, known] of INPUTS) {
    const reader = testReader(t);
    await using archive = await reader.openStream(pieces(bytes, 10_000), 'it');
    const layers = archive.images[0]?.layers ?? [];
    let read = 0;
    await reader.indexLayers(layers, {
      onProgress: ({ totalBytes }) => {
        read = totalBytes ?? 0;
      },
    });
    const unknown = layers.slice(known).reduce((sum, { blobBytes }) => sum + blobBytes, 0);
    // Opening a single layer already reads it, so there is nothing left to read.
    assert.equal(read, known === 0 ? 0 : unknown, what);
    const [first] = await reader.indexLayers(layers, { verify: true });
    assert.notEqual(first?.measured, null, what);
  }
});

/** Returns the file in a cache folder that an archive was received into. */
function receivedIn(cacheFolder: string): Buffer {
  const files = readdirSync(cacheFolder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.in'));
  assert.equal(files.length, 1);
  return readFileSync(path.join(cacheFolder, files[0] ?? ''));
}

test('an archive received only for listing gives the same indexes as its file, without storing the contents of plain layers', async (t) => {
  for (const [what, bytes] of INPUTS) {
    const reader = testReader(t);
    const expected = await reader.indexLayers((await reader.open(testFile(t, bytes))).images[0]?.layers ?? []);
    for (const length of [100, 511, 65_536]) {
      const cacheFolder = testFolder(t);
      const other = testReader(t, { cacheFolder });
      if (what === 'a layer with tars in it') {
        // The reader mistakes the tars inside for the layers of an image, so opening fails unless everything arrives in one piece.
        const opening = other.openStream(pieces(bytes, length), 'it', { isForListing: true });
        if (length === 65_536) await (await opening)[Symbol.asyncDispose]();
        else await assert.rejects(opening, hasCode('DAMAGED'));
        continue;
      }
      await using archive = await other.openStream(pieces(bytes, length), 'it', { isForListing: true });
      const received = receivedIn(cacheFolder);
      assert.equal(received.length, bytes.length, what);
      if (what === 'a docker-archive') assert.ok(received.filter((byte) => byte === 7).length < 70_000, what);
      const layers = archive.images[0]?.layers ?? [];
      const found = await other.indexLayers(layers);
      assert.deepEqual(found, expected, `${what}, ${length} bytes at a time`);
      if (what !== 'a docker-archive') continue;
      await assert.rejects(other.indexLayers(layers, { verify: true }), hasCode('INTERNAL'));
      const [layer, table] = [layers[1], found[1]];
      assert.ok(layer && table);
      assert.throws(() => other.openLayer(layer, table), hasCode('INTERNAL'));
    }
  }
});

test('a layer that is cut off can’t be listed without its contents, and no file is left', async (t) => {
  const cut = archiveOf(dockerArchive([{ layers: [(LAYERS[1] ?? new Uint8Array(0)).subarray(0, 200_192)], tags: [] }]));
  const cacheFolder = testFolder(t);
  const reader = testReader(t, { cacheFolder });
  await assert.rejects(reader.openStream(pieces(cut, 10_000), 'it', { isForListing: true }), hasCode('DAMAGED'));
  assert.deepEqual(
    readdirSync(cacheFolder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.in')),
    [],
  );
  await using archive = await reader.openStream(pieces(cut, 10_000), 'it');
  assert.equal((await reader.indexLayers(archive.images[0]?.layers ?? []))[0]?.status, 'damaged');
});

test('a config that is also a tar is not mistaken for a layer', async (t) => {
  const layer = LAYERS[0] ?? new Uint8Array(0);
  // JSON doesn't allow control characters in a string, so all of the header's fields end with spaces, not with NULs.
  const body = `","rootfs":{"type":"layers","diff_ids":[]},"config":{"Labels":{"pad":"${'p'.repeat(10_000)}"}}}`.padEnd(10_240, ' ');
  const fields = ['{"architecture":"amd64","os":"linux","x":"'.padEnd(100, 'x'), '0000644 ', '0000000 ', '0000000 '];
  const header = Buffer.from(
    [...fields, `${body.length.toString(8).padStart(11, '0')} `, '14524330000 ', '        ', '0', ' '.repeat(100), 'ustar  ']
      .join('')
      .padEnd(512, ' '),
  );
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}  `, 148);
  const config = Buffer.concat([header, Buffer.from(body)]);
  assert.ok(JSON.parse(config.toString()));
  const image = tar(
    file('config.json', config),
    file('layer.tar', layer),
    file('manifest.json', JSON.stringify([{ Config: 'config.json', Layers: ['layer.tar'], RepoTags: ['app:1'] }])),
  );
  const reader = testReader(t);
  const expected = await reader.open(testFile(t, image));
  assert.ok(expected.images[0]?.config !== undefined);
  await assert.rejects(reader.openStream(pieces(image, 512), 'it', { isForListing: true }), hasCode('DAMAGED'));
});
