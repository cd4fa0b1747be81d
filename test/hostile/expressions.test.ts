// Work on names and times from an archive takes time linear in their length, not quadratic.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trimEnd, trimStart } from '#model';
import { parseAddress } from '../../renderer/state/address.ts';
import { mtimeText } from '../../renderer/state/details/attributes.ts';
import { fileName } from '../../src/engine/export/entry-export.ts';

const MANY = 2_000_000;

test('millions of trailing slashes, dots or zeros are stripped, and kept if something follows', () => {
  assert.equal(trimEnd(`a${'/'.repeat(MANY)}`, '/'), 'a');
  assert.equal(trimEnd(`${'/'.repeat(MANY)}a`, '/').length, MANY + 1);
  assert.equal(trimStart(`${'. '.repeat(MANY)}a`, '. '), 'a');
  assert.equal(trimEnd('////', '/'), '');
  assert.equal(fileName(`a${'. '.repeat(MANY)}b`).length, 120);
  assert.equal(fileName('. '.repeat(MANY)), 'file');
  assert.match(mtimeText(`1700000000.${'0'.repeat(MANY)}1`), /^2023-11-14 22:13:20\.0+1 UTC$/);
  assert.notEqual(parseAddress(`#/image/a1/layer/0?path=a${'/'.repeat(MANY)}b`), null);
});
