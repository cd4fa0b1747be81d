import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { archiveOf, digestOf, dockerArchive, hexOf, imageConfig, json, pack } from '../support/image-builder.ts';
import { concat, file, gnuSparse, paxSparse, tar, zeros } from '../support/tar-builder.ts';
import { codesOf, openAll, pathsOf, testFile, testFolder, testReader } from '../support/workbench.ts';

/** A header, a body with a hole in the middle and a second file: three stored parts. The end of the tar is not stored. */
const LAYER = tar(file('big', concat(new Uint8Array(512).fill(0x61), zeros(8192), new Uint8Array(512).fill(0x62))), file('last', 'x'));
const MAP = [
  [0, 1024],
  [9216, 512],
  [9728, 1024],
  [LAYER.length, 0],
] as const;
const STORED = concat(...MAP.map(([at, length]) => LAYER.subarray(at, at + length)));

const FORMS = {
  'old GNU': (name: string) => gnuSparse(name, LAYER.length, MAP, STORED),
  'PAX 0.0': (name: string) => paxSparse('0.0', name, LAYER.length, MAP, STORED),
  'PAX 0.1': (name: string) => paxSparse('0.1', name, LAYER.length, MAP, STORED),
  'PAX 1.0': (name: string) => paxSparse('1.0', name, LAYER.length, MAP, STORED),
};

test('a layer stored as a sparse member of its archive is read with its holes', async (t) => {
  for (const [form, sparse] of Object.entries(FORMS)) {
    const files = dockerArchive([{ layers: [LAYER] }]);
    const name = [...files.keys()].find((key) => key.endsWith('layer.tar')) ?? '';
    files.delete(name);
    const { archive, layers, findings } = await openAll(t, archiveOf(files, sparse(name)), { verify: true });
    assert.deepEqual(
      archive.images[0]?.layers.map(({ status, blobBytes }) => [status, blobBytes]),
      [['present', LAYER.length]],
      form,
    );
    assert.deepEqual(pathsOf(layers[0]?.[0]), ['big', 'last']);
    assert.equal(layers[0]?.[0]?.measured?.diffId, digestOf(LAYER), form);
    assert.deepEqual(findings, [], form);
  }
});

test('a config and manifest.json stored as sparse members are read, and their files are removed with the archive', async (t) => {
  const config = json(imageConfig([LAYER]));
  const manifest = json([{ Config: 'c.json', RepoTags: ['x:1'], Layers: ['l.tar'] }]);
  const sparse = (name: string, bytes: Uint8Array) => {
    // Two parts without a hole between them, because a hole would read as zeros, which JSON can't contain.
    const half = bytes.length >> 1;
    return gnuSparse(
      name,
      bytes.length,
      [
        [0, half],
        [half, bytes.length - half],
      ],
      bytes,
    );
  };
  const bytes = tar(sparse('c.json', config), file('l.tar', pack(LAYER, 'gzip')), sparse('manifest.json', manifest));
  const cacheFolder = testFolder(t);
  const reader = testReader(t, { cacheFolder });
  const archive = await reader.open(testFile(t, bytes));
  assert.deepEqual([archive.images[0]?.configDigest, archive.images[0]?.platform], [`sha256:${hexOf(config)}`, 'linux/amd64']);
  assert.deepEqual(archive.findings, []);
  const own = (): string[] => readdirSync(cacheFolder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.member'));
  assert.ok(own().length > 0);
  await archive[Symbol.asyncDispose]();
  assert.deepEqual(own().length <= 1, true, 'files read to determine the kind are removed with the reader');
});

test('a sparse layer larger than any real one is refused, and the others are shown', async (t) => {
  const files = dockerArchive([{ layers: [LAYER, tar(file('other', ''))] }]);
  const name = [...files.keys()].find((key) => key.endsWith('layer.tar')) ?? '';
  files.delete(name);
  const huge = gnuSparse(name, 2 ** 32, [[0, 512]], LAYER.subarray(0, 512), { at: sizeAt(2 ** 40) });
  const { layers, findings } = await openAll(t, archiveOf(files, huge));
  assert.deepEqual(layers[0]?.map(pathsOf), [[], ['other']]);
  assert.deepEqual(codesOf(findings), ['layer-unreadable']);
});

/** Returns a sparse member's header fields, with its real size in base-256 because it is too large for octal. */
function sizeAt(size: number): Record<number, Uint8Array> {
  const field = new Uint8Array(12);
  new DataView(field.buffer).setBigUint64(4, BigInt(size));
  field[0] = 0x80;
  const entries = new Uint8Array(96);
  entries.set(new TextEncoder().encode('00000000000\0'), 0);
  entries.set(new TextEncoder().encode('00000001000\0'), 12);
  return { 386: entries, 483: field };
}
