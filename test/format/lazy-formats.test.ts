// eStargz and zstd:chunked, tested with layers written by their own tools (test/support/lazy-layer.ts) and with made-up layers.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { ESTARGZ_FOOTER_BYTES, parseEstargzFooter, parseToc, type Toc, type TocEntry, tocTime } from '#format/estargz';
import { TarReader } from '#format/tar';
import { checkTocEntries } from '#format/toc';
import { parseZstdChunkedAnnotations, parseZstdChunkedFooter, ZSTD_CHUNKED_FOOTER_BYTES } from '#format/zstd-chunked';
import { TYPE } from '#model';
import { hasCode } from '../support/asserts.ts';
import { lazyLayer } from '../support/lazy-layer.ts';
import { concat, utf8, zeros } from '../support/tar-builder.ts';

const FIXTURES = path.join(import.meta.dirname, '..', 'fixtures', 'lazy');
const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(path.join(FIXTURES, name)));
const sha256 = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

function estargzToc(layer: Uint8Array): { readonly toc: Toc; readonly json: Uint8Array } {
  const footer = parseEstargzFooter(layer.subarray(-ESTARGZ_FOOTER_BYTES), layer.length);
  assert.ok(footer?.kind === 'inside');
  const member = gunzipSync(layer.subarray(footer.tocOffset, footer.footerOffset));
  const size = Number.parseInt(member.subarray(124, 135).toString(), 8);
  const json = new Uint8Array(member.subarray(512, 512 + size));
  return { json, toc: parseToc(json, 'estargz', footer.tocOffset) };
}

/** Returns the members of a tar in the form of a TOC. */
function expected(tar: Uint8Array): unknown[] {
  const names = new Map([
    [TYPE.file, 'reg'],
    [TYPE.directory, 'dir'],
    [TYPE.symlink, 'symlink'],
    [TYPE.hardlink, 'hardlink'],
    [TYPE.character, 'char'],
    [TYPE.fifo, 'fifo'],
  ] as [number, string][]);
  const entries: unknown[] = [];
  const reader = new TarReader({
    member: (member) => {
      const body = tar.subarray(member.bodyOffset, member.bodyOffset + member.size);
      const note = member.pax?.get('SCHILY.xattr.user.note');
      entries.push({
        name: Buffer.from(member.name).toString(),
        type: names.get(member.type),
        sizeBytes: member.size,
        mode: member.mode & 0o7777,
        uid: member.uid,
        gid: member.gid,
        mtimeSeconds: member.mtimeSeconds,
        linkName: Buffer.from(member.linkname).toString(),
        devMajor: member.devMajor,
        devMinor: member.devMinor,
        xattrs: note === undefined ? [] : [['user.note', Buffer.from(note).toString()]],
        content: sha256(body),
      });
    },
    finding: () => {},
  });
  reader.push(tar);
  reader.end();
  return entries;
}

/** Returns a TOC's entries in a form comparable with the tar's. Unpacks the contents piece by piece and checks them against the digests. */
function found(toc: Toc, layer: Uint8Array, unpack: (packed: Uint8Array) => Uint8Array): unknown[] {
  const own = toc.entries.filter(({ name }) => !/^\.(no\.)?prefetch\.landmark$/.test(name));
  return own.map(({ userName: _user, groupName: _group, mtimeNanos, digest, chunks, xattrs, ...entry }: TocEntry) => {
    assert.equal(mtimeNanos, 0);
    const pieces = chunks.map(({ packedStart, packedEnd, innerOffset, sizeBytes, digest: own }) => {
      const piece = unpack(layer.subarray(packedStart, packedEnd)).subarray(innerOffset, innerOffset + sizeBytes);
      if (own !== null) assert.equal(sha256(piece), own);
      return piece;
    });
    const content = concat(...pieces);
    if (digest !== null) assert.equal(sha256(content), digest);
    return { ...entry, xattrs: [...xattrs].map(([key, value]) => [key, Buffer.from(value).toString()]), content: sha256(content) };
  });
}

