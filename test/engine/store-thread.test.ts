import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStoreThread } from '#engine';

const script = new URL('../support/crashing-worker.ts', import.meta.url);

test('a thread that ends fails what ran in it, with a reason; the next call has a new one', async () => {
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

test('what waits when the program ends is told so, and later calls are refused', async () => {
  const thread = createStoreThread(script);
  const room = thread.service({ driver: 'portable', home: '/tmp/waits' });
  const waits = assert.rejects(room.report(), { code: 'IO' });
  await thread[Symbol.asyncDispose]();
  await waits;
  await assert.rejects(room.report(), { code: 'CANCELLED' });
});
