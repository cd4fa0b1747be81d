// Exchanges images with skopeo, umoci and bsdtar: we read what they write, and they read what we write. Debian: skopeo umoci
// libarchive-tools.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { type NewImage, packDockerArchive, packOciArchive, tarBytes } from '#archive';
import { exportImage } from '#engine';
import { digestOf, Files, ociImage, ociLayout, writeFolder } from '../support/image-builder.ts';
import { directory, file, hardlink, symlink, tar } from '../support/tar-builder.ts';
import { codesOf, collect, pathsOf, readAll, testFolder, testReader } from '../support/workbench.ts';

const BASE = tar(directory('d/'), file('d/a', 'alpha'), symlink('l', 'd/a'), hardlink('h', 'd/a'));
const TOP = tar(file('d/b', 'beta'), file('d/.wh.a', ''));

function run(command: string, args: readonly string[], cwd: string): string {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function skopeo(cwd: string, ...args: string[]): string {
  return run('skopeo', ['--insecure-policy', ...args], cwd);
}

test("skopeo's copies of an image, in each of its formats, yield the same image and match their digests", async (t) => {
  const folder = testFolder(t);
  const files = new Files();
  const name = { 'org.opencontainers.image.ref.name': 'v1' };
  const image = ociImage(files, {
    layers: [
      { tar: BASE, packed: 'gzip' },
      { tar: TOP, packed: 'gzip' },
      { tar: BASE, packed: 'gzip' },
    ],
    annotations: name,
  });
  writeFolder(path.join(folder, 'source'), ociLayout(files, [image]));
  skopeo(folder, 'copy', 'oci:source:v1', 'docker-archive:docker.tar:example.com/x:1');
  skopeo(folder, 'copy', 'oci:source:v1', 'oci-archive:oci.tar:v1');
  skopeo(folder, 'copy', 'oci:source:v1', 'oci:layout:v1');
  skopeo(folder, 'copy', '--dest-compress-format', 'zstd', 'oci:source:v1', 'oci:zstd:v1');
  skopeo(folder, 'copy', '--format', 'v2s2', 'oci:source:v1', 'oci:schema2:v1');
  const forms: [string, string, string][] = [
    ['docker.tar', 'docker-archive', 'none'],
    ['oci.tar', 'oci-archive', 'gzip'],
    ['layout', 'oci-layout', 'gzip'],
    ['zstd', 'oci-layout', 'zstd'],
    ['schema2', 'oci-layout', 'gzip'],
  ];
  for (const [form, format, packing] of forms) {
    const { archive, layers, findings } = await readAll(testReader(t), path.join(folder, form), true);
    assert.equal(archive.format, format, form);
    const [opened] = archive.images;
    assert.deepEqual(
      opened?.layers.map(({ compression, diffId, createdBy }) => [compression, diffId, createdBy]),
      [BASE, TOP, BASE].map((bytes, index) => [packing, digestOf(bytes), `step ${index}`]),
    );
    assert.deepEqual(layers[0]?.map(pathsOf), [
      ['d', 'd/a', 'l', 'h'],
      ['d/b', 'd/a'],
      ['d', 'd/a', 'l', 'h'],
    ]);
    assert.deepEqual(
      findings.filter(({ severity }) => severity !== 'note'),
      [],
      form,
    );
  }
});

test('an image made by umoci, with an inserted layer, is read', async (t) => {
  const folder = testFolder(t);
  mkdirSync(path.join(folder, 'root', 'etc'), { recursive: true });
  writeFileSync(path.join(folder, 'root', 'etc', 'motd'), 'hello');
  run('umoci', ['init', '--layout', 'image'], folder);
  run('umoci', ['new', '--image', 'image:one'], folder);
  run('umoci', ['insert', '--rootless', '--image', 'image:one', 'root', '/opt'], folder);
  const { archive, reader, layers, findings } = await readAll(testReader(t), path.join(folder, 'image'), true);
  assert.deepEqual([archive.format, archive.images[0]?.names], ['oci-layout', ['one']]);
  const [indexed] = layers[0] ?? [];
  const paths = pathsOf(indexed);
  assert.ok(paths.includes('opt/etc/motd'), paths.join(' '));
  assert.deepEqual(
    findings.filter(({ severity }) => severity === 'error'),
    [],
  );
  const [layer] = archive.images[0]?.layers ?? [];
  assert.ok(layer && indexed);
  assert.equal((await collect(reader.readBody(layer, indexed, paths.indexOf('opt/etc/motd')))).toString(), 'hello');
});

test('layers packed by bsdtar in each of its formats, including holes of sparse files, are read', async (t) => {
  const folder = testFolder(t);
  const body = Buffer.alloc(3_000_000);
  body.write('begin', 0);
  body.write('end', 2_999_997);
  mkdirSync(path.join(folder, 'root', 'long'.repeat(20), 'name'.repeat(15)), { recursive: true });
  writeFileSync(path.join(folder, 'root', 'long'.repeat(20), 'name'.repeat(15), 'file'), 'x');
  execFileSync(
    'sh',
    [
      '-c',
      'truncate -s 3000000 holes; printf begin | dd of=holes conv=notrunc 2>/dev/null; printf end | dd of=holes bs=1 seek=2999997 conv=notrunc 2>/dev/null',
    ],
    { cwd: path.join(folder, 'root') },
  );
  for (const format of ['pax', 'gnutar', 'ustar']) {
    for (const packing of [[], ['-z'], ['--zstd']]) {
      run('bsdtar', ['-c', '-f', 'layer', '--format', format, ...packing, '-C', 'root', '.'], folder);
      const { archive, reader, layers } = await readAll(testReader(t), path.join(folder, 'layer'));
      const [indexed] = layers[0] ?? [];
      const [layer] = archive.images[0]?.layers ?? [];
      assert.ok(layer && indexed && archive.format === 'layer');
      const paths = pathsOf(indexed);
      assert.ok(paths.includes(`${'long'.repeat(20)}/${'name'.repeat(15)}/file`));
      assert.ok((await collect(reader.readBody(layer, indexed, paths.indexOf('holes')))).equals(body));
    }
  }
});

test('a layout folder packed by bsdtar is an OCI archive', async (t) => {
  const folder = testFolder(t);
  const files = new Files();
  writeFolder(path.join(folder, 'layout'), ociLayout(files, [ociImage(files, { layers: [{ tar: BASE, packed: 'zstd' }] })]));
  for (const packing of [[], ['-z'], ['--zstd']]) {
    run('bsdtar', ['-c', '-f', 'archive', ...packing, '-C', 'layout', '.'], folder);
    const { archive, findings } = await readAll(testReader(t), path.join(folder, 'archive'), true);
    assert.deepEqual([archive.format, codesOf(findings)], ['oci-archive', []]);
  }
});

test('skopeo and umoci read a chain of layers that we wrote as an image', async (t) => {
  const folder = testFolder(t);
  const layers = [BASE, await tarBytes([{ name: 'etc/hosts', body: 'localhost' }])];
  const files = layers.map((bytes, index) => {
    const file = path.join(folder, `${index}.tar`);
    writeFileSync(file, bytes);
    return { file, digest: null, diffId: null };
  });
  await using chain = await testReader(t).openLayers({ title: 'chain', name: 'chain', os: 'linux', layers: files });
  for (const format of ['docker-archive', 'oci-archive'] as const) {
    writeFileSync(
      path.join(folder, 'made.tar'),
      await collect(exportImage(chain, { image: 0, format }).bytes(new AbortController().signal)),
    );
    const inspected = JSON.parse(skopeo(folder, 'inspect', '--config', `${format}:made.tar`)) as { rootfs: { diff_ids: string[] } };
    assert.deepEqual(inspected.rootfs.diff_ids, layers.map(digestOf));
    skopeo(folder, 'copy', `${format}:made.tar`, `oci:made-${format}:v1`);
    run('umoci', ['unpack', '--rootless', '--image', `made-${format}:v1`, `bundle-${format}`], folder);
    assert.equal(readFileSync(path.join(folder, `bundle-${format}`, 'rootfs', 'etc', 'hosts'), 'utf8'), 'localhost');
  }
});

test('skopeo reads the archives that we write', async (t) => {
  const folder = testFolder(t);
  const layer = await tarBytes([
    { name: 'etc/', type: 'directory' },
    { name: 'etc/hosts', body: 'localhost' },
  ]);
  const image: NewImage = {
    name: 'example.com/made:1',
    os: 'linux',
    architecture: 'amd64',
    layers: [{ tar: layer, createdBy: 'made', gzip: false }],
  };
  writeFileSync(path.join(folder, 'docker.tar'), await collect(packDockerArchive([image])));
  writeFileSync(path.join(folder, 'oci.tar'), await collect(packOciArchive([image])));
  for (const source of ['docker-archive:docker.tar', 'oci-archive:oci.tar']) {
    const inspected = JSON.parse(skopeo(folder, 'inspect', '--config', source)) as { rootfs: { diff_ids: string[] } };
    assert.deepEqual(inspected.rootfs.diff_ids, [digestOf(layer)]);
    skopeo(folder, 'copy', source, `oci:${source.slice(0, 3)}:v1`);
  }
});
