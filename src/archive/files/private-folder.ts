import { rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeMarkedFolder } from '#files';
import { asLayerscopeError, displayText, LayerscopeError } from '#model';
import { makePrivateFolder } from './private-place.ts';

/** Prefix of a folder's name in the cache. */
const IN_CACHE = 'run-';
/** Prefix of a folder's name in the system's temporary folder, which is the fallback. */
const IN_TEMPORARY = 'layerscope-';
/** Age at which a folder left by another machine's process is considered abandoned. */
const STALE_MS = 7 * 24 * 60 * 60 * 1000;

/** A folder for this process alone, in the cache folder if there is one. Created on first use, removed on disposal. */
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

  /** Returns a path on another disk, for when the first is full; null if there is no other. */
  newPathElsewhere(suffix: string): string | null {
    try {
      if (statSync(this.#folder()).dev === statSync(tmpdir()).dev) return null;
      this.#elsewhere ??= makeMarkedFolder(tmpdir(), IN_TEMPORARY);
      return path.join(this.#elsewhere, `${this.#count++}${suffix}`);
    } catch {
      return null;
    }
  }

  #folder(): string {
    // Work that is still winding down must not create the folder again, because nobody would remove it.
    if (this.#isDisposed) throw new LayerscopeError('CANCELLED', 'the reader was closed');
    if (this.#path !== null) return this.#path;
    this.#path = this.#inBase() ?? inTemporary();
    return this.#path;
  }

  /** Returns null if there is no cache folder or the folder can't be created, for example on a read-only or full disk. */
  #inBase(): string | null {
    if (this.#base === null) return null;
    try {
      if (!makePrivateFolder(this.#base)) return null;
      return makeMarkedFolder(this.#base, IN_CACHE, STALE_MS);
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
    return makeMarkedFolder(tmpdir(), IN_TEMPORARY);
  } catch (error) {
    const { code, cause } = asLayerscopeError(error);
    const what = `cannot create a folder in ${displayText(tmpdir())} (${String((cause as NodeJS.ErrnoException | undefined)?.code)})`;
    throw new LayerscopeError(code, `${what}: set TMPDIR or LAYERSCOPE_CACHE to a writable folder`, { cause: error });
  }
}
