import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import {
  baseImageId,
  baseImageIdOfPath,
  chainIdsOf,
  chainProblem,
  encodeLayerChain,
  encodeTombstones,
  folderOfPath,
  idOfRemovingName,
  isInitLayerId,
  type LayerChain,
  parseBaseImages,
  parseLayerChain,
  parseLayerIdFile,
  parseWhiteout,
  parseWindowsLayerId,
  readTombstones,
  removingNameOf,
  whiteoutName,
} from '#format/layer';
import { parseDigest } from '#model';
import { hasCode } from '../support/asserts.ts';
import { randomChunks } from '../support/random-chunks.ts';
import { latin1, utf8 } from '../support/tar-builder.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
const sha384 = (bytes: Uint8Array) => createHash('sha384').update(bytes).digest();

test('a whiteout hides its path, an opaque marker its folder, a bare whiteout nothing', () => {
  assert.deepEqual(parseWhiteout('Files/d/.wh.x'), { kind: 'whiteout', path: 'Files/d/x' });
  assert.deepEqual(parseWhiteout('.wh.x'), { kind: 'whiteout', path: 'x' });
  assert.deepEqual(parseWhiteout('Files/d/.wh..wh..opq'), { kind: 'opaque', folder: 'Files/d' });
  assert.deepEqual(parseWhiteout('Files/.wh.'), { kind: 'bare', folder: 'Files' });
  assert.deepEqual(parseWhiteout('.wh.'), { kind: 'bare', folder: '' });
  assert.deepEqual(parseWhiteout('.wh..wh.plnk'), { kind: 'aufs', path: '.wh..wh.plnk' });
  for (const name of ['x', 'd.wh.x', 'd/.whx', '.wh.d/x', '']) assert.equal(parseWhiteout(name), null, name);
});

test('the name of a whiteout parses back to its path', () => {
  for (const path of ['x', 'Files/Windows/x.dll', '.hidden/.y', '.wh', 'Files/ünï']) {
    assert.deepEqual(parseWhiteout(whiteoutName(path)), { kind: 'whiteout', path });
  }
});

async function tombstones(text: string | Uint8Array): Promise<string[]> {
  const paths: string[] = [];
  for await (const path of readTombstones([typeof text === 'string' ? utf8(text) : text])) paths.push(path);
  return paths;
}

test('tombstones are paths below Files, with LF or CRLF, in chunks of any size', async () => {
  const expected = ['Files\\gone\\old.txt', 'Files\\grüße 漢字', 'Files\\last'];
  for (const end of ['\n', '\r\n']) {
    const text = ['\ufeffVersion 1.0', '\\gone\\old.txt', '\\grüße 漢字', '', '\\last'].join(end);
    assert.deepEqual(await tombstones(text), expected);
    assert.deepEqual(await tombstones(text + end), expected);
    for (let seed = 0; seed < 10; seed++) {
      const paths: string[] = [];
      for await (const path of readTombstones(randomChunks(utf8(text), seed, 5))) paths.push(path);
      assert.deepEqual(paths, expected);
    }
  }
});

test('tombstones are written as hcsshim writes them, and read back', async () => {
  const bytes = encodeTombstones(['Files\\old.txt', 'files\\d\\x']);
  assert.equal(Buffer.from(encodeTombstones(['Files\\old.txt'])).toString('hex'), 'efbbbf56657273696f6e20312e300a5c6f6c642e7478740a');
  assert.deepEqual(await tombstones(bytes), ['Files\\old.txt', 'Files\\d\\x']);
  for (const path of ['Hives\\System_Delta', 'Files', 'Files\\', 'x', 'Files\\a\nb']) {
    assert.throws(() => encodeTombstones([path]), { code: 'DAMAGED', message: /invalid tombstone/ }, path);
  }
});

