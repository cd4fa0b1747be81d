import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode } from '../support/asserts.ts';
import {
  archiveOf,
  digestOf,
  dockerArchive,
  Files,
  hexOf,
  imageConfig,
  json,
  legacyArchive,
  ociImage,
  ociLayout,
  pack,
} from '../support/image-builder.ts';
import { file, symlink, tar, utf8 } from '../support/tar-builder.ts';
import { codesOf, openAll, pathsOf, testFile, testReader } from '../support/workbench.ts';

const BASE = tar(file('etc/passwd', 'root'));
const TOP = tar(file('app/run', 'go'));

test('names, platform, config digest, commands and layers are read from an archive saved by Docker 1.10 to 24', async (t) => {
  const files = dockerArchive([{ layers: [BASE, TOP], tags: ['app:1', 'app:latest'] }]);
  const { archive, layers, findings } = await openAll(t, archiveOf(files));
  assert.equal(archive.format, 'docker-archive');
  const [image] = archive.images;
  assert.deepEqual(image?.names, ['app:1', 'app:latest']);
  assert.equal(image?.platform, 'linux/amd64');
  assert.equal(image?.configDigest, digestOf(json(imageConfig([BASE, TOP]))));
  assert.deepEqual(
    image?.layers.map((layer) => [layer.digest, layer.diffId, layer.createdBy, layer.compression, layer.blobBytes, layer.status]),
    [
      [null, digestOf(BASE), 'step 0', 'none', BASE.length, 'present'],
      [null, digestOf(TOP), 'step 1', 'none', TOP.length, 'present'],
    ],
  );
  assert.deepEqual(layers[0]?.map(pathsOf), [['etc/passwd'], ['app/run']]);
  assert.deepEqual(findings, []);
});

test('an image without tags is named by its short config digest', async (t) => {
  for (const tags of [null, [], undefined]) {
    const files = dockerArchive([{ layers: [BASE], tags: tags ?? null }]);
    if (tags === undefined) {
      const manifest = JSON.parse(Buffer.from(files.get('manifest.json') ?? '').toString()) as Record<string, unknown>[];
      delete manifest[0]?.RepoTags;
      files.set('manifest.json', json(manifest));
    }
    const { archive } = await openAll(t, archiveOf(files));
    assert.deepEqual(archive.images[0]?.names, [hexOf(json(imageConfig([BASE]))).slice(0, 12)]);
  }
});

test('a manifest.json of null is refused; an empty one is an archive without images', async (t) => {
  const reader = testReader(t);
  await assert.rejects(reader.open(testFile(t, archiveOf(new Map([['manifest.json', utf8('null')]])))), hasCode('BAD_MANIFEST'));
  const empty = await reader.open(testFile(t, archiveOf(new Map([['manifest.json', utf8('[]')]]))));
  assert.deepEqual([empty.format, empty.images, empty.findings], ['docker-archive', [], []]);
});

test('two images that share a layer share its blob, which is read once', async (t) => {
  const { archive, layers } = await openAll(t, archiveOf(dockerArchive([{ layers: [BASE, TOP] }, { layers: [BASE] }])));
  const [first, second] = archive.images;
  assert.equal(first?.layers[0]?.blob, second?.layers[0]?.blob);
  assert.deepEqual(pathsOf(layers[1]?.[0]), ['etc/passwd']);
  const reader = testReader(t);
  let calls = 0;
  const indexed = await reader.indexLayers([...(first?.layers ?? []), ...(second?.layers ?? [])], { onLayer: () => calls++ });
  assert.equal(indexed[0]?.table, indexed[2]?.table);
  assert.equal(calls, 3);
});

test('a missing config is reported; the image’s layers and the other image can be browsed', async (t) => {
  const files = dockerArchive([
    { layers: [BASE], tags: ['broken:1'] },
    { layers: [TOP], tags: ['whole:1'] },
  ]);
  files.delete(`${hexOf(json(imageConfig([BASE])))}.json`);
  const { archive, layers, findings } = await openAll(t, archiveOf(files));
  assert.deepEqual(
    findings.map(({ code, image, severity }) => [code, image, severity]),
    [['missing-blob', 0, 'error']],
  );
  assert.equal(archive.images[0]?.config, null);
  assert.equal(archive.images[0]?.platform, 'unknown');
  assert.deepEqual(
    layers.map((list) => list.map(pathsOf)),
    [[['etc/passwd']], [['app/run']]],
  );
});

test('a layer that is not in the archive is missing; the others are read', async (t) => {
  const files = dockerArchive([{ layers: [BASE, TOP] }]);
  const name = [...files.keys()].find((key) => key.endsWith('layer.tar')) ?? '';
  files.delete(name);
  const { archive, layers, findings } = await openAll(t, archiveOf(files));
  assert.deepEqual(
    archive.images[0]?.layers.map(({ status }) => status),
    ['missing', 'present'],
  );
  assert.deepEqual(layers[0]?.map(pathsOf), [[], ['app/run']]);
  assert.deepEqual(
    findings.map(({ code, image, layer }) => [code, image, layer]),
    [['missing-blob', 0, 0]],
  );
});

