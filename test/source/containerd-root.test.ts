// Images in containerd's folder. test/shared/containerd-engine.test.ts reads folders written by a real containerd.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { inspectArchive, openNamed } from '#engine';
import { parseImageWord } from '#format/reference';
import type { ArchiveReport } from '#model';
import type { SourceWord } from '#source';
import { containerdRootSource } from '../../src/source/disk/containerd-root.ts';
import { findDiskSources } from '../../src/source/disk/find-disk-sources.ts';
import { hasCode } from '../support/asserts.ts';
import { writeContainerdRoot } from '../support/containerd-root.ts';
import { archiveOf, type BuiltDescriptor, Files, ociImage, ociIndex, ociLayout } from '../support/image-builder.ts';
import { readEverything } from '../support/image-figures.ts';
import { file, tar } from '../support/tar-builder.ts';
import { testFile, testFolder, testReader } from '../support/workbench.ts';

const BASE = tar(file('etc/passwd', 'root'), file('app/x', 'x'.repeat(3000)));
const TOP = tar(file('app/.wh.x', ''), file('app/y', 'y'));

function image(files: Files, ...tars: Uint8Array[]): BuiltDescriptor {
  return ociImage(files, { layers: tars.map((each) => ({ tar: each, packed: 'gzip' as const })) });
}

interface Built {
  readonly root: string;
  open(text: string, engine?: 'docker'): Promise<ArchiveReport>;
}

function opener(t: TestContext, root: string): Built {
  const reader = testReader(t);
  return {
    root,
    open: async (text, engine) => {
      const source = containerdRootSource(root, engine ?? null);
      const { archive } = await openNamed(parseImageWord(text) as SourceWord, [source], { reader });
      await using opened = archive;
      return inspectArchive(reader, opened, { verify: true });
    },
  };
}

test('an image in containerd’s folder equals the one in its archive', async (t) => {
  const files = new Files();
  const built = image(files, BASE, TOP);
  const root = testFolder(t);
  writeContainerdRoot(root, files, { default: { 'docker.io/library/app:1': built } });
  const reader = testReader(t);
  const named = { ...built, annotations: { 'io.containerd.image.name': 'docker.io/library/app:1' } };
  await using archive = await reader.open(testFile(t, archiveOf(ociLayout(files, [named]))));
  const { archive: opened } = await openNamed(parseImageWord('app:1') as SourceWord, [containerdRootSource(root)], { reader });
  await using found = opened;
  assert.equal(found.format, 'containerd');
  assert.equal(found.source?.digest, built.digest);
  assert.deepEqual(await readEverything(reader, found), await readEverything(reader, archive));
});

test('names are looked up in the stated namespace, or in all namespaces, `default` first', async (t) => {
  const files = new Files();
  const [one, two, three] = [image(files, BASE), image(files, TOP), image(files, BASE, TOP)];
  const root = testFolder(t);
  writeContainerdRoot(root, files, {
    aaa: { 'docker.io/library/app:1': two },
    default: { 'docker.io/library/app:1': one, 'k8s.io/x:1': two },
    'k8s.io': { 'registry.k8s.io/pause:3': three, [three.digest]: three },
    moby: { 'docker.io/library/mine:1': two },
  });
  const { open } = opener(t, root);
  const digestOf = async (text: string, engine?: 'docker') => (await open(text, engine)).source?.digest;
  assert.equal(await digestOf('containerd:app:1'), one.digest);
  assert.equal(await digestOf('containerd:aaa/app:1'), two.digest);
  assert.equal(await digestOf('containerd:k8s.io/registry.k8s.io/pause:3'), three.digest);
  assert.equal(await digestOf('containerd:registry.k8s.io/pause:3'), three.digest);
  assert.equal(await digestOf('containerd:k8s.io/x:1'), two.digest, 'a host that is also a namespace');
  assert.equal(await digestOf(`containerd:${three.digest}`), three.digest);
  assert.equal(await digestOf(`containerd:${three.digest.slice(7, 19)}`), three.digest);
  assert.equal(await digestOf(`containerd:app:9@${one.digest}`), one.digest);
  assert.equal(await digestOf('docker:mine:1', 'docker'), two.digest);
  await assert.rejects(open('docker:app:1', 'docker'), hasCode('NOT_FOUND'), 'Docker’s images are in its own namespace');
  await assert.rejects(open('containerd:moby/app:1'), hasCode('NOT_FOUND'));
  await assert.rejects(open('containerd:app:2'), hasCode('NOT_FOUND'));
});

test('the pulled images of an index are shown, and missing ones are not an error', async (t) => {
  const files = new Files();
  const [mine, other] = [image(files, BASE), image(files, TOP)];
  const index = ociIndex(files, [
    { ...other, platform: { os: 'linux', architecture: 's390x' } },
    { ...mine, platform: { os: 'linux', architecture: 'amd64' } },
  ]);
  files.remove(other);
  const root = testFolder(t);
  writeContainerdRoot(root, files, { default: { 'docker.io/library/app:1': index } });
  const { open } = opener(t, root);
  const report = await open('containerd:app:1');
  assert.deepEqual(report.findings, []);
  assert.deepEqual(
    report.images.map(({ names, manifestDigest }) => [names, manifestDigest]),
    [[['docker.io/library/app:1'], mine.digest]],
  );
  assert.equal(report.source?.digest, index.digest);
});

