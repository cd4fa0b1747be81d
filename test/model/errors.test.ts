import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asLayerscopeError, LayerscopeError } from '#model';

test('of an error and what failed after it, the first is told', () => {
  const first = new LayerscopeError('TRUNCATED', 'first');
  const second = Object.assign(new Error('second'), { name: 'SuppressedError', error: new Error('while letting go'), suppressed: first });
  assert.equal(asLayerscopeError(second), first);
  assert.equal(asLayerscopeError(Object.assign(new Error('third'), { name: 'SuppressedError', suppressed: second })), first);
});
