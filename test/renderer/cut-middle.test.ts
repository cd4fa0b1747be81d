import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutAround, cutMiddle, cutText } from '../../renderer/components/cut-middle.ts';

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

test('a cut keeps the part that was searched for', () => {
  const name = 'some-certain-name-of-a-file.txt';
  const around = (match: string, room: number) => {
    const from = name.indexOf(match);
    const pieces = cutAround(name, name.length - 10, { from, to: from + match.length }, room, widthOf);
    return pieces === null ? name : pieces.map((piece) => name.slice(piece.from, piece.to)).join('…');
  };
  assert.equal(around('certain', 400), name);
  // The usual cut already shows these matches.
  assert.equal(around('some', 200), 'some-cert…a-file.txt');
  assert.equal(around('file', 200), 'some-cert…a-file.txt');
  // The part after the ellipsis begins at the match. If that doesn't fit, only the match and what follows are drawn.
  assert.equal(around('of', 200), 'some-c…of-a-file.txt');
  assert.equal(around('certain', 200), '…certain-name-of-a-…');
  assert.equal(around('some', 60), 'some-…');
  for (let room = 90; room <= 400; room++) assert.ok(around('certain', room).includes('certain'), `${room} px`);
  for (let room = 90; room <= 400; room++) assert.ok(widthOf(around('certain', room)) <= room + 0.5, `${room} px`);
});