test('blobs removed after unpacking are missing; without any manifest there is no image', async (t) => {
  const files = new Files();
  const built = ociImage(files, {
    layers: [
      { tar: BASE, packed: 'gzip' },
      { tar: TOP, packed: 'gzip' },
    ],
  });
  files.remove(built.layers[0] as BuiltDescriptor);
  const root = testFolder(t);
  writeContainerdRoot(root, files, { default: { 'docker.io/library/app:1': built } });
  const { open } = opener(t, root);
  const report = await open('containerd:app:1');
  assert.deepEqual(
    report.images[0]?.layers.map(({ status }) => status),
    ['missing', 'present'],
  );
  rmSync(path.join(root, 'io.containerd.content.v1.content', 'blobs', ...built.digest.split(':')));
  await assert.rejects(open('containerd:app:1'), hasCode('BLOB_MISSING'));
});

test('a blob that doesn’t match its digest is a finding; a damaged or missing database is an error', async (t) => {
  const files = new Files();
  const built = ociImage(files, { layers: [{ tar: BASE, packed: 'gzip' }] });
  files.replace(built.layers[0] as BuiltDescriptor, TOP);
  const root = testFolder(t);
  writeContainerdRoot(root, files, { default: { 'docker.io/library/app:1': built } });
  const { open } = opener(t, root);
  assert.ok((await open('containerd:app:1')).findings.some(({ code }) => code === 'digest-mismatch'));
  const database = path.join(root, 'io.containerd.metadata.v1.bolt', 'meta.db');
  writeFileSync(database, new Uint8Array(32_768));
  await assert.rejects(open('containerd:app:1'), hasCode('DAMAGED'));
  rmSync(database);
  await assert.rejects(open('containerd:app:1'), hasCode('NOT_FOUND'));
});

test('only the pages of a large database that lead to images are read', async (t) => {
  const files = new Files();
  const root = testFolder(t);
  writeContainerdRoot(root, files, {
    default: { 'docker.io/library/app:1': ociImage(files, { layers: [{ tar: BASE, packed: 'gzip' }] }) },
  });
  truncateSync(path.join(root, 'io.containerd.metadata.v1.bolt', 'meta.db'), 2 ** 41);
  assert.equal((await opener(t, root).open('containerd:app:1')).images.length, 1);
});

test('an index that doesn’t match its digest is refused, for any digest algorithm', async (t) => {
  const files = new Files();
  const index = ociIndex(files, [{ ...image(files, BASE), platform: { os: 'linux', architecture: 'amd64' } }]);
  const bytes = files.map.get(`blobs/${index.digest.replace(':', '/')}`) ?? new Uint8Array(0);
  for (const algorithm of ['sha256', 'sha512']) {
    const digest = `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
    files.replace({ digest }, bytes);
    const root = testFolder(t);
    const { open } = opener(t, root);
    const images = { default: { 'docker.io/library/app:1': { ...index, digest } } };
    writeContainerdRoot(root, files, images);
    assert.equal((await open('containerd:app:1')).images.length, 1);
    files.replace({ digest }, Buffer.concat([bytes, Buffer.from(' ')]));
    writeContainerdRoot(root, files, images);
    await assert.rejects(open('containerd:app:1'), hasCode('DIGEST_MISMATCH'), algorithm);
  }
});

test('the list of containerd’s images has every image with its namespace', async (t) => {
  const files = new Files();
  const built = image(files, BASE);
  const root = testFolder(t);
  writeContainerdRoot(root, files, { default: { 'a:1': built }, moby: { 'b:1': built, [built.digest]: built } });
  const listed = async (engine: 'docker' | null) =>
    ((await containerdRootSource(root, engine).list?.({})) ?? []).map(({ names, id, namespace }) => [names, id, namespace]);
  assert.deepEqual(await listed(null), [
    [['a:1'], built.digest, 'default'],
    [['b:1'], built.digest, 'moby'],
    [[], built.digest, 'moby'],
  ]);
  assert.equal((await listed('docker')).length, 2);
});

test('names and manifests that would together make millions of images are refused', async (t) => {
  const files = new Files();
  const index = ociIndex(
    files,
    Array.from({ length: 101 }, () => image(files, BASE)),
  );
  const root = testFolder(t);
  writeContainerdRoot(root, files, { default: Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`app:${at}`, index])) });
  await assert.rejects(opener(t, root).open('containerd:default/app:1'), hasCode('TOO_LARGE'));
});

test('image names share one limit', async (t) => {
  const files = new Files();
  const built = image(files, BASE);
  const root = testFolder(t);
  const names = Array.from({ length: 900 }, (_, at) => `${at}`.padEnd(20_000, 'x'));
  writeContainerdRoot(root, files, { default: Object.fromEntries(names.map((name) => [name, built])) });
  await assert.rejects(opener(t, root).open('containerd:app:1'), { code: 'TOO_LARGE', message: /image names/ });
});

test('the containerd folders of rootless nerdctl and k3s are found', (t) => {
  const home = testFolder(t);
  const root = path.join(home, '.local', 'share', 'containerd');
  const places = (env: Record<string, string>): readonly string[] =>
    findDiskSources({ env, home, platform: 'linux', offline: false })
      .filter(({ kind, place }) => kind === 'containerd' && place.startsWith(home))
      .map(({ place }) => place);
  assert.deepEqual(places({}), []);
  mkdirSync(root, { recursive: true });
  assert.deepEqual(places({}), [root]);
  const data = path.join(home, 'data');
  mkdirSync(path.join(data, 'containerd'), { recursive: true });
  assert.deepEqual(places({ XDG_DATA_HOME: data }), [path.join(data, 'containerd')]);
});
