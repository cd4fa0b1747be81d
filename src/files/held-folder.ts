import { closeSync, constants, fchmodSync, fstatSync, lstatSync, mkdirSync, openSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { displayText, LayerscopeError } from '#model';
import { placeFolder } from './place.ts';

const FOLDER = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0);

/** Returns a path to the folder open on a descriptor, valid even after the folder is renamed; null if this system has no such paths. */
export function pathOfDescriptor(descriptor: number): string | null {
  return process.platform === 'linux' ? `/proc/self/fd/${descriptor}` : null;
}

/** Linux's O_PATH, which Node.js doesn't define. With it, opening needs no permission on the file, and doesn't block. Source: open(2). */
const O_PATH = 0o10000000;

/** Opens anything that has a name, even a link, pipe or device, only to identify it and to access it through its descriptor. Linux only. */
export function openEntryItself(at: string | Buffer): number {
  return openSync(at, O_PATH | constants.O_NOFOLLOW);
}

/** Opens a folder, not a link to one. Throws the system's errors. */
export function openFolderItself(folder: string | Buffer): number {
  return openSync(folder, FOLDER);
}

/**
 * A new folder in a parent where other users may write. Other users can rename the folder and replace it with a link, but on Linux
 * everything done through `inside` still happens in this folder; elsewhere `inside` is just its path. Must be disposed of, which doesn't
 * remove the folder.
 */
export class HeldFolder implements Disposable {
  readonly path: string;
  /** The path through which to access the folder's contents. */
  readonly inside: string;
  readonly #descriptor: number | null;

  /** Creates the folder for this user alone. Throws the system's errors; IO if another folder has replaced it. */
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
      throw new LayerscopeError('IO', `${displayText(path)} was replaced while it was being created`);
    }
  }

  /**
   * Gives the folder its final name and mode. Throws what {@link placeFolder} throws; IO if another user renamed the folder meanwhile, so
   * that something else got the name.
   */
  placeAt(target: string, mode: number): void {
    if (this.#descriptor !== null) fchmodSync(this.#descriptor, mode);
    placeFolder(this.path, target);
    this.#requireAt(target);
  }

  /** Identifies the folder among all folders on this machine; null if this system has no descriptors for folders. */
  get identity(): string | null {
    if (this.#descriptor === null) return null;
    const { dev, ino } = fstatSync(this.#descriptor, { bigint: true });
    return `${dev}:${ino}`;
  }

  /**
   * Removes the contents, and the folder itself if it still has the name `at`. If another user gave that name to something else, leaves
   * that alone. Ignores failures.
   */
  discardAt(at: string): void {
    const isHere = this.#isAt(at);
    if (!isHere && this.inside === this.path) return;
    try {
      for (const name of readdirSync(this.inside)) rmSync(join(this.inside, name), { recursive: true, force: true });
      if (isHere) rmdirSync(at);
    } catch {
      // The folder becomes a leftover, as if the process had been killed.
    }
  }

  #isAt(path: string): boolean {
    if (this.#descriptor === null) return true;
    const own = fstatSync(this.#descriptor, { bigint: true });
    const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    return found?.dev === own.dev && found.ino === own.ino;
  }

  #requireAt(path: string): void {
    if (this.#isAt(path)) return;
    throw new LayerscopeError(
      'IO',
      `${displayText(path)} was replaced while it was being written: other users may rename entries of its parent folder`,
    );
  }

  [Symbol.dispose](): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
  }
}
