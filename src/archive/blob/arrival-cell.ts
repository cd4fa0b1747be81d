// How much of a blob has arrived: a 64-bit number in shared memory, with the byte count in the upper bits and a state in the lowest two. A
// worker that needs more bytes blocks in Atomics.wait, so the same synchronous code reads files and blobs that are still arriving.
import { isMainThread } from 'node:worker_threads';
import { LayerscopeError } from '#model';

export const ARRIVING = 0n;
export const WHOLE = 1n;
export const FAILED = 2n;
const STATE = 3n;
/** A waiting worker checks again after this many ms even if nothing wakes it. */
const LOOK_MS = 1000;

/** Publishes how many bytes have arrived. */
export function setArrived(cell: SharedArrayBuffer, bytes: number, state: bigint): void {
  const cells = new BigInt64Array(cell);
  Atomics.store(cells, 0, (BigInt(bytes) << 2n) | state);
  Atomics.notify(cells, 0);
}

/**
 * Waits until `end` bytes or the whole blob have arrived; if `end` is infinite, until the blob is complete and its digest checked. Throws
 * IO if the bytes can't arrive; INTERNAL on the main thread, where waiting would block the arrival itself.
 */
export function waitForBytes(cell: SharedArrayBuffer, end: number): void {
  const cells = new BigInt64Array(cell);
  for (;;) {
    const value = Atomics.load(cells, 0);
    const state = value & STATE;
    if (state === FAILED) throw new LayerscopeError('IO', 'the blob did not arrive');
    if (state === WHOLE || Number(value >> 2n) >= end) return;
    if (isMainThread) throw new LayerscopeError('INTERNAL', 'the blob has not arrived yet');
    Atomics.wait(cells, 0, value, LOOK_MS);
  }
}
