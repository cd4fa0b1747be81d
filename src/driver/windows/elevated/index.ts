/** Windows' drivers in a second, elevated process: the window's side, that process's, and what both need. */
export { runDriverHost } from './driver-host.ts';
export { isDriverHost } from './host-arguments.ts';
export { openElevatedDriver } from './open-elevated-driver.ts';
export { preflight, preflightLines } from './preflight.ts';
