import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type BackupStream,
  BackupStreamReader,
  BackupStreamWriter,
  encodeExtendedAttributes,
  encodeReparsePoint,
  linkTarget,
  linkTo,
  lxSymlinkTo,
  parseExtendedAttributes,
  parseReparsePoint,
  readBackupStreams,
  reparseTagName,
  STREAM_ID,
} from '#format/backup-stream';
import { LayerscopeError } from '#model';
import { gather, randomChunks } from '../support/random-chunks.ts';

const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

// A descriptor (owner and group Administrators, full access for SYSTEM), "hello\n", and the alternate stream :z with "[Z]\r\n".
const SECURITY =
  '0100048014000000240000000000000034000000010200000000000520000000200200000102000000000005200000002002000002001c00' +
  '0100000000001400ff011f00010100000000000512000000';
const FILE = bytesOf(
  `0300000002000000500000000000000000000000 ${SECURITY} 0100000000000000060000000000000000000000 68656c6c6f0a
   0400000000000000050000000000000010000000 3a007a003a00240044004100540041005b5a5d0d0a`.replaceAll('\n', ''),
);
// A sparse file: "ABCD" at 0, "EF" at 65536, and a size of 131,072 bytes.
const SPARSE = bytesOf(
  `0100000008000000000000000000000000000000 09000000000000000c0000000000000000000000 0000000000000000 41424344
   09000000000000000a0000000000000000000000 0000010000000000 4546 0900000000000000080000000000000000000000 0000020000000000`.replaceAll(
    '\n',
    '',
  ),
);

interface Read extends BackupStream {
  readonly data: Uint8Array;
}

async function readAll(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Read[]> {
  const streams: { stream: BackupStream; data: Uint8Array[] }[] = [];
  for await (const piece of readBackupStreams(source)) {
    if (piece.kind === 'stream') streams.push({ stream: piece.stream, data: [] });
    else streams.at(-1)?.data.push(piece.bytes.slice());
  }
  return streams.map(({ stream, data }) => ({ ...stream, data: new Uint8Array(Buffer.concat(data)) }));
}

async function* write(streams: readonly Read[]): AsyncGenerator<Uint8Array> {
  const writer = new BackupStreamWriter();
  for (const stream of streams) {
    yield writer.head(stream);
    yield writer.data(stream.data);
  }
  writer.end();
}

test('a backup stream has the security descriptor, the data and the alternate data stream', async () => {
  const streams = await readAll([FILE]);
  assert.deepEqual(
    streams.map(({ id, attributes, sizeBytes, name }) => [id, attributes, sizeBytes, name]),
    [
      [STREAM_ID.security, 2, 80, ''],
      [STREAM_ID.data, 0, 6, ''],
      [STREAM_ID.alternateData, 0, 5, ':z:$DATA'],
    ],
  );
  assert.equal(Buffer.from(streams[1]?.data ?? []).toString(), 'hello\n');
  assert.equal(Buffer.from(streams[2]?.data ?? []).toString(), '[Z]\r\n');
});

test("a sparse block's size excludes its offset", async () => {
  const streams = await readAll([SPARSE]);
  assert.deepEqual(
    streams.map(({ id, attributes, sizeBytes, offset }) => [id, attributes, sizeBytes, offset]),
    [
      [STREAM_ID.data, 8, 0, 0],
      [STREAM_ID.sparseBlock, 0, 4, 0],
      [STREAM_ID.sparseBlock, 0, 2, 65536],
      [STREAM_ID.sparseBlock, 0, 0, 131072],
    ],
  );
});

const streamArbitrary = fc
  .record({
    id: fc.oneof(fc.integer({ min: 1, max: 11 }), fc.integer({ min: 0, max: 0xffffffff })),
    attributes: fc.integer({ min: 0, max: 0xffffffff }),
    name: fc.oneof(fc.constant(''), fc.string({ unit: 'binary', maxLength: 12 }), fc.constant('\ud800:\0x')),
    offset: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    data: fc.uint8Array({ maxLength: 90 }),
  })
  .map((stream) => ({ ...stream, sizeBytes: stream.data.length, offset: stream.id === STREAM_ID.sparseBlock ? stream.offset : 0 }));

test('any backup stream survives writing, reading and writing again, in chunks of any size', async () => {
  const property = fc.asyncProperty(fc.array(streamArbitrary, { maxLength: 8 }), fc.integer(), async (streams, seed) => {
    const bytes = await gather(write(streams));
    const read = await readAll(randomChunks(bytes, seed, 40));
    assert.deepEqual(
      read.map((stream) => ({ ...stream, data: hexOf(stream.data) })),
      streams.map((stream) => ({ ...stream, data: hexOf(stream.data) })),
    );
    assert.equal(hexOf(await gather(write(read))), hexOf(bytes));
  });
  await fc.assert(property, { seed: 20161103, numRuns: 200 });
});

test('a backup stream cut off anywhere but between streams is an error', async () => {
  const whole = new Set([0, 100, 126, 167]);
  for (let length = 0; length <= FILE.length; length++) {
    const reading = readAll([FILE.slice(0, length)]);
    if (whole.has(length)) await reading;
    else await assert.rejects(reading, { code: 'TRUNCATED' }, `cut at ${length}`);
  }
});

test('impossible sizes, names and offsets are refused before anything is buffered for them', async () => {
  const cases: readonly [string, string, string][] = [
    ['a stream over 2^53 bytes', '0100000000000000ffffffffffffffff00000000', 'TOO_LARGE'],
    ['a name of 4 GiB', '0400000000000000000000000000000000ffffff', 'DAMAGED'],
    ['a name of an odd length', '0400000000000000000000000000000003000000', 'DAMAGED'],
    ['a sparse block without room for its offset', '0900000000000000070000000000000000000000 0000000000000000', 'DAMAGED'],
    ['a sparse block at a negative offset', '0900000000000000080000000000000000000000 ffffffffffffffff', 'DAMAGED'],
    ['a sparse block at 2^62', '0900000000000000080000000000000000000000 0000000000000040', 'TOO_LARGE'],
  ];
  for (const [what, hex, code] of cases) await assert.rejects(readAll([bytesOf(hex)]), { code }, what);
});

test('noise is read to its end or refused, and no byte is yielded twice', () => {
  const property = fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer(), (noise, seed) => {
    const reader = new BackupStreamReader();
    let data = 0;
    try {
      for (const chunk of randomChunks(noise, seed, 50))
        for (const piece of reader.push(chunk)) if (piece.kind === 'data') data += piece.bytes.length;
      reader.end();
    } catch (error) {
      assert.ok(error instanceof LayerscopeError);
    }
    assert.ok(data <= noise.length);
  });
  fc.assert(property, { seed: 1, numRuns: 500 });
});

