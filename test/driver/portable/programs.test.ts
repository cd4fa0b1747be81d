// Several programs that use one store at the same time, and a store on a full disk.
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ArchiveReader, createReader } from '#archive';
import { exportLayer, exportStoredImage, findStored, importArchive, importLayerTar, loadImage, openStored } from '#engine';
import { asLayerscopeError } from '#model';
import { PortableDriver } from '../../../src/driver/portable/index.ts';
import { dockerArchive } from '../../support/docker-archive.ts';
import { directory, file, tar } from '../../support/tar-builder.ts';

function newFolder(t: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-programs-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const base = tar(directory('etc/'), file('etc/os', 'base'.repeat(20_000)));

function worker(home: string, image: string, name: string, times: number): ChildProcess {
  const script = path.resolve(import.meta.dirname, '..', '..', 'support', 'image-worker.ts');
  return spawn(process.execPath, [script, home, image, name, `${times}`], { stdio: ['ignore', 'inherit', 'inherit'] });
}

/** Reads every layer of the named image; returns the number of layers, or the error's code. */
async function readWhole(reader: ArchiveReader, driver: PortableDriver, name: string, folder: string): Promise<string> {
  try {
    await using archive = await openStored(reader, driver, name, folder);
    const { layers, findings } = await loadImage(reader, archive, 0);
    const bad = findings.find(({ severity }) => severity === 'error');
    if (bad !== undefined) return `${bad.code}: ${bad.message}`;
    const found = await findStored(driver, name);
    if (found.kind !== 'image') return 'layer';
    for (const id of found.image.layers) for await (const _ of driver.diff(id));
    return `${layers.length} layers`;
  } catch (error) {
    const { code, message } = asLayerscopeError(error);
    if (/blobs\/sha256\/[0-9a-f]{64} has changed since/.test(message)) return 'gone and back';
    return code === 'NOT_FOUND' || code === 'BLOB_MISSING' ? code : `${code}: ${message}`;
  }
}

test('while two programs import and remove images that share a layer, a third sees them complete or gone', async (t) => {
  const folder = newFolder(t);
  const home = path.join(folder, 'home');
  await using driver = await PortableDriver.open(home);
  await using reader = createReader({ cacheFolder: null, workers: 0 });
  const images = ['a', 'b'].map((name) => {
    const image = path.join(folder, `${name}.tar`);
    writeFileSync(image, dockerArchive({ name: `${name}:1`, layers: [base, tar(file(name, name.repeat(1000)))] }));
    return { name: `${name}:1`, image };
  });
  const ended = Promise.all(
    images.map(({ name, image }) => {
      const child = worker(home, image, name, 25);
      t.after(() => child.kill('SIGKILL'));
      return new Promise<number | null>((resolve) => child.once('close', resolve));
    }),
  );
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  const read: Record<string, number> = {};
  while (!isOver) {
    for (const { name } of images) {
      const outcome = await readWhole(reader, driver, name, folder);
      read[outcome] = (read[outcome] ?? 0) + 1;
    }
  }
  assert.deepEqual(await ended, [0, 0]);
  t.diagnostic(JSON.stringify(read));
  const odd = Object.keys(read).filter((outcome) => !['2 layers', 'NOT_FOUND', 'BLOB_MISSING', 'gone and back'].includes(outcome));
  assert.deepEqual(odd, []);
  for (const { name } of images) assert.equal(await readWhole(reader, driver, name, folder), '2 layers');
  assert.deepEqual(await driver.images.verify(), []);
  const named = new Set((await driver.images.list()).flatMap(({ root }) => root.blobs.map(({ digest }) => digest.slice('sha256:'.length))));
  assert.deepEqual(readdirSync(path.join(home, 'blobs', 'sha256')).sort(), [...named].sort());
  assert.deepEqual(readdirSync(home).sort(), ['blobs', 'index.json', 'layerscope-store.json', 'oci-layout', 'tmp']);
  assert.deepEqual(readdirSync(path.join(home, 'tmp')), []);
});

const SMALL = 8 * 1024 * 1024;
const canMount = process.platform === 'linux' && process.getuid?.() === 0 && mountsHere();

function mountsHere(): boolean {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('file systems can be mounted if LAYERSCOPE_REQUIRE_ROOT is 1', () => {
  assert.ok(canMount || process.env.LAYERSCOPE_REQUIRE_ROOT !== '1', 'LAYERSCOPE_REQUIRE_ROOT=1, and no file system can be mounted');
});

test('a full disk is reported, nothing is left behind, and stored images stay intact and can be removed', {
  skip: canMount ? false : 'needs root on Linux: a small file system is mounted',
}, async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-full-'));
  const disk = path.join(folder, 'disk');
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SMALL}`, 'tmpfs', disk]);
  t.after(() => {
    execFileSync('umount', ['-l', disk]);
    rmSync(folder, { recursive: true, force: true });
  });
  const home = path.join(disk, 'home');
  const content = new Uint8Array(randomBytes(5 * 1024 * 1024));
  const small = path.join(folder, 'small.tar');
  const big = path.join(folder, 'big.tar');
  const image = path.join(folder, 'image.tar');
  writeFileSync(small, tar(file('small', randomBytes(1024 * 1024).toString('base64'))));
  writeFileSync(big, tar(file('one', content), file('two', content)));
  writeFileSync(image, dockerArchive({ name: 'big:1', layers: [tar(file('one', content)), tar(file('two', content))] }));
  await using reader = createReader({ cacheFolder: null, workers: 0 });
  await using driver = await PortableDriver.open(home);
  await importLayerTar(driver, { id: 'kept', parent: null, tar: { file: small } });

  const all = () =>
    readdirSync(disk, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => path.relative(disk, path.join(entry.parentPath, entry.name)))
      .sort();
  const before = all();
  const free = () => statfsSync(disk).bfree;
  const freeBefore = free();
  const isFull = { code: 'IO', message: /ENOSPC|no space/i };
  const refused = async (what: string, work: () => Promise<unknown>) => {
    await assert.rejects(work, isFull, what);
    assert.deepEqual(all(), before, what);
    assert.equal(free(), freeBefore, what);
  };
  await refused('a layer', () => importLayerTar(driver, { id: 'new', parent: 'kept', tar: { file: big } }));
  await refused('a layer from a stream', () => importLayerTar(driver, { id: 'new', parent: null, tar: { pieces: pieces(big) } }));
  await refused('an image', async () => {
    await using archive = await reader.open(image);
    await importArchive(driver, archive);
  });
  // With only 64 KiB free, exports and mounts fail too. With nothing free, even creating an empty layer fails.
  const filler = path.join(disk, 'filler');
  fill(filler, free() - 16);
  before.push('filler');
  before.sort();
  const freeNow = free();
  const refusedNow = async (what: string, work: () => Promise<unknown>) => {
    await assert.rejects(work, isFull, what);
    assert.deepEqual(all(), before, what);
    assert.equal(free(), freeNow, what);
  };
  await refusedNow('an export', () => exportLayer(driver, 'kept', path.join(disk, 'out.tar')));
  await refusedNow('a mount', async () => {
    await using _mount = await driver.mount('kept');
  });
  fill(`${filler}2`, 16);
  before.splice(1, 0, 'filler2');
  await assert.rejects(driver.create('empty', null), isFull);
  assert.deepEqual(all(), before);
  rmSync(`${filler}2`);
  before.splice(1, 1);

  // What was stored is intact, can be read on the full disk, and can be removed once a few blocks are free.
  const hash = createHash('sha256');
  for await (const bytes of driver.diff('kept')) hash.update(bytes);
  assert.equal(hash.digest('hex'), createHash('sha256').update(readFileSync(small)).digest('hex'));
  await driver.remove('kept');
  assert.deepEqual(await driver.list(), []);
  assert.deepEqual(readdirSync(path.join(home, 'blobs', 'sha256')), []);
  rmSync(filler);

  // An image whose export doesn't fit on the disk.
  writeFileSync(image, dockerArchive({ name: 'small:1', layers: [tar(file('one', content))] }));
  await using archive = await reader.open(image);
  await importArchive(driver, archive);
  const found = await findStored(driver, 'small:1');
  assert.ok(found.kind === 'image');
  for (const format of ['docker-archive', 'oci-archive', 'oci-layout'] as const) {
    await assert.rejects(exportStoredImage(found.image, format, path.join(disk, 'out')), isFull, format);
    assert.equal(existsSync(path.join(disk, 'out')), false, format);
  }
});

async function* pieces(from: string): AsyncGenerator<Uint8Array> {
  const bytes = readFileSync(from);
  for (let at = 0; at < bytes.length; at += 65536) yield bytes.subarray(at, at + 65536);
}

/** Writes a file of `blocks` blocks of 4 KB. */
function fill(to: string, blocks: number): void {
  writeFileSync(to, Buffer.alloc(blocks * 4096));
}
