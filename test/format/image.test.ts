import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  annotatedName,
  attestedDigest,
  createdByLayer,
  digestInPath,
  historyProblem,
  isDockerManifest,
  isForeignMediaType,
  mediaTypeProblem,
  parseDescriptor,
  parseDockerManifest,
  parseImageConfig,
  parseIndex,
  parseIndexed,
  parseJson,
  parseLegacyLayer,
  parsePlatform,
  parseRepositories,
  platformName,
  platformRank,
  statedCompression,
} from '#format/image';
import { LayerscopeError } from '#model';

const HEX = 'a'.repeat(64);
const DIGEST = `sha256:${HEX}`;

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

test('a document may have a byte order mark; invalid JSON or UTF-8 is BAD_MANIFEST with a one-line message', () => {
  assert.deepEqual(parseJson(bytes('\ufeff{"a":1}'), 'x'), { a: 1 });
  for (const wrong of [bytes(''), bytes('{'), bytes('{"a":\u001b[31m'), Uint8Array.of(0x22, 0xff, 0x22)]) {
    assert.throws(
      () => parseJson(wrong, 'manifest\n.json'),
      // biome-ignore lint/suspicious/noControlCharactersInRegex: asserts that there are none
      (error) => error instanceof LayerscopeError && error.code === 'BAD_MANIFEST' && !/[\u0000-\u001f]/.test(error.message),
    );
  }
  const deep = (levels: number) => bytes('['.repeat(levels) + ']'.repeat(levels));
  assert.ok(Array.isArray(parseJson(deep(100), 'x')));
  assert.throws(() => parseJson(deep(100_000), 'x'), { code: 'TOO_LARGE' });
});

test('manifest.json may be a list of images with any fields, but not null', () => {
  assert.throws(() => parseDockerManifest(null), { code: 'BAD_MANIFEST' });
  assert.throws(() => parseDockerManifest({}), { code: 'BAD_MANIFEST' });
  assert.throws(() => parseDockerManifest([1]), { code: 'BAD_MANIFEST' });
  assert.deepEqual(parseDockerManifest([]), []);
  const [image] = parseDockerManifest([
    { Config: 7, RepoTags: ['a:1', 3], Layers: null, LayerSources: { x: {}, [DIGEST]: { digest: DIGEST, size: -1, urls: 'no' } } },
  ]);
  assert.deepEqual([image?.config, image?.repoTags, image?.layers], [null, ['a:1'], []]);
  assert.deepEqual([...(image?.layerSources.keys() ?? [])], [DIGEST]);
  assert.deepEqual([image?.layerSources.get(DIGEST)?.size, image?.layerSources.get(DIGEST)?.urls], [null, []]);
});

test("any file may be named manifest.json, but only null and lists of objects are a docker-archive's", () => {
  assert.deepEqual([null, [], [{}], [{}, 1], {}, 'x', 3].map(isDockerManifest), [true, true, true, false, false, false, false]);
});

test('a digest is found in a path only in the forms that tools write', () => {
  const stating = [
    `blobs/sha256/${HEX}`,
    `sha256:${HEX}`,
    `${HEX}.json`,
    `${HEX}.tar`,
    `${HEX}.tar.gz`,
    `sha256:${HEX}.tar.gz`,
    `./${HEX}.json`,
    `x/blobs/sha256/${HEX}`,
  ];
  for (const path of stating) assert.equal(digestInPath(path), DIGEST, path);
  for (const path of [`${HEX}/layer.tar`, HEX, `${HEX.slice(1)}.json`, `${HEX.toUpperCase()}.json`, `${HEX}.json.txt`, 'config.json'])
    assert.equal(digestInPath(path), null, path);
});

test('an index lists descriptors with a digest; null manifests are an empty list, malformed ones are counted', () => {
  assert.equal(parseIndex([]), null);
  assert.deepEqual(parseIndex({ manifests: null }), { kind: 'index', manifests: [], malformed: 0 });
  const index = parseIndex({ manifests: [{ digest: DIGEST }, { digest: 'sha256:../../x' }, null, 'x'] });
  assert.deepEqual(
    [index?.manifests.map(({ digest, digestText }) => [digest, digestText]), index?.malformed],
    [
      [
        [DIGEST, DIGEST],
        ['', 'sha256:../../x'],
      ],
      2,
    ],
  );
  assert.deepEqual([parseIndex({ manifests: 'x' }), parseIndex({ manifests: {} })], [null, null]);
  assert.equal(parseDescriptor({ digest: `sha512:${'b'.repeat(128)}` })?.digest.length, 135);
});

test('a document’s fields decide what it is', () => {
  assert.equal(parseIndexed({ manifests: [] })?.kind, 'index');
  assert.equal(parseIndexed({ layers: [] })?.kind, 'manifest');
  assert.equal(parseIndexed({ config: {}, layers: null })?.kind, 'manifest');
  assert.equal(parseIndexed({ mediaType: 'application/vnd.oci.image.index.v1+json', layers: [], manifests: [] })?.kind, 'index');
  assert.deepEqual([parseIndexed({}), parseIndexed(null), parseIndexed([])], [null, null, null]);
  const manifest = parseIndexed({
    layers: [{ digest: DIGEST }, {}],
    config: { digest: DIGEST, mediaType: 'application/vnd.oci.empty.v1+json' },
  });
  assert.ok(manifest?.kind === 'manifest' && manifest.layers.length === 2 && manifest.layers[1]?.digest === '');
});

