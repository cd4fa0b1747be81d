import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { hasCode } from '../support/asserts.ts';
import {
  archiveOf,
  type BuiltDescriptor,
  digestOf,
  Files,
  json,
  ociImage,
  ociIndex,
  ociLayout,
  pack,
  writeFolder,
} from '../support/image-builder.ts';
import { file, tar, utf8 } from '../support/tar-builder.ts';
import { codesOf, openAll, pathsOf, readAll, testFile, testFolder, testReader } from '../support/workbench.ts';

const BASE = tar(file('etc/passwd', 'root'));
const TOP = tar(file('app/run', 'go'));
const ATTESTATION = 'attestation-manifest';

test('an OCI archive and the same layout as a folder give the same result, with plain, gzip and zstd layers', async (t) => {
  for (const packed of ['none', 'gzip', 'zstd'] as const) {
    const files = new Files();
    const image = ociImage(files, {
      layers: [
        { tar: BASE, packed },
        { tar: TOP, packed },
      ],
      annotations: { 'org.opencontainers.image.ref.name': 'v1' },
    });
    const layout = ociLayout(files, [image]);
    const folder = testFolder(t);
    writeFolder(folder, layout);
    for (const [format, opened] of [
      ['oci-archive', await openAll(t, archiveOf(layout), { verify: true })],
      ['oci-layout', await readAll(testReader(t), folder, true)],
    ] as const) {
      const { archive, layers, findings } = opened;
      const [first] = archive.images;
      assert.equal(archive.format, format);
      assert.deepEqual(
        [first?.names, first?.platform, first?.configDigest, first?.manifestDigest],
        [['v1'], 'linux/amd64', image.config.digest, image.digest],
      );
      assert.deepEqual(
        first?.layers.map(({ digest, diffId, compression, blobBytes, createdBy }) => [digest, diffId, compression, blobBytes, createdBy]),
        image.layers.map(({ digest, size }, index) => [digest, digestOf(index === 0 ? BASE : TOP), packed, size, `step ${index}`]),
      );
      assert.deepEqual(layers[0]?.map(pathsOf), [['etc/passwd'], ['app/run']]);
      assert.deepEqual(
        layers[0]?.map((layer) => layer?.tarBytes),
        [BASE.length, TOP.length],
      );
      assert.deepEqual(findings, []);
    }
  }
});

test('an OCI archive whose names begin with ./ is recognized', async (t) => {
  const files = new Files();
  const image = ociImage(files, { layers: [{ tar: BASE }] });
  const dotted = new Map([...ociLayout(files, [image])].map(([name, bytes]) => [`./${name}`, bytes]));
  const { archive, findings } = await openAll(t, archiveOf(dotted));
  assert.equal(archive.format, 'oci-archive');
  assert.deepEqual(findings, []);
});

test('an index’s platforms, nested or not, are listed flat with their names', async (t) => {
  const files = new Files();
  const amd64 = ociImage(files, { layers: [{ tar: BASE }], platform: { os: 'linux', architecture: 'amd64' } });
  const arm = ociImage(files, { layers: [{ tar: TOP }], platform: { os: 'linux', architecture: 'arm', variant: 'v7' } });
  const windows = ociImage(files, {
    layers: [{ tar: BASE }, { tar: TOP }],
    config: { os: 'windows' },
    platform: { os: 'windows', architecture: 'amd64', 'os.version': '10.0.1' },
  });
  const inner = {
    ...ociIndex(files, [arm, windows]),
    annotations: { 'io.containerd.image.name': 'example.com/app:1', 'org.opencontainers.image.ref.name': '1' },
  };
  const { archive, findings } = await openAll(t, archiveOf(ociLayout(files, [amd64, ociIndex(files, [inner])])));
  assert.deepEqual(
    archive.images.map(({ index, platform, os, osVersion }) => [index, platform, os, osVersion]),
    [
      [0, 'linux/amd64', 'linux', undefined],
      [1, 'linux/arm/v7', 'linux', undefined],
      [2, 'windows/amd64', 'windows', '10.0.1'],
    ],
  );
  assert.deepEqual(archive.images[1]?.names, ['example.com/app:1']);
  assert.deepEqual(findings, []);
});

