import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { BackupStreamWriter, encodeExtendedAttributes, encodeReparsePoint, linkTo, STREAM_ID } from '#format/backup-stream';
import {
  BackupCursor,
  backupDataSize,
  basicInfoHeader,
  type FileBasicInfo,
  readWindowsTar,
  type SkippingSource,
  TarWriter,
  tarFromBackupStream,
  type WindowsEntry,
  type WindowsFile,
  whiteoutHeader,
} from '#format/windows-tar';
import { LayerscopeError } from '#model';
import { type BackupTarCase, checkInPasses, writeCase } from '../support/backuptar-vectors.ts';
import { gather, randomChunks } from '../support/random-chunks.ts';
import {
  concat,
  directory,
  file,
  hardlink,
  latin1,
  pax,
  paxGlobal,
  paxRecord,
  paxSparse,
  symlink,
  tar,
  utf8,
} from '../support/tar-builder.ts';

const fixture = (name: string) => readFileSync(new URL(`../fixtures/vectors/${name}`, import.meta.url));
const vectors = ['backuptar.json.gz', 'backuptar-2.json.gz'].flatMap(
  (name) => JSON.parse(gunzipSync(fixture(name)).toString()) as readonly BackupTarCase[],
);

const SECURITY = Buffer.from(
  '0100048014000000240000000000000034000000010200000000000520000000200200000102000000000005200000002002000002001c00' +
    '0100000000001400ff011f00010100000000000512000000',
  'hex',
);
const INFO: FileBasicInfo = {
  creationTimeFiletime: 131061736001234567n,
  accessTimeFiletime: 131061736010000000n,
  writeTimeFiletime: 131061736025000000n,
  changeTimeFiletime: 131061736030000001n,
  attributes: 0x20,
};

interface StreamParts {
  readonly id: number;
  readonly bytes?: Uint8Array;
  readonly attributes?: number;
  readonly name?: string;
  readonly offset?: number;
}

function backup(...streams: readonly StreamParts[]): Uint8Array {
  const writer = new BackupStreamWriter();
  return concat(
    ...streams.flatMap(({ bytes = new Uint8Array(0), ...head }) => [writer.head({ ...head, sizeBytes: bytes.length }), writer.data(bytes)]),
  );
}

const data = (text: string): StreamParts => ({ id: STREAM_ID.data, bytes: utf8(text) });
const security: StreamParts = { id: STREAM_ID.security, bytes: SECURITY };

function windowsFile(name: string, sizeBytes: number, bytes: Uint8Array, more: Partial<WindowsFile> = {}): WindowsFile {
  return { name, sizeBytes, info: INFO, open: () => [bytes], ...more };
}

async function* tarOf(...files: readonly WindowsFile[]): AsyncGenerator<Uint8Array> {
  const writer = new TarWriter();
  for (const one of files) yield* tarFromBackupStream(writer, one);
  yield writer.end();
}

