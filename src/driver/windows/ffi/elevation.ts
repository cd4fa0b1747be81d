import { LayerscopeError } from '#model';
import type { ElevationSystem } from '../elevated/system.ts';
import { Calls } from './calls.ts';
import { isFixedDrive, namesIn, placeOf } from './file-place.ts';
import { connectPipe, NativePipeServer } from './pipe.ts';
import { heldPrivileges, imagePathOf, isElevated, NativeProcess } from './process.ts';
import { serviceState } from './service.ts';
import { startProcess } from './start-process.ts';

/** Opens the {@link ElevationSystem} of Windows. Throws UNSUPPORTED elsewhere. Doesn't load a library until a method is called. */
export function openElevationSystem(): ElevationSystem {
  if (process.platform !== 'win32') {
    throw new LayerscopeError('UNSUPPORTED', `a process with an administrator's rights needs Windows: this is ${process.platform}`);
  }
  const calls = new Calls();
  return {
    isElevated: () => isElevated(calls),
    heldPrivileges: (names) => heldPrivileges(calls, names),
    hasVmcompute: () => calls.has('ImportLayer'),
    serviceState: (name) => serviceState(calls, name),
    ownImagePath: () => imagePathOf(calls, calls.now('GetCurrentProcess'), 'this process'),
    placeOf: (file) => placeOf(calls, file),
    namesIn: (folder) => namesIn(calls, folder),
    isFixedDrive: (root) => isFixedDrive(calls, root),
    holdProcess: (processId) => NativeProcess.hold(calls, processId),
    start: (executable, args, options) => startProcess(calls, executable, args, options),
    listen: () => new NativePipeServer(calls),
    connect: (name) => connectPipe(calls, name),
  };
}
