/**
 * The loopback host: the window in a browser on this machine, over node:http on 127.0.0.1.
 *
 * - `start-web.ts` builds the whole program; `web-host.ts` is the server and its routes.
 * - `guards.ts` checks Host, Origin, type and length of every request; `sessions.ts` exchanges the token in the printed address for a
 *   session's secret; `connections.ts` keeps other users of the machine from locking the browser out.
 * - `uploads.ts` receives dropped files, `topic-stream.ts` sends topics, `static-files.ts` the built window, `replies.ts` everything else.
 *
 * A *stranger* is a connection without a session. Start with `web-host.ts`.
 */
export * from './start-web.ts';
export * from './static-files.ts';
export * from './uploads.ts';
export * from './web-host.ts';
