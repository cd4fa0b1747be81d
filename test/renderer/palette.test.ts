import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COMMAND_FACTS, type CommandFacts } from '#contract';
import { keysOf } from '../../renderer/state/key-names.ts';
import { landing, matchesWords } from '../../renderer/state/palette.ts';
import { words } from '../../renderer/words/index.ts';

test('up to four layers are listed by number, more are counted', () => {
  assert.equal(words.frame.inLayers([3]), 'layer 3');
  assert.equal(words.frame.inLayers([0, 1, 2, 3]), 'layers 0, 1, 2, 3');
  assert.equal(words.frame.inLayers(Array.from({ length: 120 }, (_, layer) => layer)), '120 layers');
});

test('words find a command in any order and case', () => {
  assert.equal(matchesWords('Widen the range upwards', 'UP wid'), true);
  assert.equal(matchesWords('Widen the range upwards', 'wid down'), false);
  assert.equal(matchesWords('Waste', ''), true);
});

test('keys are named as printed on keyboards', () => {
  const facts = { id: 'x', title: 'X', group: 'Window' } as const;
  assert.deepEqual(keysOf({ ...facts, key: 'k', mod: true }, false), ['Ctrl', 'K']);
  assert.deepEqual(keysOf({ ...facts, key: 'k', mod: true }, true), ['⌘', 'K']);
  assert.deepEqual(keysOf({ ...facts, key: '{' }, false), ['Shift', '[']);
  assert.deepEqual(keysOf({ ...facts, key: ' ' }, false), ['Space']);
  const back: CommandFacts = { ...facts, key: 'ArrowLeft', alt: true, mac: { key: '[', mod: true } };
  assert.deepEqual(keysOf(back, false), ['Alt', '←']);
  assert.deepEqual(keysOf(back, true), ['⌘', '[']);
});

test('no two commands share a key, on any system', () => {
  for (const isMac of [false, true]) {
    const keys = COMMAND_FACTS.map((facts) => keysOf(facts, isMac).join('+'));
    assert.deepEqual(
      keys.filter((key, at) => keys.indexOf(key) !== at),
      [],
    );
  }
});

test('going to a path selects the shown layer if it touches the path, or else the topmost layer that does', () => {
  const touches = [0, 3].map((layer) => ({ layer, kind: 'added' as const, size: 1 }));
  assert.equal(landing({ size: 1, path: 'a', touches }, 0), 0);
  assert.equal(landing({ size: 1, path: 'a', touches }, 2), 3);
});
