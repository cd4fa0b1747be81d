import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slotsOf } from '../../renderer/components/row-slots.ts';

const none = new Map<number, number>();
const range = (first: number, end: number) => Array.from({ length: end - first }, (_, index) => first + index);

test('rows that stay keep their element, and new rows reuse the elements of rows that left', () => {
  const before = slotsOf(range(0, 6), none, -1);
  assert.deepEqual([...before.values()], [0, 1, 2, 3, 4, 5]);
  const after = slotsOf(range(2, 8), before, -1);
  assert.deepEqual(
    [...after],
    [
      [2, 2],
      [3, 3],
      [4, 4],
      [5, 5],
      [6, 0],
      [7, 1],
    ],
  );
});

test('scrolling by a whole screen creates and moves no elements', () => {
  const before = slotsOf(range(0, 6), none, -1);
  assert.deepEqual([...slotsOf(range(100, 106), before, -1).values()], [0, 1, 2, 3, 4, 5]);
});

test('two rows never share an element, wherever the view jumps', () => {
  let slots = slotsOf(range(50, 60), none, 55);
  let state = 7;
  for (let i = 0; i < 300; i++) {
    state = (state * 1103515245 + 12345) % 2147483648;
    const first = state % 120;
    const shown = range(first, first + 8 + (state % 5));
    if (!shown.includes(55)) first > 55 ? shown.unshift(55) : shown.push(55);
    const next = slotsOf(shown, slots, 55);
    assert.deepEqual([...next.keys()], shown);
    assert.equal(new Set(next.values()).size, shown.length);
    assert.equal(next.get(55), slots.get(55));
    // React moves an element if another one that followed it in the old order precedes it in the new order. That must not happen to the
    // pinned element.
    const place = (row: number) => [...slots.values()].indexOf(next.get(row) as number);
    for (const row of shown.slice(0, shown.indexOf(55))) assert.ok(place(row) < place(55), `element of ${row} was after the pinned one`);
    slots = next;
  }
  assert.ok(Math.max(...slots.values()) < 40, 'elements are reused');
});