test('eStargz: the TOC has every entry of the tar and locates all contents', () => {
  for (const [name, digest] of [
    ['estargz.gz', 'sha256:e56e8478bb07ec765e1fad8e1d51568d4ba0ddf6c76b3f989de6d7b7e837a030'],
    ['estargz-inner.gz', 'sha256:f0d54632d4381a8bbd42f482f23b943aae89c2211245e3832b38f67c83b3e29d'],
  ] as const) {
    const layer = fixture(name);
    const { toc, json } = estargzToc(layer);
    assert.equal(sha256(json), digest, 'what the annotation toc.digest says');
    assert.deepEqual(
      found(toc, layer, (packed) => new Uint8Array(gunzipSync(packed))),
      expected(lazyLayer()),
    );
    const owned = toc.entries.filter(({ uid }) => uid === 7);
    assert.deepEqual(
      owned.map(({ userName, groupName }) => [userName, groupName]),
      [
        ['seven', 'eight'],
        ['seven', 'eight'],
      ],
      'owner names are in the first entry with their id',
    );
  }
});

test('zstd:chunked from skopeo 1.9: the footer and the annotations give the same TOC', () => {
  const layer = fixture('zstd-chunked.zst');
  const position = parseZstdChunkedFooter(layer.subarray(-ZSTD_CHUNKED_FOOTER_BYTES), layer.length);
  assert.deepEqual(position, { toc: { offset: 3804, length: 640, rawLength: 2556 }, tarSplit: null, tocDigest: null });
  const digest = 'sha256:62275300ad7585ffa8112d1c6f8718432ce360497a0085be9892270e34c6d23b';
  const annotations = {
    'io.containers.zstd-chunked.manifest-checksum': digest,
    'io.containers.zstd-chunked.manifest-position': '3804:640:2556:1',
  };
  assert.deepEqual(parseZstdChunkedAnnotations(annotations, layer.length), { ...position, tocDigest: digest });
  const packed = layer.subarray(3804, 3804 + 640);
  assert.equal(sha256(packed), digest);
  const toc = parseToc(new Uint8Array(zstdDecompressSync(packed)), 'zstd-chunked', 3804 - 8);
  assert.deepEqual(
    found(toc, layer, (bytes) => new Uint8Array(zstdDecompressSync(bytes))),
    expected(lazyLayer()),
  );
});

function footer(fields: readonly number[], magic: string): Uint8Array {
  const bytes = Buffer.alloc(8 + fields.length * 8 + 8);
  bytes.set([0x50, 0x2a, 0x4d, 0x18]);
  bytes.writeUInt32LE(bytes.length - 8, 4);
  for (const [at, value] of fields.entries()) bytes.writeBigUInt64LE(BigInt(value), 8 + 8 * at);
  bytes.write(magic, bytes.length - 8);
  return bytes;
}

