import type { CallOptions } from '#driver';
import type { Context } from './context.ts';

/** For work on a store: it can be stopped, and who is waited for is said where somebody looks. */
export function callOptions({ signal, progress }: Context): CallOptions {
  return { signal, onWaiting: (message) => progress.say(message) };
}
