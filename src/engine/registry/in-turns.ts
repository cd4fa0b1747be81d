import { throwIfCancelled } from '#model';

/** Longest time between two yields. */
const TURN_MS = 10;
/** Reading the clock for each item would cost as much as the item. */
const ITEMS_PER_LOOK = 64;

/** Passes items on, and now and then lets the event loop run. Throws CANCELLED. */
export async function* inTurns<T>(items: Iterable<T>, signal?: AbortSignal): AsyncGenerator<T, void, void> {
  let turnEnds = performance.now() + TURN_MS;
  let count = 0;
  for (const item of items) {
    yield item;
    if (++count % ITEMS_PER_LOOK !== 0 || performance.now() < turnEnds) continue;
    await new Promise<void>((resolve) => setImmediate(resolve));
    throwIfCancelled(signal);
    turnEnds = performance.now() + TURN_MS;
  }
}
