import path from 'node:path';
import { LayerscopeError } from '#model';
import type { Native } from '../native.ts';
import { NativeError } from '../native-error.ts';
import { Calls } from './calls.ts';
import { NativeFiles } from './files.ts';
import { NativeLayers } from './layers.ts';
import type { LibraryFiles } from './load.ts';
import { Privileges } from './privileges.ts';
import { NativeVolumes, windowsBuild } from './volumes.ts';

/**
 * Opens {@link Native} on Windows. Throws UNSUPPORTED elsewhere, and if Windows has no vmcompute.dll. `files`: for tests, libraries to load
 * in place of the system's.
 */
export function openNative(files: LibraryFiles = {}): Native {
  if (process.platform !== 'win32') {
    throw new LayerscopeError('UNSUPPORTED', 'Windows layers need Windows: vmcompute.dll is not on this system');
  }
  const calls = new Calls(files);
  if (!calls.has('ImportLayer')) {
    throw new NativeError('LoadLibrary', 126, "vmcompute.dll is not on this system: it is part of Windows' Containers feature");
  }
  const privileges = new Privileges(calls);
  return {
    layers: new NativeLayers(calls),
    files: new NativeFiles(calls),
    volumes: new NativeVolumes(calls),
    paths: path.win32,
    windowsBuild: () => windowsBuild(calls),
    enablePrivileges: (names) => privileges.enable(names),
  };
}
