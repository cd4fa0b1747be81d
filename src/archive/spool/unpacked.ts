import { asLayerscopeError, type LayerscopeError } from '#model';
import { removeQuietly } from '../cache/index-cache.ts';
import { NewFile } from './new-file.ts';

/** A packed file's plain bytes in a file of ours, as long as there is room for them and a use. Removed on disposal unless it is kept. */
export class Unpacked implements Disposable {
  #file: NewFile | null = null;
  #lack: LayerscopeError | null = null;
  #kept = false;

  /** `newPath`: where to; where that throws, there is no room. */
  constructor(newPath: () => string) {
    this.#attempt(() => {
      this.#file = new NewFile(newPath());
    });
  }

  /** Why not all of it is in a file; null: it is, or was dropped. */
  get lack(): LayerscopeError | null {
    return this.#lack;
  }

  write(bytes: Uint8Array): void {
    this.#attempt(() => this.#file?.write(bytes));
  }

  /** It is of no use any more. */
  drop(): void {
    const file = this.#file;
    this.#file = null;
    file?.[Symbol.dispose]();
    if (file !== null) removeQuietly(file.path);
  }

  /** The whole file, closed; null where there is none. */
  finish(): NewFile | null {
    this.#file?.[Symbol.dispose]();
    return this.#file;
  }

  /** It is its reader's now. */
  keep(): void {
    this.#kept = true;
  }

  /** Notes what the disk refuses. */
  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      const told = asLayerscopeError(error);
      if (told.code === 'INTERNAL') throw error;
      this.drop();
      this.#lack = told;
    }
  }

  [Symbol.dispose](): void {
    if (!this.#kept) this.drop();
  }
}
