import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asLayerscopeError, isCancelled, LayerscopeError, throwIfCancelled } from '#model';

test('if disposal fails after an error, the first error is reported', () => {
  const first = new LayerscopeError('TRUNCATED', 'first');
  const second = Object.assign(new Error('second'), { name: 'SuppressedError', error: new Error('while disposing'), suppressed: first });
  assert.equal(asLayerscopeError(second), first);
  assert.equal(asLayerscopeError(Object.assign(new Error('third'), { name: 'SuppressedError', suppressed: second })), first);
});

test('work stops with CANCELLED once its signal is aborted, and not before', () => {
  const controller = new AbortController();
  throwIfCancelled(undefined);
  throwIfCancelled(controller.signal);
  controller.abort();
  assert.throws(() => throwIfCancelled(controller.signal), { code: 'CANCELLED', message: 'cancelled' });
  assert.throws(() => throwIfCancelled(controller.signal, 'the import was cancelled'), { message: 'the import was cancelled' });
  assert.ok(isCancelled(controller.signal.reason));
  assert.ok(!isCancelled(new Error('the disk is full')));
});
