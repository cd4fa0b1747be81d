import { LayerscopeError } from '#model';
import { NativeError, win32OfHresult } from '../native-error.ts';
import { Libraries, type LibraryFiles, type NativeFunction } from './load.ts';
import { type FunctionName, PROTOTYPES, type Prototype, recordTypes } from './prototypes.ts';

/** FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS. Source: winbase.h. */
const FORMAT_FROM_SYSTEM = 0x1200;

/**
 * Calls the functions in {@link PROTOTYPES}, looking each one up on first use. Refuses strings with U+0000, which a C string can't contain.
 */
export class Calls {
  readonly #libraries: Libraries;

  constructor(files: LibraryFiles = {}) {
    this.#libraries = new Libraries(files);
  }

  #find(name: FunctionName): NativeFunction | null {
    const { library, result, parameters }: Prototype = PROTOTYPES[name];
    const types = recordTypes();
    return this.#libraries.find(
      library,
      name,
      result,
      parameters.map((parameter) => types[parameter] ?? parameter),
    );
  }

  /** Whether the library and the function exist. */
  has(name: FunctionName): boolean {
    try {
      return this.#find(name) !== null;
    } catch (error) {
      if (error instanceof LayerscopeError && error.code === 'UNSUPPORTED') return false;
      throw error;
    }
  }

  #get(name: FunctionName): NativeFunction {
    const found = this.#find(name);
    if (found === null) throw new NativeError(name, 127, `this system has no ${name}`);
    return found;
  }

  /** Calls a function synchronously. Only for quick calls. */
  now(name: FunctionName, ...parameters: unknown[]): unknown {
    refuseNul(name, parameters);
    return this.#get(name)(...parameters);
  }

  /** Calls a function on one of koffi's threads. `then` runs right after the call, before anything else can change the last error. */
  async later<T>(name: FunctionName, parameters: readonly unknown[], then: (result: unknown) => T): Promise<T> {
    refuseNul(name, parameters);
    const call = this.#get(name);
    return new Promise((resolve, reject) => {
      call.async(...parameters, (error: unknown, result: unknown) => {
        if (error) {
          reject(error);
          return;
        }
        try {
          resolve(then(result));
        } catch (thrown) {
          reject(thrown);
        }
      });
    });
  }

  /** Makes a layer call. Throws if its HRESULT is a failure. */
  async layer(name: FunctionName, subject: string, ...parameters: unknown[]): Promise<void> {
    await this.later(name, parameters, (result) => {
      if ((result as number) < 0) this.fail(name, win32OfHresult(result as number), subject);
    });
  }

  /** Makes a call that returns 0 on failure, on one of koffi's threads. Throws if it fails. */
  async check(name: FunctionName, subject: string, ...parameters: unknown[]): Promise<void> {
    await this.later(name, parameters, (result) => {
      if (result === 0) this.fail(name, this.lastError(), subject);
    });
  }

  lastError(): number {
    return this.now('GetLastError') as number;
  }

  /** Throws the last error of this thread as the failure of `name`. */
  failLast(name: FunctionName, subject: string): never {
    this.fail(name, this.lastError(), subject);
  }

  /** Throws the failure of `name` with an NTSTATUS. */
  failStatus(name: FunctionName, status: number, subject: string): never {
    this.fail(name, this.now('RtlNtStatusToDosError', status >>> 0) as number, subject);
  }

  /** Throws the failure of `name` with a Win32 code. */
  fail(name: FunctionName, win32: number, subject: string): never {
    throw new NativeError(name, win32, this.#textOf(win32), subject);
  }

  /** Returns the system's message for a code, or ''. */
  #textOf(win32: number): string {
    if (!this.has('FormatMessageW')) return '';
    const buffer = Buffer.alloc(1024);
    const units = this.now('FormatMessageW', FORMAT_FROM_SYSTEM, null, win32, 0, buffer, buffer.length / 2, null) as number;
    return buffer.toString('utf16le', 0, units * 2);
  }
}

function refuseNul(name: string, parameters: readonly unknown[]): void {
  for (const value of parameters) {
    if (typeof value === 'string' && value.includes('\0')) throw new LayerscopeError('NAME_REFUSED', `${name}: a string contains U+0000`);
  }
}
