import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type NewImage, packDockerArchive, packOciArchive, tarBytes } from '#archive';
import { collect, openAll, pathsOf } from '../support/workbench.ts';

async function image(name: string, gzip: boolean): Promise<NewImage> {
  const base = await tarBytes([
    { name: 'etc/', type: 'directory' },
    { name: 'etc/hosts', body: 'localhost', uid: 7, mtimeSeconds: 1_700_000_000 },
    { name: 'hosts', type: 'symlink', linkname: 'etc/hosts' },
    { name: 'same', type: 'hardlink', linkname: 'etc/hosts' },
  ]);
  const top = await tarBytes([
    { name: `${'long/'.repeat(60)}name`, body: 'x'.repeat(1000) },
    { name: 'ä', body: '' },
  ]);
  return {
    name,
    os: 'linux',
    architecture: 'amd64',
    layers: [
      { tar: base, createdBy: 'ADD base', gzip },
      { tar: top, createdBy: 'RUN more', gzip },
    ],
  };
}

test('written archives are read back as intended, verified and without findings', async (t) => {
  for (const gzip of [false, true]) {
    const images = [await image('one:1', gzip), await image('two:1', gzip)];
    for (const [format, bytes] of [
      ['docker-archive', await collect(packDockerArchive(images))],
      ['oci-archive', await collect(packOciArchive(images))],
    ] as const) {
      const { archive, layers, findings } = await openAll(t, bytes, { verify: true });
      assert.equal(archive.format, format);
      // An OCI index lists the manifest twice, once with each name; it is still one image.
      assert.deepEqual(
        archive.images.flatMap(({ names }) => names),
        ['one:1', 'two:1'],
      );
      assert.deepEqual(
        archive.images[0]?.layers.map(({ createdBy, compression }) => [createdBy, compression]),
        [
          ['ADD base', gzip ? 'gzip' : 'none'],
          ['RUN more', gzip ? 'gzip' : 'none'],
        ],
      );
      assert.deepEqual(pathsOf(layers[0]?.[0]), ['etc', 'etc/hosts', 'hosts', 'same']);
      assert.deepEqual(pathsOf(layers[0]?.[1]), [`${'long/'.repeat(60)}name`, Buffer.from('ä').toString('latin1')]);
      assert.deepEqual(findings, []);
    }
  }
});

test('the same image always gives the same bytes', async () => {
  const twice = await Promise.all([0, 1].map(async () => collect(packDockerArchive([await image('x:1', true)]))));
  assert.ok(twice[0]?.equals(twice[1] ?? Buffer.alloc(0)));
});
