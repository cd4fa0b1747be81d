/**
 * The contract between the window and its host, the same over Electron's IPC and the loopback host (the two *doors*).
 *
 * - `schemas.ts` is the table of operations, where a new operation starts; `operations.ts` derives the types, `reports.ts` and its siblings
 *   declare the outputs, `topics.ts` the topics that a window can subscribe to.
 * - `client.ts` is the window's end; `electron-client.ts` and `web-client.ts` are its transports.
 * - `row-page.ts` cuts tables into pages and joins them again; `wire-codec.ts` encodes them for HTTP.
 * - `commands.ts` lists the window's commands and keys, `content-security.ts` what the page may load.
 *
 * Replies are envelopes: `{ ok: true, value }` or `{ ok: false, error }` with a closed set of codes. This room has neither Node nor a DOM.
 * `#contract/schemas` is a separate entry point, so that zod stays out of the window's bundle.
 */
export type * from './catalog-reports.ts';
export * from './client.ts';
export * from './commands.ts';
export * from './content-security.ts';
export * from './electron-client.ts';
export type * from './entry-reports.ts';
export * from './limits.ts';
export type * from './operations.ts';
export type * from './package-reports.ts';
export type * from './provenance-reports.ts';
export type * from './registry-reports.ts';
export type * from './reports.ts';
export * from './row-page.ts';
export type * from './source-reports.ts';
export type * from './store-reports.ts';
export * from './topics.ts';
export * from './web-client.ts';
export * from './web-surroundings.ts';
export * from './wire-codec.ts';
