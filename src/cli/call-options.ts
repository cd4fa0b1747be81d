import type { CallOptions } from '#driver';
import type { Context } from './context.ts';

/** Returns options for store operations that can be cancelled and that show, on a terminal, which process they are waiting for. */
export function callOptions({ signal, progress }: Context): CallOptions {
  return { signal, onWaiting: (message) => progress.say(message) };
}
