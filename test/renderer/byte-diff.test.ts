import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteParts, byteRows, countDifferingBytes } from '../../renderer/state/details/byte-diff.ts';

/** Returns 160 bytes, in ten rows of 16, with different bytes at some offsets. */
function bytesWith(changes: Readonly<Record<number, number>> = {}, length = 160): Uint8Array {
  const bytes = Uint8Array.from({ length }, (_, at) => 0x40 + (at % 16));
  for (const [at, byte] of Object.entries(changes)) bytes[Number(at)] = byte;
  return bytes;
}

const rowsOf = (a: Uint8Array, b: Uint8Array, split: boolean, opened: readonly number[] = []) =>
  byteRows(a, b, { columns: 16, split, opened: new Set(opened) }).map((row) =>
    row.kind === 'fold' ? `fold ${row.row}+${row.count}` : `${row.kind} ${row.row}`,
  );

test('the two versions of a differing row follow each other, with equal rows around them; other equal rows are folded', () => {
  const [a, b] = [bytesWith(), bytesWith({ 100: 0, 101: 1 })];
  assert.equal(countDifferingBytes(a, b), 2);
  assert.deepEqual(rowsOf(a, b, false), ['fold 0+4', 'same 4', 'same 5', 'removed 6', 'added 6', 'same 7', 'same 8', 'same 9']);
  assert.deepEqual(rowsOf(a, b, true), ['fold 0+4', 'same 4', 'same 5', 'changed 6', 'same 7', 'same 8', 'same 9']);
  assert.equal(rowsOf(a, b, true, [0]).length, 10);
});

test('bytes past the end of the shorter file count as different, and have no row on its side', () => {
  const [a, b] = [bytesWith({}, 40), bytesWith({}, 70)];
  assert.equal(countDifferingBytes(a, b), 30);
  assert.deepEqual(rowsOf(a, b, false), ['same 0', 'same 1', 'removed 2', 'added 2', 'added 3', 'added 4']);
  assert.deepEqual(rowsOf(b, a, false), ['same 0', 'same 1', 'removed 2', 'added 2', 'removed 3', 'removed 4']);
});

test('a row’s parts show which bytes differ, without the blanks around them', () => {
  const [a, b] = [bytesWith({ 7: 0x31, 8: 0x32 }), bytesWith()];
  const parts = byteParts(a, b, 0, { columns: 16, group: 1 });
  assert.deepEqual(parts, [
    { differs: false, hex: '40 41 42 43 44 45 46 ', text: '@ABCDEF' },
    { differs: true, hex: '31  32', text: '12' },
    { differs: false, hex: ' 49 4a 4b 4c 4d 4e 4f', text: 'IJKLMNO' },
  ]);
});

test('a row at the end of the file is as wide as any other', () => {
  const whole = byteParts(bytesWith(), bytesWith(), 1, { columns: 16, group: 2 });
  const cut = byteParts(bytesWith({}, 20), bytesWith(), 1, { columns: 16, group: 2 });
  const widthOf = (parts: typeof cut) => parts.reduce((sum, { hex }) => sum + hex.length, 0);
  assert.equal(widthOf(cut), widthOf(whole));
  assert.deepEqual(
    cut.map(({ differs }) => differs),
    [false],
  );
});
