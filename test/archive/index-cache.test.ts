import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { createReader, type IndexedLayer } from '#archive';
import { archiveOf, type BuiltDescriptor, dockerArchive, Files, ociImage, ociLayout, pack, writeFolder } from '../support/image-builder.ts';
import { file, hardlink, latin1, pax, symlink, tar } from '../support/tar-builder.ts';
import { codesOf, pathsOf, readAll, testFile, testFolder, testReader } from '../support/workbench.ts';

const LAYER = tar(
  file('etc/passwd', 'root', { uname: 'root', mtime: 1_700_000_000 }),
  pax({ mtime: '1700000000.123456789', 'SCHILY.xattr.user.x': latin1('\xff\x00y') }),
  file('xattr', 'x', { uid: 7, gid: 8 }),
  symlink('link', '../far'),
  hardlink('hard', 'etc/passwd'),
  file(latin1('bad\xe4'), ''),
  file('.wh.gone', ''),
);

/** Returns the cached files about images. The user's key isn't one of them. */
function indexFiles(cacheFolder: string): string[] {
  const names = readdirSync(path.join(cacheFolder, 'index')).filter((name) => name !== 'tables.key');
  return names.map((name) => path.join(cacheFolder, 'index', name));
}

async function readOnce(cacheFolder: string, input: string): Promise<IndexedLayer[]> {
  await using reader = createReader({ cacheFolder, workers: 0 });
  const { layers } = await readAll(reader, input);
  return layers.flat().filter((layer) => layer !== null);
}

/** Returns everything about a layer in a comparable form. */
function plain(layers: readonly IndexedLayer[]): unknown {
  return layers.map(({ table, ...rest }) => ({ ...rest, table: { ...table, metas: table.metas.map((meta) => ({ ...meta })) } }));
}

test('the cache returns what was read, with findings and attributes, and the layer is not read again', async (t) => {
  const cacheFolder = testFolder(t);
  const input = testFile(t, archiveOf(dockerArchive([{ layers: [LAYER] }])));
  const first = await readOnce(cacheFolder, input);
  const [entry] = indexFiles(cacheFolder);
  assert.equal(indexFiles(cacheFolder).length, 1);
  const before = statSync(entry ?? '').ino;
  const second = await readOnce(cacheFolder, input);
  assert.deepEqual(plain(second), plain(first));
  assert.ok(codesOf(second[0]?.findings ?? []).includes('invalid-utf8-name'));
  assert.equal(statSync(entry ?? '').ino, before, 'the entry was not written again');
});

test('an index that is damaged, truncated, empty or from another version is ignored and replaced', async (t) => {
  const cacheFolder = testFolder(t);
  const input = testFile(t, archiveOf(dockerArchive([{ layers: [LAYER] }])));
  const first = await readOnce(cacheFolder, input);
  const [entry = ''] = indexFiles(cacheFolder);
  const whole = readFileSync(entry);
  const flipped = (at: number) => {
    const copy = Buffer.from(whole);
    copy[at] = (copy[at] as number) ^ 0x10;
    return copy;
  };
  const spoiled = [
    Buffer.alloc(0),
    whole.subarray(0, 40),
    whole.subarray(0, -8),
    Buffer.concat([whole, Buffer.alloc(8)]),
    Buffer.alloc(whole.length),
  ];
  for (const at of [0, 7, 9, 13, 17, 24, 28, 40, Math.floor(whole.length / 2), whole.length - 9]) if (at !== 28) spoiled.push(flipped(at));
  for (const bytes of spoiled) {
    writeFileSync(entry, bytes);
    assert.deepEqual(plain(await readOnce(cacheFolder, input)), plain(first));
    assert.ok(readFileSync(entry).equals(whole), 'replaced by a good one');
  }
});

