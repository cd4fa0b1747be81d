import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { parseImageWord } from '#format/reference';
import type { SourceWord } from '#source';
import { EngineSource } from '../../../src/source/engine-api/engine-source.ts';
import { hasCode } from '../../support/asserts.ts';
import { fakeEngine } from '../../support/fake-engine.ts';
import { archiveOf, digestOf, dockerArchive, Files, json, ociImage, ociIndex, ociLayout } from '../../support/image-builder.ts';
import { file, tar } from '../../support/tar-builder.ts';
import { testReader } from '../../support/workbench.ts';

const OTHER_ID = `sha256:${'a'.repeat(64)}`;
const ONE = dockerArchive([{ layers: [tar(file('a', 'x'))], tags: ['app:1'] }]);
const [CONFIG_NAME = '', CONFIG = new Uint8Array(0)] = [...ONE].find(([name]) => /^[0-9a-f]{64}\.json$/.test(name)) ?? [];
const CONFIG_ID = digestOf(CONFIG);

/** Builds an OCI layout of one image, in an index if there are platforms. */
function layout(hasIndex: boolean) {
  const blobs = new Files();
  const image = ociImage(blobs, {
    layers: [{ tar: tar(file('a', 'x')), packed: 'gzip' }],
    platform: { os: 'linux', architecture: 'amd64' },
  });
  const top = hasIndex ? ociIndex(blobs, [image]) : image;
  return { blobs, image, top, archive: archiveOf(ociLayout(blobs, [top])) };
}

/** Builds the manifest.json that Docker 25 and later write next to a layout. */
function dockerManifest({ config, layers }: ReturnType<typeof ociImage>): Uint8Array {
  const nameOf = ({ digest }: { readonly digest: string }): string => `blobs/${digest.replace(':', '/')}`;
  return json([{ Config: nameOf(config), RepoTags: ['app:1'], Layers: layers.map(nameOf) }]);
}

/** Requests the image `word` from an engine that lists it as `id` and exports it as `archive`. Returns how many images the export has. */
async function ask(t: TestContext, id: string, archive: Uint8Array, word = `docker:${id}`, platform?: string): Promise<number> {
  const { engine, socket } = await fakeEngine(t);
  engine.version = '1.48';
  engine.images.push({ id, names: ['app:1'], archive, platforms: ['linux/amd64'] });
  const source = new EngineSource({ engine: 'docker', address: `unix://${socket}`, tls: null, identity: null }, { offline: false });
  await using opened = await source.open(parseImageWord(word) as SourceWord, { reader: testReader(t), platform });
  return opened.images.length;
}

test('an image opens by the digest of its config, its manifest or its index', async (t) => {
  assert.equal(await ask(t, CONFIG_ID, archiveOf(ONE)), 1);
  for (const hasIndex of [false, true]) {
    const { blobs, image, top, archive } = layout(hasIndex);
    const docker = archiveOf(new Map([...ociLayout(blobs, [top]), ['manifest.json', dockerManifest(image)]]));
    for (const { digest } of [image.config, image, top])
      for (const each of [archive, docker]) assert.equal(await ask(t, digest, each), 1, digest);
  }
});

test('an image opens by its index’s digest even if the engine has only one platform', async (t) => {
  const blobs = new Files();
  const images = ['amd64', 'arm64'].map((architecture) =>
    ociImage(blobs, {
      layers: [{ tar: tar(file('etc/arch', architecture)), packed: 'gzip' }],
      config: { architecture },
      platform: { os: 'linux', architecture },
    }),
  );
  const index = ociIndex(blobs, images);
  const [, absent] = images;
  assert.ok(absent);
  for (const each of [absent, absent.config, ...absent.layers]) blobs.remove(each);
  assert.ok((await ask(t, index.digest, archiveOf(ociLayout(blobs, [index])))) > 0);
  await assert.rejects(ask(t, OTHER_ID, archiveOf(ociLayout(blobs, [index]))), hasCode('DIGEST_MISMATCH'));
});

test('an engine that exports an image other than the one with the id is refused', async (t) => {
  const named = new Map(ONE);
  named.delete(CONFIG_NAME);
  const manifest = json([
    { Config: `${OTHER_ID.slice(7)}.json`, RepoTags: null, Layers: [...ONE.keys()].filter((name) => /tar$/.test(name)) },
  ]);
  named.set('manifest.json', manifest);
  const { blobs, top } = layout(true);
  const foreign = { mediaType: top.mediaType, digest: OTHER_ID, size: top.size };
  const two = dockerArchive([
    { layers: [tar(file('a', 'x'))], tags: ['app:1'] },
    { layers: [tar(file('evil', 'x'))], tags: ['app:2'] },
  ]);
  const cases: readonly [what: string, archive: Uint8Array, id: string][] = [
    ['another image', archiveOf(ONE), OTHER_ID],
    ['another image with a manifest', layout(false).archive, OTHER_ID],
    ['another image in an index', layout(true).archive, OTHER_ID],
    ['a config that only has the name', archiveOf(new Map([...named, [`${OTHER_ID.slice(7)}.json`, CONFIG]])), OTHER_ID],
    ['a config that is only named', archiveOf(named), OTHER_ID],
    ['an index that is only named', archiveOf(ociLayout(blobs, [foreign, top])), OTHER_ID],
    ['a second image', archiveOf(two), CONFIG_ID],
  ];
  for (const [what, archive, id] of cases) {
    await assert.rejects(ask(t, id, archive), hasCode('DIGEST_MISMATCH'), what);
    await assert.rejects(ask(t, id, archive, `docker:${id.slice(7, 20)}`), hasCode('DIGEST_MISMATCH'), what);
  }
  assert.equal(await ask(t, OTHER_ID, archiveOf(ONE), 'docker:app:1'), 1, 'a name says nothing about the digest');
});

test('Docker exports a requested platform’s manifest without its index', async (t) => {
  const { archive } = layout(false);
  assert.equal(await ask(t, layout(true).top.digest, archive, undefined, 'linux/amd64'), 1);
  await assert.rejects(ask(t, OTHER_ID, archiveOf(ONE), undefined, 'linux/amd64'), hasCode('DIGEST_MISMATCH'));
});

test('an engine that describes an image other than the one it lists is refused', async (t) => {
  const { engine, socket } = await fakeEngine(t);
  engine.images.push({ id: OTHER_ID, names: [], archive: archiveOf(ONE), describedId: CONFIG_ID });
  const source = new EngineSource({ engine: 'docker', address: `unix://${socket}`, tls: null, identity: null }, { offline: false });
  const word = parseImageWord(`docker:${OTHER_ID}`) as SourceWord;
  await assert.rejects(source.open(word, { reader: testReader(t) }), hasCode('DIGEST_MISMATCH'));
});
