import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { atOnce } from '../../../src/driver/portable/at-once.ts';

test('no more tasks than the limit run at the same time, and every task completes', async () => {
  let running = 0;
  let most = 0;
  let ended = 0;
  await atOnce(2, undefined, async (start) => {
    for (let i = 0; i < 7; i++)
      await start(async () => {
        most = Math.max(most, ++running);
        await turn();
        running--;
        ended++;
      });
  });
  assert.deepEqual({ most, ended }, { most: 2, ended: 7 });
});

test('the first error stops the rest, and is thrown once they have ended', async () => {
  let stopped = false;
  const failing = atOnce(2, undefined, async (start, signal) => {
    await start(async () => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await turn();
      stopped = true;
      throw new Error('stopped');
    });
    await start(() => Promise.reject(new Error('first')));
    await turn();
    await start(() => assert.fail('nothing starts after an error'));
  });
  await assert.rejects(failing, /first/);
  assert.equal(stopped, true);
});

test('the caller’s signal reaches the work', async () => {
  const caller = new AbortController();
  const seen: boolean[] = [];
  await atOnce(1, caller.signal, async (start, signal) => {
    caller.abort();
    await start(async () => {
      seen.push(signal.aborted);
    });
  });
  assert.deepEqual(seen, [true]);
});