test('the writer checks the sizes in its headers', () => {
  const writer = new BackupStreamWriter();
  writer.head({ id: STREAM_ID.data, sizeBytes: 6 });
  assert.throws(() => writer.data(new Uint8Array(7)), /too many bytes by 1/);
  writer.data(new Uint8Array(4));
  assert.throws(() => writer.head({ id: STREAM_ID.data, sizeBytes: 0 }), /missing 2 bytes/);
  assert.throws(() => writer.end(), /missing 2 bytes/);
});

// Extended attributes foo=bar and fizz=buzz, each padded to a multiple of four bytes.
const ATTRIBUTES = '1000000000030300666f6f0062617200 000000000004040066697a7a0062757a7a000000';

test('extended attributes are read and written, including the zeros after the last one', () => {
  const bytes = bytesOf(ATTRIBUTES);
  const attributes = parseExtendedAttributes(bytes);
  assert.deepEqual(
    attributes.map(({ name, value, flags }) => [name, Buffer.from(value).toString(), flags]),
    [
      ['foo', 'bar', 0],
      ['fizz', 'buzz', 0],
    ],
  );
  assert.equal(hexOf(encodeExtendedAttributes(attributes)), hexOf(bytes));
  assert.deepEqual(parseExtendedAttributes(bytes.slice(0, -3)), attributes);
  assert.deepEqual(parseExtendedAttributes(new Uint8Array(0)), []);
  assert.equal(encodeExtendedAttributes([]).length, 0);
});

test('extended attributes that are cut off, or point to themselves, are refused', () => {
  const bytes = bytesOf(ATTRIBUTES);
  for (let length = 1; length < 33; length++) {
    // Sixteen bytes are the complete first entry, which states that another follows.
    const cut = bytes.slice(0, length);
    if (length === 16) assert.equal(parseExtendedAttributes(cut).length, 1);
    else assert.throws(() => parseExtendedAttributes(cut), { code: 'DAMAGED' }, `cut at ${length}`);
  }
  assert.throws(() => parseExtendedAttributes(bytesOf('0400000000030300666f6f0062617200')), { code: 'DAMAGED' });
});