test('a file that is changed, or replaced by one with the same size and time, is read again', async (t) => {
  const cacheFolder = testFolder(t);
  const input = testFile(t, archiveOf(dockerArchive([{ layers: [tar(file('old', '1'))] }])));
  assert.deepEqual((await readOnce(cacheFolder, input)).map(pathsOf), [['old']]);
  const { atime, mtime } = statSync(input);
  const other = testFile(t, archiveOf(dockerArchive([{ layers: [tar(file('new', '2'))] }])));
  utimesSync(other, atime, mtime);
  renameSync(other, input);
  assert.deepEqual((await readOnce(cacheFolder, input)).map(pathsOf), [['new']]);
});

test('a compressed layer is recognized by its digest in another archive, once its bytes have been hashed there', async (t) => {
  const cacheFolder = testFolder(t);
  const files = new Files();
  const layout = ociLayout(files, [ociImage(files, { layers: [{ tar: LAYER, packed: 'gzip' }] })]);
  const folder = testFolder(t);
  writeFolder(folder, layout);
  const indexes = () => indexFiles(cacheFolder).filter((name) => name.endsWith('.idx'));
  const first = await readOnce(cacheFolder, testFile(t, archiveOf(layout)));
  const entries = indexes();
  assert.equal(entries.length, 1);
  const second = await readOnce(cacheFolder, folder);
  assert.deepEqual(plain(second), plain(first));
  assert.deepEqual(indexes(), entries);
  assert.deepEqual(
    indexFiles(cacheFolder).map((name) => statSync(name).mode & 0o777),
    [0o600, 0o600, 0o600],
  );
});

test('a warm cache is not trusted blindly: a blob that only claims a cached layer’s digest is shown with its own content', async (t) => {
  for (const packed of ['gzip', 'zstd', null] as const) {
    const cacheFolder = testFolder(t);
    const honest = new Files();
    const [real, other] = [tar(file('a', 'honest')), tar(file('b', 'forged'))];
    const image = ociImage(honest, { layers: [packed === null ? { tar: real } : { tar: real, packed }] });
    const blob = image.layers[0] as BuiltDescriptor;
    const lying = new Files();
    for (const [name, bytes] of honest.map) lying.map.set(name, bytes);
    const evil = packed === null ? other : pack(other, packed);
    assert.equal(evil.length, blob.size, 'its length gives nothing away');
    lying.replace(blob, evil);
    const [good, bad] = [honest, lying].map((files) => testFile(t, archiveOf(ociLayout(files, [image]))));
    {
      // Verified, so that the digest is certainly cached.
      await using reader = createReader({ cacheFolder, workers: 0 });
      await readAll(reader, good ?? '', true);
    }
    for (const time of ['first', 'second']) {
      const [layer] = await readOnce(cacheFolder, bad ?? '');
      assert.deepEqual(pathsOf(layer), ['b'], `${packed}, the ${time} time`);
      assert.deepEqual(codesOf(layer?.findings ?? []), packed === null ? [] : ['digest-mismatch'], `${packed}, the ${time} time`);
    }
    assert.deepEqual((await readOnce(cacheFolder, good ?? '')).map(pathsOf), [['a']]);
  }
});

test('a cache that other users can enter is closed to them, and another user’s cache is not used', async (t) => {
  if (process.getuid === undefined) return t.skip('this system has no users');
  const cacheFolder = testFolder(t);
  const input = testFile(t, archiveOf(dockerArchive([{ layers: [LAYER] }])));
  await readOnce(cacheFolder, input);
  for (const name of ['.', 'index']) chmodSync(path.join(cacheFolder, name), 0o777);
  await readOnce(cacheFolder, testFile(t, archiveOf(dockerArchive([{ layers: [tar(file('x', 'y'))] }]))));
  for (const name of ['.', 'index']) assert.equal(statSync(path.join(cacheFolder, name)).mode & 0o777, 0o700);
  if (process.getuid() !== 0) return;
  const [entry = ''] = indexFiles(cacheFolder);
  const before = readFileSync(entry);
  chownSync(path.join(cacheFolder, 'index'), 65_534, 65_534);
  writeFileSync(entry, 'x');
  await readOnce(cacheFolder, input);
  assert.equal(readFileSync(entry, 'utf8'), 'x', 'nothing was written to it');
  assert.ok(before.length > 1);
});

