import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutMiddle, cutText } from '../../renderer/components/cut-middle.ts';

/** Every character is 10 px wide. */
const widthOf = (text: string) => 10 * text.length;
const cut = (text: string, tail: number, room: number) => {
  const found = cutMiddle(text, tail, room, widthOf);
  return found === null ? text : cutText(text, found);
};

test('a name that doesn’t fit is cut in the middle, and fills its space at every width', () => {
  const name = 'ca-certificates_2026_amd64.deb';
  for (let room = 30; room <= 400; room++) {
    const text = cut(name, name.length - 10, room);
    assert.ok(widthOf(text) <= room + 0.5, `${room} px: ${text}`);
    // The space left is less than a letter needs.
    assert.ok(text === name || room - widthOf(text) < 10, `${room} px: ${text}`);
  }
  assert.equal(cut(name, name.length - 10, 200), 'ca-certif…_amd64.deb');
  assert.equal(cut(name, name.length - 10, 300), name);
});

test('if its end doesn’t fit, a name keeps its first letter and as much of the end as fits', () => {
  assert.equal(cut('repository:tag', 10, 40), 'r…ag');
  assert.equal(cut('repository:tag', 10, 5), 'r…');
});

test('no surrogate pair is split', () => {
  assert.equal(cut('ab😀cdefgh', 8, 65), 'ab…gh');
});
