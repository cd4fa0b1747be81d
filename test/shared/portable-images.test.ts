// Imports every image in the corpus into a portable store, and exports it with the same digests. Independent programs must be able to read
// the store and the exports: skopeo, umoci, and go-containerregistry's crane, a Go module whose version is set here.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Archive, createReader } from '#archive';
import { exportStoredImage, importArchive, type StoredImageFormat, verifyStore } from '#engine';
import { LayerscopeError } from '#model';
import { PortableDriver } from '../../src/driver/portable/index.ts';

const CRANE = 'github.com/google/go-containerregistry/cmd/crane@v0.20.6';
const corpus = path.resolve(import.meta.dirname, '..', '..', '..', 'shared', 'corpus');
const work = mkdtempSync(path.join(tmpdir(), 'layerscope-images-'));
mkdirSync(path.join(work, 'out'));
const crane = path.join(work, 'crane');
const reader = createReader({ cacheFolder: null, workers: 0 });
let registry: ChildProcess | null = null;
let address = '';

before(async () => {
  const made = spawnSync('go', ['install', CRANE], { env: { ...process.env, GOBIN: work, GOFLAGS: '' }, encoding: 'utf8' });
  assert.equal(made.status, 0, `go install: ${made.error?.message ?? made.stderr}`);
  const serving = spawn(crane, ['registry', 'serve', '--address', '127.0.0.1:0'], { stdio: ['ignore', 'ignore', 'pipe'] });
  registry = serving;
  address = await new Promise((resolve, reject) => {
    let output = '';
    serving.stderr.on('data', (bytes) => {
      output += bytes;
      const port = /serving on port (\d+)/.exec(output)?.[1];
      if (port !== undefined) resolve(`127.0.0.1:${port}`);
    });
    serving.once('exit', () => reject(new Error(`the registry ended: ${output}`)));
  });
});

after(async () => {
  registry?.kill();
  await reader[Symbol.asyncDispose]();
  rmSync(work, { recursive: true, force: true });
});

function run(command: string, ...args: string[]): string {
  const done = spawnSync(command, args, { encoding: 'utf8', timeout: 120_000 });
  assert.equal(done.status, 0, `${command} ${args.join(' ')}: ${done.error?.message ?? done.stderr}`);
  return done.stdout;
}

/**
 * Returns the digests that must be the same in an archive and in everything made from it, including the manifest's if the archive had one.
 */
function digestsOf(archive: Archive, withManifest: boolean, withConfig: boolean): unknown {
  return archive.images.map(({ configDigest, manifestDigest, layers, tags, platform, osVersion }) => ({
    ...(withConfig ? { configDigest } : {}),
    ...(withManifest ? { manifestDigest } : {}),
    tags,
    platform,
    osVersion,
    layers: layers.map(({ digest, diffId }) => (withManifest ? [digest, diffId] : [diffId])),
  }));
}

function candidates(): string[] {
  const names = readdirSync(corpus, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => /\.(tar|tgz|tar\.gz)$/.test(name) || existsSync(path.join(corpus, name, 'index.json'))).sort();
}

/** Codes of the errors with which the store refuses inputs that are incomplete or don't open as images. */
const REFUSED = /^(NOT_AN_IMAGE|BAD_MANIFEST|BLOB_MISSING|DIGEST_MISMATCH|NOT_FOUND|BAD_TAR|TRUNCATED|DAMAGED)$/;

