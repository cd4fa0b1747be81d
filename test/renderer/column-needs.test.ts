import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnNeeds } from '../../renderer/state/changes/column-needs.ts';
import { buildStack, changesOf } from '../../src/changes/index.ts';
import { dir, file, layer } from '../support/layer-fixture.ts';

const needs = (...layers: Parameters<typeof layer>[0][]) => {
  const stack = buildStack(layers.map(layer));
  return columnNeeds(changesOf(stack, layers.length - 1, layers.length - 1));
};

test('names need space for their length and depth', () => {
  const short = needs([file('a', 1)]);
  assert.equal(needs([file('a'.repeat(11), 1)]).name, short.name + 10 * 7);
  assert.equal(needs([dir('d'), dir('d/e'), file('d/e/f', 1)]).name, short.name + 2 * 14);
  assert.deepEqual(needs([]), { name: 0, mostNames: 0, what: 0 });
});

test('changes need space for their descriptions, which additions don’t have', () => {
  assert.equal(needs([file('a', 1)]).what, 0);
  const changed = needs([file('a', 1)], [file('a', 2)]);
  const removed = needs([dir('d'), file('d/a', 1_234_567), file('d/b', 1)], [{ whiteout: 'd' }]);
  assert.ok(changed.what > 0 && removed.what > changed.what);
});

test('the longest tenth of the names doesn’t count among most of them', () => {
  const short = Array.from({ length: 20 }, (_, at) => file(`f${String(at).padStart(2, '0')}`, 1));
  const { name, mostNames } = needs([...short, file('a'.repeat(40), 1)]);
  assert.equal(mostNames, needs(short).name);
  assert.equal(name, mostNames + 37 * 7);
});
