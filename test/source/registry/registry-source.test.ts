import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ArchiveReader } from '#archive';
import { parseImageWord } from '#format/reference';
import { type RegistryOptions, RegistrySource, type SourceWord } from '#source';
import { hasCode } from '../../support/asserts.ts';
import { type BuiltDescriptor, Files, json, ociImage, ociIndex } from '../../support/image-builder.ts';
import { type StandInRegistry, standInRegistry } from '../../support/registry.ts';
import { file, tar } from '../../support/tar-builder.ts';
import { pathsOf, testFolder, testReader } from '../../support/workbench.ts';
import { sampleImage } from './bench.ts';

interface Opening extends RegistryOptions {
  readonly reader?: ArchiveReader;
  readonly platform?: string;
  readonly offline?: boolean;
}

function open(t: TestContext, word: string, { reader = testReader(t), platform, offline = false, ...options }: Opening = {}) {
  const home = testFolder(t);
  const source = new RegistrySource({ env: {}, home, platform: 'linux', offline }, { system: home, ...options });
  return source.open(parseImageWord(word) as SourceWord, { reader, platform });
}

/** Makes an index of images for these platforms, each with one file that names its platform. */
function platformsOf(names: readonly string[]): { files: Files; images: BuiltDescriptor[]; index: BuiltDescriptor } {
  const files = new Files();
  const images = names.map((name) => {
    const [os = '', architecture = ''] = name.split('/');
    return ociImage(files, {
      layers: [{ tar: tar(file(name, name)), packed: 'gzip' }],
      config: { os, architecture },
      platform: { os, architecture },
    });
  });
  return { files, images, index: ociIndex(files, images) };
}

async function pathsIn(reader: ArchiveReader, archive: Awaited<ReturnType<typeof open>>): Promise<string[]> {
  const layers = await reader.indexLayers(archive.images[0]?.layers ?? []);
  return layers.flatMap((layer) => (layer === null ? ['missing'] : [...pathsOf(layer)]));
}

test('an image opens by tag and by digest, with every layer, and reports its source', async (t) => {
  const registry = await standInRegistry(t);
  const { files, image } = sampleImage();
  registry.add('team/app', files, { '1': image.digest });
  const reader = testReader(t);
  for (const name of [`${registry.host}/team/app:1`, `registry:${registry.host}/team/app@${image.digest}`]) {
    const archive = await open(t, name, { reader });
    assert.deepEqual([archive.format, archive.images.length, archive.findings], ['registry', 1, []]);
    assert.equal(archive.images[0]?.manifestDigest, image.digest);
    assert.deepEqual(archive.images[0]?.names, [name.replace('registry:', '')]);
    assert.deepEqual(await pathsIn(reader, archive), ['etc/passwd', 'app/run']);
    const { kind, host, digest, verified, fetchedBytes = 0 } = archive.source ?? {};
    assert.deepEqual([kind, host, digest, verified], ['registry', registry.host, image.digest, true]);
    assert.ok(fetchedBytes > image.size);
    await archive[Symbol.asyncDispose]();
  }
});

test('an image whose digest is known takes one request without a body, or none if the digest is in its name', async (t) => {
  const registry = await standInRegistry(t);
  const { files, image } = sampleImage();
  registry.add('app', files, { '1': image.digest });
  const cacheFolder = testFolder(t);
  for (const [name, requests] of [
    [`${registry.host}/app:1`, null],
    [`${registry.host}/app:1`, ['HEAD /v2/app/manifests/1']],
    [`${registry.host}/app@${image.digest}`, []],
  ] as const) {
    await using reader = testReader(t, { cacheFolder });
    registry.log.length = 0;
    const archive = await open(t, name, { reader });
    assert.deepEqual(await pathsIn(reader, archive), ['etc/passwd', 'app/run']);
    if (requests !== null) assert.deepEqual([registry.asked, archive.source?.fetchedBytes], [requests, 0]);
    await archive[Symbol.asyncDispose]();
  }
});

test('a tag that moves between two openings yields the new image', async (t) => {
  const registry = await standInRegistry(t);
  const cacheFolder = testFolder(t);
  for (const content of ['old', 'new']) {
    const files = new Files();
    const image = ociImage(files, { layers: [{ tar: tar(file(content, content)), packed: 'gzip' }] });
    registry.add('app', files, { '1': image.digest });
    await using reader = testReader(t, { cacheFolder });
    assert.deepEqual(await pathsIn(reader, await open(t, `${registry.host}/app:1`, { reader })), [content]);
  }
});

test('only the requested platform is fetched, and a missing one is reported with the available ones', async (t) => {
  const registry = await standInRegistry(t);
  const { files, images, index } = platformsOf(['linux/s390x', 'linux/ppc64le']);
  registry.add('app', files, { '1': ociIndex(files, [index]).digest });
  registry.add('app', files, { '1': ociIndex(files, [index]).digest });
  const reader = testReader(t);
  const archive = await open(t, `${registry.host}/app:1`, { reader, platform: 'linux/ppc64le' });
  assert.deepEqual(await pathsIn(reader, archive), ['linux/ppc64le']);
  assert.equal(archive.images[0]?.platform, 'linux/ppc64le');
  assert.ok(!registry.asked.some((line) => line.includes(images[0]?.digest ?? '')));
  // Neither image is for this machine, so the first is opened.
  assert.deepEqual(await pathsIn(reader, await open(t, `${registry.host}/app:1`, { reader })), ['linux/s390x']);
  await assert.rejects(open(t, `${registry.host}/app:1`, { platform: 'windows/amd64' }), (error: Error) => {
    assert.match(error.message, /no image for windows\/amd64; available: linux\/s390x, linux\/ppc64le/);
    return hasCode('NOT_FOUND')(error);
  });
});

