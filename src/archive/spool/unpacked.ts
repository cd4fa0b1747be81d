import { asLayerscopeError, type LayerscopeError } from '#model';
import { removeQuietly } from '../cache/index-cache.ts';
import { NewFile } from './new-file.ts';

/**
 * The plain bytes of a packed file, written to a temporary file as long as there is space and the file is needed. Disposal removes the file
 * unless {@link keep} was called.
 */
export class Unpacked implements Disposable {
  #file: NewFile | null = null;
  #lack: LayerscopeError | null = null;
  #kept = false;

  /** `newPath` returns the file's path; an error thrown by `newPath` counts as lack of space. */
  constructor(newPath: () => string) {
    this.#attempt(() => {
      this.#file = new NewFile(newPath());
    });
  }

  /** Why the file is incomplete; null if it is complete or was dropped. */
  get lack(): LayerscopeError | null {
    return this.#lack;
  }

  write(bytes: Uint8Array): void {
    this.#attempt(() => this.#file?.write(bytes));
  }

  /** Removes a file that turned out not to be needed. */
  drop(): void {
    const file = this.#file;
    this.#file = null;
    file?.[Symbol.dispose]();
    if (file !== null) removeQuietly(file.path);
  }

  /** Closes and returns the complete file; null if there is none. */
  finish(): NewFile | null {
    this.#file?.[Symbol.dispose]();
    return this.#file;
  }

  /** Keeps the file beyond disposal; its reader then owns it. */
  keep(): void {
    this.#kept = true;
  }

  /** Runs `work` and keeps a disk error as {@link lack}. */
  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      const converted = asLayerscopeError(error);
      if (converted.code === 'INTERNAL') throw error;
      this.drop();
      this.#lack = converted;
    }
  }

  [Symbol.dispose](): void {
    if (!this.#kept) this.drop();
  }
}