test('indexes nested 20 deep, and one that lists itself, are skipped and reported', async (t) => {
  const files = new Files();
  let deep: BuiltDescriptor = ociImage(files, { layers: [{ tar: BASE }] });
  for (let depth = 0; depth < 20; depth++) deep = ociIndex(files, [deep]);
  const near = ociImage(files, { layers: [{ tar: TOP }] });
  const opened = await openAll(t, archiveOf(ociLayout(files, [deep, near])));
  assert.deepEqual(
    opened.archive.images.map(({ manifestDigest }) => manifestDigest),
    [near.digest],
  );
  assert.deepEqual(codesOf(opened.findings), ['index-entry-skipped']);

  // A blob can't contain its own digest, but it can contain the false digest that it is stored under.
  const self = { mediaType: 'application/vnd.oci.image.index.v1+json', digest: digestOf(utf8('self')), size: 1 };
  files.replace(self, json({ manifests: [self] }));
  const cyclic = await openAll(t, archiveOf(ociLayout(files, [self, near])));
  assert.deepEqual(codesOf(cyclic.findings), ['digest-mismatch', 'index-entry-skipped']);
  assert.equal(cyclic.archive.images.length, 1);
});

test('an attestation is not an image but belongs to the image whose digest it names', async (t) => {
  const files = new Files();
  const image = ociImage(files, { layers: [{ tar: BASE }], platform: { os: 'linux', architecture: 'amd64' } });
  const statement = files.add(json({}), 'application/vnd.in-toto+json');
  const manifest = files.add(json({ schemaVersion: 2, config: image.config, layers: [statement] }), image.mediaType);
  const attestation = {
    ...manifest,
    platform: { os: 'unknown', architecture: 'unknown' },
    annotations: { 'vnd.docker.reference.type': ATTESTATION, 'vnd.docker.reference.digest': image.digest },
  };
  const { archive, findings } = await openAll(t, archiveOf(ociLayout(files, [attestation, image])));
  assert.deepEqual(
    archive.images.map(({ manifestDigest, attestations }) => [manifestDigest, attestations.map((each) => each.manifestDigest)]),
    [[image.digest, [manifest.digest]]],
  );
  assert.deepEqual(findings, []);
});

test('artifacts, and entries that are neither manifests nor indexes, are listed next to the image without findings', async (t) => {
  const files = new Files();
  const image = ociImage(files, { layers: [{ tar: BASE }] });
  const artifact = files.add(json({ artifactType: 'application/x', config: image.config, layers: [] }), image.mediaType);
  const stranger = files.add(json({ hello: 1 }), 'application/vnd.oci.descriptor.v1+json');
  const { archive, findings } = await openAll(t, archiveOf(ociLayout(files, [artifact, stranger, image])));
  assert.equal(archive.images.length, 1);
  assert.deepEqual(
    archive.artifacts.map(({ digest, artifactType }) => [digest, artifactType]),
    [
      [artifact.digest, 'application/x'],
      [stranger.digest, null],
    ],
  );
  assert.deepEqual(findings, []);
});

test('two entries with the same manifest are one image with both names', async (t) => {
  const files = new Files();
  const image = ociImage(files, { layers: [{ tar: BASE }] });
  const named = (name: string) => ({ ...image, annotations: { 'org.opencontainers.image.ref.name': name } });
  const { archive } = await openAll(t, archiveOf(ociLayout(files, [named('a'), named('b')])));
  assert.deepEqual(
    archive.images.map(({ names }) => names),
    [['a', 'b']],
  );
});

test('a blob missing from a layout makes its layer missing, with the size and digest from its descriptor', async (t) => {
  const files = new Files();
  const image = ociImage(files, { layers: [{ tar: BASE, packed: 'gzip', absent: true }, { tar: TOP }] });
  const { archive, layers, findings } = await openAll(t, archiveOf(ociLayout(files, [image])));
  const [layer] = archive.images[0]?.layers ?? [];
  assert.deepEqual(
    [layer?.status, layer?.digest, layer?.blobBytes, layer?.compression, layer?.blob],
    ['missing', image.layers[0]?.digest, image.layers[0]?.size, 'gzip', null],
  );
  assert.deepEqual(
    findings.map(({ code, image: index, layer: at }) => [code, index, at]),
    [['missing-blob', 0, 0]],
  );
  assert.deepEqual(layers[0]?.map(pathsOf), [[], ['app/run']]);
});

