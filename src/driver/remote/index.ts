/** A driver at a distance: one process serves it, another has it as its own. */
export { connectDriver } from './remote-driver.ts';
export { type ServedDriver, type ServeOptions, serveDriver } from './serve-driver.ts';
