import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitOperand } from '../../src/cli/diff-operand.ts';

const HERE = new Set(['a.tar', 'we@ird.tar', 'b#3', 'b', 'x@y', 'x', 'dir/a@1.tar']);

/** Returns `file image layer since`, with `-` for missing parts. */
function split(operand: string): string {
  const { file, image = '-', layer = '-', since = '-' } = splitOperand(operand, (path) => HERE.has(path));
  return [file, image, layer, since].join(' ');
}

test('a side of a comparison is a file, an image in it, a layer of that image or a range of layers', () => {
  assert.equal(split('a.tar'), 'a.tar - - -');
  assert.equal(split('a.tar#3'), 'a.tar - 3 -');
  assert.equal(split('a.tar#2-3'), 'a.tar - 3 2');
  assert.equal(split('a.tar#sha256:abcdef12'), 'a.tar - sha256:abcdef12 -');
  assert.equal(split('a.tar@1'), 'a.tar 1 - -');
  assert.equal(split('a.tar@docker.io/library/app:1.2#0'), 'a.tar docker.io/library/app:1.2 0 -');
  assert.equal(split('a.tar@host:5000/app@sha256:abcdef12#1-2'), 'a.tar host:5000/app@sha256:abcdef12 2 1');
  assert.equal(split('a.tar@app:1#abcdef12'), 'a.tar app:1 abcdef12 -');
});

test('an existing file with @ or # in its name takes precedence, the longest name first', () => {
  assert.equal(split('we@ird.tar'), 'we@ird.tar - - -');
  assert.equal(split('we@ird.tar@app:1#2'), 'we@ird.tar app:1 2 -');
  assert.equal(split('b#3'), 'b#3 - - -');
  assert.equal(split('b#4'), 'b - 4 -');
  assert.equal(split('b#3#4'), 'b#3 - 4 -');
  assert.equal(split('b#3@app#4'), 'b#3 app 4 -');
  assert.equal(split('x@y'), 'x@y - - -');
  assert.equal(split('x@z'), 'x z - -');
  assert.equal(split('x@y@z'), 'x@y z - -');
  assert.equal(split('dir/a@1.tar@1'), 'dir/a@1.tar 1 - -');
});

test('a name that is not an existing file is not split: an image in a store, or a missing file', () => {
  assert.equal(split('store:app@sha256:abcdef12#1'), 'store:app@sha256:abcdef12 - 1 -');
  assert.equal(split('missing.tar@app'), 'missing.tar@app - - -');
  assert.equal(split('-'), '- - - -');
  assert.equal(split('-#1'), '- - 1 -');
  assert.throws(() => split('a.tar@'), { code: 'USAGE' });
  assert.throws(() => split('a.tar@#2'), { code: 'USAGE' });
});
