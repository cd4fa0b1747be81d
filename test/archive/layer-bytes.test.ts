import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BodyComparer, LayerBytes } from '#archive';
import { ForwardPlainBytes } from '../../src/archive/bodies/plain-bytes.ts';
import { archiveOf, Files, ociImage, ociLayout } from '../support/image-builder.ts';
import { file, tar } from '../support/tar-builder.ts';
import { testFile, testReader } from '../support/workbench.ts';

test('bodies are compared in any order even if nothing can be spooled', async (t) => {
  const reader = testReader(t);
  const files = new Files();
  const body = (letter: string) => letter.repeat(300_000);
  const one = { tar: tar(file('a', body('a')), file('b', body('b')), file('c', body('c'))), packed: 'gzip' } as const;
  const two = { tar: tar(file('c', body('c')), file('b', `${body('b').slice(1)}x`), file('a', body('a'))), packed: 'zstd' } as const;
  const archive = await reader.open(testFile(t, archiveOf(ociLayout(files, [ociImage(files, { layers: [one, two] })]))));
  const layers = archive.images[0]?.layers ?? [];
  const indexed = await reader.indexLayers(layers);
  const [left, right] = layers.map((layer, at) => {
    const found = indexed[at];
    assert.ok(layer.blob !== null && found);
    return new LayerBytes(found.table, new ForwardPlainBytes(layer.blob, undefined));
  });
  assert.ok(left && right);
  const comparer = new BodyComparer();
  const same: (boolean | null)[] = [];
  for (const member of [0, 1, 2, 0]) same.push(await comparer.isSame({ layer: left, member }, { layer: right, member: 2 - member }));
  assert.deepEqual(same, [true, false, true, true]);
  await left[Symbol.asyncDispose]();
  await right[Symbol.asyncDispose]();
});
