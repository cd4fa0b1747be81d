// Images in the storage of Podman, CRI-O and Buildah. test/shared/podman-engine.test.ts reads storage written by a real Podman.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { inspectArchive, openNamed } from '#engine';
import { parseImageWord } from '#format/reference';
import type { ArchiveReport } from '#model';
import type { SourceWord } from '#source';
import { containersStorageSource } from '../../src/source/disk/containers-storage.ts';
import { findDiskSources } from '../../src/source/disk/find-disk-sources.ts';
import { faultsIn, hasCode } from '../support/asserts.ts';
import { writeContainersStorage } from '../support/containers-storage.ts';
import { archiveOf, dockerArchive } from '../support/image-builder.ts';
import { readEverything } from '../support/image-figures.ts';
import { splitLayer } from '../support/split-layer.ts';
import { directory, file, tar } from '../support/tar-builder.ts';
import { testFile, testFolder, testReader } from '../support/workbench.ts';

const BASE = tar(directory('etc/'), file('etc/passwd', 'root:x:0:0\n'), file('etc/shadow', 'secret'));
const TOP = tar(file('etc/.wh.shadow', ''), file('app/small', 'small'));

async function inspect(t: TestContext, root: string, text: string, verify = false): Promise<ArchiveReport> {
  const reader = testReader(t);
  const { archive } = await openNamed(parseImageWord(text) as SourceWord, [containersStorageSource(root)], { reader });
  await using opened = archive;
  return inspectArchive(reader, opened, { verify });
}

test('an image in the storage equals the one in its archive, with overlay and with vfs', async (t) => {
  const layers = [BASE, splitLayer(), TOP];
  const reader = testReader(t);
  await using archive = await reader.open(testFile(t, archiveOf(dockerArchive([{ layers, tags: ['localhost/app:1'] }]))));
  for (const driver of ['overlay', 'vfs'] as const) {
    const root = testFolder(t);
    await writeContainersStorage(root, [{ names: ['localhost/app:1'], layers }], driver);
    const { archive: opened } = await openNamed(parseImageWord('podman:app:1') as SourceWord, [containersStorageSource(root)], { reader });
    await using image = opened;
    assert.equal(image.format, 'podman');
    assert.deepEqual(await readEverything(reader, image, { digests: false }), await readEverything(reader, archive, { digests: false }));
  }
});

test('folders that are links out of the storage are not followed', async (t) => {
  for (const name of ['overlay-images', 'overlay-layers']) {
    const root = testFolder(t);
    await writeContainersStorage(root, [{ names: ['localhost/app:1'], layers: [BASE] }]);
    const elsewhere = path.join(testFolder(t), name);
    renameSync(path.join(root, name), elsewhere);
    symlinkSync(elsewhere, path.join(root, name));
    await assert.rejects(inspect(t, root, 'podman:app:1'), hasCode('PATH_ESCAPE'), name);
    // A link that stays within the storage is followed.
    renameSync(elsewhere, path.join(root, 'moved'));
    rmSync(path.join(root, name));
    symlinkSync('moved', path.join(root, name));
    assert.equal((await inspect(t, root, 'podman:app:1')).images.length, 1, name);
  }
});

test('a name without a host means an image built by Podman itself, if there is one', async (t) => {
  const root = testFolder(t);
  const { ids, digests } = await writeContainersStorage(root, [
    { names: ['docker.io/library/app:1'], layers: [BASE] },
    { names: ['localhost/app:1'], layers: [TOP] },
    { names: ['docker.io/library/other:1', 'quay.io/x/other:2'], layers: [BASE, TOP] },
    { names: [], layers: [TOP, BASE] },
  ]);
  const idOf = async (text: string) => (await inspect(t, root, text)).images[0]?.configDigest;
  assert.equal(await idOf('podman:app:1'), ids[1]);
  assert.equal(await idOf('podman:docker.io/app:1'), ids[0]);
  assert.equal(await idOf('podman:other:1'), ids[2]);
  assert.equal(await idOf('podman:quay.io/x/other:2'), ids[2]);
  assert.equal(await idOf(`podman:quay.io/x/other@${digests[2]}`), ids[2]);
  assert.equal(await idOf(`podman:${ids[3]?.slice(7, 19)}`), ids[3]);
  await assert.rejects(idOf('podman:quay.io/x/other:1'), hasCode('NOT_FOUND'));
  assert.deepEqual((await inspect(t, root, 'podman:app:1')).source, {
    kind: 'podman',
    host: root,
    reference: 'app:1',
    digest: digests[1],
    fetchedBytes: 0,
    requests: 0,
    verified: false,
  });
});

