import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { chooseImage } from '#engine';
import { dockerArchive, Files, hexOf, json, legacyArchive, ociImage, ociLayout, writeFolder } from '../support/image-builder.ts';
import { file, tar, utf8 } from '../support/tar-builder.ts';
import { codesOf, pathsOf, readAll, testFolder, testReader } from '../support/workbench.ts';

const BASE = tar(file('etc/passwd', 'root'));
const TOP = tar(file('app/run', 'go'));
const NO_LINKS = { skip: process.platform === 'win32' };

test('an unpacked docker-archive from Docker 1.10 or later, or from 1.9, opens like the archive', async (t) => {
  for (const [files, names] of [
    [dockerArchive([{ layers: [BASE, TOP], tags: ['app:1'] }]), ['app:1']],
    [legacyArchive([BASE, TOP]), ['old:1.0']],
  ] as const) {
    const folder = testFolder(t);
    writeFolder(folder, files);
    const { archive, layers, findings } = await readAll(testReader(t), folder, true);
    assert.deepEqual([archive.format, archive.images[0]?.names], ['docker-archive', names]);
    assert.deepEqual(layers[0]?.map(pathsOf), [['etc/passwd'], ['app/run']]);
    assert.deepEqual(findings, []);
  }
});

test('an unpacked archive from Docker 25 has names from manifest.json and digests from index.json', async (t) => {
  const files = new Files();
  const image = ociImage(files, { layers: [{ tar: BASE, packed: 'gzip' }] });
  const blob = ({ digest }: { digest: string }) => `blobs/${digest.replace(':', '/')}`;
  const manifest = [{ Config: blob(image.config), RepoTags: ['new:1'], Layers: image.layers.map(blob) }];
  const folder = testFolder(t);
  writeFolder(folder, ociLayout(files, [image]).set('manifest.json', json(manifest)));
  const { archive, findings } = await readAll(testReader(t), folder);
  assert.deepEqual(
    [archive.format, archive.images[0]?.names, archive.images[0]?.manifestDigest],
    ['docker-archive', ['new:1'], image.digest],
  );
  assert.deepEqual(findings, []);
});

/** Returns a folder in skopeo's `dir:` format: blobs named by their hex digits, the manifest as manifest.json. */
function dirFiles(files: Files, manifestName: string): Map<string, Uint8Array> {
  const named = [...files.map].map(([name, bytes]) => [name.slice(name.lastIndexOf('/') + 1), bytes] as const);
  const out = new Map(named);
  const manifest = out.get(manifestName) ?? utf8('');
  out.delete(manifestName);
  return out.set('manifest.json', manifest).set('version', utf8('Directory Transport Version: 1.1\n'));
}

test('a folder in skopeo’s dir: format opens, with a schema 2 or an OCI manifest', async (t) => {
  for (const manifestType of ['application/vnd.oci.image.manifest.v1+json', 'application/vnd.docker.distribution.manifest.v2+json']) {
    const files = new Files();
    const image = ociImage(files, { layers: [{ tar: BASE, packed: 'gzip' }, { tar: TOP }], manifestType });
    const folder = testFolder(t);
    writeFolder(folder, dirFiles(files, image.digest.slice(7)));
    const reader = testReader(t);
    const { archive, layers, findings } = await readAll(reader, folder, true);
    assert.deepEqual(
      [archive.format, archive.images[0]?.manifestDigest, archive.images[0]?.platform],
      ['dir', image.digest, 'linux/amd64'],
    );
    assert.deepEqual(layers[0]?.map(pathsOf), [['etc/passwd'], ['app/run']]);
    assert.deepEqual(findings, []);
    assert.deepEqual(
      archive.roots().map(({ blobs }) => blobs.length),
      [4],
      'it can be taken elsewhere, with manifest, config and layers',
    );
  }
});

