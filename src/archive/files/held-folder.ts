import { closeSync, constants, fchmodSync, fstatSync, lstatSync, mkdirSync, openSync, readdirSync } from 'node:fs';
import { displayText, LayerscopeError } from '#model';

const FOLDER = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0);

/** A path to the folder itself that a descriptor is open on, wherever its name leads by now; null if this system has none. */
export function pathOfDescriptor(descriptor: number): string | null {
  return process.platform === 'linux' ? `/proc/self/fd/${descriptor}` : null;
}

/** Opens a folder, not a link to one. Throws as the system does. */
export function openFolderItself(folder: string | Buffer): number {
  return openSync(folder, FOLDER);
}

/**
 * A new folder in a place that other users may write: they can rename it and put a link in its place, but what is done through `inside` stays
 * in it (on Linux; elsewhere `inside` is its path). Dispose of it; the folder stays.
 */
export class HeldFolder implements Disposable {
  readonly path: string;
  /** The path by which everything in it is reached. */
  readonly inside: string;
  readonly #descriptor: number | null;

  /** Makes the folder for this user alone. Throws as the system does, and IO if another one has taken its name. */
  constructor(path: string) {
    this.path = path;
    mkdirSync(path, { mode: 0o700 });
    if (process.platform === 'win32') {
      this.#descriptor = null;
      this.inside = path;
      return;
    }
    this.#descriptor = openFolderItself(path);
    this.inside = pathOfDescriptor(this.#descriptor) ?? path;
    const { uid } = fstatSync(this.#descriptor);
    if (uid !== process.getuid?.() || readdirSync(this.inside).length > 0) {
      closeSync(this.#descriptor);
      throw new LayerscopeError('IO', `${displayText(path)} was replaced while it was made`);
    }
  }

  setMode(mode: number): void {
    if (this.#descriptor !== null) fchmodSync(this.#descriptor, mode);
  }

  /** Throws IO if `path` is not this folder: another user has renamed what was to become it. */
  requireAt(path: string): void {
    if (this.#descriptor === null) return;
    const own = fstatSync(this.#descriptor, { bigint: true });
    const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (found?.dev === own.dev && found.ino === own.ino) return;
    throw new LayerscopeError('IO', `${displayText(path)} was replaced while it was written: others may rename what is in its folder`);
  }

  [Symbol.dispose](): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
  }
}
