import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildStack, changesOf, FILE_TYPES } from '#changes';
import { filterRows } from '#changes/filter';
import { displayPath, escapePath, rowPath } from '#model';
import { dir, type EntryFixture, file, layer } from '../support/layer-fixture.ts';

const LONG = 'a/name/that/is/longer/than/a/pattern/may/be/x\\y';
const odd = (text: string): EntryFixture => file(Uint8Array.from(text, (letter) => letter.charCodeAt(0)));
const stack = buildStack([
  layer([
    dir('empty/folder'),
    file('bidi\u202etxt.exe'),
    file('back\\slash'),
    odd('latin\xe4'),
    file('dots[1].txt'),
    file('dots1.txt'),
    file('who?'),
    file(LONG),
    file(`b/${'deep/'.repeat(8)}[slug]/page.tsx`),
    file('esc\u001b[31m'),
  ]),
]);
const table = changesOf(stack, 0, 0);

function found(text: string): string[] {
  const { matches } = filterRows(table, { text, kinds: 15, minBytes: 0, types: 0 });
  return Array.from({ length: table.length }, (_, row) => row)
    .filter((row) => matches === null || matches[row] === 1)
    .map((row) => escapePath(rowPath(table, row)));
}

test('every path is found by each of its printed forms', () => {
  for (let row = 0; row < table.length; row++) {
    const path = rowPath(table, row);
    for (const form of [escapePath(path), displayPath(path), `/${displayPath(path)}`])
      assert.ok(found(form).includes(escapePath(path)), form);
  }
});

test('an empty folder is found by its name with the printed slash', () => {
  assert.deepEqual(found('empty/folder/'), ['empty/folder']);
});

test('a full path is also matched literally, as is a glob that no row matches', () => {
  assert.deepEqual(found('dots[1].txt'), ['dots1.txt', 'dots[1].txt']);
  assert.deepEqual(found('ots[1].txt'), ['dots[1].txt']);
  assert.deepEqual(found('[slug]/page.tsx'), [`b/${'deep/'.repeat(8)}[slug]/page.tsx`]);
  assert.deepEqual(found('who?'), ['who?']);
});

test('a backslash that doesn’t begin an escape stands for itself', () => {
  assert.deepEqual(found('back\\slash'), ['back\\\\slash']);
  assert.deepEqual(found('x\\y'), [LONG.replace('\\', '\\\\')]);
});

test('a string too long for a pattern is found anywhere, in either case, and across folders', () => {
  const deep = 'aab'.repeat(40);
  const rows = changesOf(buildStack([layer([dir(`x${deep}y`), file(`x${deep}y/below`), file('ab'.repeat(60)), file('aab/aab')])]), 0, 0);
  const count = (text: string): number => filterRows(rows, { text, kinds: 15, minBytes: 0, types: 0 }).count;
  assert.equal(count(deep.toUpperCase()), 2);
  assert.equal(count(`${deep}y/be`), 1);
  assert.equal(count(`/x${deep}`), 2);
  assert.equal(count(`/${deep}`), 0);
  assert.equal(count('ab'.repeat(59)), 1);
  assert.equal(count('a'.repeat(50)), 0);
});

test('files of a kind are found by their index in FILE_TYPES; folders are not', () => {
  const rows = changesOf(buildStack([layer([dir('src.js'), file('src.js/a.js'), file('notes'), file('lib.so')])]), 0, 0);
  const names = (type: (typeof FILE_TYPES)[number]): string[] => {
    const { matches } = filterRows(rows, { text: '', kinds: 15, minBytes: 0, types: 0, fileType: FILE_TYPES.indexOf(type) });
    return Array.from({ length: rows.length }, (_, row) => row)
      .filter((row) => matches?.[row] === 1)
      .map((row) => displayPath(rowPath(rows, row)));
  };
  assert.deepEqual(names('source'), ['src.js/a.js']);
  assert.deepEqual(names('other'), ['notes']);
});