test('a foreign layer has its URLs and isn’t fetched; if its blob is present, it is read', async (t) => {
  const mediaType = 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip';
  const files = new Files();
  const image = ociImage(files, {
    layers: [
      { tar: BASE, packed: 'gzip', mediaType, urls: ['https://example.com/x'], absent: true },
      { tar: TOP, packed: 'gzip', mediaType },
    ],
  });
  const { archive, findings } = await openAll(t, archiveOf(ociLayout(files, [image])));
  assert.deepEqual(
    archive.images[0]?.layers.map(({ status, urls }) => [status, urls]),
    [
      ['foreign', ['https://example.com/x']],
      ['present', []],
    ],
  );
  assert.deepEqual(
    findings.map(({ code, layer, severity }) => [code, layer, severity]),
    [['foreign-layer', 0, 'warning']],
  );
});

test('a missing manifest is reported with its platform; the others are listed', async (t) => {
  const files = new Files();
  const image = ociImage(files, { layers: [{ tar: BASE }], platform: { os: 'linux', architecture: 'amd64' } });
  const absent = { ...image, digest: digestOf(utf8('elsewhere')), platform: { os: 'linux', architecture: 's390x' } };
  const { archive, findings } = await openAll(t, archiveOf(ociLayout(files, [absent, image])));
  assert.equal(archive.images.length, 1);
  assert.deepEqual(codesOf(findings), ['missing-blob']);
  assert.match(findings[0]?.message ?? '', /linux\/s390x/);
});

test('the content determines how a layer is compressed; a media type that disagrees is reported', async (t) => {
  const oci = 'application/vnd.oci.image.layer.v1.tar';
  const docker = 'application/vnd.docker.image.rootfs.diff.tar';
  const cases: ['none' | 'gzip' | 'zstd', string, boolean][] = [
    ['none', `${oci}+gzip`, true],
    ['gzip', oci, true],
    ['zstd', `${oci}+gzip`, true],
    ['zstd', `${docker}.zstd`, true],
    ['zstd', `${docker}.gzip`, true],
    ['gzip', `${docker}.gzip`, false],
    ['gzip', 'application/vnd.docker.container.image.rootfs.diff+x-gtar', false],
  ];
  for (const [packed, mediaType, reported] of cases) {
    const files = new Files();
    const image = ociImage(files, { layers: [{ tar: BASE, packed, mediaType }] });
    const { archive, layers, findings } = await openAll(t, archiveOf(ociLayout(files, [image])));
    assert.deepEqual([archive.images[0]?.layers[0]?.compression, archive.images[0]?.layers[0]?.mediaType], [packed, mediaType]);
    assert.deepEqual(pathsOf(layers[0]?.[0]), ['etc/passwd']);
    assert.deepEqual(codesOf(findings), reported ? ['media-type-mismatch'] : [], mediaType);
  }
});

test('a blob or layer that doesn’t match its digest can be browsed, and verify reports it', async (t) => {
  const files = new Files();
  const image = ociImage(files, {
    layers: [{ tar: BASE }, { tar: BASE, packed: 'gzip' }, { tar: TOP }],
    config: { diffIds: [digestOf(BASE), digestOf(TOP), digestOf(TOP)] },
  });
  const changed = tar(file('etc/passwd', 'evil'));
  files.replace(image.layers[0] as BuiltDescriptor, changed);
  const { archive, layers, findings } = await openAll(t, archiveOf(ociLayout(files, [image])), { verify: true });
  assert.deepEqual(
    archive.images[0]?.layers.map(({ status }) => status),
    ['present', 'present', 'present'],
  );
  assert.deepEqual(
    findings.map(({ code, layer }) => [code, layer]),
    [
      ['digest-mismatch', 0],
      ['diffid-mismatch', 0],
      ['diffid-mismatch', 1],
    ],
  );
  assert.ok(findings[0]?.message.includes(digestOf(BASE)) && findings[0].message.includes(digestOf(changed)));
  assert.deepEqual(layers[0]?.[0]?.measured, { digest: digestOf(changed), diffId: digestOf(changed) });
  assert.deepEqual(layers[0]?.[2]?.measured, { digest: digestOf(TOP), diffId: digestOf(TOP) });
});

