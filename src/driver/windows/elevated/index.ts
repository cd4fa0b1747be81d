/** Windows' drivers in a second, elevated process: the window's side, that process's, and what both need. */
export { type HostOptions, runDriverHost } from './driver-host.ts';
export { type ElevatedDriverName, isDriverHost } from './host-arguments.ts';
export { type ElevatedOptions, openElevatedDriver } from './open-elevated-driver.ts';
export { type PreflightFact, preflight, preflightLines } from './preflight.ts';
