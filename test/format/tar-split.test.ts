import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { assembleTar, Crc64, readSplitEntries, type SplitEntry, splitTar } from '#format/tar-split';
import { displayPath, LayerscopeError } from '#model';
import { gather, randomChunks } from '../support/random-chunks.ts';
import { splitLayer } from '../support/split-layer.ts';
import {
  concat,
  directory,
  file,
  gnuLongName,
  gnuSparse,
  hardlink,
  member,
  pax,
  paxGlobal,
  paxSparse,
  tar,
  utf8,
  zeros,
} from '../support/tar-builder.ts';

const layer = splitLayer();
// Made with tar-split's own command: see splitLayer.
const theirs = gunzipSync(readFileSync(new URL('../fixtures/tar-split/layer.json.gz', import.meta.url)));

async function entriesOf(metadata: Uint8Array): Promise<SplitEntry[]> {
  const entries: SplitEntry[] = [];
  for await (const entry of readSplitEntries([metadata])) entries.push(entry);
  return entries;
}

/** Returns each file entry's content by name, cut out of the tar as its metadata says. */
async function contentsOf(bytes: Uint8Array, metadata: Uint8Array): Promise<Map<string, Uint8Array>> {
  const contents = new Map<string, Uint8Array>();
  let at = 0;
  for (const entry of await entriesOf(metadata)) {
    if (entry.kind === 'file' && entry.sizeBytes > 0) contents.set(displayPath(entry.name), bytes.slice(at, at + entry.sizeBytes));
    at += entry.kind === 'file' ? entry.sizeBytes : entry.bytes.length;
  }
  return contents;
}

function opener(contents: ReadonlyMap<string, Uint8Array>): (name: Uint8Array) => Uint8Array[] {
  return (name) => {
    const content = contents.get(displayPath(name));
    if (content === undefined) throw new LayerscopeError('NOT_FOUND', `no file ${displayPath(name)}`);
    return [content.slice(0, 3), content.slice(3)];
  };
}

async function assertComesBack(bytes: Uint8Array): Promise<Uint8Array> {
  const metadata = await gather(splitTar([bytes]));
  const again = await gather(assembleTar([metadata], opener(await contentsOf(bytes, metadata))));
  assert.ok(Buffer.from(again).equals(bytes));
  return metadata;
}

test("a layer's metadata is byte for byte the same as tar-split's", async () => {
  assert.equal(Buffer.from(await gather(splitTar([layer]))).toString(), theirs.toString());
});

test("a tar's metadata doesn't depend on its chunks", async () => {
  const sparse = paxSparse(
    '1.0',
    's',
    3000,
    [
      [0, 2000],
      [2500, 500],
    ],
    'z'.repeat(2500),
  );
  const odd = tar(
    gnuSparse('g', 900, [[0, 700]], 'g'.repeat(700)),
    sparse,
    file('f', 'f'),
    file('f', 'g'),
    directory('d'),
    directory('./d/'),
  );
  // Extension headers without a member, including a global one, and bytes after the end.
  const endless = concat(tar(file('f', 'f'), gnuLongName('n'.repeat(700))), zeros(700));
  const global = concat(tar(pax({ path: 'p' }), paxGlobal({ comment: 'c' }), gnuLongName('n')), zeros(2048));
  for (const bytes of [layer, odd, endless, global]) {
    const whole = Buffer.from(await gather(splitTar([bytes]))).toString();
    for (let seed = 0; seed < 25; seed++) assert.equal(Buffer.from(await gather(splitTar(randomChunks(bytes, seed)))).toString(), whole);
  }
});

test("a layer is reassembled from tar-split's metadata and its files", async () => {
  const open = opener(await contentsOf(layer, theirs));
  assert.ok(Buffer.from(await gather(assembleTar([theirs], open))).equals(layer));
  assert.ok(Buffer.from(await gather(assembleTar(randomChunks(theirs, 3), open))).equals(layer));
  await assertComesBack(layer);
});

test('the metadata stores content that files on disk lack: sparse members and repeated names', async () => {
  const bytes = tar(
    file('f', 'first'),
    file('./f', 'second'),
    directory('d/'),
    directory('d'),
    gnuSparse(
      's',
      5000,
      [
        [0, 4],
        [4000, 4],
      ],
      'abcdefgh',
    ),
    member({ name: 'odd', typeflag: 'D' }, 'body'),
  );
  const metadata = await assertComesBack(bytes);
  const files = (await entriesOf(metadata)).flatMap((entry) => (entry.kind === 'file' ? [[displayPath(entry.name), entry.sizeBytes]] : []));
  assert.deepEqual(files, [
    ['f', 5],
    ['d/', 0],
  ]);
});

test('a link with a size doesn’t need a file', async () => {
  const metadata = await assertComesBack(tar(file('a', 'x'), hardlink('b', 'a', { size: 1 })));
  const last = (await entriesOf(metadata)).findLast((entry) => entry.kind === 'file');
  assert.deepEqual(last, { kind: 'file', name: utf8('b'), sizeBytes: 0, crc64: null });
});

test('content may be stored in the metadata on request, in segments of at most a MiB', async () => {
  const big = 'b'.repeat(2_500_000);
  const bytes = tar(file('Files/a:stream', 'x'), file('Files/b', big));
  const metadata = await gather(splitTar([bytes], { keepInside: (name, size) => displayPath(name).includes(':') || size > 2_000_000 }));
  const entries = await entriesOf(metadata);
  assert.ok(entries.every((entry) => entry.kind === 'segment' && entry.bytes.length <= 1 << 20));
  const nothing = () => assert.fail('no file is needed');
  assert.ok(Buffer.from(await gather(assembleTar([metadata], nothing))).equals(bytes));
});