test('layers that form a cycle, differ or are missing are reported', async (t) => {
  const change = async (edit: (layers: Record<string, unknown>[]) => void): Promise<ArchiveReport> => {
    const root = testFolder(t);
    await writeContainersStorage(root, [{ names: ['localhost/app:1'], layers: [BASE, TOP] }]);
    const list = path.join(root, 'overlay-layers', 'layers.json');
    const layers = JSON.parse(readFileSync(list, 'utf8')) as Record<string, unknown>[];
    edit(layers);
    writeFileSync(list, JSON.stringify(layers));
    return inspect(t, root, 'podman:app:1');
  };
  await assert.rejects(
    change((layers) => Object.assign(layers[0] ?? {}, { parent: layers[1]?.id })),
    hasCode('DAMAGED'),
    'a circle',
  );
  await assert.rejects(
    change((layers) => Object.assign(layers[1] ?? {}, { parent: '' })),
    hasCode('DAMAGED'),
    'too few',
  );
  await assert.rejects(
    change((layers) => Object.assign(layers[1] ?? {}, { 'diff-digest': `sha256:${'0'.repeat(64)}` })),
    hasCode('DIGEST_MISMATCH'),
  );
  const missing = await change((layers) => layers.splice(0, 1));
  assert.deepEqual(
    missing.images[0]?.layers.map(({ status }) => status),
    ['missing', 'present'],
  );
  const unnamed = await change((layers) => layers.splice(0, 1, { ...layers[0], id: '../../etc' }));
  assert.deepEqual(
    unnamed.images[0]?.layers.map(({ status }) => status),
    ['missing', 'present'],
  );
});

test('verifying finds a changed file', async (t) => {
  const root = testFolder(t);
  const { files } = await writeContainersStorage(root, [{ names: ['localhost/app:1'], layers: [BASE, TOP] }]);
  writeFileSync(path.join(files(TOP), 'app', 'small'), 'smalL');
  const { findings } = await inspect(t, root, 'podman:app:1', true);
  assert.deepEqual(
    faultsIn(findings).map(({ code, layer }) => [code, layer]),
    [
      ['diffid-mismatch', 1],
      ['changed-on-disk', 1],
    ],
  );
});

test('the list of a storage’s images has names, ids, digests and sizes', async (t) => {
  const root = testFolder(t);
  const { ids, digests } = await writeContainersStorage(root, [{ names: ['localhost/app:1'], layers: [BASE, TOP] }]);
  assert.deepEqual(await containersStorageSource(root).list?.({}), [
    {
      names: ['localhost/app:1'],
      id: ids[0],
      digest: digests[0],
      sizeBytes: BASE.length + TOP.length,
      created: '2026-01-02T03:04:05Z',
      platform: null,
    },
  ]);
});

test('storage folders are found through the settings that apply to this user', (t) => {
  const home = testFolder(t);
  const [usual, moved, extra] = [
    path.join(home, '.local', 'share', 'containers', 'storage'),
    path.join(home, 'moved'),
    path.join(home, 'extra'),
  ];
  for (const folder of [usual, moved, extra]) mkdirSync(folder, { recursive: true });
  const places = (env: Record<string, string>) =>
    findDiskSources({ env, home, platform: 'linux', offline: false })
      .filter(({ kind, place }) => kind === 'podman' && place.startsWith(home))
      .map(({ place }) => place);
  assert.deepEqual(places({}), [usual]);
  const settings = path.join(home, 'storage.conf');
  writeFileSync(
    settings,
    `[storage]\ndriver = "overlay"\n# graphroot = "/no"\n graphroot = "${moved}"\n[storage.options]\nadditionalimagestores = [ "${extra}",\n]\n`,
  );
  assert.deepEqual(places({ CONTAINERS_STORAGE_CONF: settings }), [moved, extra]);
  assert.deepEqual(places({ CONTAINER_HOST: 'ssh://h/run/podman.sock' }), []);
  assert.deepEqual(places({ CONTAINER_HOST: 'unix:///run/podman.sock' }), [usual]);
});

test('a chain that loops is a problem only for its image, and many images on a long chain are listed quickly', async (t) => {
  const root = testFolder(t);
  const { ids } = await writeContainersStorage(root, [{ names: ['localhost/app:1'], layers: [BASE, TOP] }]);
  const [images, layers] = [path.join(root, 'overlay-images', 'images.json'), path.join(root, 'overlay-layers', 'layers.json')];
  const idOf = (number: number): string => number.toString(16).padStart(64, '0');
  const chain = Array.from({ length: 1000 }, (_, at) => ({ id: idOf(at), 'diff-size': 2, ...(at > 0 ? { parent: idOf(at - 1) } : {}) }));
  const loop = [0, 1].map((at) => ({ id: idOf(5000 + at), 'diff-size': 1, parent: idOf(5001 - at) }));
  const many = Array.from({ length: 20_000 }, (_, at) => ({ id: idOf(at), layer: idOf(999) }));
  writeFileSync(layers, JSON.stringify([...JSON.parse(readFileSync(layers, 'utf8')), ...chain, ...loop]));
  const looping = { id: idOf(60_000), names: ['localhost/loop:1'], layer: idOf(5000) };
  writeFileSync(images, JSON.stringify([...JSON.parse(readFileSync(images, 'utf8')), ...many, looping]));
  const start = performance.now();
  const listed = (await containersStorageSource(root).list?.({})) ?? [];
  assert.ok(performance.now() - start < 5000, 'the time is not proportional to images times layers');
  const sizes = new Map(listed.map(({ id, sizeBytes }) => [id, sizeBytes]));
  assert.deepEqual(
    [sizes.size, sizes.get(ids[0] ?? ''), sizes.get(`sha256:${idOf(7)}`), sizes.get(`sha256:${idOf(60_000)}`)],
    [20_002, BASE.length + TOP.length, 2000, null],
  );
});