test('zstd:chunked from current containers/storage has a second range for tar-split', () => {
  const tail = concat(zeros(100), footer([1000, 200, 900, 1, 1300, 400, 4000], 'GNUlInUx'));
  const toc = { offset: 1000, length: 200, rawLength: 900 };
  const tarSplit = { offset: 1300, length: 400, rawLength: 4000 };
  assert.deepEqual(parseZstdChunkedFooter(tail, 5000), { toc, tarSplit, tocDigest: null });
  const digest = sha256(tail);
  const prefix = 'io.github.containers.zstd-chunked.';
  const annotations = {
    [`${prefix}manifest-checksum`]: digest,
    [`${prefix}manifest-position`]: '1000:200:900:1',
    [`${prefix}tarsplit-position`]: '1300:400:4000',
  };
  assert.deepEqual(parseZstdChunkedAnnotations(annotations, 5000), { toc, tarSplit, tocDigest: digest });
  assert.equal(parseZstdChunkedAnnotations({}, 5000), null);
  for (const other of [
    zeros(100),
    utf8('x'.repeat(100)),
    zeros(3),
    footer([1, 2, 3, 1], 'GNUlInUx'),
    footer([1, 2, 3, 1, 0, 0, 0], 'GnUlInUx'),
  ]) {
    assert.equal(parseZstdChunkedFooter(other, 5000), null);
  }
  const wrong = [
    footer([5001, 1, 1, 1], 'GnUlInUx'),
    footer([4000, 1001, 1, 1], 'GnUlInUx'),
    footer([0, 10, 1, 1], 'GnUlInUx'),
    footer([100, 0, 1, 1], 'GnUlInUx'),
    footer([2 ** 60, 10, 1, 1], 'GnUlInUx'),
    footer([1000, 200, 900, 1, 4999, 400, 4000], 'GNUlInUx'),
  ];
  for (const each of wrong) assert.throws(() => parseZstdChunkedFooter(each, 5000), hasCode('DAMAGED'));
  assert.throws(() => parseZstdChunkedFooter(footer([1000, 10, 1, 2], 'GnUlInUx'), 5000), hasCode('UNSUPPORTED'));
  for (const position of ['1:2:3', '1:2:3:4:5', '-1:2:3:1', '1e3:2:3:1', '', '1000:99999:1:1', '9999999999999999:1:1:1']) {
    assert.throws(
      () => parseZstdChunkedAnnotations({ ...annotations, [`${prefix}manifest-position`]: position }, 5000),
      hasCode('DAMAGED'),
      position,
    );
  }
  assert.throws(() => parseZstdChunkedAnnotations({ ...annotations, [`${prefix}manifest-checksum`]: 'md5:0' }, 5000), hasCode('DAMAGED'));
});

test('eStargz footers: the current one, the one from older writers, a TOC in another image, and bytes that are not a footer', () => {
  const head = Buffer.from('1f8b080400000000 00ff'.replace(' ', ''), 'hex');
  const tail = Buffer.from('010000ffff0000000000000000', 'hex');
  const build = (extra: string, length = extra.length): Uint8Array =>
    concat(head, Buffer.of(length & 0xff, length >> 8), Buffer.from(extra, 'latin1'), tail);
  const digits = (offset: number) => offset.toString(16).padStart(16, '0');
  const present = build(`SG\x16\0${digits(900)}STARGZ`);
  assert.equal(present.length, 51);
  assert.deepEqual(parseEstargzFooter(present, 1000), { kind: 'inside', tocOffset: 900, footerOffset: 949 });
  const legacy = build(`${digits(900)}STARGZ`);
  assert.equal(legacy.length, 47);
  assert.deepEqual(parseEstargzFooter(concat(zeros(4), legacy), 1000), { kind: 'inside', tocOffset: 900, footerOffset: 953 });
  const external = build('SG\x11\0STARGZEXTERNALTOC');
  assert.equal(external.length, 46);
  assert.deepEqual(parseEstargzFooter(concat(zeros(5), external), 1000), { kind: 'external', footerOffset: 954 });
  for (const offset of [949, 950, 2 ** 40])
    assert.throws(() => parseEstargzFooter(build(`SG\x16\0${digits(offset)}STARGZ`), 1000), hasCode('DAMAGED'));
  const none = [
    zeros(51),
    build(`SG\x16\0${'x'.repeat(16)}STARGZ`),
    build(`SG\x16\0${digits(1)}STARGX`),
    build(`SG\x16\0${digits(1)}STARGZ`, 25),
    zeros(3),
  ];
  for (const each of none) assert.equal(parseEstargzFooter(each, 1000), null);
  assert.equal(parseEstargzFooter(present, 10), null, 'a layer shorter than its footer');
});

