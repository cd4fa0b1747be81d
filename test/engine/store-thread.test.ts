import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStoreThread } from '#engine';

const script = new URL('../support/crashing-worker.ts', import.meta.url);

test('when the store’s thread dies, pending calls fail with the reason and the next call starts a new thread', async () => {
  await using thread = createStoreThread(script);
  const waits = thread.service({ driver: 'portable', home: '/tmp/waits' });
  const crashes = thread.service({ driver: 'portable', home: '/tmp/crash' });
  const other = waits.report();
  const fails = [
    assert.rejects(crashes.report(), { code: 'IO', message: /thread ended: a defect/ }),
    assert.rejects(other, { code: 'IO' }),
  ];
  await Promise.all(fails);
  await assert.rejects(crashes.report(), { code: 'IO', message: /thread ended/ });
});

test('when the program ends, pending calls to the store’s thread fail and later calls are refused', async () => {
  const thread = createStoreThread(script);
  const service = thread.service({ driver: 'portable', home: '/tmp/waits' });
  const waits = assert.rejects(service.report(), { code: 'IO' });
  await thread[Symbol.asyncDispose]();
  await waits;
  await assert.rejects(service.report(), { code: 'CANCELLED' });
});
