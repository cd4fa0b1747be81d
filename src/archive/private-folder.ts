import { lstatSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makePrivateFolder } from './private-place.ts';

const PREFIX = 'run-';
/** Folders of processes that are gone are removed when they are as old as this. */
const STALE_MS = 60 * 60 * 1000;

/** A folder of this process alone, made when it is first needed and removed on disposal; in the cache folder where there is one. */
export class PrivateFolder implements Disposable {
  readonly #base: string | null;
  #path: string | null = null;
  #elsewhere: string | null = null;
  #count = 0;

  constructor(base: string | null) {
    this.#base = base;
  }

  /** A name in it that nothing has yet. */
  newPath(suffix: string): string {
    return path.join(this.#folder(), `${this.#count++}${suffix}`);
  }

  /** The same on another disk, where the first has no room; null: there is none. */
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
    if (this.#path !== null) return this.#path;
    this.#path = this.#inBase() ?? mkdtempSync(path.join(tmpdir(), 'layerscope-'));
    return this.#path;
  }

  /** Null where there is no cache folder, or none can be made: on a read-only or a full disk, say. */
  #inBase(): string | null {
    if (this.#base === null) return null;
    try {
      if (!makePrivateFolder(this.#base)) return null;
      sweep(this.#base);
      return mkdtempSync(path.join(this.#base, `${PREFIX}${process.pid}-`));
    } catch {
      return null;
    }
  }

  [Symbol.dispose](): void {
    for (const folder of [this.#path, this.#elsewhere]) if (folder !== null) rmSync(folder, { recursive: true, force: true });
    this.#path = null;
    this.#elsewhere = null;
  }
}

/** Removes what processes left that were killed. */
function sweep(base: string): void {
  for (const name of readdirSync(base)) {
    const pid = Number(/^run-(\d+)-/.exec(name)?.[1]);
    if (!Number.isInteger(pid) || isAlive(pid)) continue;
    const folder = path.join(base, name);
    const age = Date.now() - (lstatSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > STALE_MS) rmSync(folder, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, as another user.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
