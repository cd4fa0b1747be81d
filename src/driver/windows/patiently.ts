import { setTimeout as sleep } from 'node:timers/promises';
import { throwIfCancelled } from '#model';
import type { CallOptions } from '../driver.ts';
import { NativeError } from './native-error.ts';

/** Codes of errors that occur while a disk is being attached or detached, or while a scanner reads it. Source: winerror.h. */
const MOMENTARY: ReadonlySet<number> = new Set([
  5, // ERROR_ACCESS_DENIED
  21, // ERROR_NOT_READY
  32, // ERROR_SHARING_VIOLATION
  1167, // ERROR_DEVICE_NOT_CONNECTED
]);
const RETRIES = 5;
const PAUSE_MS = 100;

/**
 * Makes a call and retries it up to five times, 100 ms apart, as long as it fails for a temporary reason. Throws the last error; CANCELLED
 * once the signal is aborted.
 */
export async function patiently(call: () => Promise<void>, { signal }: CallOptions): Promise<void> {
  for (let left = RETRIES; ; left--) {
    throwIfCancelled(signal);
    try {
      return await call();
    } catch (error) {
      if (left === 0 || !(error instanceof NativeError) || !MOMENTARY.has(error.win32)) throw error;
    }
    // An aborted wait throws. Ignore that, because the next iteration throws CANCELLED.
    await sleep(PAUSE_MS, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  }
}
