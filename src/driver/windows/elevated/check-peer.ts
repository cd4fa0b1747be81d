import { LayerscopeError } from '#model';
import type { ElevationSystem, HeldProcess, PipeEnd } from './system.ts';

/**
 * FORBIDDEN where the process at the other end of the pipe is another than the expected one, or runs another program than this process.
 * `expected` is held by the caller, so that its number can't have been given to another process in the meantime.
 */
export function checkPeer(system: ElevationSystem, end: PipeEnd, expected: HeldProcess): void {
  if (end.peerProcessId !== expected.processId) {
    throw new LayerscopeError(
      'FORBIDDEN',
      `process ${end.peerProcessId} is at the other end of the driver's pipe: ${expected.processId} should be`,
    );
  }
  // The same call names both: only the case of letters can differ, as the one who starts a program spells its path.
  if (expected.imagePath().toLowerCase() !== system.ownImagePath().toLowerCase()) {
    throw new LayerscopeError('FORBIDDEN', `process ${expected.processId} at the other end of the driver's pipe runs another program`);
  }
}
