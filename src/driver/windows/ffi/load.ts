// The only module that loads libraries. koffi itself is loaded together with the first library, so never where Windows' libraries aren't
// needed.
import path from 'node:path';
import type { LibraryHandle, TypeObject } from 'koffi';
import { loadOwnPackage } from '#files';
import { LayerscopeError } from '#model';
import { NativeError } from '../native-error.ts';

type Koffi = typeof import('koffi');

/** A library's function. It is called directly, or on one of koffi's threads through its `async` method. */
export type NativeFunction = ReturnType<LibraryHandle['func']>;

let loaded: Koffi | null = null;

const KOFFI = { name: 'koffi', parts: [[`@koromix/koffi-${process.platform}-${process.arch}`]] } as const;

/** Loads koffi on first use. Throws UNSUPPORTED if it isn't installed for this system. */
export function koffi(): Koffi {
  loaded ??= loadKoffi();
  return loaded;
}

function loadKoffi(): Koffi {
  let problem: unknown = null;
  try {
    const found = loadOwnPackage(KOFFI) as Koffi | null;
    if (found !== null) return found;
  } catch (error) {
    problem = error;
  }
  const why = problem instanceof Error ? problem.message : 'it is not installed with the program';
  throw new LayerscopeError('UNSUPPORTED', `can't load koffi, which calls Windows' libraries: ${why}`, { cause: problem });
}

/** The libraries in use; prototypes.ts names the header of each function. */
export type LibraryName = 'vmcompute' | 'kernel32' | 'backup' | 'advapi32' | 'ntdll' | 'ole32' | 'virtdisk' | 'shell32' | 'runtime';

/** Files that tests load in place of the system's libraries. They can't be set from outside the program. */
export type LibraryFiles = Partial<Record<LibraryName, string>>;

let systemFolder: string | null = null;

/**
 * Returns the path of System32 from kernel32, which every process has loaded. Doesn't use the environment, because users can set variables
 * for programs that they run elevated.
 */
function system32(): string {
  if (systemFolder === null) {
    const buffer = Buffer.alloc(1024);
    const ask = koffi().load('kernel32.dll').func('__stdcall', 'GetSystemDirectoryW', 'uint32', ['void*', 'uint32']);
    const units = ask(buffer, buffer.length / 2) as number;
    if (units === 0 || units > buffer.length / 2) throw new NativeError('GetSystemDirectoryW', 126, 'the system folder is unknown');
    systemFolder = buffer.toString('utf16le', 0, units * 2);
  }
  return systemFolder;
}

/** Returns the path of a system library. It is always in System32, so that no file next to the program can replace the library. */
function systemFile(name: LibraryName): string {
  // Node or Electron, both of which export libuv's functions.
  if (name === 'runtime') return process.execPath;
  // BackupRead and BackupWrite are in kernel32. They have their own library name here, so that tests can replace only these two.
  return path.win32.join(system32(), `${name === 'backup' ? 'kernel32' : name}.dll`);
}

/** Loads libraries and looks up functions on first use. */
export class Libraries {
  readonly #files: LibraryFiles;
  readonly #handles = new Map<string, LibraryHandle>();
  readonly #functions = new Map<string, NativeFunction | null>();

  constructor(files: LibraryFiles = {}) {
    this.#files = files;
  }

  /** Returns the function, or null if the library doesn't have it. Throws UNSUPPORTED if there is no such library. */
  find(
    library: LibraryName,
    name: string,
    result: TypeObject | string,
    parameters: readonly (TypeObject | string)[],
  ): NativeFunction | null {
    const key = `${library}.${name}`;
    let found = this.#functions.get(key);
    if (found === undefined) {
      try {
        found = this.#load(library).func('__stdcall', name, result, [...parameters]);
      } catch (error) {
        // Any other error means that a signature in prototypes.ts is wrong.
        if (!(error instanceof Error) || !/cannot find function/i.test(error.message)) throw error;
        found = null;
      }
      this.#functions.set(key, found);
    }
    return found;
  }

  #load(library: LibraryName): LibraryHandle {
    const override = this.#files[library];
    if (override === undefined && process.platform !== 'win32') {
      throw new LayerscopeError('UNSUPPORTED', `Windows layers need Windows: ${library}.dll is not on this system`);
    }
    const file = override ?? systemFile(library);
    const known = this.#handles.get(file);
    if (known !== undefined) return known;
    try {
      const handle = koffi().load(file);
      this.#handles.set(file, handle);
      return handle;
    } catch (error) {
      if (error instanceof LayerscopeError) throw error;
      throw new NativeError(
        'LoadLibrary',
        126,
        `${library}.dll is not on this system${library === 'vmcompute' ? " (it is part of Windows' Containers feature)" : ''}`,
      );
    }
  }
}
