import { type Rest, throwIfCancelled } from '#model';

/** Longest time between two rests, in milliseconds. */
const TURN_MS = 10;
/** How many items to yield between looks at the clock, because a look for each item would cost as much as the item. */
const ITEMS_PER_LOOK = 64;

/** Creates a {@link Rest} for one piece of work. */
export function createRest(signal?: AbortSignal): Rest {
  let turnEnds = performance.now() + TURN_MS;
  return async () => {
    if (performance.now() < turnEnds) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
    throwIfCancelled(signal);
    turnEnds = performance.now() + TURN_MS;
  };
}

/** Yields the items, letting the event loop run now and then. Throws CANCELLED. */
export async function* inTurns<T>(items: Iterable<T>, signal?: AbortSignal): AsyncGenerator<T, void, void> {
  const rest = createRest(signal);
  let count = 0;
  for (const item of items) {
    yield item;
    if (++count % ITEMS_PER_LOOK === 0) await rest();
  }
}
