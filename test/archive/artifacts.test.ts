import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseImage } from '#engine';
import type { ArtifactKind } from '#model';
import { archiveOf, type BuiltDescriptor, Files, json, ociImage, ociIndex, ociLayout } from '../support/image-builder.ts';
import { file, tar, utf8 } from '../support/tar-builder.ts';
import { codesOf, type Opened, openAll } from '../support/workbench.ts';

const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar';
const BASE = tar(file('etc/passwd', 'root'));

interface ManifestSpec {
  readonly config: readonly [mediaType: string, content: unknown];
  readonly layers: readonly (readonly [mediaType: string, content: string | Uint8Array])[];
  readonly more?: object;
  readonly annotations?: Record<string, string>;
}

function manifest(files: Files, { config, layers, more = {}, annotations }: ManifestSpec): BuiltDescriptor {
  const parts = layers.map(([mediaType, content]) => files.add(typeof content === 'string' ? utf8(content) : content, mediaType));
  const document = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: files.add(json(config[1]), config[0]), layers: parts, ...more };
  return { ...files.add(json(document), OCI_MANIFEST), ...(annotations === undefined ? {} : { annotations }) };
}

const EMPTY = ['application/vnd.oci.empty.v1+json', {}] as const;
const IMAGE_CONFIG = [OCI_CONFIG, { architecture: '', os: '', rootfs: { type: 'layers', diff_ids: [] } }] as const;
const DSSE = '{"payloadType":"application/vnd.in-toto+json","payload":"e30=","signatures":[]}';

