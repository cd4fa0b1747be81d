import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createReadStream, existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { LayerscopeError } from '#model';
import { hasCode } from '../support/asserts.ts';
import { archiveOf, dockerArchive, Files, json, ociImage, ociLayout, pack } from '../support/image-builder.ts';
import { BZIP2_EMPTY, XZ_EMPTY } from '../support/packed-samples.ts';
import { concat, directory, file, pax, tar, utf8, zeros } from '../support/tar-builder.ts';
import { codesOf, collect, openAll, openFilesBelow, pathsOf, readAll, testFile, testFolder, testReader } from '../support/workbench.ts';

const LAYER = tar(file('etc/passwd', 'root'), file('b', 'second'));

test('a single layer tar, plain, gzip or zstd, is an image with one layer named after its file', async (t) => {
  for (const packing of ['none', 'gzip', 'zstd'] as const) {
    for (let again = 0; again < 2; again++) {
      const { archive, layers, findings, reader } = await openAll(t, pack(LAYER, packing));
      assert.deepEqual([archive.format, archive.images.length, archive.title], ['layer', 1, 'input']);
      const [layer] = archive.images[0]?.layers ?? [];
      assert.deepEqual([layer?.compression, layer?.status, layer?.digest, layer?.diffId], [packing, 'present', null, null]);
      assert.deepEqual(pathsOf(layers[0]?.[0]), ['etc/passwd', 'b']);
      assert.equal(layers[0]?.[0]?.tarBytes, LAYER.length);
      assert.deepEqual(findings, []);
      if (layer && layers[0]?.[0]) assert.equal((await collect(reader.readBody(layer, layers[0][0], 1))).toString(), 'second');
    }
  }
});

test('1,024 zero bytes and a single ./ entry are empty layers', async (t) => {
  for (const bytes of [zeros(1024), pack(zeros(1024), 'gzip'), zeros(512), zeros(10_240), tar(directory('./'))]) {
    const { archive, layers } = await openAll(t, bytes);
    assert.equal(archive.format, 'layer');
    assert.equal(layers[0]?.[0]?.status, 'present');
    assert.equal(layers[0]?.[0]?.table.nodeCount, 1);
  }
});

test('an empty file, plain or compressed, is not an image but a sign of a failed write', async (t) => {
  const reader = testReader(t);
  for (const packing of ['none', 'gzip', 'zstd'] as const)
    await assert.rejects(reader.open(testFile(t, pack(zeros(0), packing))), hasCode('NOT_AN_IMAGE'), packing);
  for (const bytes of [XZ_EMPTY, BZIP2_EMPTY]) await assert.rejects(reader.open(testFile(t, bytes)), hasCode('NOT_AN_IMAGE'));
  async function* nothing(): AsyncGenerator<Uint8Array> {}
  await assert.rejects(reader.openStream(nothing(), 'standard input'), (error) => {
    return hasCode('NOT_AN_IMAGE')(error) && (error as Error).message === 'standard input is empty: it has 0 bytes';
  });
});

test('a layer of zero bytes in an image is an empty layer', async (t) => {
  const { layers, findings } = await openAll(t, archiveOf(dockerArchive([{ layers: [zeros(0), LAYER] }])));
  assert.deepEqual([layers[0]?.[0]?.status, layers[0]?.[0]?.table.memberCount], ['present', 0]);
  assert.deepEqual(findings, []);
});

test('a file that is not a tar is refused with a code and a one-line message', async (t) => {
  const reader = testReader(t);
  const strangers: [Uint8Array, string][] = [
    [utf8('hello'), 'NOT_AN_IMAGE'],
    [utf8('hello '.repeat(1000)), 'NOT_AN_IMAGE'],
    [concat(utf8('\x7fELF'), zeros(4096)), 'NOT_AN_IMAGE'],
    [pack(utf8('hello '.repeat(1000)), 'gzip'), 'NOT_AN_IMAGE'],
    [pack(utf8('hello '.repeat(1000)), 'zstd'), 'NOT_AN_IMAGE'],
    [Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff), 'DAMAGED'],
    [pack(LAYER, 'gzip').subarray(0, 12), 'TRUNCATED'],
    [pack(LAYER, 'zstd').subarray(0, 7), 'TRUNCATED'],
  ];
  for (const [bytes, expected] of strangers) await assert.rejects(reader.open(testFile(t, bytes)), hasCode(expected));
  await assert.rejects(reader.open(path.join(testFolder(t), 'nowhere')), hasCode('NOT_FOUND'));
  await assert.rejects(reader.open(`${testFile(t, LAYER)}/below`), hasCode('NOT_FOUND'));
});

