// Stored bytes that changed on disk, and false digests: nothing wrong is mounted, exported or taken as correct, and nothing intact is lost.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createReader } from '#archive';
import { exportLayer, exportStoredImage, importArchive, verifyStore } from '#engine';
import { asLayerscopeError } from '#model';
import { PortableDriver } from '../../src/driver/portable/index.ts';
import { createBench } from '../cli/run-cli.ts';
import { archiveOf, type BuiltDescriptor, Files, ociImage, ociLayout, pack } from '../support/image-builder.ts';
import { file, tar } from '../support/tar-builder.ts';
import { testFolder } from '../support/workbench.ts';

function flip(name: string, at: number): void {
  const bytes = readFileSync(name);
  bytes[at] = (bytes[at] as number) ^ 0x20;
  writeFileSync(name, bytes);
}

async function take(driver: PortableDriver, image: string): Promise<void> {
  await using reader = createReader({ cacheFolder: null, workers: 0 });
  await using archive = await reader.open(image);
  await importArchive(driver, archive);
}

interface Taken {
  readonly driver: PortableDriver;
  readonly image: string;
  readonly folder: string;
  readonly blobs: () => string[];
}

async function takenIn(t: TestContext): Promise<Taken> {
  const folder = testFolder(t);
  const files = new Files();
  const layers = [
    { tar: tar(file('f', 'honest'), file('g', 'x'.repeat(3000))) },
    { tar: tar(file('h', 'y'.repeat(3000))), packed: 'gzip' as const },
  ];
  const image = path.join(folder, 'image.tar');
  writeFileSync(image, archiveOf(ociLayout(files, [ociImage(files, { layers })])));
  const home = path.join(folder, 'home');
  const driver = await PortableDriver.open(home);
  await take(driver, image);
  const blobs = () => readdirSync(path.join(home, 'blobs', 'sha256')).map((name) => path.join(home, 'blobs', 'sha256', name));
  return { driver, image, folder, blobs };
}

test('a corrupted blob is not mounted, exported or committed, and importing the intact image repairs it', async (t) => {
  const { driver, image, folder } = await takenIn(t);
  const [stored] = await driver.images.list();
  assert.ok(stored);
  for (const [index, id] of stored.layers.entries()) {
    const { file: blob = '', digest = '' } = await driver.metadata(id);
    const honest = readFileSync(blob);
    // Changes in a body, in a header and at the end; the changed blob is as long as the original, shorter or longer.
    const damages = [
      () => flip(blob, index === 0 ? 520 : 40),
      () => flip(blob, 3),
      () => flip(blob, honest.length - 5),
      () => truncateSync(blob, honest.length - 512),
      () => writeFileSync(blob, Buffer.concat([honest, Buffer.alloc(512)])),
    ];
    for (const [which, damage] of damages.entries()) {
      damage();
      const top = stored.layers.at(-1) ?? '';
      await assert.rejects(
        driver.mount(top),
        (error: Error & { code: string }) => error.code === 'DIGEST_MISMATCH' && error.message.includes(digest),
      );
      assert.deepEqual(readdirSync(path.join(driver.home, 'mounts')), [], 'no mount is left');
      for (const format of ['docker-archive', 'oci-archive', 'oci-layout'] as const)
        await assert.rejects(exportStoredImage(stored, format, path.join(folder, 'out')), `${which} ${format}`);
      await assert.rejects(exportLayer(driver, id, path.join(folder, 'out')), { code: 'DIGEST_MISMATCH' });
      assert.deepEqual(readdirSync(folder).sort(), ['home', 'image.tar'], 'a failed export leaves nothing');
      assert.ok((await verifyStore(driver)).length > 0);
      await take(driver, image);
      assert.deepEqual(readFileSync(blob), honest);
      assert.deepEqual(await verifyStore(driver), []);
      await using mount = await driver.mount(top);
      assert.equal(readFileSync(path.join(mount.path, 'f'), 'utf8'), 'honest');
    }
  }
});

test('importing a layer tar repairs its corrupted blob', async (t) => {
  const { driver, folder } = await takenIn(t);
  const layer = path.join(folder, 'layer.tar.gz');
  writeFileSync(layer, gzipSync(tar(file('l', 'layer'))));
  await driver.blobs.add('one', null, { file: layer });
  const { file: blob = '' } = await driver.metadata('one');
  flip(blob, 30);
  await driver.blobs.add('two', null, { file: layer });
  assert.deepEqual(readFileSync(blob), readFileSync(layer));
  await using mount = await driver.mount('one');
  assert.equal(readFileSync(path.join(mount.path, 'l'), 'utf8'), 'layer');
});

test('nothing is cleaned up while a manifest is damaged, because its blobs are unknown', async (t) => {
  const { driver, image, blobs } = await takenIn(t);
  const all = blobs();
  const index = JSON.parse(readFileSync(path.join(driver.home, 'index.json'), 'utf8')) as { manifests: { digest: string }[] };
  const manifest = path.join(driver.home, 'blobs', 'sha256', index.manifests[0]?.digest.slice(7) ?? '');
  const honest = readFileSync(manifest);
  for (const at of [0, 1, 20, honest.length - 40]) {
    flip(manifest, at);
    await driver.cleanup();
    await driver.create(`l${at}`, null);
    await driver.remove(`l${at}`);
    assert.deepEqual(blobs(), all);
    writeFileSync(manifest, honest);
  }
  truncateSync(manifest, 0);
  await driver.cleanup();
  assert.deepEqual(blobs(), all);
  await take(driver, image);
  assert.deepEqual(await verifyStore(driver), []);
});