test('an inconsistent TOC is refused', () => {
  const digest = `sha256:${'5'.repeat(64)}`;
  const none = `sha256:${'0'.repeat(64)}`;
  const reg = { name: 'a', type: 'reg', size: 10, offset: 5, digest };
  const parse = (entries: unknown[], more: object = {}) => parseToc(utf8(JSON.stringify({ version: 1, entries, ...more })), 'estargz', 100);
  assert.equal(parse([reg]).entries[0]?.chunks[0]?.packedEnd, 100);
  const two = [
    { ...reg, chunkSize: 4 },
    { name: 'a', type: 'chunk', offset: 20, chunkOffset: 4 },
  ];
  assert.deepEqual(
    parse(two).entries[0]?.chunks.map(({ fileOffset, sizeBytes, packedStart, packedEnd }) => [
      fileOffset,
      sizeBytes,
      packedStart,
      packedEnd,
    ]),
    [
      [0, 4, 5, 20],
      [4, 6, 20, 100],
    ],
  );
  const wrong: readonly (readonly [what: string, entries: unknown[]])[] = [
    ['an unknown type', [{ ...reg, type: 'door' }]],
    ['no type', [{ name: 'a' }]],
    ['no name', [{ ...reg, name: '' }]],
    ['a name that is not text', [{ ...reg, name: 5 }]],
    ['a long name', [{ ...reg, name: 'x'.repeat(65_537) }]],
    ['a piece without a file before it', [{ ...reg, type: 'chunk' }]],
    [
      'a piece of a folder',
      [
        { name: 'd/', type: 'dir' },
        { name: 'd/', type: 'chunk', offset: 5 },
      ],
    ],
    [
      'a gap',
      [
        { ...reg, chunkSize: 4 },
        { type: 'chunk', offset: 20, chunkOffset: 5 },
      ],
    ],
    [
      'an overlap',
      [
        { ...reg, chunkSize: 4 },
        { type: 'chunk', offset: 20, chunkOffset: 3 },
      ],
    ],
    ['too much', [{ ...reg, chunkSize: 11 }]],
    ['too little', [{ ...reg, chunkSize: 4 }]],
    ['an offset outside', [{ ...reg, offset: 100 }]],
    ['an offset below zero', [{ ...reg, offset: -1 }]],
    ['half an offset', [{ ...reg, offset: 0.5 }]],
    ['a size beyond 2^53', [{ ...reg, size: 2 ** 60 }]],
    ['an invalid digest', [{ ...reg, digest: 'x' }]],
    ['a digest of zeros', [{ ...reg, digest: none }]],
    ['a longer digest of zeros', [{ ...reg, digest: `sha512:${'0'.repeat(128)}` }]],
    ['a digest of zeros of a piece', [{ ...reg, chunkDigest: none }]],
    ['two different digests for the same content', [{ ...reg, chunkDigest: digest.replaceAll('5', '6') }]],
    ['an invalid time', [{ ...reg, modtime: 'yesterday' }]],
    ['an attribute that isn’t base64', [{ ...reg, xattrs: { a: '?' } }]],
    ['attributes in a list', [{ ...reg, xattrs: [] }]],
    ['an entry that is not an object', [null]],
  ];
  for (const [what, entries] of wrong) assert.throws(() => parse(entries), hasCode('DAMAGED'), what);
  for (const json of ['', '[]', '{"version":2,"entries":[]}', '{"version":1}', `{"version":1,"entries":${'['.repeat(100_000)}`, '\xff']) {
    assert.throws(() => parseToc(Buffer.from(json, 'latin1'), 'estargz', 100), hasCode('DAMAGED'), json.slice(0, 30));
  }
  assert.equal(parse([], { tarSplitDigest: digest }).tarSplitDigest, digest);
});

test('a TOC with more entries or attributes than the memory limit allows is refused', () => {
  const attributes = Array.from({ length: 1000 }, (_, at) => `"k${at}":""`).join(',');
  for (const entries of ['{},'.repeat(600_000), `{"name":"a","type":"dir","xattrs":{${attributes}}},`.repeat(601)]) {
    const json = `{"version":1,"entries":[${entries}{}]}`;
    assert.throws(() => parseToc(Buffer.from(json, 'latin1'), 'estargz', 100), hasCode('TOO_LARGE'), json.slice(0, 40));
  }
});