test('an invalid tombstones file is refused with the line number', async () => {
  const cases: readonly [string | Uint8Array, string, RegExp][] = [
    ['', 'DAMAGED', /empty/],
    ['Version 1.0\n\\x\n', 'DAMAGED', /line 1/],
    ['\ufeffVersion 2.0\n\\x\n', 'DAMAGED', /line 1/],
    ['\ufeffVersion 1.0 \n', 'DAMAGED', /line 1/],
    ['\ufeffVersion 1.0\n\\x\nx\n', 'DAMAGED', /line 3/],
    [latin1('\xef\xbb\xbfVersion 1.0\n\\\xe4\n'), 'DAMAGED', /line 2: not UTF-8/],
    ['\ufeffVersion 1.0\n\\a\\..\\..\\x\n', 'PATH_ESCAPE', /outside the layer/],
    ['\ufeffVersion 1.0\n\\\\server\\x\n', 'PATH_ESCAPE', /outside the layer/],
    ['\ufeffVersion 1.0\n\\a:stream\n', 'PATH_ESCAPE', /outside the layer/],
    [`\ufeffVersion 1.0\n\\${'x'.repeat(70000)}\n`, 'TOO_LARGE', /line/],
    [`\ufeffVersion 1.0\n\\${'x'.repeat(70000)}`, 'TOO_LARGE', /line/],
  ];
  for (const [text, code, message] of cases) await assert.rejects(tombstones(text), { code, message }, String(text).slice(0, 40));
});

const HOME = 'C:\\ProgramData\\docker\\windowsfilter';

test('a layer chain is written as Go writes it, and read back', () => {
  const parents = [`${HOME}\\a&b`, `${HOME}\\base<1>`];
  const bytes = encodeLayerChain(parents);
  assert.equal(
    Buffer.from(bytes).toString(),
    '["C:\\\\ProgramData\\\\docker\\\\windowsfilter\\\\a\\u0026b","C:\\\\ProgramData\\\\docker\\\\windowsfilter\\\\base\\u003c1\\u003e"]',
  );
  assert.deepEqual(parseLayerChain(bytes), { parents, problem: null });
  assert.equal(Buffer.from(encodeLayerChain([])).toString(), 'null');
  assert.deepEqual(parseLayerChain(utf8('null')), { parents: [], problem: null });
  assert.throws(() => encodeLayerChain(['x']), { code: 'DAMAGED' });
});

test('an invalid layer chain is returned as a problem, not thrown', () => {
  assert.equal(parseLayerChain(null).problem?.code, 'absent');
  for (const text of ['', '{', '{}', '7', '"x"', '[1]', '[null]', '[["x"]]'])
    assert.equal(parseLayerChain(utf8(text)).problem?.code, 'malformed', text);
  assert.equal(parseLayerChain(Uint8Array.of(0xff)).problem?.code, 'malformed');
  for (const path of ['x', '..\\x', '\\x', 'C:x', '']) {
    assert.equal(parseLayerChain(utf8(JSON.stringify([path]))).problem?.code, 'relative', path);
  }
  for (const path of ['C:\\x', 'c:/x', '\\\\?\\C:\\x', '\\\\server\\share\\x', '/var/lib/x']) {
    assert.equal(parseLayerChain(utf8(JSON.stringify([path]))).problem, null, path);
  }
});

test('a chain that is cyclic, has a missing parent or disagrees with its parent is a problem', () => {
  const chain = (...names: string[]): LayerChain => ({ parents: names.map((name) => `${HOME}\\${name}`), problem: null });
  const store = new Map<string, LayerChain>([
    ['base', chain()],
    ['middle', chain('base')],
    ['top', chain('middle', 'base')],
    ['other', chain()],
  ]);
  const problem = (name: string, own: LayerChain) =>
    chainProblem(name, own, (folder) => store.get(folder.toLowerCase()) ?? null)?.code ?? null;
  assert.equal(problem('top', chain('middle', 'base')), null);
  assert.equal(problem('top', chain('MIDDLE', 'Base')), null);
  assert.equal(problem('base', chain()), null);
  assert.equal(problem('top', chain('middle', 'TOP')), 'cyclic');
  assert.equal(problem('top', chain('middle', 'base', 'middle')), 'cyclic');
  assert.equal(problem('top', chain('gone', 'base')), 'missing-parent');
  assert.equal(problem('top', chain('middle', 'other')), 'disagrees');
  assert.equal(problem('top', chain('middle')), 'disagrees');
  assert.equal(problem('top', parseLayerChain(null)), 'absent');
});

test("a layer's folder is the last part of its path", () => {
  assert.equal(folderOfPath('C:\\x\\abc'), 'abc');
  assert.equal(folderOfPath('C:\\x\\abc\\\\'), 'abc');
  assert.equal(folderOfPath('/var/x/abc/'), 'abc');
  assert.equal(folderOfPath('abc'), 'abc');
  assert.equal(folderOfPath(''), '');
});

