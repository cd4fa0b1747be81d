/**
 * Graph drivers: stores that keep layers on disk and mount their chains. Begin with driver.ts: it documents the interface, its terms, a
 * layer's life and the errors.
 *
 * - `portable/`: a store that is an OCI image layout, on any system.
 * - `windows/`: windowsfilter and windowsdiff, over Windows' own layer calls (`windows/ffi`).
 * - `remote/`: a driver served to another process over a stream, and its client.
 * - `windows/elevated/`: the process that serves a Windows driver with an administrator's rights.
 */
export * from './driver.ts';
export type * from './images.ts';
export { openDriver } from './open-driver.ts';
export * from './remote/index.ts';
export * from './windows/elevated/index.ts';