test('extended attributes too long for their length fields are refused', () => {
  assert.throws(() => encodeExtendedAttributes([{ name: 'x'.repeat(256), value: new Uint8Array(0), flags: 0 }]), { code: 'TOO_LARGE' });
  assert.throws(() => encodeExtendedAttributes([{ name: 'x', value: new Uint8Array(65536), flags: 0 }]), { code: 'TOO_LARGE' });
  assert.throws(() => encodeExtendedAttributes([{ name: '漢', value: new Uint8Array(0), flags: 0 }]), { code: 'BAD_REQUEST' });
});

test('links are encoded as Windows encodes them, and their target is read back', () => {
  const cases: readonly [string, boolean, string][] = [
    ['a\\b', false, '0c0000a01c00000000000600080006000100000061005c006200000061005c0062000000'],
    ['C:\\x', true, '030000a02400000000001000120008005c003f003f005c0043003a005c007800000043003a005c0078000000'],
    ['C:\\x', false, '0c0000a0280000000000100012000800000000005c003f003f005c0043003a005c007800000043003a005c0078000000'],
  ];
  for (const [target, isMountPoint, hex] of cases) {
    const point = linkTo(target, isMountPoint);
    assert.equal(hexOf(encodeReparsePoint(point)), hex);
    assert.deepEqual(parseReparsePoint(bytesOf(hex)), point);
    assert.equal(linkTarget(point), target);
  }
  const substitutes = ['\\\\server\\share\\x', '\\\\?\\Volume{1}\\', '\\rooted', 'c:x'].map((target) => {
    const point = linkTo(target, true);
    return point.kind === 'mount-point' ? point.substituteName : '';
  });
  assert.deepEqual(substitutes, ['\\??\\UNC\\server\\share\\x', '\\??\\Volume{1}\\', '\\rooted', '\\??\\c:x']);
});

test('a link without a print name shows its substitute name in the usual form', () => {
  const shown = (substituteName: string) => linkTarget({ kind: 'mount-point', substituteName, printName: '' });
  assert.equal(shown('\\??\\C:\\Users'), 'C:\\Users');
  assert.equal(shown('\\??\\UNC\\server\\share'), '\\\\server\\share');
  assert.equal(shown('\\??\\Volume{1}\\'), '\\\\?\\Volume{1}\\');
  assert.equal(shown('..\\x'), '..\\x');
});

test('an LX symlink has a UTF-8 target after its version; other tags are kept raw', () => {
  const lx = bytesOf('1d0000a0070000000200000061c3bc'); // version 2, "aü"
  const point = parseReparsePoint(lx);
  assert.equal(linkTarget(point), 'aü');
  assert.equal(hexOf(encodeReparsePoint(point)), hexOf(lx));
  assert.deepEqual(lxSymlinkTo('aü'), { kind: 'lx-symlink', version: 2, target: new Uint8Array([0x61, 0xc3, 0xbc]) });
  const other = bytesOf('17000080080000000100000002000000');
  const raw = parseReparsePoint(other);
  assert.equal(raw.kind === 'other' && raw.tag, 0x80000017);
  assert.equal(linkTarget(raw), null);
  assert.equal(hexOf(encodeReparsePoint(raw)), hexOf(other));
  assert.match(reparseTagName(0x80000017) ?? '', /WOF/);
  assert.equal(reparseTagName(0x9000701a), 'cloud file');
  assert.equal(reparseTagName(0x12345678), null);
});

test('reparse points that are cut off, or whose names lie outside, are refused', () => {
  const whole = encodeReparsePoint(linkTo('C:\\x', false));
  for (let length = 0; length < whole.length; length++) {
    assert.throws(() => parseReparsePoint(whole.slice(0, length)), { code: 'DAMAGED' }, `cut at ${length}`);
  }
  for (const at of [8, 10, 12, 14]) {
    const wrong = whole.slice();
    wrong[at + 1] = 0xff;
    assert.throws(() => parseReparsePoint(wrong), { code: 'DAMAGED' }, `field ${at}`);
  }
  assert.throws(() => encodeReparsePoint(linkTo('x'.repeat(9000), false)), { code: 'TOO_LARGE' });
});
