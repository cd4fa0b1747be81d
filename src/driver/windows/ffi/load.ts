// The only place that loads a library. koffi is loaded with the first one: programs that never need Windows never load it.
import { createRequire } from 'node:module';
import path from 'node:path';
import type { LibraryHandle, TypeObject } from 'koffi';
import { LayerscopeError } from '#model';
import { NativeError } from '../native-error.ts';

type Koffi = typeof import('koffi');

/** A function of a library: called as it is, or by its `async` on a thread of koffi's. */
export type NativeFunction = ReturnType<LibraryHandle['func']>;

let loaded: Koffi | null = null;

/** Throws UNSUPPORTED where koffi has no build for this system. */
export function koffi(): Koffi {
  if (loaded !== null) return loaded;
  try {
    loaded = createRequire(import.meta.url)('koffi') as Koffi;
    return loaded;
  } catch (error) {
    throw new LayerscopeError('UNSUPPORTED', `koffi, which calls Windows' libraries, can't be loaded here: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Libraries that are called into. Source: the header that {@link ./prototypes.ts} names with each function. */
export type LibraryName = 'vmcompute' | 'kernel32' | 'backup' | 'advapi32' | 'ntdll' | 'ole32' | 'shell32' | 'runtime';

/** Files that tests call into in place of the system's. Not reachable from outside the program. */
export type LibraryFiles = Partial<Record<LibraryName, string>>;

let systemFolder: string | null = null;

/**
 * System32, as kernel32 says, which every process has loaded. Not as the environment says: users set their own variables, also for the
 * programs that they let run elevated.
 */
function system32(): string {
  if (systemFolder === null) {
    const buffer = Buffer.alloc(1024);
    const ask = koffi().load('kernel32.dll').func('__stdcall', 'GetSystemDirectoryW', 'uint32', ['void*', 'uint32']);
    const units = ask(buffer, buffer.length / 2) as number;
    if (units === 0 || units > buffer.length / 2)
      throw new NativeError('GetSystemDirectoryW', 126, 'the folder of the system is not known');
    systemFolder = buffer.toString('utf16le', 0, units * 2);
  }
  return systemFolder;
}

/** Where a library of the system is: nowhere but in System32, so that none beside the program is taken for it. */
function systemFile(name: LibraryName): string {
  // The program itself, which has libuv in it and exports it.
  if (name === 'runtime') return process.execPath;
  // BackupRead and BackupWrite are kernel32's; they have a name of their own for what stands in for them alone.
  return path.win32.join(system32(), `${name === 'backup' ? 'kernel32' : name}.dll`);
}

/** Libraries, each loaded when it is first called into. */
export class Libraries {
  readonly #files: LibraryFiles;
  readonly #handles = new Map<string, LibraryHandle>();
  readonly #functions = new Map<string, NativeFunction | null>();

  constructor(files: LibraryFiles = {}) {
    this.#files = files;
  }

  /** The function, or null where the library hasn't it. Throws UNSUPPORTED where the library isn't there. */
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
        // Anything else is a mistake of ours, in a signature.
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
      throw new LayerscopeError('UNSUPPORTED', `layers of Windows' own store need Windows: ${library}.dll is not on this system`);
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
        `${library}.dll is not on this system${library === 'vmcompute' ? ' (the Containers feature brings it)' : ''}`,
      );
    }
  }
}
