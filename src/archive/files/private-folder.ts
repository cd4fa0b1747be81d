import { lstatSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { asLayerscopeError, displayText, LayerscopeError } from '#model';
import { makePrivateFolder } from './private-place.ts';
import { hasEnded, PROCESS_MARK } from './process-mark.ts';

/** The mark of the process that made the folder, then what mkdtemp adds. */
const NAME = /^run-(\d+-\d+-[0-9a-f]{8})-[A-Za-z0-9]{6}$/;
/** Age at which a folder of a process on another machine is taken as abandoned. */
const STALE_MS = 7 * 24 * 60 * 60 * 1000;

/** A folder of this process alone, in the cache folder if there is one. Created on first use, removed on disposal. */
export class PrivateFolder implements Disposable {
  readonly #base: string | null;
  #path: string | null = null;
  #elsewhere: string | null = null;
  #count = 0;
  #isDisposed = false;

  constructor(base: string | null) {
    this.#base = base;
  }

  /** Returns an unused path in the folder. */
  newPath(suffix: string): string {
    return path.join(this.#folder(), `${this.#count++}${suffix}`);
  }

  /** The same on another disk, for when the first is full; null if there is none. */
  newPathElsewhere(suffix: string): string | null {
    try {
      if (statSync(this.#folder()).dev === statSync(tmpdir()).dev) return null;
      this.#elsewhere ??= mkdtempSync(path.join(tmpdir(), 'layerscope-'));
      return path.join(this.#elsewhere, `${this.#count++}${suffix}`);
    } catch {
      return null;
    }
  }

  #folder(): string {
    // Work that is still ending must not create the folder again: nobody would remove it.
    if (this.#isDisposed) throw new LayerscopeError('CANCELLED', 'the reader was closed');
    if (this.#path !== null) return this.#path;
    this.#path = this.#inBase() ?? inTemporary();
    return this.#path;
  }

  /** Null if there is no cache folder or the folder can't be created, for example on a read-only or full disk. */
  #inBase(): string | null {
    if (this.#base === null) return null;
    try {
      if (!makePrivateFolder(this.#base)) return null;
      sweep(this.#base);
      return mkdtempSync(path.join(this.#base, `run-${PROCESS_MARK}-`));
    } catch {
      return null;
    }
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    for (const folder of [this.#path, this.#elsewhere]) if (folder !== null) rmSync(folder, { recursive: true, force: true });
    this.#path = null;
    this.#elsewhere = null;
  }
}

function inTemporary(): string {
  try {
    return mkdtempSync(path.join(tmpdir(), 'layerscope-'));
  } catch (error) {
    const { code } = asLayerscopeError(error);
    const what = `cannot create a folder in ${displayText(tmpdir())} (${String((error as NodeJS.ErrnoException).code)})`;
    throw new LayerscopeError(code, `${what}: set TMPDIR or LAYERSCOPE_CACHE to a writable folder`, { cause: error });
  }
}

/** Removes the folders of killed processes: only this user's, and only those with a name from here. */
function sweep(base: string): void {
  for (const name of readdirSync(base)) {
    const mark = NAME.exec(name)?.[1];
    if (mark === undefined) continue;
    const folder = path.join(base, name);
    const stats = lstatSync(folder, { throwIfNoEntry: false });
    if (stats?.isDirectory() !== true || (process.getuid !== undefined && stats.uid !== process.getuid())) continue;
    if (hasEnded(mark) ?? Date.now() - stats.mtimeMs > STALE_MS) rmSync(folder, { recursive: true, force: true });
  }
}
