import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildStack, compareViews, countBodies, sideSums } from '#changes';
import { DIFFERS, KIND, TYPE } from '#model';
import { dir, file, hardlink, layer, type MemberFixture } from '../support/layer-fixture.ts';

type Layers = readonly MemberFixture[][];

/** Returns the bytes counted on each side. Files of equal size are assumed to have the same bytes. */
function sums(a: Layers, b: Layers): [before: number, now: number] {
  const [one, two] = [a, b].map((layers) => ({ stack: buildStack(layers.map(layer)), layer: layers.length - 1 }));
  assert.ok(one && two);
  const rows = compareViews(one.stack, one.layer, two.stack, two.layer);
  const differs = Uint8Array.from(rows.kind, (kind, row) => {
    const silent = DIFFERS.unread | DIFFERS.rewritten | (rows.type[row] === TYPE.directory ? DIFFERS.time : 0);
    return kind === KIND.unchanged || (kind === KIND.modified && ((rows.differs[row] as number) & ~silent) === 0) ? 0 : 1;
  });
  countBodies(one, two, rows, differs);
  const { before, now } = sideSums(rows, differs);
  return [before, now];
}

const linked = (size: number, names = ['l1', 'l2', 'l3']) => [file('f', size), ...names.map((name) => hardlink(name, 'f'))];

describe('sums of a comparison', () => {
  it('a comparison counts a body once on each side, whatever its names', () => {
    assert.deepEqual(sums([linked(100)], [linked(101)]), [100, 101]);
    assert.deepEqual(sums([linked(100)], [[]]), [100, 0]);
    assert.deepEqual(sums([[]], [linked(100)]), [0, 100]);
    // In one tar, `a` is the file and `b` the link. In the other, `b` is the file and `a` the link.
    assert.deepEqual(sums([[file('a', 7), hardlink('b', 'a')]], [[file('b', 8), hardlink('a', 'b')]]), [7, 8]);
  });

  it('a comparison doesn’t count a body if another of its names is unchanged', () => {
    assert.deepEqual(sums([linked(100)], [linked(100, ['l1'])]), [0, 0]);
    assert.deepEqual(sums([linked(100)], [[...linked(100), hardlink('more', 'f')]]), [0, 0]);
    // The body counts here, because no name is unchanged: `b` was a link and is now a separate file.
    assert.deepEqual(sums([[file('a', 7), hardlink('b', 'a')]], [[file('b', 7)]])[0], 7);
    const below = [file('a', 7), hardlink('b', 'a'), hardlink('c', 'a')];
    assert.deepEqual(sums([below], [below, [{ whiteout: 'a' }]]), [0, 0]);
  });

  it('a comparison counts a body that only hard links show', () => {
    const only = [[file('a', 9), hardlink('b', 'a'), hardlink('c', 'a')], [{ whiteout: 'a' }]];
    assert.deepEqual(sums(only, [[]]), [9, 0]);
    assert.deepEqual(sums([[]], only), [0, 9]);
    const inside = [[file('a', 9), dir('d'), hardlink('d/b', 'a'), hardlink('d/c', 'a')], [{ whiteout: 'a' }]];
    assert.deepEqual(sums(inside, [[]]), [9, 0]);
  });

  it('a comparison counts the content of a folder that was removed or replaced by a file', () => {
    const a = [dir('d'), file('d/f', 5), hardlink('d/l', 'd/f'), file('d/g', 3)];
    assert.deepEqual(sums([a], [[]]), [8, 0]);
    assert.deepEqual(sums([a], [[file('d', 2)]]), [8, 2]);
    assert.deepEqual(sums([[file('d', 2)]], [a]), [2, 8]);
    // One name is inside the folder and the other isn't.
    assert.deepEqual(sums([[...a, hardlink('out', 'd/f')]], [[]]), [8, 0]);
    assert.deepEqual(sums([[...a, hardlink('out', 'd/f')]], [[file('out', 5)]])[1], 5);
  });
});