test('file names don’t matter: a layer that contains a manifest.json is a layer, and an image named .png is an image', async (t) => {
  for (const manifest of ['{"name":"app"}', 'no json at all', '[1, 2]']) {
    const { archive, layers } = await openAll(t, tar(file('manifest.json', manifest), file('index.json', '{}'), file('app.js', '')));
    assert.equal(archive.format, 'layer');
    assert.deepEqual(pathsOf(layers[0]?.[0]), ['manifest.json', 'index.json', 'app.js']);
  }
  const reader = testReader(t);
  const opened = await reader.open(testFile(t, archiveOf(dockerArchive([{ layers: [LAYER] }])), 'picture.png'));
  assert.equal(opened.format, 'docker-archive');
});

test('the order of members doesn’t matter: a manifest may come first or last', async (t) => {
  const files = new Files();
  const layout = ociLayout(files, [ociImage(files, { layers: [{ tar: LAYER }] })]);
  const { archive } = await openAll(t, archiveOf(new Map([...layout].reverse())));
  assert.equal(archive.format, 'oci-archive');
});

test('an archive with very many members is read, and a layer with as many is read as a layer', async (t) => {
  const many = Array.from({ length: 5000 }, (_, index) => [`extra/${index}`, utf8('')] as const);
  const image = await openAll(t, archiveOf(new Map([...many, ...dockerArchive([{ layers: [LAYER] }])])));
  assert.equal(image.archive.format, 'docker-archive');
  assert.deepEqual(pathsOf(image.layers[0]?.[0]), ['etc/passwd', 'b']);
  const packed = await openAll(t, pack(archiveOf(new Map([...dockerArchive([{ layers: [LAYER] }]), ...many])), 'gzip'));
  assert.deepEqual(pathsOf(packed.layers[0]?.[0]), ['etc/passwd', 'b']);
  const layer = await openAll(t, archiveOf(new Map(many)));
  assert.deepEqual([layer.archive.format, layer.layers[0]?.[0]?.table.memberCount], ['layer', 5000]);
});

test('a compressed layer of any size is distinguished from a compressed archive that starts out like one', async (t) => {
  const noise = zeros(9 * 1024 * 1024);
  const layer = await openAll(t, pack(tar(file('a', noise), file('b', noise), file('c', 'x')), 'gzip'));
  assert.equal(layer.archive.format, 'layer');
  assert.deepEqual(pathsOf(layer.layers[0]?.[0]), ['a', 'b', 'c']);
  const manifest = json([{ Config: 'c.json', RepoTags: null, Layers: ['l.tar'] }]);
  const image = await openAll(
    t,
    pack(tar(file('l.tar', LAYER), file('a', noise), file('b', noise), file('c.json', '{}'), file('manifest.json', manifest)), 'gzip'),
  );
  assert.equal(image.archive.format, 'docker-archive');
  assert.deepEqual(pathsOf(image.layers[0]?.[0]), ['etc/passwd', 'b']);
});

test('an archive truncated before its manifest is refused as such; one truncated in its last layer opens', async (t) => {
  const bytes = archiveOf(dockerArchive([{ layers: [tar(file('big', zeros(50_000)))] }]));
  const reader = testReader(t);
  await assert.rejects(reader.open(testFile(t, bytes.subarray(0, 20_000))), hasCode('TRUNCATED'));
  await assert.rejects(reader.open(testFile(t, pack(bytes, 'gzip').subarray(0, 100))), hasCode('TRUNCATED'));
  const spoiled = bytes.slice();
  spoiled.fill(0xff, bytes.length - 1400, bytes.length - 1300);
  await using noManifest = await reader.open(testFile(t, spoiled));
  assert.deepEqual([noManifest.images.length, noManifest.findings.map((found) => found.code)], [0, ['manifest-unreadable']]);
  spoiled.fill(0xff, bytes.length - 2600, bytes.length - 1300);
  await assert.rejects(reader.open(testFile(t, spoiled)), hasCode('BAD_TAR'));
  const files = dockerArchive([{ layers: [tar(file('a', 'x'), file('big', zeros(50_000)))] }]);
  const last = new Map([...files].reverse());
  const cut = archiveOf(last).subarray(0, -20_000);
  const { layers, findings } = await openAll(t, cut);
  assert.deepEqual(pathsOf(layers[0]?.[0]), ['a', 'big']);
  assert.equal(layers[0]?.[0]?.status, 'damaged');
  assert.deepEqual(
    findings.map(({ code, layer }) => [code, layer]),
    [
      ['truncated', undefined],
      ['truncated', 0],
    ],
  );
});

