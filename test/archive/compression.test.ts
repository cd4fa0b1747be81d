import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { plainTarOf } from '#archive';
import type { Finding } from '#model';
import { archiveOf, digestOf, dockerArchive, Files, ociImage, ociLayout, pack, skippableFrame } from '../support/image-builder.ts';
import { BZIP2_BOMB, XZ_BOMB_IN_BZIP2 } from '../support/packed-samples.ts';
import { concat, file, tar, utf8, zeros } from '../support/tar-builder.ts';
import { codesOf, collect, type Opened, openAll, pathsOf, testFile } from '../support/workbench.ts';

const NOISE = new Uint8Array(randomBytes(300_000));
const PLAIN = tar(file('first', 'one'), file('noise', NOISE), file('last', 'three'));
const NAMES = ['first', 'noise', 'last'];

/** Opens the blob as the only layer of an OCI archive. */
async function openLayer(t: Parameters<typeof openAll>[0], blob: Uint8Array, verify = false): Promise<Opened> {
  const files = new Files();
  const mediaType = 'application/x-layer';
  return openAll(t, archiveOf(ociLayout(files, [ociImage(files, { layers: [{ tar: PLAIN, blob, mediaType }] })])), { verify });
}

function ofLayer(findings: readonly Finding[]): string[] {
  return codesOf(findings.filter(({ layer }) => layer === 0));
}

test('several zstd frames, with skippable frames before, between and after them, are one stream', async (t) => {
  const cut = 100_001;
  const blob = concat(
    skippableFrame('head'),
    pack(PLAIN.subarray(0, 700), 'zstd'),
    skippableFrame(''),
    skippableFrame('x'.repeat(200)),
    pack(PLAIN.subarray(700, cut), 'zstd'),
    pack(PLAIN.subarray(cut), 'zstd'),
    skippableFrame('tail'),
  );
  const { archive, layers, findings } = await openLayer(t, blob, true);
  assert.equal(archive.images[0]?.layers[0]?.compression, 'zstd');
  assert.deepEqual(pathsOf(layers[0]?.[0]), NAMES);
  assert.equal(layers[0]?.[0]?.tarBytes, PLAIN.length);
  assert.deepEqual(layers[0]?.[0]?.measured, { digest: digestOf(blob), diffId: digestOf(PLAIN) });
  assert.deepEqual(findings, []);
});

test('zstd frames are split correctly with and without checksum, content size and single segment', async (t) => {
  const parts = [PLAIN.subarray(0, 50), PLAIN.subarray(50, 600), PLAIN.subarray(600, 200_000), PLAIN.subarray(200_000)];
  const blob = concat(
    ...parts.map((part, index) => new Uint8Array(zstdCompressSync(part, { params: { 201: index & 1, 200: index & 2 ? 1 : 0 } }))),
  );
  const { layers, findings } = await openLayer(t, blob);
  assert.deepEqual(pathsOf(layers[0]?.[0]), NAMES);
  assert.deepEqual(findings, []);
});

test('several gzip members, split anywhere in the tar, are one stream', async (t) => {
  const cuts = [0, 1, 511, 512, 513, 150_000, PLAIN.length - 1, PLAIN.length];
  const blob = concat(...cuts.map((cut, index) => pack(PLAIN.subarray(cuts[index - 1] ?? 0, cut), 'gzip')));
  const { layers, findings } = await openLayer(t, blob, true);
  assert.deepEqual(pathsOf(layers[0]?.[0]), NAMES);
  assert.deepEqual(layers[0]?.[0]?.measured, { digest: digestOf(blob), diffId: digestOf(PLAIN) });
  assert.deepEqual(findings, []);
});