describe('images of the corpus', { concurrency: false }, () => {
  const taken: string[] = [];
  const refused: string[] = [];

  for (const name of candidates()) {
    test(name, async (t) => {
      const file = path.join(corpus, name);
      // Skip inputs that can't be images, without opening them: some of the corpus's layers contain sparse files of many gigabytes.
      if (statSync(file).isFile() && !/manifest\.json|index\.json|repositories/.test(readFileSync(file).toString('latin1'))) return;
      let archive: Archive;
      try {
        archive = await reader.open(file);
      } catch (error) {
        assert.ok(error instanceof LayerscopeError && REFUSED.test(error.code), String(error));
        return;
      }
      await using opened = archive;
      if (opened.format === 'layer' || opened.images.length === 0) return;
      const home = path.join(work, 'homes', name.replaceAll('/', '_'));
      await using driver = await PortableDriver.open(home);
      try {
        const imported = await importArchive(driver, opened);
        assert.equal(imported.kind, 'images');
      } catch (error) {
        assert.ok(error instanceof LayerscopeError && REFUSED.test(error.code), String(error));
        refused.push(name);
        t.diagnostic(`refused: ${error.code}: ${error.message}`);
        assert.deepEqual(await driver.list(), []);
        return;
      }
      taken.push(name);
      const hadManifest = opened.images.every(({ manifestDigest }) => manifestDigest !== null);
      const isLegacy = opened.images.some(({ configDigest }) => configDigest === null);
      // If a config's file name isn't its digest, that is reported, and the name isn't kept.
      const isNamedRight = !opened.findings.some(({ code, message }) => code === 'digest-mismatch' && message.startsWith('the config'));
      const images = await driver.images.list();
      await using stored = await reader.open(home);
      if (!isLegacy) assert.deepEqual(digestsOf(stored, hadManifest, isNamedRight), digestsOf(opened, hadManifest, isNamedRight));
      assert.deepEqual(await verifyStore(driver), []);
      for (const [index, image] of images.entries()) {
        const formats: StoredImageFormat[] = ['oci-archive', 'oci-layout', 'docker-archive'];
        for (const format of formats) {
          const to = path.join(work, 'out', `${name.replaceAll('/', '_')}.${index}.${format}`);
          await exportStoredImage(image, format, to);
          await using again = await reader.open(to);
          const own = again.images.find(({ manifestDigest }) => manifestDigest === image.manifestDigest);
          assert.ok(own !== undefined, format);
          assert.equal(own.configDigest, image.configDigest);
          assert.deepEqual(
            own.layers.map(({ digest }) => digest),
            image.image.layers.map(({ digest }) => digest),
          );
          const home2 = mkdtempSync(path.join(work, 'again-'));
          await using second = await PortableDriver.open(home2);
          await importArchive(second, again);
          assert.ok((await second.images.list()).some(({ manifestDigest }) => manifestDigest === image.manifestDigest));
        }
      }
      // `tables` exists only if a layer is compressed.
      assert.deepEqual(
        readdirSync(home)
          .filter((entry) => entry !== 'tables')
          .sort(),
        ['blobs', 'index.json', 'layerscope-store.json', 'oci-layout', 'tmp'],
      );
      await checkByOthers(home, name, images);
    });
  }

  async function checkByOthers(home: string, name: string, images: Awaited<ReturnType<PortableDriver['images']['list']>>): Promise<void> {
    const out = (index: number, format: string): string => path.join(work, 'out', `${name.replaceAll('/', '_')}.${index}.${format}`);
    for (const [index, { layers, image, root, manifestDigest }] of images.entries()) {
      // These programs need at least one layer and every layer's content, which foreign layers don't have.
      if (layers.length === 0 || image.layers.some(({ status }) => status !== 'present') || root.images.length > 1) continue;
      // The programs don't read entries without an OCI type, or charts, either.
      if (!/\.oci\.image\./.test(String(root.descriptor?.mediaType)) || image.os === 'unknown') continue;
      const inspect = ['--override-os', image.os, 'inspect', '--format', '{{.Digest}}'];
      const [tag] = root.names;
      const ref = tag === undefined ? '' : `:${tag}`;
      assert.equal(run('skopeo', ...inspect, `oci:${out(index, 'oci-layout')}${ref}`).trim(), manifestDigest);
      assert.equal(run('skopeo', ...inspect, `oci-archive:${out(index, 'oci-archive')}${ref}`).trim(), manifestDigest);
      run('skopeo', ...inspect, `docker-archive:${out(index, 'docker-archive')}`);
      // crane assumes that a compressed layer is gzip.
      if (image.layers.every(({ compression }) => compression !== 'zstd'))
        run(crane, 'validate', '--tarball', out(index, 'docker-archive'));
      if (image.os === 'windows') continue;
      const rootless = process.getuid?.() === 0 ? [] : ['--rootless'];
      if (tag !== undefined) {
        run('skopeo', ...inspect, `oci:${home}:${tag}`);
        const bundle = mkdtempSync(path.join(work, 'bundle-'));
        run('umoci', 'unpack', ...rootless, '--image', `${home}:${tag}`, path.join(bundle, 'b'));
      }
    }
    if (images.length === 0 || images.some(({ image }) => image.layers.some(({ status }) => status !== 'present'))) return;
    const repository = `${address}/i${taken.length}:home`;
    // Skip charts, and images that crane already refuses in the corpus.
    const original = path.join(corpus, name);
    const isLayout = statSync(original).isDirectory();
    if (images.some(({ image }) => image.os === 'unknown')) return;
    if (isLayout && spawnSync(crane, ['push', '--index', original, `${repository}-original`, '--insecure']).status !== 0) return;
    run(crane, 'push', '--index', home, repository, '--insecure');
    // crane's remote validation assumes gzip layers; the registry has already checked the digests.
    if (images.every(({ image }) => image.layers.every(({ compression }) => compression === 'gzip'))) {
      run(crane, 'validate', '--remote', repository, '--insecure');
    } else run(crane, 'manifest', repository, '--insecure');
  }

  test('most images were imported, and few were refused', (t) => {
    t.diagnostic(`${taken.length} images imported and exported, refused: ${refused.join(', ') || 'none'}`);
    assert.ok(taken.length >= 14, `${taken.length}: ${taken.join(', ')}`);
    assert.deepEqual(refused, []);
  });
});