test('a layer with a bad header in the middle is damaged; the entries before it are read', async (t) => {
  const bytes = concat(file('a', 'x'), file('b', 'x', { checksum: 'wrong' }), file('c', 'x'), zeros(1024));
  const { layers, findings } = await openAll(t, archiveOf(dockerArchive([{ layers: [bytes] }])));
  assert.deepEqual(pathsOf(layers[0]?.[0]), ['a']);
  assert.equal(layers[0]?.[0]?.status, 'damaged');
  assert.deepEqual(
    findings.map(({ code, offset }) => [code, offset]),
    [['bad-tar', 1024]],
  );
});

test('a tar with only an extension header is a layer without entries', async (t) => {
  const { archive, layers } = await openAll(t, tar(pax({ path: 'x' })));
  assert.deepEqual([archive.format, layers[0]?.[0]?.table.memberCount], ['layer', 0]);
});

test('a layer without end blocks, with extra end blocks or with junk after them is read completely', async (t) => {
  const open = async (bytes: Uint8Array) => openAll(t, archiveOf(dockerArchive([{ layers: [bytes] }])));
  const none = await open(concat(file('a', 'x')).subarray(0, 513));
  assert.deepEqual(
    [pathsOf(none.layers[0]?.[0]), codesOf(none.findings), none.layers[0]?.[0]?.status],
    [['a'], ['missing-end-marker'], 'present'],
  );
  const more = await open(concat(LAYER, zeros(1_000_000)));
  assert.deepEqual([codesOf(more.findings), more.layers[0]?.[0]?.tarBytes], [[], LAYER.length + 1_000_000]);
  const junk = await open(concat(LAYER, zeros(512), utf8('junk'.repeat(1000))));
  assert.deepEqual([pathsOf(junk.layers[0]?.[0]), codesOf(junk.findings)], [['etc/passwd', 'b'], ['trailing-data']]);
});

test('a stream is spooled and opened, and leaves no files once the archive is closed', async (t) => {
  const cacheFolder = testFolder(t);
  const reader = testReader(t, { cacheFolder });
  for (const bytes of [
    LAYER,
    pack(LAYER, 'gzip'),
    archiveOf(dockerArchive([{ layers: [LAYER] }])),
    pack(archiveOf(dockerArchive([{ layers: [LAYER] }])), 'zstd'),
  ]) {
    const archive = await reader.openStream(createReadStream(testFile(t, bytes)), 'standard input');
    assert.equal(archive.title, 'standard input');
    const [indexed] = await reader.indexLayers(archive.images[0]?.layers ?? []);
    assert.deepEqual(pathsOf(indexed), ['etc/passwd', 'b']);
    await archive[Symbol.asyncDispose]();
  }
  await reader[Symbol.asyncDispose]();
  assert.deepEqual(openFilesBelow(cacheFolder) ?? [], []);
  assert.deepEqual(
    readdirSync(cacheFolder).filter((name) => name.startsWith('run-')),
    [],
  );
});

test('a stream that fails or is not an image gives an error and leaves no files', async (t) => {
  const cacheFolder = testFolder(t);
  const reader = testReader(t, { cacheFolder });
  async function* broken() {
    yield LAYER.subarray(0, 100);
    throw new LayerscopeError('IO', 'the other end went away');
  }
  await assert.rejects(reader.openStream(broken(), 'x'), hasCode('IO'));
  async function* stranger() {
    yield utf8('hello');
  }
  await assert.rejects(reader.openStream(stranger(), 'x\u001b[31m'), hasCode('NOT_AN_IMAGE'));
  for (const name of readdirSync(cacheFolder)) assert.deepEqual(readdirSync(path.join(cacheFolder, name)), []);
});

test('a named pipe is read as a stream', { skip: process.platform === 'win32' }, async (t) => {
  const folder = testFolder(t);
  const pipe = path.join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const source = testFile(t, LAYER);
  const { pipeline } = await import('node:stream/promises');
  const { createWriteStream } = await import('node:fs');
  const writing = pipeline(createReadStream(source), createWriteStream(pipe));
  const { layers } = await readAll(testReader(t), pipe);
  await writing;
  assert.deepEqual(pathsOf(layers[0]?.[0]), ['etc/passwd', 'b']);
  assert.ok(existsSync(pipe));
});

test('a stream that produces no data can be cancelled', async (t) => {
  const cacheFolder = testFolder(t);
  const reader = testReader(t, { cacheFolder });
  const abort = new AbortController();
  async function* endless() {
    yield LAYER.subarray(0, 100);
    setImmediate(() => abort.abort());
    await new Promise(() => undefined);
  }
  const opening = reader.openStream(endless(), 'x', { signal: abort.signal });
  await assert.rejects(opening, hasCode('CANCELLED'));
  for (const name of readdirSync(cacheFolder)) assert.deepEqual(readdirSync(path.join(cacheFolder, name)), []);
});