async function read(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<(WindowsEntry & { backup: string })[]> {
  const entries: { entry: WindowsEntry; backup: Uint8Array[] }[] = [];
  for await (const piece of readWindowsTar(source)) {
    if (piece.kind === 'entry') entries.push({ entry: piece.entry, backup: [] });
    else entries.at(-1)?.backup.push(piece.bytes.slice());
  }
  return entries.map(({ entry, backup: pieces }) => ({ ...entry, backup: Buffer.concat(pieces).toString('hex') }));
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

for (const vector of vectors) {
  test(`same as go-winio: ${vector.case}`, async () => {
    for (const chunk of [0, 513, 7]) assert.deepEqual(await checkInPasses(vector, chunk), []);
  });
}

test('a layer with a folder, a file with a stream, a junction and a whiteout gives the same tar as in Go', async () => {
  const writer = new TarWriter();
  const parts: Uint8Array[] = [];
  const add = async (one: WindowsFile) => {
    for await (const bytes of tarFromBackupStream(writer, one)) parts.push(bytes.slice());
  };
  const junction = encodeReparsePoint(linkTo('C:\\x', true));
  await add(windowsFile('Files', 0, backup(), { info: { ...INFO, attributes: 0x10 } }));
  await add(
    windowsFile(
      'Files\\a.txt',
      6,
      backup(security, data('hello\n'), { id: STREAM_ID.alternateData, name: ':z:$DATA', bytes: utf8('[Z]\r\n') }),
    ),
  );
  await add(
    windowsFile('Files\\lnk', 0, backup({ id: STREAM_ID.reparsePoint, bytes: junction }), { info: { ...INFO, attributes: 0x420 } }),
  );
  parts.push(writer.header(whiteoutHeader('Files\\old.txt')), writer.end());
  const whole = concat(...parts);
  assert.equal(whole.length, 8704);
  assert.equal(createHash('sha256').update(whole).digest('hex'), '4d8184cba416724b3f82896322cdb0194f55a9ec274d4c17177e48de343d69a5');
  assert.equal(hex(whole), fixture('windows-layer.tar').toString('hex'));
});

test('a layer with a folder, a file with a stream, a junction and a whiteout is read as entries with their backup streams', async () => {
  const entries = await read([fixture('windows-layer.tar')]);
  assert.deepEqual(
    entries.map(({ name, type, sizeBytes, linkname }) => [name, type, sizeBytes, linkname]),
    [
      ['Files', 'directory', 0, ''],
      ['Files/a.txt', 'file', 6, ''],
      ['Files/lnk', 'symlink', 0, 'C:\\x'],
      ['Files/.wh.old.txt', 'whiteout', 0, ''],
    ],
  );
  assert.deepEqual(entries[1]?.info, INFO);
  assert.equal(entries[3]?.info, null);
  const z = { id: STREAM_ID.alternateData, name: ':z:$DATA', bytes: utf8('[Z]\r\n') };
  assert.equal(entries[1]?.backup, hex(backup(security, data('hello\n'), z)));
  assert.equal(entries[2]?.backup, hex(backup({ id: STREAM_ID.reparsePoint, bytes: encodeReparsePoint(linkTo('C:\\x', true)) })));
  assert.equal(entries[3]?.backup, '');
});

test('the result of reading a layer doesn’t depend on how tars and backup streams are split into chunks', async () => {
  const layer = fixture('windows-layer.tar');
  const whole = await read([layer]);
  for (let seed = 0; seed < 20; seed++) assert.deepEqual(await read(randomChunks(layer, seed)), whole);
  for (const vector of vectors.filter(({ tarBase64 }) => tarBase64 !== undefined)) {
    const bytes = Buffer.from(vector.backupStreamBase64, 'base64');
    const chunks = windowsFile('Files\\x', vector.size, bytes, { open: () => randomChunks(bytes, vector.size, 50) });
    assert.equal(hex(await gather(tarOf(chunks))), hex(await gather(tarOf(windowsFile('Files\\x', vector.size, bytes)))));
  }
});

test('a tar cut off inside a member is an error', async () => {
  // A header of type x, its records and the file's header end at 1536; 600 bytes of body follow.
  const layer = tar(pax({ 'MSWINDOWS.fileattr': '32' }), file('Files/a', 'x'.repeat(600)));
  for (let length = 1; length < layer.length; length += 13) {
    const reading = read([layer.subarray(0, length)]);
    if (length >= 1536 + 600) assert.equal((await reading).length, 1);
    else await assert.rejects(reading, { code: 'TRUNCATED' }, `cut at ${length}`);
  }
});

test('a truncated backup stream is an error that names the file', async () => {
  const vector = vectors.find((one) => one.case === 'two alternate streams') as BackupTarCase;
  const bytes = Buffer.from(vector.backupStreamBase64, 'base64');
  const whole = new Set([144, 168, 258]);
  for (let length = 1; length < bytes.length; length++) {
    const cut = { ...vector, backupStreamBase64: bytes.subarray(0, length).toString('base64') };
    if (whole.has(length)) continue;
    await assert.rejects(writeCase(cut), { code: 'TRUNCATED' }, `cut at ${length}`);
  }
  await assert.rejects(
    gather(tarOf(windowsFile('Files\\a', 9, backup(data('123456789')).slice(0, -1)))),
    /^LayerscopeError: Files\/a: copying contents from data stream: unexpected EOF$/,
  );
});

test('a file with less data than its stated size is refused', async () => {
  await assert.rejects(gather(tarOf(windowsFile('Files\\a', 3, backup(security)))), /Files\/a: archive\/tar: missed writing 3 bytes/);
  const sparse = { id: STREAM_ID.data, attributes: 8 };
  const end = (offset: number) => ({ id: STREAM_ID.sparseBlock, offset });
  await assert.rejects(gather(tarOf(windowsFile('a', 9, backup(sparse, end(8))))), /missed writing 1 bytes/);
  await assert.rejects(
    gather(tarOf(windowsFile('a', 9, backup(sparse, end(2 ** 52))))),
    /seek to offset 4503599627370496: .*write too long/,
  );
  await assert.rejects(gather(tarOf(windowsFile('a', 9, backup(sparse)))), /copying contents from sparse block stream: unexpected EOF/);
  await assert.rejects(gather(tarOf(windowsFile('a', 9, backup(sparse, security)))), /unexpected stream 3/);
});

test('a stream that would be buffered completely but claims to be huge is refused', async () => {
  const claims = (id: number) => new BackupStreamWriter().head({ id, sizeBytes: 2 ** 40 });
  for (const id of [STREAM_ID.security, STREAM_ID.extendedAttributes, STREAM_ID.reparsePoint]) {
    await assert.rejects(gather(tarOf(windowsFile('a', 0, claims(id)))), { code: 'TOO_LARGE' });
  }
});

test('streams that a tar can’t hold are reported', async () => {
  const reported: [string, number][] = [];
  const bytes = backup(
    { id: STREAM_ID.objectId, bytes: new Uint8Array(64) },
    { id: STREAM_ID.alternateData, name: ':early:$DATA' },
    data('x'),
    { id: STREAM_ID.extendedAttributes },
    { id: STREAM_ID.txfs },
  );
  const options = { dropped: (name: string, stream: { id: number }) => reported.push([name, stream.id]) };
  await gather(tarFromBackupStream(new TarWriter(), windowsFile('Files\\a', 1, bytes), options));
  assert.deepEqual(reported, [
    ['Files\\a', STREAM_ID.objectId],
    ['Files\\a', STREAM_ID.alternateData],
    ['Files\\a', STREAM_ID.extendedAttributes],
    ['Files\\a', STREAM_ID.txfs],
  ]);
});

test('reading a tar in two passes keeps extended attributes that come after the data, even in sparse files', async () => {
  // foo=bar, last in its list, without its padding.
  const attributes = {
    id: STREAM_ID.extendedAttributes,
    bytes: Buffer.from('00000000 00 03 0300 666f6f 00 626172'.replaceAll(' ', ''), 'hex'),
  };
  const sparse = [
    { id: STREAM_ID.data, attributes: 8 },
    { id: STREAM_ID.sparseBlock, offset: 1, bytes: utf8('b') },
    { id: STREAM_ID.sparseBlock, offset: 4 },
  ];
  for (const [content, size] of [
    [[data('abcd')], 4],
    [sparse, 4],
  ] as const) {
    const bytes = backup(security, ...content, attributes);
    const once = await read(tarOf(windowsFile('Files\\a', size, bytes)));
    const twice = await read(tarOf(windowsFile('Files\\a', size, bytes, { readTwice: true })));
    const body = content.length === 1 ? data('abcd') : data('\0b\0\0');
    assert.equal(once[0]?.backup, hex(backup(security, body)));
    const padded = { id: STREAM_ID.extendedAttributes, bytes: concat(attributes.bytes, new Uint8Array(1)) };
    assert.equal(twice[0]?.backup, hex(backup(security, padded, body)));
  }
});

test('a sparse file that is empty, or without holes, may end with a block of 0 bytes, in one pass and in two', async () => {
  const end = (offset: number): StreamParts => ({ id: STREAM_ID.sparseBlock, offset });
  const alternate = { id: STREAM_ID.alternateData, name: ':s:$DATA', bytes: utf8('stream') };
  for (const content of ['', 'abcd']) {
    for (const attributes of [0, 8]) {
      const bytes = backup({ ...data(content), attributes }, end(content.length), alternate);
      for (const readTwice of [false, true]) {
        const [file] = await read(tarOf(windowsFile('Files\\a', await backupDataSize([bytes]), bytes, { readTwice })));
        assert.equal(file?.backup, hex(backup(data(content), alternate)), `${content} ${attributes} ${readTwice}`);
      }
    }
  }
});

test('unwanted data is skipped if the source can skip, and truncation is still found', async () => {
  const big = data('x'.repeat(1_000_000));
  const whole = backup(security, big, { id: STREAM_ID.alternateData, name: ':s:$DATA', bytes: utf8('stream') });
  const open = (bytes: Uint8Array, counts: { read: number }): SkippingSource => {
    let at = 0;
    return {
      skip: (count) => {
        at += count;
      },
      async *[Symbol.asyncIterator]() {
        for (; at < bytes.length; ) {
          const piece = bytes.subarray(at, at + 4096);
          at += piece.length;
          counts.read += piece.length;
          yield piece;
        }
      },
    };
  };
  const counts = { read: 0 };
  const cursor = new BackupCursor(open(whole, counts));
  const found: [number, number][] = [];
  for (let stream = await cursor.next(); stream !== null; stream = await cursor.next()) found.push([stream.id, stream.sizeBytes]);
  assert.deepEqual(found, [
    [STREAM_ID.security, SECURITY.length],
    [STREAM_ID.data, 1_000_000],
    [STREAM_ID.alternateData, 6],
  ]);
  assert.ok(counts.read <= 3 * 4096, `${counts.read} bytes read`);
  const file = windowsFile('Files\\a', 1_000_000, whole, { readTwice: true, open: () => open(whole, counts) });
  assert.deepEqual(await read(tarOf(file)), await read(tarOf({ ...file, open: () => [whole] })));
  for (const length of [whole.length - 40, whole.length - 100_000]) {
    const cut = new BackupCursor(open(whole.subarray(0, length), counts));
    await assert.rejects(
      async () => {
        while ((await cut.next()) !== null);
      },
      { code: 'TRUNCATED' },
    );
  }
});

test('names of extended attributes are bytes, and names that differ only in their encoding are different', async () => {
  const records = [latin1('MSWINDOWS.xattr.\xE9'), latin1('MSWINDOWS.xattr.\xC3\xA9')].map((key) => paxRecord(key, 'dg=='));
  const [entry] = await read([tar(pax(concat(...records)), file('Files/a', 'x'))]);
  assert.match(entry?.backup ?? '', /00020100c3a9.*00010100e9/);
  const attributes = (name: string) => ({ name, value: utf8('v'), flags: 0 });
  const bytes = backup(
    { id: STREAM_ID.extendedAttributes, bytes: encodeExtendedAttributes([attributes('\xC3\xA9'), attributes('\xE9\xFF')]) },
    data('x'),
  );
  const [again] = await read(tarOf(windowsFile('Files\\a', 1, bytes)));
  assert.equal(again?.backup, hex(bytes));
});

test("a file's size in its backup stream is the end of its last block, including holes", async () => {
  const sparse = { id: STREAM_ID.data, attributes: 8 };
  assert.equal(await backupDataSize([backup(security, data('abc'))]), 3);
  assert.equal(await backupDataSize([backup(security)]), 0);
  assert.equal(await backupDataSize([backup(sparse, { id: STREAM_ID.sparseBlock, offset: 70000 })]), 70000);
  const ranges = [
    { id: STREAM_ID.sparseBlock, offset: 1, bytes: utf8('b') },
    { id: STREAM_ID.sparseBlock, offset: 4 },
  ];
  assert.equal(await backupDataSize([backup(sparse, ...ranges)]), 4);
  assert.equal(await backupDataSize([backup({ ...sparse, bytes: utf8('abcd') })]), 4);
});

test('a deduplicated file is a regular file; other reparse tags are named in the error', async () => {
  const point = (tag: number) => ({
    id: STREAM_ID.reparsePoint,
    bytes: encodeReparsePoint({ kind: 'other', tag, data: new Uint8Array(8) }),
  });
  const [entry] = await read(tarOf(windowsFile('Files\\a', 2, backup(point(0x80000013), data('ok')))));
  assert.equal(entry?.type, 'file');
  await assert.rejects(gather(tarOf(windowsFile('Files\\a', 0, backup(point(0x8000001b))))), {
    code: 'UNSUPPORTED',
    message: 'Files/a: unsupported reparse point 8000001b (AppExecLink)',
  });
});

test('names with a lone surrogate survive', async () => {
  const name = 'Files\\\ud800x\udc00';
  const bytes = backup(data('1'), { id: STREAM_ID.alternateData, name: ':\udfff:$DATA', bytes: utf8('2') });
  const [entry] = await read(tarOf(windowsFile(name, 1, bytes)));
  assert.equal(entry?.name, name.replace('\\', '/'));
  assert.equal(entry?.backup, hex(bytes));
});

test("a hard link's member is made from basic information only", () => {
  const header = basicInfoHeader('Files\\b', 0, INFO);
  const bytes = new TarWriter().header({ ...header, typeflag: '1', mode: 0o644, linkname: 'Files/a.txt' });
  assert.equal(String.fromCharCode(bytes[1024 + 156] as number), '1');
  assert.equal(Buffer.from(bytes.subarray(1024 + 157, 1024 + 168)).toString(), 'Files/a.txt');
});

test("records from early 2016 are read: SDDL, and FILETIMEs, which take precedence over the header's time", async () => {
  const records = {
    'MSWINDOWS.fileattr': '32',
    'MSWINDOWS.sd': 'O:BAG:BAD:(A;;FA;;;SY)',
    'MSWINDOWS.createtime': '131061736001234567',
    'MSWINDOWS.accesstime': '131061736010000000',
    'MSWINDOWS.writetime': '131061736025000000',
    'MSWINDOWS.changetime': '131061736030000001',
  };
  const [entry] = await read([tar(pax(records), file('Files/a.txt', 'hello\n', { mtime: 1461700002 }))]);
  assert.deepEqual(entry?.info, INFO);
  assert.equal(entry?.backup, hex(backup(security, data('hello\n'))));
  const newer = { ...records, atime: '1', ctime: '2', 'LIBARCHIVE.creationtime': '3' };
  const [both] = await read([tar(pax(newer), file('Files/a.txt', '', { mtime: 1461700002 }))]);
  assert.deepEqual(both?.info, INFO, 'and over those of PAX');
});

test('a time’s digits after the ninth are ignored', async () => {
  const [entry] = await read([tar(pax({ atime: '1.12345678987654' }), file('Files/a', '', { mtime: 0 }))]);
  assert.equal(entry?.info?.accessTimeFiletime, 116444736000000000n + 11_234_567n);
});

test('missing access and change times are 0, and a missing creation time is the write time', async () => {
  const [plain, folder] = await read([tar(file('Files/a', '', { mtime: 0 }), directory('Files/d/'))]);
  assert.deepEqual(plain?.info, {
    creationTimeFiletime: 116444736000000000n,
    accessTimeFiletime: 0n,
    writeTimeFiletime: 116444736000000000n,
    changeTimeFiletime: 0n,
    attributes: 0,
  });
  assert.equal(plain?.backup, hex(backup({ id: STREAM_ID.data })));
  assert.equal(folder?.name, 'Files/d');
  assert.equal(folder?.info?.attributes, 0x10);
  assert.equal(folder?.backup, '');
});

test('the reparse flag of a member that is not a link is dropped and reported', async () => {
  const records = { 'MSWINDOWS.fileattr': '1040' };
  const entries = await read([
    tar(pax(records), file('Files/a', ''), pax(records), directory('Files/d'), pax(records), symlink('Files/l', 'x')),
  ]);
  assert.deepEqual(
    entries.map(({ info, droppedAttributes }) => [info?.attributes, droppedAttributes]),
    [
      [0x10, 0x400],
      [0x10, 0x400],
      [0x410, 0],
    ],
  );
});

test('invalid attributes, times and base64 are errors that name the entry', async () => {
  const cases: readonly [Record<string, string>, string, RegExp][] = [
    [{ 'MSWINDOWS.fileattr': '-1' }, 'BAD_TAR', /^Files\/a: MSWINDOWS.fileattr/],
    [{ 'MSWINDOWS.fileattr': '4294967296' }, 'BAD_TAR', /fileattr/],
    [{ 'LIBARCHIVE.creationtime': '.5' }, 'BAD_TAR', /creationtime/],
    [{ 'MSWINDOWS.rawsd': '!' }, 'DAMAGED', /^Files\/a: illegal base64 data at input byte 0/],
    [{ 'MSWINDOWS.rawsd': 'AAAA\nA' }, 'DAMAGED', /input byte 5/],
    [{ 'MSWINDOWS.rawsd': 'AA=A' }, 'DAMAGED', /illegal base64/],
    [{ 'MSWINDOWS.xattr.x': 'AAA' }, 'DAMAGED', /illegal base64/],
    [{ 'MSWINDOWS.sd': 'O:XX' }, 'DAMAGED', /^Files\/a: not a SID/],
  ];
  for (const [records, code, message] of cases) {
    await assert.rejects(read([tar(pax(records), file('Files/a', ''))]), { code, message }, JSON.stringify(records));
  }
  await assert.rejects(read([tar(file(latin1('Files/\xe4'), ''))]), { code: 'NAME_REFUSED', message: /Files\/\\xE4/ });
});

test('only streams right after their file belong to it', async () => {
  const layer = tar(file('Files/a', '1'), file('Files/a:x', '2'), file('Files/b', '3'), file('Files/a:y', '4'), directory('Files/b:z'));
  const entries = await read([layer]);
  assert.deepEqual(
    entries.map(({ name }) => name),
    ['Files/a', 'Files/b', 'Files/a:y', 'Files/b:z'],
  );
  assert.equal(entries[0]?.backup, hex(backup(data('1'), { id: STREAM_ID.alternateData, name: ':x:$DATA', bytes: utf8('2') })));
});

test('a hard link has a target and no backup stream; a global header is skipped', async () => {
  const entries = await read([
    tar(paxGlobal({ comment: 'x' }), file('Files/a', '1'), hardlink('Files/b', 'Files/a'), file('Files/.wh.c', 'x')),
  ]);
  assert.deepEqual(
    entries.map(({ name, type, linkname, info }) => [name, type, linkname, info === null]),
    [
      ['Files/a', 'file', '', false],
      ['Files/b', 'hardlink', 'Files/a', true],
      ['Files/.wh.c', 'whiteout', '', true],
    ],
  );
  assert.deepEqual(
    entries.map((entry) => entry.backup.length > 0),
    [true, false, false],
  );
});

test("a sparse member's holes are zeros in the data stream", async () => {
  for (const version of ['0.0', '0.1', '1.0'] as const) {
    const sparse = paxSparse(
      version,
      'Files/s',
      10,
      [
        [2, 3],
        [7, 1],
        [10, 0],
      ],
      'abcd',
    );
    for (const source of [[tar(sparse)], randomChunks(tar(sparse), 7, 90)]) {
      const [entry] = await read(source);
      assert.equal(entry?.backup, hex(backup(data('\0\0abc\0\0d\0\0'))), version);
    }
  }
  const huge = paxSparse('0.1', 'Files/s', 2 ** 50, [[2 ** 50, 0]], '');
  await assert.rejects(read([tar(huge)]), { code: 'TOO_LARGE' });
});

const recordKeys = ['fileattr', 'rawsd', 'sd', 'mountpoint', 'xattr.x', 'createtime', 'writetime'].map((key) => `MSWINDOWS.${key}`);

test('a tar with arbitrary records is read or refused', async () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.base64String({ maxLength: 40 }),
    fc.bigInt().map(String),
    fc.constant('O:BAG:BAD:(A;;FA;;;'),
  );
  const records = fc.dictionary(
    fc.constantFrom(...recordKeys, 'LIBARCHIVE.creationtime', 'atime', 'ctime', 'mtime', 'path', 'size', 'linkpath'),
    value,
  );
  const property = fc.asyncProperty(fc.array(records, { maxLength: 4 }), fc.integer(), async (all, seed) => {
    const members = all.flatMap((some, index) => [pax(some), index % 2 === 0 ? file('Files/a', 'x') : symlink('Files/l', 'C:\\x')]);
    try {
      await read(randomChunks(tar(...members), seed));
    } catch (error) {
      assert.ok(error instanceof LayerscopeError, String(error));
      assert.notEqual(error.code, 'INTERNAL');
      assert.doesNotMatch(error.message, /\p{Cc}/u);
    }
  });
  await fc.assert(property, { seed: 20161103, numRuns: 400 });
});

test('a tar with changed bytes is read or refused', async () => {
  const layer = fixture('windows-layer.tar');
  const property = fc.asyncProperty(
    fc.array(fc.tuple(fc.nat(layer.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 }),
    async (changes) => {
      const changed = Uint8Array.from(layer);
      for (const [at, value] of changes) changed[at] = value;
      try {
        await read([changed]);
      } catch (error) {
        assert.ok(error instanceof LayerscopeError, String(error));
        assert.notEqual(error.code, 'INTERNAL');
      }
    },
  );
  await fc.assert(property, { seed: 3, numRuns: 500 });
});
