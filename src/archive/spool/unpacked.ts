import { asLayerscopeError, type LayerscopeError } from '#model';
import { removeQuietly } from '../cache/index-cache.ts';
import { NewFile } from './new-file.ts';

/** A packed file's plain bytes in a temporary file, while there is space and a use for it. Removed on disposal unless it is kept. */
export class Unpacked implements Disposable {
  #file: NewFile | null = null;
  #lack: LayerscopeError | null = null;
  #kept = false;

  /** `newPath` returns the file's path; if it throws, there is no space. */
  constructor(newPath: () => string) {
    this.#attempt(() => {
      this.#file = new NewFile(newPath());
    });
  }

  /** Why the file is incomplete; null if it isn't, or was dropped. */
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

  /** Keeps the file beyond disposal; it is then its reader's. */
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