/** Artifacts as tools write them, each with the type and kind we report. */
const ARTIFACTS: Readonly<Record<string, readonly [ManifestSpec, string, ArtifactKind]>> = {
  'a Helm chart': [
    {
      config: ['application/vnd.cncf.helm.config.v1+json', { name: 'chart' }],
      layers: [['application/vnd.cncf.helm.chart.content.v1.tar+gzip', BASE]],
    },
    'application/vnd.cncf.helm.config.v1+json',
    'chart',
  ],
  'a WebAssembly component': [
    { config: ['application/vnd.wasm.config.v0+json', { os: 'wasip2', architecture: 'wasm' }], layers: [['application/wasm', '\0asm']] },
    'application/vnd.wasm.config.v0+json',
    'other',
  ],
  'a module next to an image’s config': [
    { config: IMAGE_CONFIG, layers: [['application/vnd.wasm.content.layer.v1+wasm', '\0asm']] },
    OCI_CONFIG,
    'other',
  ],
  'a model': [
    { config: ['application/vnd.cncf.model.config.v1+json', {}], layers: [['application/vnd.cncf.model.weight.v1.tar', BASE]] },
    'application/vnd.cncf.model.config.v1+json',
    'other',
  ],
  'a cosign signature': [
    { config: IMAGE_CONFIG, layers: [['application/vnd.dev.cosign.simplesigning.v1+json', '{"critical":{}}']] },
    OCI_CONFIG,
    'signature',
  ],
  'a cosign attestation': [{ config: IMAGE_CONFIG, layers: [['application/vnd.dsse.envelope.v1+json', DSSE]] }, OCI_CONFIG, 'attestation'],
  'a bill of materials': [{ config: IMAGE_CONFIG, layers: [['text/spdx', 'SPDXVersion: SPDX-2.3']] }, OCI_CONFIG, 'sbom'],
  'a signature bundle': [
    {
      config: EMPTY,
      layers: [['application/vnd.dev.sigstore.bundle.v0.3+json', '{}']],
      more: { artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json' },
    },
    'application/vnd.dev.sigstore.bundle.v0.3+json',
    'signature',
  ],
  'a file that ORAS sent as a layer': [
    { config: ['application/vnd.unknown.config.v1+json', {}], layers: [[OCI_LAYER, 'hello']] },
    'application/vnd.unknown.config.v1+json',
    'other',
  ],
  'a text file': [
    { config: EMPTY, layers: [['text/plain', 'hello']], more: { artifactType: 'application/vnd.eda.banner' } },
    'application/vnd.eda.banner',
    'other',
  ],
  'an artifact with an image’s config and layer': [
    { config: IMAGE_CONFIG, layers: [[OCI_LAYER, BASE]], more: { artifactType: 'application/vnd.example.thing' } },
    'application/vnd.example.thing',
    'other',
  ],
  'an artifact that has only a config': [
    { config: ['application/vnd.example.config.v1+json', {}], layers: [] },
    'application/vnd.example.config.v1+json',
    'other',
  ],
};

function open(t: Parameters<typeof openAll>[0], files: Files, ...manifests: readonly BuiltDescriptor[]): Promise<Opened> {
  return openAll(t, archiveOf(ociLayout(files, manifests)), { verify: true });
}

test('anything that is not an image is listed as an artifact, with its type and media types and without a finding', async (t) => {
  for (const [name, [spec, artifactType, kind]] of Object.entries(ARTIFACTS)) {
    const files = new Files();
    const { archive, findings } = await open(t, files, manifest(files, spec));
    assert.deepEqual([archive.images.length, archive.artifacts.length, findings], [0, 1, []], name);
    const [artifact] = archive.artifacts;
    assert.deepEqual(
      [artifact?.artifactType, artifact?.kind, artifact?.mediaTypes],
      [artifactType, kind, [...new Set([spec.config[0], ...spec.layers.map(([type]) => type)])]],
      name,
    );
    assert.equal(
      artifact?.bytes,
      spec.layers.reduce((sum, [, content]) => sum + content.length, 0),
      name,
    );
    assert.throws(
      () => chooseImage(archive),
      (error: Error & { code?: string }) => error.code === 'NOT_AN_IMAGE' && /only artifacts/.test(error.message),
      name,
    );
  }
});

const IMAGES: Readonly<Record<string, ManifestSpec>> = {
  'Docker’s plugin': {
    config: ['application/vnd.docker.plugin.v1+json', { description: 'a volume plugin', rootfs: null }],
    layers: [['application/vnd.docker.image.rootfs.diff.tar', BASE]],
  },
  'image layers with the loose config type of old writers': {
    config: ['application/octet-stream', {}],
    layers: [[OCI_LAYER, BASE]],
  },
  'an artifactType that is an image config’s': {
    config: [OCI_CONFIG, { os: 'linux', architecture: 'amd64', rootfs: { diff_ids: [] } }],
    layers: [],
    more: { artifactType: OCI_CONFIG },
  },
};

test('a manifest whose config isn’t an image’s is an artifact, even if its layers have image media types, as ORAS gives files by default', async (t) => {
  for (const type of ['application/vnd.acme.rocket.config.v1+json', 'application/vnd.buildkit.cacheconfig.v0']) {
    const files = new Files();
    const spec: ManifestSpec = { config: [type, {}], layers: [[OCI_LAYER, 'hello world\n']] };
    const { archive, findings } = await open(t, files, manifest(files, spec));
    assert.deepEqual([archive.images.length, archive.artifacts.length, codesOf(findings)], [0, 1, []], type);
  }
});

test('an image with layers of image types stays an image, whatever its config’s media type', async (t) => {
  for (const [name, spec] of Object.entries(IMAGES)) {
    const files = new Files();
    const { archive, findings } = await open(t, files, manifest(files, spec));
    assert.deepEqual([archive.images.length, archive.artifacts.length, codesOf(findings)], [1, 0, []], name);
  }
});

test('foreign and encrypted layers are image layers', async (t) => {
  for (const mediaType of ['application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', `${OCI_LAYER}+gzip+encrypted`]) {
    const files = new Files();
    const image = ociImage(files, { layers: [{ tar: BASE, mediaType, absent: true, urls: ['https://example.com/x'] }] });
    const { archive } = await open(t, files, image);
    assert.deepEqual([archive.images.length, archive.artifacts.length], [1, 0], mediaType);
  }
});

test('an artifact next to an image has the image as its subject if its manifest, its payload or its tag names the image', async (t) => {
  const files = new Files();
  const image = ociImage(files, { layers: [{ tar: BASE }], annotations: { 'org.opencontainers.image.ref.name': 'app:1' } });
  const { digest, size } = image;
  const subject = { mediaType: OCI_MANIFEST, digest, size };
  const bundle = manifest(files, { config: EMPTY, layers: [['text/plain', 'x']], more: { artifactType: 'application/x', subject } });
  const payload = JSON.stringify({ critical: { image: { 'docker-manifest-digest': digest } } });
  const signature = manifest(files, { config: IMAGE_CONFIG, layers: [['application/vnd.dev.cosign.simplesigning.v1+json', payload]] });
  const named = manifest(files, {
    config: IMAGE_CONFIG,
    layers: [['text/spdx', 'x']],
    annotations: { 'org.opencontainers.image.ref.name': `${digest.replace(':', '-')}.sbom` },
  });
  const { archive, findings } = await open(t, files, image, bundle, signature, named);
  assert.deepEqual(
    archive.images.map(({ names }) => names),
    [['app:1']],
  );
  assert.deepEqual(
    archive.artifacts.map((each) => [each.index, each.digest, each.subject]),
    [bundle, signature, named].map((each, index) => [index, each.digest, digest]),
  );
  assert.deepEqual(
    findings.filter(({ severity }) => severity !== 'warning'),
    [],
  );
});

function attestation(files: Files, image: { digest: string }, statement: string): BuiltDescriptor & { platform: object } {
  const built = manifest(files, {
    config: IMAGE_CONFIG,
    layers: [['application/vnd.in-toto+json', statement]],
    annotations: { 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': image.digest },
  });
  return { ...built, platform: { os: 'unknown', architecture: 'unknown' } };
}

test('a BuildKit attestation belongs to its image and is not an artifact; a statement that is not JSON is reported as damaged', async (t) => {
  for (const [statement, status] of [
    ['{"_type":"https://in-toto.io/Statement/v0.1"}', 'present'],
    ['{cut', 'damaged'],
  ] as const) {
    const files = new Files();
    const image = ociImage(files, { layers: [{ tar: BASE }] });
    const built = attestation(files, image, statement);
    const { archive, findings } = await open(t, files, image, built);
    assert.deepEqual(
      archive.images.map(({ attestations }) => attestations.map((each) => [each.manifestDigest, each.status])),
      [[[built.digest, status]]],
    );
    assert.deepEqual(archive.artifacts, []);
    assert.deepEqual(codesOf(findings), status === 'present' ? [] : ['attestation-unreadable']);
  }
});

test('an attestation whose image is not in the archive is an artifact, without a finding', async (t) => {
  const files = new Files();
  const { archive, findings } = await open(t, files, attestation(files, { digest: `sha256:${'e'.repeat(64)}` }, '{}'));
  assert.deepEqual([archive.images, archive.artifacts[0]?.subject, findings], [[], `sha256:${'e'.repeat(64)}`, []]);
});

test('artifacts are found in an index that lists blobs, as BuildKit’s caches do, and in the old artifact manifest', async (t) => {
  const files = new Files();
  const layer = files.add(BASE, `${OCI_LAYER}+gzip`);
  const cache = files.add(json({ layers: [] }), 'application/vnd.buildkit.cacheconfig.v0');
  const old = files.add(
    json({ mediaType: 'application/vnd.oci.artifact.manifest.v1+json', artifactType: 'a/b', blobs: [layer] }),
    'application/vnd.oci.artifact.manifest.v1+json',
  );
  const { archive, findings } = await open(t, files, ociIndex(files, [layer, cache]), old);
  assert.deepEqual(
    archive.artifacts.map(({ artifactType, mediaTypes, bytes }) => [artifactType, mediaTypes, bytes]),
    [
      [null, [`${OCI_LAYER}+gzip`], BASE.length],
      [null, ['application/vnd.buildkit.cacheconfig.v0'], cache.size],
      ['a/b', [`${OCI_LAYER}+gzip`], BASE.length],
    ],
  );
  assert.deepEqual(findings, []);
});