test('zeros or junk after the last gzip member are reported; the content is read and the digest covers all bytes', async (t) => {
  for (const rest of [zeros(1), zeros(5000), utf8('j'), utf8('junk behind'), Uint8Array.of(0x1f, 0x8b, 9, 9, 9)]) {
    for (const head of [pack(PLAIN, 'gzip'), concat(pack(PLAIN.subarray(0, 999), 'gzip'), pack(PLAIN.subarray(999), 'gzip'))]) {
      const blob = concat(head, rest);
      const { layers, findings } = await openLayer(t, blob, true);
      assert.deepEqual(pathsOf(layers[0]?.[0]), NAMES);
      assert.equal(layers[0]?.[0]?.status, 'present');
      assert.deepEqual(layers[0]?.[0]?.measured, { digest: digestOf(blob), diffId: digestOf(PLAIN) });
      assert.deepEqual(ofLayer(findings), ['trailing-data']);
    }
  }
});

test('junk after the last zstd frame is reported', async (t) => {
  const blob = concat(pack(PLAIN, 'zstd'), utf8('junk'));
  const { layers, findings } = await openLayer(t, blob, true);
  assert.deepEqual(pathsOf(layers[0]?.[0]), NAMES);
  assert.equal(layers[0]?.[0]?.measured?.digest, digestOf(blob));
  assert.deepEqual(ofLayer(findings), ['trailing-data']);
});

test('gzip without its trailer and zstd cut off inside a frame are damaged, and the entries before the cut are read', async (t) => {
  const gzip = pack(PLAIN, 'gzip');
  const zstd = pack(PLAIN, 'zstd');
  const cases: [Uint8Array, string[]][] = [
    [gzip.subarray(0, -8), NAMES],
    [gzip.subarray(0, -1), NAMES],
    [gzip.subarray(0, gzip.length / 2), ['first', 'noise']],
    [concat(gzip, gzip.subarray(0, 2)), NAMES],
    [zstd.subarray(0, zstd.length / 2), ['first', 'noise']],
    [concat(pack(PLAIN.subarray(0, 1024), 'zstd'), zstd.subarray(0, 3)), ['first']],
  ];
  for (const [blob, names] of cases) {
    const { layers, findings } = await openLayer(t, blob);
    const [layer] = layers[0] ?? [];
    assert.deepEqual(pathsOf(layer), names);
    assert.equal(layer?.status, 'damaged');
    assert.deepEqual(ofLayer(findings), ['truncated']);
  }
});

test('damage inside gzip or zstd is reported, and what comes before it is kept', async (t) => {
  for (const packing of ['gzip', 'zstd'] as const) {
    const body = tar(file('before', 'x'), file('text', 'a line of text\n'.repeat(40_000)), file('noise', NOISE));
    const blob = pack(body, packing).slice();
    blob.fill(0xff, blob.length - 100_000, blob.length - 99_000);
    const { layers, findings } = await openLayer(t, blob);
    const [layer] = layers[0] ?? [];
    assert.deepEqual(pathsOf(layer).slice(0, 2), ['before', 'text']);
    if (packing === 'gzip') {
      assert.equal(layer?.status, 'damaged');
      assert.deepEqual(ofLayer(findings), ['damaged-blob']);
    }
  }
});

test('a gzip member with a wrong checksum is damaged, even though all of it was read', async (t) => {
  const blob = pack(PLAIN, 'gzip').slice();
  blob[blob.length - 6] = (blob[blob.length - 6] as number) ^ 1;
  const { layers, findings } = await openLayer(t, blob);
  assert.deepEqual(pathsOf(layers[0]?.[0]), NAMES);
  assert.deepEqual(ofLayer(findings), ['damaged-blob']);
});

test('a gzip stream that expands a thousandfold is listed without being held in memory', async (t) => {
  const blob = new Uint8Array(gzipSync(tar(file('zeros', zeros(64 * 1024 * 1024)), file('behind', 'x')), { level: 9 }));
  assert.ok(blob.length < 100_000);
  const { reader, archive, layers } = await openLayer(t, blob);
  assert.deepEqual(pathsOf(layers[0]?.[0]), ['zeros', 'behind']);
  const [layer] = archive.images[0]?.layers ?? [];
  if (layer && layers[0]?.[0]) assert.equal((await collect(reader.readBody(layer, layers[0][0], 1))).toString(), 'x');
});

