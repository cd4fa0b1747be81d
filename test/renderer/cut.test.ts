import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainCommand, wholeCommand } from '../../renderer/state/chain.ts';
import { drawnText, titleText } from '../../renderer/words/cut.ts';

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
