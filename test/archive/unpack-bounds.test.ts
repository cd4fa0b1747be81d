// Limits on the unpacked size of a blob: more than any real layer needs, or a multiple of the blob's size if that is larger.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { type Decompressed, decompress, faultOf, type PackedAs } from '../../src/archive/blob/decompress.ts';
import { LayerIndexer } from '../../src/archive/indexing/layer-indexer.ts';
import { inMemory } from '../fuzz/targets/packed.ts';
import { zstdZeros } from '../support/hostile-inputs.ts';
import { BZIP2_BOMB, XZ_BOMB_IN_BZIP2 } from '../support/packed-samples.ts';
import { concat } from '../support/tar-builder.ts';

const MB = 2 ** 20;

async function unpacked(blob: Uint8Array, compression: PackedAs, mostPlainBytes?: number, pieceBytes?: number) {
  let received = 0;
  const sink = (bytes: Uint8Array): boolean => {
    received += bytes.length;
    return true;
  };
  const options = { ...(mostPlainBytes === undefined ? {} : { mostPlainBytes }), ...(pieceBytes === undefined ? {} : { pieceBytes }) };
  return { ended: await decompress(inMemory(blob), compression, sink, options), received };
}

async function xzBomb(): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  await decompress(inMemory(XZ_BOMB_IN_BZIP2), 'bzip2', (bytes) => parts.push(bytes) > 0);
  return concat(...parts);
}

test('zstd, bzip2 and xz data that expands many thousandfold is unpacked only up to the limit, with an error that says so', async () => {
  const bombs: [PackedAs, Uint8Array][] = [
    ['zstd', zstdZeros(64 * MB)],
    ['bzip2', BZIP2_BOMB],
    ['xz', await xzBomb()],
  ];
  for (const [compression, blob] of bombs) {
    const limit = Math.max(4 * MB, blob.length * 1_100);
    assert.ok(limit < 60 * MB, `${compression}: ${blob.length} bytes aren’t a bomb`);
    const { ended, received } = await unpacked(blob, compression, 4 * MB);
    assert.deepEqual([ended.end, ended.isTooLarge, faultOf(ended)], ['damaged', true, 'TOO_LARGE'], compression);
    assert.ok(received <= limit && received > limit / 2, `${compression}: ${received} bytes`);
    assert.equal(ended.plainBytes, received);
    assert.match(ended.message ?? '', new RegExp(`^the ${compression} stream of ${blob.length} bytes unpacks to more than ${limit} bytes`));
    assert.equal((await unpacked(blob, compression)).ended.end, 'complete', 'by default it is unpacked');
  }
});

test('the limit on unpacked bytes is the same however the input is cut', async () => {
  const blob = zstdZeros(64 * MB);
  for (const pieceBytes of [64, 500, 4096]) {
    const { ended } = await unpacked(blob, 'zstd', 4 * MB, pieceBytes);
    assert.equal(faultOf(ended), 'TOO_LARGE', `in pieces of ${pieceBytes}`);
  }
});

test('the limit on unpacked bytes never stops a gzip stream, nor any stream that expands in proportion to its size', async () => {
  const zeros = new Uint8Array(64 * MB);
  for (const [compression, blob] of [
    ['gzip', gzipSync(zeros, { level: 9 })],
    ['zstd', concat(zstdCompressSync(zeros, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }), zstdCompressSync(noise(70_000)))],
  ] as const) {
    const { ended } = await unpacked(blob, compression, 1);
    assert.equal(ended.end, 'complete', `${compression}: ${ended.message}`);
  }
});

function noise(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  crypto.getRandomValues(bytes.subarray(0, 65_536));
  crypto.getRandomValues(bytes.subarray(65_536));
  return bytes;
}

test('a layer that unpacks to more than the limit keeps the entries up to it, with a finding', () => {
  const packed: Decompressed = { end: 'damaged', plainBytes: 0, message: 'it unpacks to too much', trailing: false, isTooLarge: true };
  const { layer } = new LayerIndexer(100).finish(0, packed);
  assert.deepEqual([layer.status, layer.findings.map(({ code }) => code)], ['damaged', ['too-large']]);
});

test('each way in which unpacking can fail has its own error code', () => {
  const ended = (end: Decompressed['end'], more: Partial<Decompressed> = {}): Decompressed => ({
    end,
    plainBytes: 0,
    message: null,
    trailing: false,
    ...more,
  });
  const faults = [ended('complete'), ended('stopped'), ended('truncated'), ended('damaged'), ended('damaged', { isUnsupported: true })];
  assert.deepEqual(faults.map(faultOf), [null, null, 'TRUNCATED', 'DAMAGED', 'UNSUPPORTED']);
});
