/**
 * A Windows driver in a second, elevated process, so that the window never runs elevated.
 *
 * `openElevatedDriver` is the window's side: it makes a pipe, starts this program again with the verb `runas`, and connects to the driver
 * served there. `runDriverHost` runs in that second process. Each side checks that the other is the process that it started or was started
 * by, and runs the same program; then `../../remote` takes over. `system.ts` lists what this needs from Windows; `../ffi/elevation.ts`
 * implements it. `preflight` reports what this machine lacks.
 */
export { runDriverHost } from './driver-host.ts';
export { isDriverHost } from './host-arguments.ts';
export { openElevatedDriver } from './open-elevated-driver.ts';
export { preflight, preflightLines } from './preflight.ts';
