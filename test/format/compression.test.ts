import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { Bzip2Unpacker, type Unpacker, XzUnpacker } from '#format/compression';
import { LayerscopeError } from '#model';
import { BZIP2_EMPTY, BZIP2_RUNS, BZIP2_SAMPLES, SAMPLE_TEXT, XZ_EMPTY, XZ_SAMPLES, XZ_X86 } from '../support/packed-samples.ts';
import { concat, utf8 } from '../support/tar-builder.ts';

const xz = (): Unpacker => new XzUnpacker(() => createHash('sha256'));
const bzip2 = (): Unpacker => new Bzip2Unpacker();

/** Decompresses, and returns the text with the code of the error that ended it early. */
function unpack(unpacker: Unpacker, packed: Uint8Array, piece = packed.length): { plain: string; failure: string | null } {
  const chunks: Uint8Array[] = [];
  const drain = (): void => {
    for (let bytes = unpacker.next(); bytes !== null; bytes = unpacker.next()) chunks.push(bytes);
  };
  let failure: string | null = null;
  try {
    for (let at = 0; at < packed.length; at += piece) {
      unpacker.push(packed.subarray(at, at + piece));
      drain();
    }
    unpacker.end();
    drain();
  } catch (error) {
    if (!(error instanceof LayerscopeError)) throw error;
    failure = error.code;
  }
  return { plain: Buffer.concat(chunks).toString('latin1'), failure };
}

const SAMPLES: readonly (readonly [string, () => Unpacker, Uint8Array])[] = [
  ...Object.entries(XZ_SAMPLES).map(([name, bytes]) => [`xz, ${name}`, xz, bytes] as const),
  ...Object.entries(BZIP2_SAMPLES).map(([name, bytes]) => [`bzip2, ${name}`, bzip2, bytes] as const),
];

test('xz and bzip2 streams are decompressed, in one piece or byte by byte', () => {
  for (const [name, create, packed] of SAMPLES) {
    for (const piece of [packed.length, 1, 7])
      assert.deepEqual(unpack(create(), packed, piece), { plain: SAMPLE_TEXT, failure: null }, name);
  }
});

test('empty streams and runs of every length are decompressed', () => {
  assert.deepEqual(unpack(xz(), XZ_EMPTY), { plain: '', failure: null });
  assert.deepEqual(unpack(bzip2(), BZIP2_EMPTY), { plain: '', failure: null });
  const runs = `aaabbbb${'c'.repeat(259)}${'d'.repeat(100_000)}`;
  assert.deepEqual(unpack(bzip2(), BZIP2_RUNS), { plain: runs, failure: null });
});

test('a stream that is cut off yields the beginning of its text and TRUNCATED', () => {
  for (const [name, create, packed] of SAMPLES) {
    const inner = name.includes('two') ? null : packed.length;
    for (let length = 1; length < packed.length; length++) {
      const { plain, failure } = unpack(create(), packed.subarray(0, length));
      assert.ok(SAMPLE_TEXT.startsWith(plain), `${name}, cut at ${length}`);
      // A cut between two streams, or in the zeros there, can't be detected.
      if (inner !== null) assert.equal(failure, 'TRUNCATED', `${name}, cut at ${length}`);
    }
  }
});

test('a stream with any single bit flipped never yields different text without an error', () => {
  for (const [name, create, packed] of SAMPLES) {
    if (name.includes('unchecked')) continue;
    for (let at = 0; at < packed.length; at++) {
      const spoiled = packed.slice();
      spoiled[at] = (spoiled[at] as number) ^ (1 << (at % 8));
      const { plain, failure } = unpack(create(), spoiled);
      const isTold = failure !== null || plain === SAMPLE_TEXT || SAMPLE_TEXT.startsWith(plain);
      assert.ok(isTold, `${name}, byte ${at}: ended well with ${plain.length} bytes`);
    }
  }
});

test('bytes after the last stream are ignored and not counted as used', () => {
  for (const [create, packed] of [
    [xz, XZ_SAMPLES.crc64],
    [bzip2, BZIP2_SAMPLES['one stream']],
  ] as const) {
    const unpacker = create();
    assert.deepEqual(unpack(unpacker, concat(packed, utf8('something else'))), { plain: SAMPLE_TEXT, failure: null });
    assert.equal(unpacker.usedBytes, packed.length);
  }
});

test('an unsupported xz filter is named in the error', () => {
  const unpacker = xz();
  unpacker.push(XZ_X86);
  assert.throws(() => unpacker.next(), { code: 'UNSUPPORTED', message: 'the filter x86' });
});

test('a dictionary over the limit is refused before memory is allocated for it', () => {
  // The first sample's block header follows the 12 bytes of the stream header: size, flags, filter 0x21, one byte of properties.
  const packed = XZ_SAMPLES.crc64.slice();
  packed[16] = 40;
  const header = packed.subarray(12, 24);
  new DataView(packed.buffer).setUint32(20, crcOf(header.subarray(0, 8)), true);
  assert.deepEqual(unpack(xz(), packed), { plain: '', failure: 'TOO_LARGE' });
});

function crcOf(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}