// Ids

test('a layer id is a valid folder name on Windows', () => {
  for (const id of ['4e3c0eecb91d', 'x-init', 'CN=Microsoft_WindowsServerCore_10.0.10586.0']) assert.equal(parseWindowsLayerId(id), id);
  for (const id of ['', '.', '..', 'a\\b', 'a/b', 'C:\\x', 'c:', 'nul', 'a:b', 'a.', 'a ', '../x']) {
    assert.throws(() => parseWindowsLayerId(id), { code: 'NAME_REFUSED' }, JSON.stringify(id));
  }
  assert.equal(parseLayerIdFile(utf8('CN=Base')), 'CN=Base');
  assert.throws(() => parseLayerIdFile(utf8('CN=Base\n')), { code: 'NAME_REFUSED' });
  assert.throws(() => parseLayerIdFile(Uint8Array.of(0xff)), { code: 'NAME_REFUSED' });
});

test('init layers and folders being removed are recognized by their suffixes', () => {
  assert.equal(isInitLayerId('abc-init'), true);
  assert.equal(isInitLayerId('abc'), false);
  assert.equal(removingNameOf(parseWindowsLayerId('abc')), 'abc-removing');
  assert.equal(idOfRemovingName('abc-removing'), 'abc');
  assert.equal(idOfRemovingName('abc-Removing'), 'abc');
  assert.equal(idOfRemovingName('-removing'), null);
  assert.equal(idOfRemovingName('abc'), null);
});

test("a base image's id is the one in Microsoft's documentation", () => {
  const core = '6801d964fda5b67eb36e005261c1529ec96974bb02dfad52ee249638a18a93d1';
  assert.equal(baseImageId('CN=Microsoft_WindowsServerCore_10.0.10586.0', sha384), core);
  assert.equal(
    baseImageIdOfPath('C:\\ProgramData\\Microsoft\\Windows\\Images\\CN=Microsoft_NanoServer_10.0.10586.0', sha384),
    '8572198a60f11d10f72b13d6b23855c2d48a9f14aa920da0ce6b265bd37e476a',
  );
});

test('the list of base images is parsed as Go parses it', () => {
  const json = String.raw`{"images":[{"Name":"WindowsServerCore","VERSION":"10.0.10586.0","Path":"C:\\Images\\CN=Core","Size":9697000000,
    "CreatedTime":"2015-11-18T22:13:12.2310000Z","Other":{}}],"more":1}`;
  assert.deepEqual(parseBaseImages(json), [
    {
      name: 'WindowsServerCore',
      version: '10.0.10586.0',
      path: 'C:\\Images\\CN=Core',
      sizeBytes: 9697000000,
      created: '2015-11-18T22:13:12.2310000Z',
    },
  ]);
  for (const none of ['null', '{}', '{"Images":null}', '{"Images":[]}']) assert.deepEqual(parseBaseImages(none), [], none);
});

test('a malformed list of base images is refused', () => {
  const cases = ['', '{', '7', '[]', '{"Images":{}}', '{"Images":[7]}', '{"Images":[null]}', '{"Images":[{"Name":7,"Path":"C:\\\\x"}]}'];
  cases.push(
    '{"Images":[{"Name":"x"}]}',
    '{"Images":[{"Path":"C:\\\\x","Size":-1}]}',
    '{"Images":[{"Path":"C:\\\\x","CreatedTime":"yesterday"}]}',
  );
  for (const json of cases) {
    assert.throws(() => parseBaseImages(json), hasCode('BAD_MANIFEST'), json);
  }
});

test('a chainID is the hash of the chain below and the diffID', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((digit) => parseDigest(`sha256:${digit.repeat(64)}`));
  assert.ok(a !== undefined && b !== undefined && c !== undefined);
  const hash = (text: string) => `sha256:${sha256(utf8(text)).toString('hex')}`;
  const second = hash(`${a} ${b}`);
  assert.deepEqual(chainIdsOf([a, b, c], sha256), [a, second, hash(`${second} ${c}`)]);
  assert.deepEqual(chainIdsOf([], sha256), []);
});
