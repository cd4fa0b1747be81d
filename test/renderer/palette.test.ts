import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keysOf } from '../../renderer/app/key-names.ts';
import { landing, matchesWords } from '../../renderer/app/palette-state.ts';

test('words find a command in any order and case', () => {
  assert.equal(matchesWords('Widen the range upwards', 'UP wid'), true);
  assert.equal(matchesWords('Widen the range upwards', 'wid down'), false);
  assert.equal(matchesWords('Waste', ''), true);
});

test('keys are named as they are printed', () => {
  assert.deepEqual(keysOf({ key: 'k', mod: true }, false), ['Ctrl', 'K']);
  assert.deepEqual(keysOf({ key: 'k', mod: true }, true), ['⌘', 'K']);
  assert.deepEqual(keysOf({ key: '{' }, false), ['Shift', '[']);
  assert.deepEqual(keysOf({ key: 'ArrowLeft', alt: true }, false), ['Alt', '←']);
});

test('a path lights the shown layer where that touches it, else the last that does', () => {
  const touches = [0, 3].map((layer) => ({ layer, kind: 'added' as const, size: 1 }));
  assert.equal(landing({ path: 'a', touches }, 0), 0);
  assert.equal(landing({ path: 'a', touches }, 2), 3);
});