test('a compressed blob that doesn’t match its digest is reported even without verify', async (t) => {
  const files = new Files();
  const image = ociImage(files, { layers: [{ tar: BASE, packed: 'gzip' }] });
  files.replace(image.layers[0] as BuiltDescriptor, pack(TOP, 'gzip'));
  const { findings } = await openAll(t, archiveOf(ociLayout(files, [image])));
  assert.ok(codesOf(findings).includes('digest-mismatch'));
});

test('a blob longer or shorter than its descriptor says is reported', async (t) => {
  const files = new Files();
  const image = ociImage(files, { layers: [{ tar: BASE }] });
  files.replace(image.layers[0] as BuiltDescriptor, tar(file('etc/passwd', 'root'), file('more', '')));
  const { findings } = await openAll(t, archiveOf(ociLayout(files, [image])));
  assert.deepEqual(codesOf(findings), ['size-mismatch']);
});

test('a descriptor whose digest points outside the layout has no blob', async (t) => {
  const files = new Files();
  const image = ociImage(files, { layers: [{ tar: BASE }] });
  const manifest = json({ config: image.config, layers: [{ mediaType: 'x', size: 1, digest: 'sha256:../../../../etc/passwd' }] });
  const descriptor = files.add(manifest, image.mediaType);
  const { archive, findings } = await openAll(t, archiveOf(ociLayout(files, [descriptor])));
  assert.deepEqual(
    archive.images[0]?.layers.map(({ status, digest, illFormed, blob }) => [status, digest, illFormed?.digest, blob]),
    [['missing', null, 'sha256:../../../../etc/passwd', null]],
  );
  assert.deepEqual(codesOf(findings), ['bad-digest']);
});

test('links that point outside a layout folder are refused, and those within it are followed', {
  skip: process.platform === 'win32',
}, async (t) => {
  const files = new Files();
  const image = ociImage(files, { layers: [{ tar: BASE }, { tar: TOP }] });
  const [inside, outside] = image.layers.map(({ digest }) => `blobs/${digest.replace(':', '/')}`) as [string, string];
  const layout = ociLayout(files, [image]);
  const folder = path.join(testFolder(t), 'layout');
  const out = path.join(testFolder(t), 'outside.tar');
  writeFolder(path.dirname(out), new Map([['outside.tar', TOP]]));
  mkdirSync(folder);
  const real = layout.get(inside) ?? utf8('');
  layout.delete(inside);
  layout.delete(outside);
  writeFolder(folder, layout.set('blobs/sha256/real', real));
  symlinkSync('real', path.join(folder, inside));
  symlinkSync(out, path.join(folder, outside));
  const { archive, layers, findings } = await readAll(testReader(t), folder);
  assert.deepEqual(
    archive.images[0]?.layers.map(({ status }) => status),
    ['present', 'missing'],
  );
  assert.deepEqual(pathsOf(layers[0]?.[0]), ['etc/passwd']);
  assert.deepEqual(codesOf(findings), ['link-outside']);
});

test('a folder that is not a layout is refused, and so is a layout without an index', async (t) => {
  const reader = testReader(t);
  const folder = testFolder(t);
  await assert.rejects(reader.open(folder), hasCode('NOT_AN_IMAGE'));
  writeFolder(folder, new Map([['oci-layout', utf8('{}')]]));
  await assert.rejects(reader.open(folder), hasCode('BAD_MANIFEST'));
  const bytes = archiveOf(
    new Map([
      ['oci-layout', utf8('{}')],
      [`blobs/sha256/${'0'.repeat(64)}`, utf8('x')],
    ]),
  );
  await assert.rejects(reader.open(testFile(t, bytes)), hasCode('BAD_MANIFEST'));
});
