import assert from 'node:assert/strict';
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';

const MOST_TRIES = 6_000;
const BETWEEN_MS = 10;

/** Waits until something is true, which is looked at again and again. Fails after a minute, with what it waited for. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    if (await condition()) return;
    await pause(BETWEEN_MS);
  }
  assert.fail(`it never came to this: ${what}`);
}

/** Lets everything else on this thread have that many turns: what could go on has gone on. */
export async function turns(count: number): Promise<void> {
  for (let each = 0; each < count; each++) await turn();
}