test('unknown TOC fields are skipped unless they take megabytes', () => {
  const fields = (count: number, from = 0) => Array.from({ length: count }, (_, at) => `"${from + at}":1`).join(',');
  const many = fields(300_000);
  const entry = '{"name":"a","type":"dir","more":{"x":[1,{}]}}';
  const read = (json: string) => parseToc(Buffer.from(json), 'estargz', 100).entries.map(({ name }) => name);
  assert.deepEqual(read(` { "z" : {"]":"\\"}"} , "version":1 , "entries" : [ ${entry} , ${entry} ] , "y" : [ ] } `), ['a', 'a']);
  assert.deepEqual(read(`{"version":2,"entries":[${entry},${entry}],"version":1,"entries":[${entry}]}`), ['a']);
  for (const json of [
    `{"version":1,"entries":[],"z":{${many}}}`,
    `{"version":1,"entries":[{"name":"a","type":"dir",${many}}]}`,
    `{"version":1,"entries":[],"z":[{"x":{${fields(600)}}},{${fields(1200)}}]}`,
    `{"version":1,"entries":[${Array.from({ length: 200 }, (_, at) => `{"name":"a","type":"dir",${fields(10, at * 10)}}`).join(',')}]}`,
    `{"version":1,"entries":[],"${'k'.repeat(3_000_000)}":1}`,
  ]) {
    assert.throws(() => read(json), hasCode('TOO_LARGE'), json.slice(0, 40));
  }
});

test('anything in a TOC that is not JSON is refused, wherever it is', () => {
  const whole = '{"version":1,"z":{"a":[1]},"entries":[{"name":"a","type":"dir"},{"name":"b","type":"dir"}],"y":2}';
  const parse = (json: string) => parseToc(Buffer.from(json), 'estargz', 100);
  assert.equal(parse(whole).entries.length, 2);
  for (let at = 0; at < whole.length; at++) {
    for (const letter of ['', ',', '}', ']', '"', ':', 'x', '\\']) {
      const json = whole.slice(0, at) + letter + whole.slice(at + 1);
      let isJson = true;
      try {
        JSON.parse(json);
      } catch {
        isJson = false;
      }
      if (!isJson) assert.throws(() => parse(json), hasCode('DAMAGED'), json);
    }
  }
});

test('TOC entries beyond the first batch are read like those in it', () => {
  const entry = (name: number) => `{"name":"${name}","type":"dir"}`;
  const parse = (list: readonly string[]) => parseToc(Buffer.from(`{"version":1,"entries":[${list.join(',')}]}`), 'estargz', 100).entries;
  const many = Array.from({ length: 10_000 }, (_, at) => entry(at));
  assert.deepEqual(
    parse(many).map(({ name }) => Number(name)),
    Array.from(many.keys()),
  );
  for (const at of [0, 1, 5_000, 9_999, 10_000]) {
    assert.throws(() => parse(many.toSpliced(at, 0, '')), hasCode('DAMAGED'), `nothing at ${at}`);
    assert.throws(() => parse(many.toSpliced(at, 0, '{]')), hasCode('DAMAGED'), `a wrong bracket at ${at}`);
  }
  const batch = `{"name":"${'x'.repeat(65_530)}","type":"dir"}`;
  assert.equal(parse([batch, batch]).length, 2);
  assert.throws(() => parse([batch, '']), hasCode('DAMAGED'), 'an empty batch');
});

test('a gzip member ends where the next one begins, in whatever order the entries are', () => {
  const offsets = [40, 10, 30, 10, 20, 40];
  const entries = offsets.map((offset, at) => ({ name: `${at}`, type: 'reg', size: 1, offset, innerOffset: at }));
  const toc = parseToc(utf8(JSON.stringify({ version: 1, entries })), 'estargz', 50);
  assert.deepEqual(
    toc.entries.map(({ chunks }) => chunks[0]?.packedEnd),
    [50, 20, 40, 20, 30, 50],
  );
});

