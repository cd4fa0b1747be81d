/**
 * The privileged side of the contract, shared by all doors. `host.ts` dispatches a message: it checks the *sender* (a window or browser
 * session), the operation's name and its input, then runs the handler (`handlers.ts`, and one file each for catalogs, sources and stores).
 *
 * The window never names a path. It holds a *grant* (`grants.ts`): opaque, valid once, for one sender. `downloads.ts` does the same for
 * exports on the loopback host, `requests.ts` asks a window to open files, `services.ts` is what a door supplies.
 * Start with `host.ts`.
 */
export * from './grants.ts';
export * from './host.ts';
export type * from './sender.ts';
export type * from './services.ts';
export { withName } from './source-handlers.ts';
