import type { CallOptions } from '#driver';
import type { Context } from './context.ts';

/** Returns options for work on a store, which can be cancelled and shows on a terminal which process it waits for. */
export function callOptions({ signal, progress }: Context): CallOptions {
  return { signal, onWaiting: (message) => progress.say(message) };
}