test('times in a TOC are read whatever the order of their dates, and anything that is not a time is refused', () => {
  const good = ['2026-01-31T23:59:59Z', '2026-01-31T00:00:00Z', '2024-02-29T12:34:56Z', '2026-01-31T01:02:03Z', '1969-12-31T23:59:58Z'];
  for (const time of [...good, ...good.toReversed(), '2026-01-31T01:02:03+01:30', '2026-01-31T01:02:03-00:00'])
    assert.deepEqual(tocTime(time), { mtimeSeconds: Date.parse(time) / 1000, mtimeNanos: 0 }, time);
  assert.deepEqual(tocTime('2026-01-31T01:02:03.25Z'), {
    mtimeSeconds: Date.parse('2026-01-31T01:02:03Z') / 1000,
    mtimeNanos: 250_000_000,
  });
  const bad = [
    'T25:00:00Z',
    'T00:60:00Z',
    'T00:00:60Z',
    'T0x:00:00Z',
    'T00:00:00',
    'T00:00:00z',
    'T00-00-00Z',
    'T 1:00:00Z',
    'T01:00:00ZZ',
  ];
  for (const rest of bad) {
    assert.equal(tocTime('2026-01-31T00:00:00Z').mtimeSeconds, Date.UTC(2026, 0, 31) / 1000);
    assert.throws(() => tocTime(`2026-01-31${rest}`), hasCode('DAMAGED'), rest);
  }
});

test('the ends of a file’s pieces are found in one pass', (t) => {
  const count = 2_000;
  const pieces = Array.from({ length: count }, (_, at) => ({ name: 'a', type: 'chunk', offset: at + 1, chunkOffset: at, chunkSize: 1 }));
  const entries = [{ ...pieces[0], type: 'reg', size: count, endOffset: count + 1 }, ...pieces.slice(1)];
  const json = utf8(JSON.stringify({ version: 1, entries }));
  let copied = 0;
  const { slice } = Array.prototype;
  t.after(() => Object.assign(Array.prototype, { slice }));
  Object.assign(Array.prototype, {
    slice(this: unknown[], ...range: [number?, number?]) {
      const part = slice.apply(this, range);
      copied += part.length;
      return part;
    },
  });
  const [entry] = parseToc(json, 'zstd-chunked', count + 10).entries;
  assert.equal(entry?.chunks.length, count);
  assert.equal(entry?.chunks.at(-1)?.packedEnd, count + 1);
  assert.ok(copied <= 10 * count, `${copied} elements copied for ${count} pieces`);
});

test('zstd:chunked: zeros that aren’t stored, and times with fractions', () => {
  const entries = [
    { name: 'a', type: 'reg', size: 300, offset: 10, endOffset: 50, chunkSize: 100, modtime: '2020-09-13T12:26:40.5+02:00' },
    { name: 'a', type: 'chunk', chunkOffset: 100, chunkSize: 100, chunkType: 'zeros' },
    { name: 'a', type: 'chunk', chunkOffset: 200, chunkSize: 100, offset: 30 },
  ];
  const [entry] = parseToc(utf8(JSON.stringify({ version: 1, entries })), 'zstd-chunked', 60).entries;
  assert.deepEqual(
    entry?.chunks.map(({ packedStart, packedEnd, isZeros }) => [packedStart, packedEnd, isZeros]),
    [
      [10, 30, false],
      [0, 0, true],
      [30, 50, false],
    ],
  );
  assert.deepEqual([entry?.mtimeSeconds, entry?.mtimeNanos], [1_599_992_800, 500_000_000]);
});

test('contents that share packed bytes must follow one another', () => {
  const members = [
    { offset: 0, innerOffset: 0 },
    { offset: 0, innerOffset: 10 },
    { offset: 500, innerOffset: 0 },
    { offset: 500, innerOffset: 10 },
  ];
  const check = (...order: readonly number[]): void => {
    const entries = order.map((at) => ({ name: `f${at}`, type: 'reg', size: 10, ...members[at] }));
    checkTocEntries(parseToc(utf8(JSON.stringify({ version: 1, entries })), 'estargz', 1000).entries, 'of-the-toc');
  };
  check(0, 1, 2, 3);
  check(2, 3, 0, 1);
  for (const order of [
    [0, 2, 1, 3],
    [1, 0, 2, 3],
    [0, 2, 3, 1],
  ])
    assert.throws(() => check(...order), hasCode('UNSUPPORTED'));
});