test('a history that is missing, or shorter or longer than the list of layers, is reported, and commands are unknown', async (t) => {
  const cases: [object[] | null, (string | null)[]][] = [
    [null, [null, null]],
    [[{ created_by: 'one' }], ['one', null]],
    [
      [{ created_by: 'one' }, { created_by: 'two' }, { created_by: 'three' }],
      ['one', 'two'],
    ],
  ];
  for (const [history, expected] of cases) {
    const { archive, findings } = await openAll(t, archiveOf(dockerArchive([{ layers: [BASE, TOP], config: { history } }])));
    assert.deepEqual(
      archive.images[0]?.layers.map(({ createdBy }) => createdBy),
      expected,
    );
    assert.deepEqual(codesOf(findings), ['history-mismatch']);
  }
});

test('history steps without a layer are skipped', async (t) => {
  const history = [
    { created_by: 'one' },
    { created_by: 'ENV x', empty_layer: true },
    { created_by: 'two' },
    { created_by: 'CMD', empty_layer: true },
  ];
  const { archive, findings } = await openAll(t, archiveOf(dockerArchive([{ layers: [BASE, TOP], config: { history } }])));
  assert.deepEqual(
    archive.images[0]?.layers.map(({ createdBy }) => createdBy),
    ['one', 'two'],
  );
  assert.deepEqual(
    archive.images[0]?.history.map(({ emptyLayer }) => emptyLayer),
    [false, true, false, true],
  );
  assert.deepEqual(findings, []);
});

test('an archive from Docker 1.9 or earlier is read from its repositories and the parents of the tagged layer', async (t) => {
  const { archive, layers, findings } = await openAll(t, archiveOf(legacyArchive([BASE, TOP])));
  const [image] = archive.images;
  assert.deepEqual(
    [archive.format, image?.names, image?.platform, image?.configDigest],
    ['docker-archive', ['old:1.0'], 'linux/amd64', null],
  );
  assert.deepEqual(
    image?.layers.map(({ createdBy }) => createdBy),
    ['/bin/sh -c step 0', '/bin/sh -c step 1'],
  );
  assert.deepEqual(layers[0]?.map(pathsOf), [['etc/passwd'], ['app/run']]);
  assert.deepEqual(findings, []);
});

test('an old archive without tags starts from the layer that is no other layer’s parent', async (t) => {
  const { archive } = await openAll(t, archiveOf(legacyArchive([BASE, TOP], false)));
  assert.equal(archive.images.length, 1);
  assert.equal(archive.images[0]?.layers.length, 2);
  assert.deepEqual(archive.images[0]?.names, [hexOf(utf8('layer 1')).slice(0, 12)]);
});

test('an old archive whose parents form a loop is read to the end', async (t) => {
  const files = legacyArchive([BASE, TOP]);
  const id = hexOf(utf8('layer 0'));
  files.set(`${id}/json`, json({ id, parent: hexOf(utf8('layer 1')) }));
  const { archive, findings } = await openAll(t, archiveOf(files));
  assert.equal(archive.images[0]?.layers.length, 2);
  assert.deepEqual(codesOf(findings), ['parent-loop']);
});

test('a layer.tar that links to another folder’s layer is resolved inside the archive', async (t) => {
  const config = json(imageConfig([BASE, TOP]));
  const manifest = json([{ Config: 'c.json', RepoTags: ['x:1'], Layers: ['a/layer.tar', 'b/layer.tar'] }]);
  const bytes = tar(
    file('c.json', config),
    symlink('a/layer.tar', '../real/first.tar'),
    symlink('b/layer.tar', './../b/second'),
    symlink('b/second', '../real/./second.tar'),
    file('real/first.tar', BASE),
    file('real/second.tar', TOP),
    file('manifest.json', manifest),
  );
  const { layers, findings } = await openAll(t, bytes);
  assert.deepEqual(layers[0]?.map(pathsOf), [['etc/passwd'], ['app/run']]);
  assert.deepEqual(findings, []);
});

