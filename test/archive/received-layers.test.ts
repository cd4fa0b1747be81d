// Plain layers of an archive that is received are indexed on the way, with the same result as from a file.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Archive, ArchiveReader } from '#archive';
import { archiveOf, dockerArchive, Files, ociImage, ociLayout } from '../support/image-builder.ts';
import { gather } from '../support/random-chunks.ts';
import { concat, directory, file, hardlink, pax, tar } from '../support/tar-builder.ts';
import { testFile, testReader } from '../support/workbench.ts';

const LAYERS = [
  tar(directory('etc/'), file('etc/passwd', 'root'), concat(pax({ path: 'n'.repeat(300) }), file('short', 'x'.repeat(700)))),
  tar(file('big', new Uint8Array(300_000).fill(7)), hardlink('link', 'big'), file('etc/.wh.passwd', '')),
];
const BLOBS = new Files();
const IMAGE = ociImage(BLOBS, { layers: LAYERS.map((each, at) => ({ tar: each, packed: at === 0 ? 'none' : 'gzip' })) });

/** Inputs by what they are, and how many of their layers need not be read again. */
const INPUTS: readonly (readonly [what: string, bytes: Uint8Array, known: number])[] = [
  ['a docker-archive', archiveOf(dockerArchive([{ layers: LAYERS, tags: ['app:1'] }])), 2],
  ['an OCI archive with a plain and a gzip layer', archiveOf(ociLayout(BLOBS, [IMAGE])), 1],
  ['a layer', LAYERS[1] ?? new Uint8Array(0), 0],
  ['a layer with tars in it', tar(file('a.tar', LAYERS[0] ?? ''), file('b', 'x')), 0],
];

/** Yields pieces whose memory is taken away when the next is wanted. */
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

test('what is received in pieces of any size has the index of the same file', async (t) => {
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

test('an index that was made on the way is used, and verifying reads the layer nevertheless', async (t) => {
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
    // A single layer is known from opening it.
    assert.equal(read, known === 0 ? 0 : unknown, what);
    const [first] = await reader.indexLayers(layers, { verify: true });
    assert.notEqual(first?.measured, null, what);
  }
});