test('xz and bzip2 streams that expand many thousandfold are listed, and unpacked no faster than they are consumed', async (t) => {
  const { XZ_TAR, BZIP2_TAR } = await packedTars(t);
  for (const bomb of [BZIP2_TAR, XZ_TAR]) {
    const { layers, findings } = await openLayer(t, bomb);
    assert.deepEqual([pathsOf(layers[0]?.[0]), layers[0]?.[0]?.tarBytes, findings], [['big'], 64 * 1024 * 1024 + 4096, []]);
    const before = process.memoryUsage().arrayBuffers;
    const pieces = plainTarOf(testFile(t, bomb));
    await pieces.next();
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(process.memoryUsage().arrayBuffers - before < 32 * 1024 * 1024, 'half of it was unpacked before it was requested');
    await pieces.return(undefined);
  }
});

test('xz and bzip2 layers are read, previewed and verified like others, and what comes before damage is kept', async (t) => {
  const { XZ_TAR, BZIP2_TAR } = await packedTars(t);
  for (const [compression, blob, cut] of [
    ['xz', XZ_TAR, 'truncated'],
    ['bzip2', BZIP2_TAR, 'truncated'],
  ] as const) {
    const { reader, archive, layers, findings } = await openLayer(t, blob, true);
    const [layer] = archive.images[0]?.layers ?? [];
    assert.deepEqual([layer?.compression, pathsOf(layers[0]?.[0])], [compression, ['big']]);
    assert.equal(layers[0]?.[0]?.measured?.digest, digestOf(blob));
    assert.deepEqual(ofLayer(findings), ['diffid-mismatch'], 'the config belongs to another layer');
    if (layer && layers[0]?.[0])
      assert.equal((await collect(reader.readBody(layer, layers[0][0], 0, { start: 7_000_000, length: 3 }))).toString('hex'), '000000');
    const short = await openLayer(t, blob.subarray(0, blob.length - 10));
    assert.deepEqual([pathsOf(short.layers[0]?.[0]), ofLayer(short.findings)], [['big'], [cut]]);
    const behind = await openLayer(t, concat(blob, utf8('junk')));
    assert.deepEqual([pathsOf(behind.layers[0]?.[0]), ofLayer(behind.findings)], [['big'], ['trailing-data']]);
  }
});

async function packedTars(t: Parameters<typeof openAll>[0]): Promise<{ XZ_TAR: Uint8Array; BZIP2_TAR: Uint8Array }> {
  const inner: Uint8Array[] = [];
  for await (const piece of plainTarOf(testFile(t, XZ_BOMB_IN_BZIP2))) inner.push(piece);
  return { XZ_TAR: concat(...inner), BZIP2_TAR: BZIP2_BOMB };
}

test('an archive compressed as a whole with gzip or zstd opens like the archive inside', async (t) => {
  const inner = archiveOf(dockerArchive([{ layers: [PLAIN], tags: ['packed:1'] }]));
  for (const packing of ['gzip', 'zstd'] as const) {
    const { archive, reader, layers, findings } = await openAll(t, pack(inner, packing));
    assert.deepEqual([archive.format, archive.images[0]?.names], ['docker-archive', ['packed:1']]);
    const [layer] = archive.images[0]?.layers ?? [];
    assert.equal(layer?.compression, 'none');
    assert.deepEqual(pathsOf(layers[0]?.[0]), NAMES);
    assert.deepEqual(findings, []);
    if (layer && layers[0]?.[0]) assert.deepEqual(await collect(reader.readBody(layer, layers[0][0], 1)), Buffer.from(NOISE));
  }
});

test('a compressed archive of compressed layers is unpacked twice, and the archive’s own defects are reported', async (t) => {
  const files = new Files();
  const image = ociImage(files, { layers: [{ tar: PLAIN, packed: 'gzip' }] });
  const blob = concat(pack(archiveOf(ociLayout(files, [image])), 'gzip'), utf8('junk'));
  const { archive, layers, findings } = await openAll(t, blob);
  assert.equal(archive.format, 'oci-archive');
  assert.deepEqual(pathsOf(layers[0]?.[0]), NAMES);
  assert.deepEqual(
    findings.map(({ code, image: index }) => [code, index]),
    [['trailing-data', undefined]],
  );
});
