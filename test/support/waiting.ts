import assert from 'node:assert/strict';
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';

const TRIES_A_MINUTE = 6_000;
const BETWEEN_MS = 10;

/** Waits until a condition is true, polling it. Fails with `what` after `minutes`. */
export async function until(condition: () => boolean | Promise<boolean>, what: string, minutes = 1): Promise<void> {
  for (let tries = 0; tries < minutes * TRIES_A_MINUTE; tries++) {
    if (await condition()) return;
    await pause(BETWEEN_MS);
  }
  assert.fail(`timed out waiting: ${what}`);
}

/** Yields to other work on this thread for `count` turns of the event loop. */
export async function turns(count: number): Promise<void> {
  for (let each = 0; each < count; each++) await turn();
}
