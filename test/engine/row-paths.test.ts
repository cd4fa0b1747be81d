import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRowPaths } from '../../src/engine/read/row-paths.ts';
import { displayPath, escapePath, newColumns, type RowTable, rowPath } from '../../src/model/index.ts';

/**
 * Returns a chain of folders with these names, each with a file of the same name, so that paths are needed in table order and in reverse.
 */
function nested(names: readonly Uint8Array[]): RowTable {
  const length = names.length * 2;
  const rows = {
    length,
    ...newColumns(length),
    nameStart: new Uint32Array(length + 1),
    names: Buffer.concat([...names, ...names.toReversed()]),
    links: new Map<number, Uint8Array>(),
  };
  for (let row = 0, at = 0; row < length; row++) {
    const isFolder = row < names.length;
    const level = isFolder ? row : length - 1 - row;
    rows.parent[row] = isFolder ? row - 1 : level;
    rows.subtreeEnd[row] = isFolder ? length - level : row + 1;
    at += names[level]?.length ?? 0;
    rows.nameStart[row + 1] = at;
  }
  return rows;
}

test('paths are built from the names’ bytes, whatever they are and wherever they are in the table', () => {
  const odd = [
    [0x61, 0x5c, 0x62],
    [0x0a],
    [0x7f],
    [0xe4, 0x62],
    [...Buffer.from('è\u202e中'.repeat(3))],
    [0x22, 0x20],
    [...Buffer.from('\u0301'.repeat(20))],
  ];
  const names = odd.flatMap((name, at) => [Uint8Array.from(name), Buffer.alloc(30_000 + at, 0x61 + at)]);
  const rows = nested(names);
  const { text, shown, fields } = createRowPaths(rows, false);
  for (let row = 0; row < rows.length; row++) {
    const path = rowPath(rows, row);
    assert.equal(text(row), escapePath(path));
    assert.equal(shown(row), displayPath(path));
    const { path: printed, pathHex } = JSON.parse(`{${fields(row)}}`) as { path: string; pathHex?: string };
    assert.equal(printed, escapePath(path));
    const isUtf8 = Buffer.from(Buffer.from(path).toString('utf8')).equals(path);
    assert.equal(pathHex, isUtf8 ? undefined : Buffer.from(path).toString('hex'));
  }
});
