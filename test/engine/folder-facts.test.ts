import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildStack, wholeImage } from '#changes';
import { findRow, folderFacts, listView } from '#engine';
import { encodeUtf8 } from '#model';
import { wholeFolderFacts } from '../../src/engine/read/folder-facts.ts';
import { dir, file, hardlink, layer, symlink } from '../support/layer-fixture.ts';

const stack = buildStack([
  layer([dir('app'), file('app/a.js', 100), file('app/old.JS', 7), file('app/.env', 3), file('other/big.bin', 9_000)]),
  layer([file('app/lib/b.tar.gz', 500), hardlink('app/lib/again', 'app/lib/b.tar.gz'), symlink('app/link', 'a.js')]),
  layer([{ whiteout: 'app/old.JS' }, ...Array.from({ length: 12 }, (_, at) => file(`many/f${at}.x`, at + 1))]),
]);

const at = (layerIndex: number, path: string) => {
  const rows = listView(stack, layerIndex);
  const row = path === '' ? -1 : findRow(rows, path.split('/').map(encodeUtf8));
  assert.notEqual(row, null);
  return folderFacts(rows, row ?? -1);
};

test('a folder’s facts add up its files, each body once, with their layers and types', () => {
  const facts = at(1, 'app');
  assert.equal(facts.bytes, 610);
  assert.deepEqual([facts.files, facts.folders], [5, 1]);
  assert.deepEqual(
    facts.layers.map(({ layer: index, files, bytes }) => [index, files, bytes]),
    [
      [0, 3, 110],
      [1, 2, 500],
    ],
  );
  assert.deepEqual(
    facts.types.map(({ extension, files, bytes }) => [extension, files, bytes]),
    [
      ['gz', 1, 500],
      ['js', 2, 107],
      ['', 2, 3],
    ],
  );
  assert.deepEqual(facts.biggest[0]?.bytes, 500);
  assert.deepEqual(facts.biggest.slice(1), [
    { path: 'app/a.js', bytes: 100, layer: 0 },
    { path: 'app/old.JS', bytes: 7, layer: 0 },
    { path: 'app/.env', bytes: 3, layer: 0 },
  ]);
});

test('a folder’s facts omit what a later layer removed', () => {
  assert.deepEqual([at(2, 'app').files, at(2, 'app').bytes], [4, 603]);
});

test('a folder’s ten biggest files are listed, biggest first', () => {
  assert.deepEqual(
    at(2, 'many').biggest.map(({ bytes }) => bytes),
    [12, 11, 10, 9, 8, 7, 6, 5, 4, 3],
  );
});

test('the root’s facts include everything', () => {
  assert.equal(at(2, '').bytes, 603 + 9_000 + 78);
});

test('the facts of a whole image’s folder list hidden files separately, by the layer that wrote them', () => {
  const hiding = buildStack([
    layer([file('data/seen', 10), file('data/twice', 100), file('gone', 7)]),
    layer([file('data/twice', 300), file('data/big.bin', 5_000)]),
    layer([{ whiteout: 'data/big.bin' }, { whiteout: 'gone' }, file('data/twice', 20)]),
  ]);
  const rows = wholeImage(hiding);
  const facts = (path: string) =>
    wholeFolderFacts(hiding, rows, path === '' ? -1 : (findRow(rows, path.split('/').map(encodeUtf8)) ?? assert.fail(path)));
  const data = facts('data');
  assert.deepEqual([data.bytes, data.hiddenBytes, data.files], [30, 5_400, 2]);
  assert.deepEqual(
    data.biggest.map(({ path, bytes, hiddenBytes }) => [path, bytes, hiddenBytes]),
    [
      ['data/big.bin', 0, 5_000],
      ['data/twice', 20, 400],
      ['data/seen', 10, 0],
    ],
  );
  assert.deepEqual(data.layers, [
    { layer: 0, files: 1, bytes: 10, hiddenBytes: 100 },
    { layer: 1, files: 0, bytes: 0, hiddenBytes: 5_300 },
    { layer: 2, files: 1, bytes: 20, hiddenBytes: 0 },
  ]);
  assert.deepEqual(data.types, [
    { extension: 'bin', files: 0, bytes: 0, hiddenBytes: 5_000 },
    { extension: '', files: 2, bytes: 30, hiddenBytes: 400 },
  ]);
  assert.equal(facts('').hiddenBytes, 5_407);
});