test('an endless index is refused', async (t) => {
  const registry = await standInRegistry(t);
  const files = new Files();
  const entries = Array.from({ length: 1001 }, (_, at) => ({ mediaType: 'x', digest: `sha256:${String(at).padStart(64, '0')}`, size: 1 }));
  const index = files.add(json({ manifests: entries, mediaType: 'application/vnd.oci.image.index.v1+json' }), 'x');
  registry.add('app', files, { '1': index.digest });
  await assert.rejects(open(t, `${registry.host}/app:1`), hasCode('TOO_LARGE'));
});

test('an artifact is listed as such, and none of its blobs are fetched', async (t) => {
  const registry = await standInRegistry(t);
  const files = new Files();
  const blob = files.add(new Uint8Array(10), 'application/x');
  const config = files.add(json({}), 'application/vnd.oci.empty.v1+json');
  const manifest = files.add(
    json({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      artifactType: 'application/x',
      config,
      layers: [blob],
    }),
    'application/vnd.oci.image.manifest.v1+json',
  );
  registry.add('app', files, { '1': manifest.digest });
  const archive = await open(t, `${registry.host}/app:1`);
  assert.deepEqual([archive.images.length, archive.artifacts.map(({ artifactType }) => artifactType)], [0, ['application/x']]);
  assert.ok(!registry.asked.some((line) => line.includes(blob.digest)));
});

test('addresses in a manifest are not contacted', async (t) => {
  const [registry, other] = [await standInRegistry(t), await standInRegistry(t)];
  const files = new Files();
  const layer = { tar: tar(file('x', 'y')), packed: 'gzip', absent: true, urls: [`${other.address}/blob`] } as const;
  const image = ociImage(files, { layers: [{ ...layer, urls: [...layer.urls] }] });
  registry.add('app', files, { '1': image.digest });
  const reader = testReader(t);
  const archive = await open(t, `${registry.host}/app:1`, { reader });
  assert.deepEqual(
    archive.images[0]?.layers.map(({ status }) => status),
    ['foreign'],
  );
  assert.deepEqual(await pathsIn(reader, archive), ['missing']);
  assert.deepEqual(other.log, []);
});

test('content missing from a registry is reported, and nothing is contacted with --offline', async (t) => {
  const registry = await standInRegistry(t);
  const { files, image } = sampleImage();
  registry.add('app', files, { '1': image.digest });
  await assert.rejects(open(t, `${registry.host}/none:1`), hasCode('NOT_FOUND'));
  const reader = testReader(t);
  registry.faults.blob = 'missing';
  const archive = await open(t, `${registry.host}/app:1`, { reader });
  await assert.rejects(reader.indexLayers(archive.images[0]?.layers ?? []), hasCode('BLOB_MISSING'));
  registry.log.length = 0;
  await assert.rejects(open(t, `${registry.host}/app:1`, { offline: true }), hasCode('UNREACHABLE'));
  assert.deepEqual(registry.log, []);
});

/** Opens an image with a registries.conf, and returns which registries were contacted. */
async function askedBy(t: TestContext, conf: string, name: string, registries: readonly StandInRegistry[]): Promise<boolean[]> {
  const system = testFolder(t);
  mkdirSync(path.join(system, 'containers'), { recursive: true });
  writeFileSync(path.join(system, 'containers/registries.conf'), conf);
  for (const registry of registries) registry.log.length = 0;
  await (await open(t, name, { system }))[Symbol.asyncDispose]();
  return registries.map(({ log }) => log.length > 0);
}

test('mirrors, other locations and blocks in registries.conf are respected', async (t) => {
  const registries = [await standInRegistry(t), await standInRegistry(t)] as const;
  const { files, image } = sampleImage();
  for (const registry of registries) registry.add('hub/app', files, { '1': image.digest });
  const [own, mirror] = registries;
  const rule = `[[registry]]\nprefix = "example.test/team"\nlocation = "${own.host}/hub"\n`;
  const name = 'example.test/team/app:1';
  assert.deepEqual(await askedBy(t, rule, name, registries), [true, false]);
  const mirrored = `${rule}[[registry.mirror]]\nlocation = "${mirror.host}/hub"\n`;
  assert.deepEqual(await askedBy(t, mirrored, name, registries), [false, true]);
  assert.deepEqual(await askedBy(t, `${mirrored}pull-from-mirror = "digest-only"\n`, name, registries), [true, false]);
  assert.deepEqual(await askedBy(t, mirrored, `example.test/team/app@${image.digest}`, registries), [false, true]);
  await assert.rejects(askedBy(t, `${rule}blocked = true\n`, name, registries), hasCode('UNAUTHORIZED'));
  await assert.rejects(askedBy(t, 'not toml [', name, registries), hasCode('UNREACHABLE'));
});

test('Docker Hub’s mirrors in daemon.json are used for its images', async (t) => {
  const registry = await standInRegistry(t);
  const { files, image } = sampleImage();
  registry.add('library/app', files, { '1': image.digest });
  const system = testFolder(t);
  mkdirSync(path.join(system, 'docker'), { recursive: true });
  writeFileSync(path.join(system, 'docker/daemon.json'), JSON.stringify({ 'registry-mirrors': [`http://${registry.host}/`] }));
  const archive = await open(t, 'app:1', { system });
  assert.deepEqual(archive.images[0]?.names, ['app:1']);
  assert.ok(registry.log.length > 0);
});
