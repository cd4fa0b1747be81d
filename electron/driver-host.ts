// The second copy of the program on Windows: elevated, without a window, for one driver over one store.
import { app } from 'electron';
import { isDriverHost, runDriverHost } from '#driver';

/**
 * Whether this process was started to host a driver; then it does that and nothing else, and ends with the host's exit code. To be asked
 * before anything of the program is touched: no window, no session, no lock of the profile, no file that the user's own process uses.
 */
export function becameDriverHost(argv: readonly string[]): boolean {
  if (!isDriverHost(argv)) return false;
  app.disableHardwareAcceleration();
  // It never throws.
  void runDriverHost(argv).then((exitCode) => app.exit(exitCode));
  return true;
}