test('a changed, longer or shorter file is an error', async () => {
  const bytes = tar(file('etc/x', 'hello'));
  const metadata = await gather(splitTar([bytes]));
  for (const content of ['hellO', 'hell', 'hello!', '']) {
    await assert.rejects(
      gather(assembleTar([metadata], () => [utf8(content)])),
      { code: 'DIGEST_MISMATCH', message: 'file integrity checksum failed for "etc/x"' },
      content,
    );
  }
  const missing = () => Promise.reject(new LayerscopeError('NOT_FOUND', 'gone'));
  await assert.rejects(gather(assembleTar([metadata], missing)), { code: 'NOT_FOUND' });
});

test('a truncated tar is refused', async () => {
  await assert.rejects(gather(splitTar([tar(file('a', 'x'.repeat(600))).slice(0, 1000)])), { code: 'TRUNCATED' });
  await assert.rejects(gather(splitTar([layer.slice(0, 1300)])), { code: 'TRUNCATED' });
  await assert.rejects(gather(splitTar([new Uint8Array(600).fill(1)])), { code: 'BAD_TAR' });
  assert.equal((await gather(splitTar([new Uint8Array(0)]))).length, 0);
  await assertComesBack(zeros(1024));
  await assertComesBack(tar(file('a', 'x')).slice(0, 1024));
});

test('malformed metadata is refused with the line number', async () => {
  const cases = [
    'x',
    '[]',
    '7',
    'null',
    '{"type":3}',
    '{"type":1,"name":"a","size":-1}',
    '{"type":1,"name":"a","size":1}',
    '{"type":1,"name":7}',
  ];
  cases.push(
    '{"type":2,"payload":"!"}',
    '{"type":2,"payload":7}',
    '{"type":1,"name":"a","size":1,"payload":"AAAA"}',
    '{"type":1,"size":1e300}',
  );
  for (const line of cases) {
    await assert.rejects(entriesOf(utf8(`{"type":2,"payload":"AA==","position":0}\n${line}\n`)), { code: 'DAMAGED' }, line);
  }
  await assert.rejects(entriesOf(Uint8Array.of(0xff)), { code: 'DAMAGED', message: /line 1: not UTF-8/ });
  assert.deepEqual(await entriesOf(utf8('\n {"position":0,"more":1,"type":2}\r\n')), [{ kind: 'segment', bytes: new Uint8Array(0) }]);
});

test("checksums equal those of Go's crc64.ISO", () => {
  const sum = (text: string) => {
    const crc = new Crc64();
    crc.update(utf8(text));
    return Buffer.from(crc.digest()).toString('hex');
  };
  // The expected checksums are from hash/crc64's own tests.
  assert.equal(sum(''), '0000000000000000');
  assert.equal(sum('a'), '3420000000000000');
  assert.equal(sum('abcde'), '32d36776c4200000');
  assert.equal(sum('Discard medicine more than two years old.'), '8ec0e7c835bf9cdf');
});

test('a checksum doesn’t depend on how its bytes are split', () => {
  const property = fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer(), (bytes, seed) => {
    const whole = new Crc64();
    whole.update(bytes);
    const pieces = new Crc64();
    for (const chunk of randomChunks(bytes, seed, 20)) pieces.update(chunk);
    assert.deepEqual(pieces.digest(), whole.digest());
  });
  fc.assert(property, { seed: 5 });
});

test('differently spelled JSON metadata means the same as tar-split’s own', async () => {
  const own = [
    '{"type":2,"payload":"AAEC/w==","position":0}',
    '{"type":1,"name":"etc/ü","size":5,"payload":"AQIDBAUGBwg=","position":1}',
    '{"type":1,"name":"empty","payload":null,"position":2}',
    '{"type":2,"payload":"","position":3}',
    '{"type":2,"payload":"AAE=","position":4}',
  ];
  const spaced = own.map((line) => line.replaceAll(/([,:{])"/g, '$1 "'));
  const turned = own.map((line) => JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(line) as object).reverse())));
  const escaped = own.map((line) => line.replace('ü', '\\u00fc').replaceAll('/', '\\/'));
  const read = async (lines: readonly string[]) => entriesOf(utf8(lines.join('\n')));
  const expected = await read(own);
  assert.equal(expected.length, 5);
  for (const lines of [spaced, turned, escaped]) assert.deepEqual(await read(lines), expected);
});

test('lines that almost match tar-split’s own are refused', async () => {
  const wrong = [
    '{"type":1,"name":"x","size":5,"payload":"AQIDBAUGBw==","position":1}',
    '{"type":1,"name":"x","size":5,"payload":null,"position":1}',
    '{"type":1,"name":"x","size":99999999999999999999,"payload":"AQIDBAUGBwg=","position":1}',
    '{"type":1,"name":"x","size":05,"payload":"AQIDBAUGBwg=","position":1}',
    '{"type":1,"name":"x","size":-5,"payload":"AQIDBAUGBwg=","position":1}',
    '{"type":1,"name":"x","size":5,"payload":"AQIDBAUGBwg=","position":1',
    '{"type":2,"payload":"AAE","position":4}',
    '{"type":2,"payload":"A?E=","position":4}',
    '{"type":2,"payload":"AAE=","position":x}',
    '{"type":2,"payload":"AAE=',
  ];
  for (const line of wrong) await assert.rejects(entriesOf(utf8(line)), { code: 'DAMAGED' }, line);
});
