import { foldWindowsCase, LayerscopeError } from '#model';
import type { ElevationSystem, HeldProcess, PipeEnd } from './system.ts';

/**
 * Checks that the process at the other end of the pipe is the expected one and runs the same program as this process; throws FORBIDDEN
 * otherwise. The caller holds `expected` open, so its process id can't have been reused.
 */
export function checkPeer(system: ElevationSystem, end: PipeEnd, expected: HeldProcess): void {
  if (end.peerProcessId !== expected.processId) {
    throw new LayerscopeError(
      'FORBIDDEN',
      `process ${end.peerProcessId} is at the other end of the driver's pipe, not ${expected.processId}`,
    );
  }
  // Windows spells each path the way its program was started, so the paths of the same program may differ in case, but in nothing else.
  if (foldWindowsCase(expected.imagePath()) !== foldWindowsCase(system.ownImagePath())) {
    throw new LayerscopeError('FORBIDDEN', `process ${expected.processId} at the other end of the driver's pipe runs another program`);
  }
}
