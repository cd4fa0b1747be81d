import { LayerscopeError } from '#model';
import { NativeError, win32OfHresult } from '../native-error.ts';
import { Libraries, type LibraryFiles, type NativeFunction } from './load.ts';
import { type FunctionName, PROTOTYPES, type Prototype, recordTypes } from './prototypes.ts';

/** FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS. Source: winbase.h. */
const FORMAT_FROM_SYSTEM = 0x1200;

/** The functions of {@link PROTOTYPES}, found when first called. Arguments are checked for what no C string holds. */
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

  /** False where the library or the function isn't there. */
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

  /** Calls and waits. For what is quick. */
  now(name: FunctionName, ...parameters: unknown[]): unknown {
    refuseNul(name, parameters);
    return this.#get(name)(...parameters);
  }

  /** Calls on a thread of koffi's. `then` runs right after the call, before anything else can change the thread's last error. */
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

  /** A layer call: throws where its HRESULT is a failure. */
  async layer(name: FunctionName, subject: string, ...parameters: unknown[]): Promise<void> {
    await this.later(name, parameters, (result) => {
      if ((result as number) < 0) this.#fail(name, win32OfHresult(result as number), subject);
    });
  }

  /** A call that says no with 0, on a thread of koffi's. */
  async check(name: FunctionName, subject: string, ...parameters: unknown[]): Promise<void> {
    await this.later(name, parameters, (result) => {
      if (result === 0) this.#fail(name, this.lastError(), subject);
    });
  }

  lastError(): number {
    return this.now('GetLastError') as number;
  }

  /** Throws what the last call of this thread failed with. */
  failLast(name: FunctionName, subject: string): never {
    this.#fail(name, this.lastError(), subject);
  }

  #fail(name: string, win32: number, subject: string): never {
    throw new NativeError(name, win32, this.#textOf(win32), subject);
  }

  /** The system's words for a code; '' where there are none. */
  #textOf(win32: number): string {
    if (!this.has('FormatMessageW')) return '';
    const buffer = Buffer.alloc(1024);
    const units = this.now('FormatMessageW', FORMAT_FROM_SYSTEM, null, win32, 0, buffer, buffer.length / 2, null) as number;
    return buffer.toString('utf16le', 0, units * 2);
  }
}

function refuseNul(name: string, parameters: readonly unknown[]): void {
  for (const value of parameters) {
    if (typeof value === 'string' && value.includes('\0')) throw new LayerscopeError('NAME_REFUSED', `${name}: a text with U+0000 in it`);
  }
}
