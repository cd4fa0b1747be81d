// A real Podman's storage reads the same as the archives that it saves. Debian: podman.
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { openNamed } from '#engine';
import { parseImageWord } from '#format/reference';
import type { SourceWord } from '#source';
import { containersStorageSource } from '../../src/source/disk/containers-storage.ts';
import { engineProblem, podman } from '../support/engines.ts';
import { archiveOf, dockerArchive } from '../support/image-builder.ts';
import { readEverything } from '../support/image-figures.ts';
import { splitLayer } from '../support/split-layer.ts';
import { directory, file, hardlink, symlink, tar } from '../support/tar-builder.ts';
import { testFile, testFolder, testReader } from '../support/workbench.ts';

const SAMPLE = path.join(import.meta.dirname, '..', '..', 'assets', 'sample.tar');
const BASE = tar(
  directory('etc/'),
  file('etc/shadow', 'secret', { mode: 0o640 }),
  hardlink('etc/link', 'etc/shadow'),
  symlink('bin', 'usr/bin'),
);
const TOP = tar(
  directory('etc/'),
  file('etc/.wh.shadow', ''),
  file(
    'etc/large',
    Uint8Array.from({ length: 600_000 }, (_, at) => at % 251),
  ),
);
const skip = engineProblem('podman') ?? false;

for (const driver of ['overlay', 'vfs'] as const) {
  test(`a real Podman’s images with ${driver} are the same from its storage as from its own archives`, { skip }, async (t) => {
    const { root, run } = podman(t, driver);
    run('load', '-i', SAMPLE);
    run('load', '-i', testFile(t, archiveOf(dockerArchive([{ layers: [BASE, TOP, splitLayer()], tags: ['odd:1'] }]))));
    const reader = testReader(t);
    const source = containersStorageSource(root);
    for (const name of ['sample/web-api:1.8', 'odd:1']) {
      const saved = path.join(testFolder(t), 'saved.tar');
      run('save', '--format', 'docker-archive', '-o', saved, `localhost/${name}`);
      await using archive = await reader.open(saved);
      const { archive: opened } = await openNamed(parseImageWord(`podman:${name}`) as SourceWord, [source], { reader });
      await using image = opened;
      assert.deepEqual(
        await readEverything(reader, image, { digests: false }),
        await readEverything(reader, archive, { digests: false }),
        name,
      );
    }
    const theirs = JSON.parse(run('images', '--format', 'json', '--no-trunc')) as { Id: string; Names: string[]; Digest: string }[];
    const ours = (await source.list?.({})) ?? [];
    assert.deepEqual(
      ours.map(({ id, names, digest }) => [id, names, digest]).sort(),
      theirs.map(({ Id, Names, Digest }) => [`sha256:${Id}`, Names, Digest]).sort(),
    );
  });
}
