// A real Docker's data root reads the same as the archives that it saves. Debian: docker.io.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { inspectArchive, openNamed } from '#engine';
import { parseImageWord } from '#format/reference';
import type { SourceWord } from '#source';
import { dockerRootSource } from '../../src/source/disk/docker-root.ts';
import { type EngineApi, engineProblem, startDocker } from '../support/engines.ts';
import { archiveOf, dockerArchive } from '../support/image-builder.ts';
import { readEverything } from '../support/image-figures.ts';
import { LONG_GNU_PATH, LONG_PAX_PATH } from '../support/interop-image.ts';
import { splitLayer } from '../support/split-layer.ts';
import { concat, directory, file, gnuLongName, hardlink, member, pax, paxSparse, symlink, tar } from '../support/tar-builder.ts';
import { testFile, testReader } from '../support/workbench.ts';

const SAMPLE = readFileSync(path.join(import.meta.dirname, '..', '..', 'assets', 'sample.tar'));
const BASE = tar(
  directory('./', { mode: 0o755 }),
  directory('etc/'),
  file('etc/shadow', 'secret', { mode: 0o640, gid: 42 }),
  directory('usr/bin/'),
  file('usr/bin/busybox', 'busybox', { mode: 0o4755 }),
  hardlink('usr/bin/[', 'usr/bin/busybox'),
  symlink('bin', 'usr/bin'),
  file('bin/through-a-link', 'written to usr/bin'),
  concat(pax({ path: LONG_PAX_PATH, mtime: '1600000000.123456789' }), file('short', 'at the end of a long path')),
  concat(gnuLongName(LONG_GNU_PATH), file('short', 'GNU')),
  concat(pax({ 'SCHILY.xattr.user.note': 'kept' }), file('noted', 'x')),
  member({ name: 'pipe', typeflag: '6' }),
  member({ name: 'null', typeflag: '3', devMajor: 1, devMinor: 3 }),
  file(
    'large',
    Uint8Array.from({ length: 600_000 }, (_, at) => Math.imul(at + 1, 0x9e3779b1) >>> 24),
  ),
);
const REMOVALS = tar(
  directory('etc/'),
  file('etc/.wh.shadow', ''),
  directory('usr/'),
  directory('usr/bin/'),
  file('usr/bin/.wh..wh..opq', ''),
  file('usr/bin/new', 'new'),
);
/** A sparse file whose map is in its body. Docker itself can't rebuild a layer that contains one. */
const SPARSE = tar(
  paxSparse(
    '1.0',
    'sparse',
    1_000_000,
    [
      [0, 512],
      [500_000, 512],
      [1_000_000, 0],
    ],
    new Uint8Array(1024).fill(0x41),
  ),
  file('other', 'x'),
);

/** Loads an archive. Docker reports a failure in the body of its response. */
async function load(api: EngineApi, archive: Uint8Array): Promise<void> {
  const answer = (await api.call('POST', '/images/load', archive)).toString();
  if (answer.includes('"errorDetail"')) throw new Error(answer);
}

const skip = engineProblem('dockerd') ?? false;

test('a real Docker’s images are the same from its data root as from its own archives', { skip }, async (t) => {
  const { root, api } = await startDocker(t);
  await load(api, SAMPLE);
  await load(api, archiveOf(dockerArchive([{ layers: [BASE, REMOVALS], tags: ['interop:1'] }])));
  await load(api, archiveOf(dockerArchive([{ layers: [splitLayer()], tags: ['split:1'] }])));
  const reader = testReader(t);
  const source = dockerRootSource(root);
  for (const name of ['sample/web-api:1.8', 'interop:1', 'split:1']) {
    await using archive = await reader.open(testFile(t, await api.call('GET', `/images/${name}/get`)));
    const { archive: image } = await openNamed(parseImageWord(`docker:${name}`) as SourceWord, [source], { reader });
    await using _image = image;
    assert.deepEqual(
      await readEverything(reader, image, { digests: false }),
      await readEverything(reader, archive, { digests: false }),
      name,
    );
  }
  const listed = JSON.parse((await api.call('GET', '/images/json')).toString()) as {
    Id: string;
    RepoTags: string[];
    Size: number;
    Created: number;
  }[];
  const ours = (await source.list?.({})) ?? [];
  assert.deepEqual(
    ours.map(({ id, names, sizeBytes }) => [id, names, sizeBytes]).sort(),
    listed.map(({ Id, RepoTags, Size }) => [Id, RepoTags, Size]).sort(),
  );
});

test('a layer that Docker itself can no longer rebuild is reported as damaged', { skip }, async (t) => {
  const { root, api } = await startDocker(t);
  await load(api, archiveOf(dockerArchive([{ layers: [SPARSE], tags: ['sparse:1'] }])));
  await assert.rejects(api.call('GET', '/images/sparse:1/get'), /could not verify layer data/);
  const reader = testReader(t);
  const { archive } = await openNamed(parseImageWord('docker:sparse:1') as SourceWord, [dockerRootSource(root)], { reader });
  await using image = archive;
  const { findings } = await inspectArchive(reader, image, { verify: true });
  assert.ok(
    findings.some(({ code }) => code === 'diffid-mismatch' || code === 'bad-tar'),
    JSON.stringify(findings),
  );
});
