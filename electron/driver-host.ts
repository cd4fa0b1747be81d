// The elevated, windowless copy of the program on Windows, which hosts a driver for one store.
import { app } from 'electron';
import { isDriverHost, runDriverHost } from '#driver';

/**
 * If this process was started to host a driver, starts doing so and returns true; the process exits with the host's exit code when the host
 * ends. Otherwise returns false. Call this first, before the program creates a window or session, locks the profile or touches files that
 * the user's own process uses.
 */
export function becameDriverHost(argv: readonly string[]): boolean {
  if (!isDriverHost(argv)) return false;
  app.disableHardwareAcceleration();
  // runDriverHost never rejects.
  void runDriverHost(argv).then((exitCode) => app.exit(exitCode));
  return true;
}