test('links that form a loop or point outside the archive are refused and reported', async (t) => {
  const config = json(imageConfig([BASE, TOP, BASE]));
  const manifest = json([{ Config: 'c.json', RepoTags: ['x:1'], Layers: ['a/layer.tar', 'b/layer.tar', 'c/layer.tar'] }]);
  const bytes = tar(
    file('c.json', config),
    symlink('a/layer.tar', '../b/layer.tar'),
    symlink('b/layer.tar', '../a/layer.tar'),
    symlink('c/layer.tar', '../../etc/passwd'),
    file('manifest.json', manifest),
  );
  const { archive, findings } = await openAll(t, bytes);
  assert.deepEqual(
    archive.images[0]?.layers.map(({ status, blob }) => [status, blob]),
    Array(3).fill(['missing', null]),
  );
  assert.deepEqual(
    findings.map(({ code, layer }) => [code, layer]),
    [
      ['link-loop', 0],
      ['link-loop', 1],
      ['path-escape', 2],
    ],
  );
});

test('digests are taken from the file names of gzip layers and configs in archives from crane', async (t) => {
  const config = json(imageConfig([BASE]));
  const blob = pack(BASE, 'gzip');
  const manifest = json([{ Config: digestOf(config), RepoTags: ['crane:1'], Layers: [`${hexOf(blob)}.tar.gz`] }]);
  const bytes = archiveOf(
    new Map([
      [digestOf(config), config],
      [`${hexOf(blob)}.tar.gz`, blob],
      ['manifest.json', manifest],
    ]),
  );
  const { archive, layers, findings } = await openAll(t, bytes, { verify: true });
  const [layer] = archive.images[0]?.layers ?? [];
  assert.deepEqual([layer?.digest, layer?.compression, layer?.mediaType], [digestOf(blob), 'gzip', null]);
  assert.equal(archive.images[0]?.configDigest, digestOf(config));
  assert.deepEqual(pathsOf(layers[0]?.[0]), ['etc/passwd']);
  assert.deepEqual(findings, []);
});

function docker25(packing: 'none' | 'gzip' | 'zstd'): { files: Files; image: ReturnType<typeof ociImage>; manifest: object[] } {
  const files = new Files();
  const image = ociImage(files, {
    layers: [
      { tar: BASE, packed: packing },
      { tar: TOP, packed: packing },
    ],
    platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
  });
  const blob = ({ digest }: { digest: string }) => `blobs/${digest.replace(':', '/')}`;
  return { files, image, manifest: [{ Config: blob(image.config), RepoTags: ['new:1'], Layers: image.layers.map(blob) }] };
}

test('an archive from Docker 25 or later takes digests, media types and platform from its OCI part', async (t) => {
  for (const packing of ['none', 'gzip', 'zstd'] as const) {
    const { files, image, manifest } = docker25(packing);
    const bytes = archiveOf(ociLayout(files, [image]).set('manifest.json', json(manifest)));
    const { archive, layers, findings } = await openAll(t, bytes, { verify: true });
    const [opened] = archive.images;
    assert.deepEqual([archive.format, opened?.names, opened?.platform], ['docker-archive', ['new:1'], 'linux/arm64/v8']);
    assert.equal(opened?.manifestDigest, image.digest);
    assert.deepEqual(
      opened?.layers.map(({ digest, mediaType, compression }) => [digest, mediaType, compression]),
      image.layers.map(({ digest, mediaType }) => [digest, mediaType, packing]),
    );
    assert.deepEqual(layers[0]?.map(pathsOf), [['etc/passwd'], ['app/run']]);
    assert.deepEqual(findings, []);
  }
});

test('an OCI manifest that has no layers, while manifest.json has some, is reported, and manifest.json takes precedence', async (t) => {
  const { files, image, manifest } = docker25('gzip');
  const empty = files.add(json({ schemaVersion: 2, config: image.config, layers: [] }), image.mediaType);
  const { archive, layers, findings } = await openAll(t, archiveOf(ociLayout(files, [empty]).set('manifest.json', json(manifest))));
  assert.deepEqual(codesOf(findings), ['manifest-disagreement']);
  assert.deepEqual(layers[0]?.map(pathsOf), [['etc/passwd'], ['app/run']]);
  assert.equal(archive.images[0]?.manifestDigest, null);
});

test('an index.json that has no manifests, or null, falls back to manifest.json', async (t) => {
  for (const manifests of [null, []]) {
    const { files, manifest } = docker25('none');
    const { layers, findings } = await openAll(t, archiveOf(ociLayout(files, manifests).set('manifest.json', json(manifest))));
    assert.deepEqual(layers[0]?.map(pathsOf), [['etc/passwd'], ['app/run']]);
    assert.deepEqual(findings, []);
  }
});

test('a layer that only LayerSources lists is foreign, with its URLs', async (t) => {
  const files = dockerArchive([{ layers: [BASE, TOP], config: { os: 'windows' } }]);
  const manifest = JSON.parse(Buffer.from(files.get('manifest.json') ?? '').toString()) as { Layers: string[]; LayerSources?: object }[];
  files.delete(manifest[0]?.Layers[0] ?? '');
  const source = {
    mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
    size: 7,
    digest: digestOf(utf8('x')),
    urls: ['https://example.com/base'],
  };
  if (manifest[0]) manifest[0].LayerSources = { [digestOf(BASE)]: source };
  files.set('manifest.json', json(manifest));
  const { archive, findings } = await openAll(t, archiveOf(files));
  const [layer] = archive.images[0]?.layers ?? [];
  assert.deepEqual([layer?.status, layer?.urls, archive.images[0]?.os], ['foreign', ['https://example.com/base'], 'windows']);
  assert.deepEqual(codesOf(findings), ['foreign-layer']);
});

