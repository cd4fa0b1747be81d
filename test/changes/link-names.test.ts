import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildStack, changesOf, compareViews } from '#changes';
import { file, hardlink, layer, type MemberFixture } from '../support/layer-fixture.ts';
import { rowLines } from '../support/row-text.ts';

const stackOf = (...layers: readonly MemberFixture[][]) => buildStack(layers.map(layer));

function compared(a: readonly MemberFixture[], b: readonly MemberFixture[]): string[] {
  return rowLines(compareViews(stackOf([...a]), 0, stackOf([...b]), 0));
}

describe('hard links in comparisons', () => {
  it('hard links differ only if their bodies differ, whichever name is the file in the tar', () => {
    const a = [file('a', 0), hardlink('b', 'a'), hardlink('c', 'a')];
    assert.deepEqual(compared(a, [file('c', 0), hardlink('a', 'c'), hardlink('b', 'a')]), []);
    assert.deepEqual(compared(a, [file('a', 0), hardlink('c', './a'), hardlink('b', 'c')]), []);
    // Bodies with the same size must be read to compare them. If the sizes differ, nothing needs to be read.
    const lines = compared([file('a', 3), hardlink('b', 'a')], [file('b', 3), hardlink('a', 'b')]);
    assert.deepEqual(
      lines.map((line) => line.replace(/ \(.*\)/, '')),
      ['~ a [unread]', '~ b [unread]'],
    );
  });

  it('hard links differ if their body is shared with different names', () => {
    const linked = [file('a', 0), hardlink('b', 'a'), file('c', 0)];
    assert.deepEqual(compared(linked, [file('a', 0), file('b', 0), file('c', 0)]), ['~ b [type,rewritten]']);
    assert.deepEqual(compared(linked, [file('a', 0), file('b', 0), hardlink('c', 'a')]), ['~ b [type,rewritten]', '~ c [type,rewritten]']);
    assert.deepEqual(compared(linked, [file('a', 0), file('c', 0), hardlink('b', 'c')]), ['~ b [link,rewritten]']);
  });

  it('hard links have the attributes of their body, whether or not the tar repeats them for links', () => {
    const attributes = { 'user.note': 'x' };
    const a = [file('a', 0, { attributes }), hardlink('b', 'a')];
    assert.deepEqual(compared(a, [file('a', 0, { attributes }), hardlink('b', 'a', { attributes })]), []);
    assert.deepEqual(compared(a, [file('b', 0, { attributes }), hardlink('a', 'b')]), []);
    assert.deepEqual(compared(a, [file('b', 0), hardlink('a', 'b')]), ['~ a [attributes,rewritten]']);
    assert.deepEqual(compared([file('a', 0, { attributes })], [file('a', 0)]), ['~ a [attributes,rewritten]']);
  });

  it('150,000 names of one body are equal, whatever each is a link to', { timeout: 60_000 }, () => {
    const name = (at: number) => `n${at}`;
    const links = (to: (at: number) => number) => Array.from({ length: 150_000 }, (_, at) => hardlink(name(at + 1), name(to(at))));
    assert.deepEqual(compared([file(name(0), 0), ...links(() => 0)], [file(name(0), 0), ...links((at) => at)]), []);
  });

  it('a layer’s changes show hard links as its tar has them', () => {
    const stack = stackOf([file('a', 0), hardlink('b', 'a')], [file('b', 0), hardlink('a', 'b')]);
    assert.deepEqual(rowLines(changesOf(stack, 1, 1)), ['~ a [type,rewritten]', '~ b [type,rewritten]']);
    assert.deepEqual(rowLines(compareViews(stack, 0, stack, 1)), []);
  });
});
