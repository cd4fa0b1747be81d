import type { CallOptions } from '#driver';
import type { Context } from './context.ts';

/** Options for work on a store: it can be cancelled, and a terminal shows which process it waits for. */
export function callOptions({ signal, progress }: Context): CallOptions {
  return { signal, onWaiting: (message) => progress.say(message) };
}