test('a stated digest is not trusted: content that doesn’t match it is never cached under it', async (t) => {
  const cacheFolder = testFolder(t);
  const honest = new Files();
  const image = ociImage(honest, { layers: [{ tar: tar(file('a', 'x')), packed: 'gzip' }] });
  const blob = image.layers[0] as BuiltDescriptor;
  const lying = new Files();
  for (const [name, bytes] of honest.map) lying.map.set(name, bytes);
  // The same length as the original, so that the length doesn't reveal the change.
  const evil = pack(tar(file('b', 'y')), 'gzip');
  assert.equal(evil.length, blob.size);
  lying.replace(blob, evil);
  const first = await readOnce(cacheFolder, testFile(t, archiveOf(ociLayout(lying, [image]))));
  assert.deepEqual(first.map(pathsOf), [['b']]);
  assert.deepEqual(codesOf(first[0]?.findings ?? []), ['digest-mismatch']);
  assert.deepEqual((await readOnce(cacheFolder, testFile(t, archiveOf(ociLayout(honest, [image]))))).map(pathsOf), [['a']]);
});

test('verify reads the blob even if its index is cached', async (t) => {
  const cacheFolder = testFolder(t);
  const files = new Files();
  const image = ociImage(files, { layers: [{ tar: tar(file('a', 'x')) }] });
  files.replace(image.layers[0] as BuiltDescriptor, tar(file('a', 'y')));
  const input = testFile(t, archiveOf(ociLayout(files, [image])));
  await readOnce(cacheFolder, input);
  const { findings } = await readAll(testReader(t, { cacheFolder }), input, true);
  assert.deepEqual(codesOf(findings), ['digest-mismatch', 'diffid-mismatch']);
});

test('the cache stays within its limit: the least recently used file goes first', async (t) => {
  const cacheFolder = testFolder(t);
  const inputs = ['a', 'b', 'c', 'd'].map((name) => testFile(t, archiveOf(dockerArchive([{ layers: [tar(file(name, name))] }]))));
  for (const input of inputs.slice(0, 3)) await readOnce(cacheFolder, input);
  const entries = indexFiles(cacheFolder);
  const size = Math.max(...entries.map((entry) => statSync(entry).size));
  entries.forEach((entry) => {
    utimesSync(entry, 1000, 1000);
  });
  // Using an entry renews it, so the first input's entry is now the most recent.
  await readOnce(cacheFolder, inputs[0] ?? '');
  const used = entries.filter((entry) => statSync(entry).mtimeMs > 2_000_000);
  assert.equal(used.length, 1);
  await using reader = createReader({ cacheFolder, workers: 0, cacheBytes: size * 2 + 100 });
  await readAll(reader, inputs[3] ?? '');
  const left = indexFiles(cacheFolder);
  assert.equal(left.length, 2);
  assert.ok(left.includes(used[0] ?? ''));
});

test('the cache folder is not listed after each small write, but the cache is within its limit once the reader is closed', async (t) => {
  const cacheFolder = testFolder(t);
  const inputs = ['a', 'b', 'c'].map((name) => testFile(t, archiveOf(dockerArchive([{ layers: [tar(file(name, name))] }]))));
  await readOnce(cacheFolder, inputs[0] ?? '');
  const [entry = ''] = indexFiles(cacheFolder);
  const size = statSync(entry).size;
  const old = path.join(cacheFolder, 'index', `${'0'.repeat(40)}.idx`);
  writeFileSync(old, Buffer.alloc(200 * size));
  utimesSync(old, 1000, 1000);
  {
    await using reader = createReader({ cacheFolder, workers: 0, cacheBytes: 200 * size });
    for (const input of inputs.slice(1)) await readAll(reader, input);
    assert.ok(existsSync(old));
  }
  assert.ok(!existsSync(old));
  assert.equal(indexFiles(cacheFolder).length, 3);
});