test("attestations name their subject; containerd's name takes precedence over the tag", () => {
  const annotated = (annotations: object) => parseDescriptor({ digest: DIGEST, annotations });
  const attestation = annotated({ 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': DIGEST, number: 3 });
  assert.equal(attestation && attestedDigest(attestation), DIGEST);
  const both = annotated({ 'io.containerd.image.name': 'docker.io/x:1', 'org.opencontainers.image.ref.name': '1' });
  const tag = annotated({ 'org.opencontainers.image.ref.name': '1' });
  const none = annotated({});
  assert.deepEqual(
    [both, tag, none].map((descriptor) => descriptor && annotatedName(descriptor)),
    ['docker.io/x:1', '1', null],
  );
  assert.equal(none && attestedDigest(none), null);
});

test('a platform’s name consists of the parts that are stated', () => {
  const name = (value: object) => platformName(parsePlatform(value));
  assert.equal(name({ os: 'linux', architecture: 'arm', variant: 'v7' }), 'linux/arm/v7');
  assert.equal(name({ os: 'linux' }), 'linux/unknown');
  assert.equal(name({}), 'unknown');
  assert.equal(name({ os: 'unknown', architecture: 'unknown' }), 'unknown');
  assert.equal(name({ os: 'lin\u001bux', architecture: 'amd64' }), 'lin\\x1Bux/amd64');
});

test('a platform may have any name, even the name of an object property', () => {
  for (const name of ['constructor', '__proto__', 'toString', 'valueOf']) {
    assert.equal(platformRank(`${name}/${name}`, 'linux/amd64'), null);
    assert.equal(platformRank(`linux/${name}`, `linux/${name}`), 0);
    assert.equal(platformRank('linux/amd64', `${name}/${name}/v1`), null);
  }
  // A nonexistent variant matches only itself.
  assert.equal(platformRank('linux/arm/v7', 'linux/arm/v99999999999'), null);
  assert.equal(platformRank('linux/arm/v6', 'linux/arm/v7'), 1);
});

test('history steps that made no layer are skipped, and layers beyond the end of the history have no step', () => {
  const { history, diffIds } = parseImageConfig({
    history: [{ created_by: 'a' }, { created_by: 'b', empty_layer: true }, { created_by: '' }, 'x', { created_by: 5 }],
    rootfs: { diff_ids: [DIGEST, 'nonsense', 3] },
  });
  assert.deepEqual(createdByLayer(history, 5), ['a', '', null, null, null]);
  assert.deepEqual(diffIds, [DIGEST, null, null]);
  assert.equal(historyProblem(history, 4), null);
  assert.match(historyProblem(history, 3) ?? '', /4 steps .* 3 layers/);
  assert.match(historyProblem([], 1) ?? '', /no history for 1 layer$/);
  assert.deepEqual(parseImageConfig(null), { platform: null, history: [], diffIds: [], illFormedDiffIds: new Map() });
});

test('media types are checked against the content', () => {
  const oci = 'application/vnd.oci.image.layer.v1.tar';
  assert.deepEqual(
    [oci, `${oci}+gzip`, `${oci}+zstd`, 'application/vnd.docker.image.rootfs.diff.tar.gzip', 'text/plain', null].map(statedCompression),
    ['none', 'gzip', 'zstd', 'gzip', null, null],
  );
  assert.equal(mediaTypeProblem(`${oci}+gzip`, 'gzip'), null);
  assert.match(mediaTypeProblem(`${oci}+gzip`, 'none') ?? '', /says gzip, but the blob is not compressed/);
  assert.match(mediaTypeProblem('application/vnd.docker.image.rootfs.diff.tar.zstd', 'zstd') ?? '', /Docker schema 2 does not allow/);
  assert.ok(isForeignMediaType('application/vnd.docker.image.rootfs.foreign.diff.tar.gzip') && !isForeignMediaType(oci));
});

test('repositories and layers of old archives are parsed as far as possible', () => {
  assert.deepEqual(
    [...parseRepositories({ a: { '1': 'x', '2': 'y' }, b: { latest: 'x', bad: 3 }, c: null })],
    [
      ['x', ['a:1', 'b:latest']],
      ['y', ['a:2']],
    ],
  );
  assert.deepEqual([...parseRepositories(null)], []);
  const layer = parseLegacyLayer('x', { parent: 'y', created: 'then', container_config: { Cmd: ['/bin/sh', '-c', 'do it'] } });
  assert.deepEqual([layer.parent, layer.history.createdBy, layer.history.created], ['y', '/bin/sh -c do it', null]);
  assert.deepEqual(parseLegacyLayer('x', []).history, { createdBy: null, created: null, comment: null, emptyLayer: false });
});
