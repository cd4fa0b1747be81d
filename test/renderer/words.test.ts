import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { formatCount as plainCount, formatSize as plainSize } from '#model';
import { words } from '../../renderer/words/index.ts';
import { grammarOf } from '../../renderer/words/language.ts';
import { formatCount, formatDate, formatSize, formatTenth, setLocale, setUnits, sizeParts } from '../../renderer/words/numbers.ts';

after(() => {
  setLocale('en');
  setUnits('decimal');
});

test('in English, counts and sizes are formatted as on the command line', () => {
  for (const bytes of [
    0, 1, 999, 1000, 1050, 99_949, 999_950, 41_000_000, 999_950_000, 1_168_900_000, 1.005e9, 1.2e12, 5e18, -1, -340_000,
  ]) {
    assert.equal(formatSize(bytes), plainSize(bytes));
  }
  for (const count of [0, 999, 1204, 918_008]) assert.equal(formatCount(count), plainCount(count));
  assert.equal(formatCount(-1204), '−1,204');
});

test('numbers, sizes and dates follow the locale', () => {
  const time = new Date('2025-11-25T04:14:42Z');
  setLocale('de');
  assert.equal(formatCount(918_008), '918.008');
  assert.deepEqual(sizeParts(1_234_567), { value: '1,2', unit: 'MB' });
  assert.deepEqual(sizeParts(-1_234_567_890), { value: '−1,23', unit: 'GB' });
  assert.equal(formatTenth(12.34), '12,3');
  assert.equal(formatDate(time, 'day'), '25.11.2025');
  assert.equal(formatDate(time, 'minute'), '25.11.2025, 04:14 UTC');
  assert.equal(words.layers(1204), '1.204 layers');
  setLocale('en');
  assert.equal(formatDate(time, 'day'), 'Nov 25, 2025');
});

test('sizes have two decimals from GB and GiB up', () => {
  const sizes = [1023, 1_048_000, 2 ** 30, 1.25 * 2 ** 40].map(formatSize);
  assert.deepEqual(sizes, ['1.0 kB', '1.0 MB', '1.07 GB', '1.37 TB']);
  setUnits('binary');
  const binary = [1023, 1_048_000, 2 ** 30, 1.25 * 2 ** 40].map(formatSize);
  setUnits('decimal');
  assert.deepEqual(binary, ['1,023 B', '1023.4 KiB', '1.00 GiB', '1.25 TiB']);
});

test('a share greater than zero is never zero per cent', () => {
  assert.equal(words.percent(0), '0.0 %');
  assert.equal(words.percent(0.000_01), '< 0.1 %');
  assert.equal(words.percent(0.001), '0.1 %');
  assert.equal(words.percent(1), '100.0 %');
  assert.equal(words.waste.share(0.000_4), '(< 0.1 %)');
});

test('plurals follow the rules of the language, which may have more than two forms', () => {
  const polish = grammarOf('pl');
  const forms = { one: 'warstwa', few: 'warstwy', many: 'warstw', other: 'warstwy' };
  assert.deepEqual(
    [1, 2, 5, 22].map((count) => polish.counted(count, forms)),
    ['1 warstwa', '2 warstwy', '5 warstw', '22 warstwy'],
  );
  assert.equal(grammarOf('ja').counted(1, { other: '層' }), '1 層');
});

test('removing a working copy says how many changes it deletes, if there are any', () => {
  const { copy, unchangedCopy } = words.store.removeWhat;
  assert.equal(unchangedCopy().join(''), 'Deletes the working copy. It has no changes.');
  assert.equal(copy(2, '5 B').join(''), 'Deletes 2 changes (5 B). This can’t be undone.');
  assert.equal(words.store.removeCopies(1, 0), 'Also deletes 1 working copy, without changes.');
});

test('a list omits empty items', () => {
  assert.equal(words.list(['content', '', 'mode']), 'content, mode');
  assert.equal(words.list(['', '']), '');
});

test('what a row hides is described in one sentence with the known facts', () => {
  const hides = (given: Partial<Parameters<typeof words.changes.hides>[0]>) =>
    words.changes.hides({ paths: 0, bytes: 0, layer: null, isOpaque: false, ...given });
  assert.equal(hides({ bytes: 200_000, layer: 2 }), 'hides 200.0 kB from layer 2');
  assert.equal(hides({ paths: 1, bytes: 5 }), 'hides 1 path, 5 B');
  assert.equal(hides({ paths: 3, isOpaque: true }), 'opaque: hides 3 paths');
});