test('compiled code is removed before image data, and other files in its folder are kept', async (t) => {
  const cacheFolder = testFolder(t);
  const input = testFile(t, archiveOf(dockerArchive([{ layers: [LAYER] }])));
  await readOnce(cacheFolder, input);
  const [entry = ''] = indexFiles(cacheFolder);
  const code = path.join(cacheFolder, 'code', 'v24.0.0-x64-0123abcd-0');
  mkdirSync(code, { recursive: true, mode: 0o700 });
  for (const name of ['0a1b2c3d', 'notes.txt']) writeFileSync(path.join(code, name), Buffer.alloc(100_000));
  const other = testFile(t, archiveOf(dockerArchive([{ layers: [tar(file('other', ''))] }])));
  await using reader = createReader({ cacheFolder, workers: 0, cacheBytes: statSync(entry).size * 3 });
  await readAll(reader, other);
  assert.deepEqual(readdirSync(code), ['notes.txt']);
  assert.equal(indexFiles(cacheFolder).length, 2);
});

test('two readers that cache the same entries at once don’t interfere with each other', async (t) => {
  const cacheFolder = testFolder(t);
  const layers = Array.from({ length: 12 }, (_, index) => tar(file(`f${index}`, 'x')));
  const input = testFile(t, archiveOf(dockerArchive([{ layers }])));
  const [a, b, c] = await Promise.all([readOnce(cacheFolder, input), readOnce(cacheFolder, input), readOnce(cacheFolder, input)]);
  assert.deepEqual(plain(a ?? []), plain(b ?? []));
  assert.deepEqual(plain(a ?? []), plain(c ?? []));
  assert.equal(indexFiles(cacheFolder).length, 12);
  assert.deepEqual(readdirSync(cacheFolder).sort(), ['index']);
});

test('a cache folder that cannot be created or written is treated as no cache', async (t) => {
  const cacheFolder = path.join(testFile(t, LAYER), 'below-a-file');
  const layers = await readOnce(cacheFolder, testFile(t, archiveOf(dockerArchive([{ layers: [LAYER] }]))));
  assert.equal(layers.length, 1);
});

test('a damaged layer is cached with its findings', async (t) => {
  const cacheFolder = testFolder(t);
  const files = new Files();
  const blob = pack(LAYER, 'gzip').subarray(0, -4);
  const input = testFile(t, archiveOf(ociLayout(files, [ociImage(files, { layers: [{ tar: LAYER, blob, packed: 'gzip' }] })])));
  const first = await readOnce(cacheFolder, input);
  const second = await readOnce(cacheFolder, input);
  assert.deepEqual(plain(second), plain(first));
  assert.equal(second[0]?.status, 'damaged');
});

test('a layer file that is opened again is recognized without being scanned', async (t) => {
  const cacheFolder = testFolder(t);
  for (const packing of ['none', 'gzip'] as const) {
    const input = testFile(t, pack(LAYER, packing));
    const first = await readOnce(cacheFolder, input);
    const phases: string[] = [];
    await using reader = createReader({ cacheFolder, workers: 0 });
    const archive = await reader.open(input, { onProgress: ({ phase }) => phases.push(phase) });
    const indexed = await reader.indexLayers(archive.images[0]?.layers ?? [], { onProgress: ({ phase }) => phases.push(phase) });
    assert.deepEqual(plain(indexed.filter((layer) => layer !== null)), plain(first));
    assert.deepEqual(phases, []);
    const copy = `${input}-copy`;
    copyFileSync(input, copy);
    assert.deepEqual((await readOnce(cacheFolder, copy)).map(pathsOf), first.map(pathsOf));
    unlinkSync(copy);
  }
});
