import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainCommand, wholeCommand } from '../../renderer/state/chain.ts';
import { drawnText, lineName, lineText, titleText } from '../../renderer/words/cut.ts';

test('text of up to 4,000 characters and 200 lines is drawn whole, and longer text says how much follows', () => {
  assert.equal(drawnText('é'.repeat(4_000)), 'é'.repeat(4_000));
  assert.equal(drawnText('é'.repeat(1_904_000)), `${'é'.repeat(4_000)}… 1,900,000 more characters`);
  assert.equal(drawnText('a\n'.repeat(200)), 'a\n'.repeat(200));
  assert.equal(drawnText('a\n'.repeat(201)), `${'a\n'.repeat(199)}a… 3 more characters`);
  assert.equal(drawnText(`${'a'.repeat(3_999)}😀b`), `${'a'.repeat(3_999)}… 3 more characters`);
});

test('a tooltip has at most 1,000 characters', () => {
  assert.equal(titleText('a'.repeat(1_000)), 'a'.repeat(1_000));
  assert.equal(titleText('a'.repeat(1_001)), `${'a'.repeat(1_000)}… 1 more character`);
});

test('a very long command is cut where it is drawn, and whole where it is copied', () => {
  const command = `RUN /bin/sh -c ${'x'.repeat(5_000)}`;
  assert.equal(plainCommand(command), `RUN ${'x'.repeat(3_996)}… 1,004 more characters`);
  assert.equal(wholeCommand(command), `RUN ${'x'.repeat(5_000)}`);
});

test('the longer a list, the less is drawn of each of its lines, but never less than fits on one', () => {
  const text = 'é'.repeat(5_000);
  assert.equal(lineText(text, 1), `${'é'.repeat(4_000)}…`);
  assert.equal(lineText(text, 100), `${'é'.repeat(1_000)}…`);
  assert.equal(lineText(text, 10_000), `${'é'.repeat(300)}…`);
  assert.equal(lineText(text), lineText(text, 10_000));
  assert.equal(lineText('é'.repeat(300)), 'é'.repeat(300));
  assert.equal(lineText(`${'a'.repeat(299)}😀b`), `${'a'.repeat(299)}…`);
});

test('a line that is cut off shows the match of a search', () => {
  const text = `${'a'.repeat(1_000)}Match${'b'.repeat(1_000)}`;
  assert.equal(lineText(text, 10_000, 'match'), `…${'a'.repeat(50)}Match${'b'.repeat(245)}…`);
  assert.equal(lineText(text, 100, 'aaa'), `${'a'.repeat(1_000)}…`);
  assert.equal(lineText(`${'a'.repeat(400)}match`, 10_000, 'MATCH'), `…${'a'.repeat(50)}match`);
  assert.equal(lineText(text, 10_000, 'none'), `${'a'.repeat(300)}…`);
});

test('a long name on a line keeps its end', () => {
  assert.equal(lineName('a'.repeat(300)), 'a'.repeat(300));
  assert.equal(lineName(`${'a'.repeat(400)}${'b'.repeat(100)}`), `${'a'.repeat(200)}…${'b'.repeat(100)}`);
  assert.equal(lineName(`${'a'.repeat(50)}😀${'b'.repeat(9)}`, 30), `${'a'.repeat(20)}…${'b'.repeat(9)}`);
  assert.equal(lineName('a\nb'), 'a… 2 more characters');
});