test('a dir: folder with several platforms opens; its manifests are next to the index', async (t) => {
  const files = new Files();
  const images = ['amd64', 'arm64'].map((architecture) =>
    ociImage(files, { layers: [{ tar: BASE }], config: { architecture }, platform: { os: 'linux', architecture } }),
  );
  const index = json({
    schemaVersion: 2,
    manifests: images.map(({ mediaType, digest, size, platform }) => ({ mediaType, digest, size, platform })),
  });
  const all = dirFiles(files, '');
  for (const { digest } of images) {
    all.set(`${digest.slice(7)}.manifest.json`, all.get(digest.slice(7)) ?? utf8(''));
    all.delete(digest.slice(7));
  }
  const folder = testFolder(t);
  writeFolder(folder, all.set('manifest.json', index));
  const { archive, findings } = await readAll(testReader(t), folder);
  assert.deepEqual(
    archive.images.map(({ platform }) => platform),
    ['linux/amd64', 'linux/arm64'],
  );
  assert.deepEqual(findings, []);
});

/** Returns a layout with links to blobs in another folder, as Bazel's rules make them. */
function bazelLayout(t: Parameters<typeof testFolder>[0]): { layout: string; base: string } {
  const folder = testFolder(t);
  const files = new Files();
  const layout = path.join(folder, 'image');
  const base = path.join(folder, 'base');
  writeFolder(base, ociLayout(files, [ociImage(files, { layers: [{ tar: BASE }] })]));
  mkdirSync(path.join(layout, 'blobs', 'sha256'), { recursive: true });
  for (const name of files.map.keys())
    symlinkSync(path.join('..', '..', '..', 'base', ...name.split('/')), path.join(layout, ...name.split('/')));
  renameSync(path.join(base, 'index.json'), path.join(layout, 'index.json'));
  renameSync(path.join(base, 'oci-layout'), path.join(layout, 'oci-layout'));
  return { layout, base };
}

test(
  'blobs that are links out of their folder are refused with an error that names them, and read if the user allows it',
  NO_LINKS,
  async (t) => {
    const { layout, base } = bazelLayout(t);
    const reader = testReader(t);
    for (const isThere of [true, false]) {
      if (!isThere) rmSync(base, { recursive: true });
      const refused = await readAll(reader, layout);
      assert.deepEqual([refused.archive.images, codesOf(refused.findings)], [[], ['link-outside']]);
      assert.throws(
        () => chooseImage(refused.archive),
        /holds no image: .*blobs\/sha256\/[0-9a-f]{64} is a link that points outside the folder/,
      );
      const followed = await reader.open(layout, { followLinks: true });
      assert.deepEqual([followed.images.length, codesOf(followed.findings)], isThere ? [1, []] : [0, ['missing-blob']]);
      if (!isThere) assert.match(followed.findings[0]?.message ?? '', /is a link to \.\.\/\.\.\/\.\.\/base\/.*, which does not exist/);
    }
  },
);

test('an index that is a link out of its folder is refused, and the error says what to do', NO_LINKS, async (t) => {
  const { layout, base } = bazelLayout(t);
  renameSync(path.join(layout, 'index.json'), path.join(base, 'index.json'));
  symlinkSync(path.join('..', 'base', 'index.json'), path.join(layout, 'index.json'));
  const reader = testReader(t);
  await assert.rejects(reader.open(layout), {
    code: 'PATH_ESCAPE',
    message: /index\.json is a link that points outside the folder: .*--follow-links/,
  });
  const followed = await readAll(reader, layout).catch(() => reader.open(layout, { followLinks: true }));
  assert.equal('images' in followed && followed.images.length, 1);
});

test('a loop of links in a folder is reported as such', NO_LINKS, async (t) => {
  const files = new Files();
  const image = ociImage(files, { layers: [{ tar: BASE }] });
  const name = `blobs/sha256/${hexOf(BASE)}`;
  const folder = testFolder(t);
  const layout = ociLayout(files, [image]);
  layout.delete(name);
  writeFolder(folder, layout);
  symlinkSync(hexOf(BASE), path.join(folder, name));
  const { findings } = await readAll(testReader(t), folder);
  assert.deepEqual(codesOf(findings), ['link-loop']);
});

test('a folder with an unknown kind of manifest.json is refused with the reason', async (t) => {
  for (const [text, message] of [
    ['3', /manifest\.json is a number/],
    ['{"a":1}', /manifest\.json is an object/],
    ['[{', /manifest\.json is not JSON/],
  ] as const) {
    const folder = testFolder(t);
    writeFolder(folder, new Map([['manifest.json', utf8(text)]]));
    await assert.rejects(testReader(t).open(folder), { code: 'BAD_MANIFEST', message });
  }
});
