// A real containerd's folder reads the same as the archives that it imported. Debian: containerd.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { openNamed } from '#engine';
import { parseImageWord } from '#format/reference';
import type { SourceWord } from '#source';
import { containerdRootSource } from '../../src/source/disk/containerd-root.ts';
import { engineProblem, startContainerd } from '../support/engines.ts';
import { archiveOf, Files, ociImage, ociLayout } from '../support/image-builder.ts';
import { readEverything } from '../support/image-figures.ts';
import { interopLayers } from '../support/interop-image.ts';
import { testFile, testReader } from '../support/workbench.ts';

const skip = engineProblem('containerd') ?? engineProblem('ctr') ?? false;

test('a real containerd’s images are the same from its folder as from their archives, in every namespace', { skip }, async (t) => {
  const { root, ctr } = await startContainerd(t);
  const files = new Files();
  const layers = interopLayers().map((each, at) => ({ tar: each, packed: at === 0 ? ('gzip' as const) : ('none' as const) }));
  const built = { ...ociImage(files, { layers }), annotations: { 'io.containerd.image.name': 'docker.io/library/interop:1' } };
  const archive = testFile(t, archiveOf(ociLayout(files, [built])));
  for (const namespace of ['default', 'k8s.io']) ctr('-n', namespace, 'images', 'import', '--no-unpack', archive);
  const reader = testReader(t);
  await using expected = await reader.open(archive);
  for (const name of ['containerd:interop:1', 'containerd:k8s.io/docker.io/library/interop:1', 'containerd:k8s.io/interop:1']) {
    const { archive: opened } = await openNamed(parseImageWord(name) as SourceWord, [containerdRootSource(root)], { reader });
    await using found = opened;
    assert.deepEqual(await readEverything(reader, found), await readEverything(reader, expected), name);
  }
  const listed = (await containerdRootSource(root).list?.({})) ?? [];
  assert.deepEqual(
    listed.map(({ namespace, names, id }) => [namespace, names, id]),
    ['default', 'k8s.io'].map((each) => [each, ['docker.io/library/interop:1'], built.digest]),
  );
});

test('a database with many images, some of them removed, is read as containerd lists it', { skip }, async (t) => {
  const { root, ctr } = await startContainerd(t);
  const sample = path.join(import.meta.dirname, '..', '..', 'assets', 'sample.tar');
  ctr('images', 'import', '--no-unpack', sample);
  const names = Array.from({ length: 120 }, (_, at) => `example.com/${'long-'.repeat(20)}${at}:1`);
  for (const name of names) ctr('images', 'tag', 'docker.io/sample/web-api:1.8', name);
  ctr('images', 'rm', ...names.filter((_, at) => at % 3 === 0));
  const theirs = ctr('images', 'ls', '-q').trim().split('\n').sort();
  const ours = ((await containerdRootSource(root).list?.({})) ?? []).flatMap((image) => image.names).sort();
  assert.deepEqual(ours, theirs);
  assert.equal(ours.length, 81);
});