test('a config that doesn’t match the digest in its name is reported', async (t) => {
  const files = dockerArchive([{ layers: [BASE] }]);
  const name = `${hexOf(json(imageConfig([BASE])))}.json`;
  files.set(name, json({ ...imageConfig([BASE]), author: 'somebody else' }));
  const { findings } = await openAll(t, archiveOf(files));
  assert.deepEqual(
    findings.map(({ code, image }) => [code, image]),
    [['digest-mismatch', 0]],
  );
});

test('a config or manifest that is not JSON is reported, and a 33 MiB layer listed as the config is not read', async (t) => {
  const broken = dockerArchive([{ layers: [BASE] }]);
  broken.set(`${hexOf(json(imageConfig([BASE])))}.json`, utf8('{'));
  const { findings } = await openAll(t, archiveOf(broken));
  assert.deepEqual(codesOf(findings), ['digest-mismatch', 'config-unreadable']);
  const reader = testReader(t);
  const bad = dockerArchive([{ layers: [BASE] }]).set('manifest.json', utf8('[{'));
  assert.deepEqual(codesOf((await openAll(t, archiveOf(bad))).findings), ['manifest-unreadable']);
  const huge = new Map([
    ['big', new Uint8Array(33 * 1024 * 1024)],
    ['manifest.json', json([{ Config: 'big', Layers: [] }])],
  ]);
  const opened = await reader.open(testFile(t, archiveOf(huge)));
  assert.deepEqual(codesOf(opened.findings), ['too-large']);
});

test('a manifest that lists far more layers than any image has is refused quickly', async (t) => {
  const reader = testReader(t);
  const config = json(imageConfig([BASE]));
  const many = Array.from({ length: 20_000 }, () => ({ Config: 'c.json', Layers: [] }));
  const images = archiveOf(
    new Map([
      ['c.json', config],
      ['manifest.json', json(many)],
    ]),
  );
  await assert.rejects(reader.open(testFile(t, images)), hasCode('TOO_LARGE'));
  const layers = archiveOf(
    new Map([
      ['c.json', config],
      ['manifest.json', json([{ Config: 'c.json', Layers: Array(200_000).fill('x') }])],
    ]),
  );
  await assert.rejects(reader.open(testFile(t, layers)), hasCode('TOO_LARGE'));
  const big = new Uint8Array(4 * 1024 * 1024).fill(0x20);
  big.set(config);
  const heavy = archiveOf(
    new Map([
      ['c.json', big],
      ['manifest.json', json(many.slice(0, 200))],
    ]),
  );
  const opened = await reader.open(testFile(t, heavy));
  assert.match(opened.findings.at(-1)?.message ?? '', /manifests and configs/);
});

test('a manifest or layer that occurs again with different content is reported, because other programs use the first', async (t) => {
  const one = dockerArchive([{ layers: [BASE], tags: ['app:1'] }]);
  const two = dockerArchive([{ layers: [TOP], tags: ['app:2'] }]);
  const members = (files: ReadonlyMap<string, Uint8Array | string>) => [...files].map(([name, bytes]) => file(name, bytes));
  const { archive, findings } = await openAll(t, tar(...members(one), ...members(two)));
  assert.deepEqual(archive.images[0]?.names, ['app:2']);
  assert.deepEqual(codesOf(findings), ['manifest-disagreement']);
  assert.match(findings[0]?.message ?? '', /holds manifest\.json more than once/);
  const layer = [...one.keys()].find((name) => name.endsWith('.tar')) ?? '';
  const copied = await openAll(t, tar(...members(one), file(layer, BASE)));
  assert.deepEqual(copied.findings, []);
  const config = [...one.keys()].find((name) => name.endsWith('.json')) ?? '';
  const sameSize = tar(file('etc/passwd', 'evil'));
  assert.equal(sameSize.length, BASE.length);
  for (const second of [file(layer, tar(file('x', ''), file('y', ''), file('z', ''))), symlink(layer, config)]) {
    const other = await openAll(t, tar(...members(one), second));
    assert.ok(codesOf(other.findings).includes('manifest-disagreement'));
  }
  // The last copy matches the config, but other programs read the first.
  const first = await openAll(t, tar(file(layer, sameSize), ...members(one)), { verify: true });
  assert.deepEqual(codesOf(first.findings), ['manifest-disagreement']);
});
