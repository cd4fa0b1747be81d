// Bytes after a compressed stream: those that start another stream belong to the blob, so damage there damages the blob; any others are
// trailing data. The result must not depend on how the input is cut into pieces.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { PackedAs } from '../../src/archive/blob/decompress.ts';
import { unpack } from '../fuzz/targets/packed.ts';
import { skippableFrame } from '../support/image-builder.ts';
import { BZIP2_SAMPLES, XZ_SAMPLES } from '../support/packed-samples.ts';
import { concat, utf8, zeros } from '../support/tar-builder.ts';

type End = 'complete' | 'trailing' | 'truncated' | 'damaged' | 'unsupported';

const TEXT = utf8('a text that repeats itself, a text that repeats itself');

async function endOf(blob: Uint8Array, compression: PackedAs, pieceBytes: number): Promise<{ end: End; plainBytes: number }> {
  const { end, plainBytes, trailing, isUnsupported } = await unpack(blob, compression, pieceBytes);
  assert.notEqual(end, 'stopped');
  if (end === 'complete') return { end: trailing ? 'trailing' : 'complete', plainBytes };
  return { end: isUnsupported ? 'unsupported' : (end as End), plainBytes };
}

/** Checks that the blob ends as expected however it is cut, after at least `plainBytes` have been read. */
async function expectEnd(what: string, blob: Uint8Array, compression: PackedAs, expected: End, plainBytes: number): Promise<void> {
  for (const size of [1, 2, 5, 14, 37, Math.ceil(blob.length / 2), blob.length - 1, blob.length]) {
    const found = await endOf(blob, compression, size);
    assert.equal(found.end, expected, `${what}, in pieces of ${size}`);
    assert.ok(found.plainBytes >= plainBytes, `${what}, in pieces of ${size}: ${found.plainBytes} bytes`);
  }
}

interface Format {
  readonly good: Uint8Array;
  /** Number of leading bytes that identify a stream. */
  readonly magicBytes: number;
}

const FORMATS: Readonly<Record<PackedAs, Format>> = {
  gzip: { good: new Uint8Array(gzipSync(TEXT)), magicBytes: 3 },
  zstd: { good: new Uint8Array(zstdCompressSync(TEXT)), magicBytes: 4 },
  xz: { good: XZ_SAMPLES.crc64, magicBytes: 6 },
  bzip2: { good: BZIP2_SAMPLES['one stream'], magicBytes: 4 },
};

for (const [name, { good, magicBytes }] of Object.entries(FORMATS) as [PackedAs, Format][]) {
  test(`${name}: bytes after the last stream that don't begin another are trailing data`, async () => {
    const { plainBytes } = await endOf(good, name, good.length);
    const otherMagic = good.slice(0, magicBytes);
    otherMagic[magicBytes - 1] = (otherMagic[magicBytes - 1] as number) ^ 0x70;
    for (const junk of [utf8('j'), utf8('ju'), utf8('junk behind'), zeros(1), zeros(7), zeros(603), concat(otherMagic, TEXT)]) {
      const what = `${name} and ${junk.length} bytes`;
      await expectEnd(what, concat(good, junk), name, 'trailing', plainBytes);
      await expectEnd(`two of ${what}`, concat(good, good, junk), name, 'trailing', plainBytes * 2);
    }
  });

  test(`${name}: a second stream that is cut off anywhere makes the blob truncated`, async () => {
    const { plainBytes } = await endOf(good, name, good.length);
    for (let cut = 1; cut < good.length; cut += cut < 8 ? 1 : 23) {
      await expectEnd(`${name}, cut after ${cut} bytes`, concat(good, good.subarray(0, cut)), name, 'truncated', plainBytes);
    }
  });

  test(`${name}: a damaged second stream makes the blob damaged, whatever follows`, async () => {
    const { plainBytes } = await endOf(good, name, good.length);
    const bad = good.slice();
    bad.fill(0xff, magicBytes, magicBytes + 24);
    for (const rest of [new Uint8Array(0), good, utf8('junk'), concat(skippableFrame('x'), good)]) {
      await expectEnd(`${name}, then damage, then ${rest.length} bytes`, concat(good, bad, rest), name, 'damaged', plainBytes);
    }
  });
}

test('gzip: a member whose header has reserved flags or a wrong checksum is damaged', async () => {
  const { good } = FORMATS.gzip;
  for (const [flags, rest] of [
    [0xe0, []],
    [0x02, [0x12, 0x34]],
  ] as const) {
    const bad = concat(Uint8Array.of(0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3, ...rest), good.subarray(10));
    await expectEnd(`flags ${flags}`, concat(good, bad), 'gzip', 'damaged', TEXT.length);
  }
});

test('gzip: junk after an empty member is trailing data', async () => {
  await expectEnd('an empty member', concat(gzipSync(''), utf8('junk')), 'gzip', 'trailing', 0);
});

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd] as const;
/** Returns a one-block frame. `kind`: 0 raw, 1 one byte repeated. */
function frame(head: readonly number[], kind: 0 | 1, size: number, content: Uint8Array): Uint8Array {
  const block = (size << 3) | (kind << 1) | 1;
  return concat(Uint8Array.of(...MAGIC, ...head, block & 255, (block >> 8) & 255, block >> 16), content);
}

test('zstd: a frame whose content is shorter than stated is damaged, even if its last block is empty', async () => {
  const { good } = FORMATS.zstd;
  const bad = frame([0x20, 65], 0, 0, new Uint8Array(0));
  for (const rest of [new Uint8Array(0), good, utf8('junk'), skippableFrame('x')]) {
    await expectEnd(`then ${rest.length} bytes`, concat(good, bad, rest), 'zstd', 'damaged', TEXT.length);
    await expectEnd(`first, then ${rest.length} bytes`, concat(bad, rest), 'zstd', 'damaged', 0);
  }
  await expectEnd('an empty frame', concat(good, frame([0x20, 0], 0, 0, new Uint8Array(0)), good), 'zstd', 'complete', TEXT.length * 2);
});

test('zstd: a block over the size limit is damaged, even if the whole frame arrives in one piece', async () => {
  const { good } = FORMATS.zstd;
  const of = (bytes: number): Uint8Array => {
    const head = [0xa0, bytes & 255, (bytes >> 8) & 255, bytes >> 16, 0];
    return concat(good, frame(head, 1, bytes, utf8('x')), good);
  };
  await expectEnd('the largest block', of(2 ** 17), 'zstd', 'complete', 2 ** 17);
  await expectEnd('a larger block', of(2 ** 17 + 1), 'zstd', 'damaged', TEXT.length);
});

test('zstd: a window of more than 128 MiB is not supported, even for a small frame in one piece', async () => {
  const { good } = FORMATS.zstd;
  for (const [exponent, expected] of [
    [17, 'complete'],
    [18, 'unsupported'],
  ] as const) {
    // A frame that has a window and states its content's size in two bytes.
    const small = frame([0x40, exponent << 3, 0, 0], 1, 256, utf8('x'));
    await expectEnd(`a window of 2^${exponent + 10}`, concat(good, small, good), 'zstd', expected, TEXT.length);
  }
});

test('zstd: a skippable frame that is cut off makes the blob truncated', async () => {
  const { good } = FORMATS.zstd;
  const skipped = skippableFrame('twenty bytes of text');
  for (let cut = 1; cut < skipped.length; cut++) {
    await expectEnd(`cut after ${cut} bytes`, concat(good, skipped.subarray(0, cut)), 'zstd', 'truncated', TEXT.length);
  }
  await expectEnd('a whole one', concat(good, skipped), 'zstd', 'complete', TEXT.length);
});
