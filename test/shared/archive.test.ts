import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { createReader } from '#archive';
import { LayerscopeError } from '#model';
import { collect, testFolder } from '../support/workbench.ts';

const corpus = path.resolve(import.meta.dirname, '..', '..', '..', 'shared', 'corpus');

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file).isFile());
}

const IMAGES: [string, string, number, number][] = [
  ['dive/test-docker-image.tar', 'docker-archive', 1, 14],
  ['dive/test-kaniko-image.tar', 'docker-archive', 1, 14],
  ['dive/test-oci-gzip-image.tar', 'oci-archive', 1, 1],
  ['dive/test-oci-zstd-image.tar', 'oci-archive', 1, 1],
  ['dive/test-oci-estargz-image.tar', 'oci-archive', 1, 1],
  ['dive/test-oci-uncompressed-image.tar', 'oci-archive', 1, 1],
  ['dive/test-gzip-image.tar', 'layer', 1, 1],
  ['dive/test-zstd-image.tar', 'layer', 1, 1],
  ['go-containerregistry/pkg/v1/tarball/testdata/test_bundle.tar', 'docker-archive', 2, 1],
  ['go-containerregistry/pkg/v1/tarball/testdata/test_link.tar', 'docker-archive', 2, 1],
  ['go-containerregistry/pkg/v1/tarball/testdata/no_manifest.tar', 'docker-archive', 1, 1],
  ['go-containerregistry/pkg/v1/tarball/testdata/hello-world-v25.tar', 'docker-archive', 1, 1],
  ['go-containerregistry/pkg/crane/testdata/content.tar.zst', 'layer', 1, 1],
  ['go-containerregistry/pkg/v1/layout/testdata/test_index', 'oci-layout', 2, 1],
  ['go-containerregistry/pkg/v1/layout/testdata/test_index_one_image', 'oci-layout', 1, 1],
  ['crane-windows/docker-archive.tar', 'docker-archive', 1, 2],
  ['crane-windows/oci-archive.tar', 'oci-archive', 1, 2],
];

test('the corpus exists', () => {
  assert.ok(existsSync(corpus), `${corpus} is missing`);
});

test('archives in the corpus have the expected format, images and layers, and verify', async () => {
  await using reader = createReader({ cacheFolder: null, workers: 0 });
  for (const [name, format, images, layers] of IMAGES) {
    const archive = await reader.open(path.join(corpus, name));
    assert.deepEqual([archive.format, archive.images.length, archive.images[0]?.layers.length], [format, images, layers], name);
    for (const image of archive.images) {
      const indexed = await reader.indexLayers(image.layers, { verify: true });
      for (const [index, layer] of image.layers.entries()) {
        if (layer.blob === null) continue;
        assert.equal(indexed[index]?.status, 'present', name);
        if (layer.digest !== null) assert.equal(indexed[index]?.measured?.digest, layer.digest, name);
      }
    }
  }
});

test('every file in the corpus opens with readable bodies and headers, or is refused with a code', async (t) => {
  const cacheFolder = testFolder(t);
  const codes: Record<string, number> = {};
  await using reader = createReader({ cacheFolder, workers: 0 });
  const folders = readdirSync(path.join(corpus, 'go-containerregistry/pkg/v1/layout/testdata'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => path.join(entry.parentPath, entry.name));
  for (const input of [...filesBelow(corpus), ...folders]) {
    try {
      await using archive = await reader.open(input);
      for (const image of archive.images) {
        const indexed = await reader.indexLayers(image.layers);
        for (const [at, layer] of image.layers.entries()) {
          const read = indexed[at];
          if (!read) continue;
          for (let member = 0; member < Math.min(read.table.memberCount, 50); member++) {
            const { raw } = await reader.readHeader(layer, read, member);
            assert.equal(raw.index, member);
            if (raw.type !== 'file' || raw.size > 1_000_000) continue;
            const body: Buffer | null = await collect(reader.readBody(layer, read, member)).catch((error: unknown) => {
              assert.ok(read.status === 'damaged' && error instanceof LayerscopeError, `${input}: ${error}`);
              return null;
            });
            if (body !== null) assert.equal(body.length, raw.size, input);
          }
        }
      }
    } catch (error) {
      assert.ok(error instanceof LayerscopeError && error.code !== 'INTERNAL' && error.code !== 'IO', `${input}: ${error}`);
      codes[error.code] = (codes[error.code] ?? 0) + 1;
    }
  }
  assert.ok((codes.NOT_AN_IMAGE ?? 0) > 0);
});

interface Expected {
  error?: string;
  entries?: { nameHex: string; size: number; type: string }[];
}

test('each tar, as a layer of an image, is listed as Go reads it', async () => {
  const expected = JSON.parse(readFileSync(path.join(corpus, 'tar-expected.json'), 'utf8')) as Record<string, Expected>;
  await using reader = createReader({ cacheFolder: null, workers: 0 });
  let compared = 0;
  for (const [name, { error, entries = [] }] of Object.entries(expected)) {
    if (error !== undefined || name.endsWith('null_manifest.tar')) continue;
    const archive = await reader.open(path.join(corpus, name));
    if (archive.format !== 'layer') continue;
    const [layer] = archive.images[0]?.layers ?? [];
    assert.ok(layer);
    const names: string[] = [];
    try {
      for await (const raw of reader.listRaw(layer)) if (raw.type !== 'global') names.push(Buffer.from(raw.name).toString('hex'));
    } catch (stopped) {
      // Go reports no error if an extension header has no entry.
      assert.equal(stopped instanceof LayerscopeError && stopped.code, 'TRUNCATED', name);
    }
    assert.deepEqual(
      names,
      entries.filter(({ type }) => type !== 'g').map(({ nameHex }) => nameHex),
      name,
    );
    compared++;
  }
  assert.ok(compared > 40, `${compared} compared`);
});