test('a store without its oci-layout, or with a damaged index.json, keeps all its blobs', async (t) => {
  const { driver, image, blobs } = await takenIn(t);
  const all = blobs();
  rmSync(path.join(driver.home, 'oci-layout'));
  const again = await PortableDriver.open(driver.home);
  assert.equal((await again.images.list()).length, 1);
  const index = path.join(driver.home, 'index.json');
  const honest = readFileSync(index);
  const wrong = ['null', '{}', '{"manifests":7}', '{"manifests":[{"digest":{"toString":1}}]}', ''].map((text) => Buffer.from(text));
  for (const bytes of [honest.subarray(0, 30), ...wrong]) {
    writeFileSync(index, bytes);
    const broken = await PortableDriver.open(driver.home);
    for (const work of [() => broken.cleanup(), () => broken.create('a', null), () => broken.remove('a'), () => take(broken, image)])
      await work().catch((error: unknown) => assert.notEqual(asLayerscopeError(error).code, 'INTERNAL', `${bytes}: ${error}`));
    for (const blob of all) assert.ok(existsSync(blob), `${bytes}: ${blob}`);
    writeFileSync(index, honest);
  }
});

test('ls, cat and diff show an archive’s real content when it claims the digests of a known image', async (t) => {
  const bench = createBench(t);
  for (const packed of ['gzip', null] as const) {
    const honest = new Files();
    // Two name lengths, so that bodies have different offsets; stored uncompressed, so that both blobs have the same length.
    const [real, forged] = [tar(file('first', 'AAAA'), file('second', 'BBBB')), tar(file('second', 'CCCC'), file('first', 'DDDD'))];
    const image = ociImage(honest, { layers: [packed === null ? { tar: real } : { tar: real, packed }] });
    const blob = image.layers[0] as BuiltDescriptor;
    const lying = new Files();
    for (const [name, bytes] of honest.map) lying.map.set(name, bytes);
    const packedForged = packed === null ? forged : pack(forged, packed);
    const evil = Buffer.alloc(Math.max(blob.size, packedForged.length));
    evil.set(packedForged);
    lying.replace(blob, evil.subarray(0, blob.size));
    if (packedForged.length > blob.size) continue;
    const good = bench.write(`good-${packed}.tar`, archiveOf(ociLayout(honest, [image])));
    const bad = bench.write(`bad-${packed}.tar`, archiveOf(ociLayout(lying, [image])));
    {
      assert.equal((await bench.cli(['cat', good, 'first'])).stdout, 'AAAA');
      assert.equal((await bench.cli(['inspect', good, '--verify'])).code, 0);
      assert.equal((await bench.cli(['cat', bad, 'first'])).stdout, 'DDDD', `${packed}`);
      assert.equal((await bench.cli(['cat', bad, 'second'])).stdout, 'CCCC', `${packed}`);
      const { code, stdout } = await bench.cli(['diff', good, bad, '--exit-code', '--json']);
      assert.equal(code, 1, `${packed}: ${stdout}`);
      assert.match(stdout, /"path":"first"/);
      const { findings } = JSON.parse((await bench.cli(['inspect', bad, '--json', ...(packed === null ? ['--verify'] : [])])).stdout) as {
        findings: { code: string }[];
      };
      assert.ok(findings.some(({ code: told }) => told === 'digest-mismatch'));
    }
  }
});

test('an archive that changes, shrinks or vanishes while open gives an error, never stale content', async (t) => {
  const folder = testFolder(t);
  const cacheFolder = path.join(folder, 'cache');
  const bytes = (body: string) => {
    const files = new Files();
    return archiveOf(
      ociLayout(files, [ociImage(files, { layers: [{ tar: tar(file('f', body)) }, { tar: tar(file('g', body)), packed: 'gzip' }] })]),
    );
  };
  const changes: readonly ((name: string) => void)[] = [
    (name) => writeFileSync(name, bytes('other')),
    (name) => truncateSync(name, 2000),
    (name) => truncateSync(name, 0),
    (name) => rmSync(name),
    (name) => {
      rmSync(name);
      mkdirSync(name);
    },
  ];
  for (const [which, change] of changes.entries()) {
    for (const cache of [null, cacheFolder]) {
      const input = path.join(folder, `input-${which}-${cache === null ? 'cold' : 'warm'}`);
      writeFileSync(input, bytes('first'));
      await using reader = createReader({ cacheFolder: cache, workers: 0 });
      await using archive = await reader.open(input);
      const layers = archive.images[0]?.layers ?? [];
      const indexed = await reader.indexLayers(layers);
      change(input);
      for (const [at, layer] of layers.entries()) {
        const known = indexed[at];
        assert.ok(known);
        await assert.rejects(
          async () => {
            for await (const _ of reader.readBody(layer, known, 0));
          },
          ({ code }: { code: string }) => code === 'IO' || code === 'NOT_FOUND',
        );
      }
      await assert.rejects(
        reader.indexLayers(layers.map((layer) => ({ ...layer, blob: layer.blob === null ? null : { ...layer.blob, cacheKey: '' } }))),
        ({ code }: { code: string }) => code === 'IO' || code === 'NOT_FOUND',
      );
      if (statSync(input, { throwIfNoEntry: false })?.isDirectory()) rmSync(input, { recursive: true });
    }
  }
});
