import fs from 'node:fs';
import { openFolderItself, pathOfDescriptor } from '#files';
import { displayText, LayerscopeError } from '#model';
import { IS_RESTRICTED } from './access.ts';
import { HeldEntry } from './held-entry.ts';
import { refuseMountPoints } from './mount-points.ts';
import { errorCode } from './system-errors.ts';

/** Number of entries after which this thread yields to other work. */
const ENTRIES_A_TURN = 256;
/** Maximum number of folders open at once, regardless of depth. */
const MOST_OPEN = 32;

/**
 * Removes a folder with its contents, or a file or link, regardless of folder modes and name bytes. Does nothing if the path doesn't exist.
 * Links aren't followed, not even (on Linux) one that another user substitutes for a folder meanwhile. Throws EXISTS, before removing
 * anything, if a file system is mounted in the folder. `identity`: that of a HeldFolder; if the path now leads to anything else, nothing is
 * removed.
 */
export async function removeTree(folder: string | Buffer, identity: string | null = null): Promise<void> {
  // On Windows modes don't matter, but virus scanners may block removal for a while, so `rm` retries.
  if (process.platform === 'win32') return fs.promises.rm(folder, { recursive: true, force: true, maxRetries: 3 });
  const top = typeof folder === 'string' ? Buffer.from(folder) : folder;
  const stats = fs.lstatSync(top, { throwIfNoEntry: false, bigint: true });
  if (stats === undefined) return;
  if (!stats.isDirectory()) {
    if (identity !== null && identity !== `${stats.dev}:${stats.ino}`) return;
    remove(() => fs.unlinkSync(top));
    return;
  }
  refuseMountPoints(top.toString());
  await new Removal(top, identity).run();
}

/** A folder on the path to the folder that is being emptied. */
interface Level {
  /** Name in the folder above; for the first level, the path. */
  readonly name: Buffer;
  readonly identity: string;
  /** Folders inside that are still to be removed. */
  readonly folders: Buffer[];
  /** Null while the folder is not open. */
  descriptor: number | null;
}

const SLASH = Buffer.from('/');
const ABOVE = Buffer.from('..');
/** Errors when a removal fails because another process has added or replaced something. */
const CHANGED: ReadonlySet<string> = new Set(['ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'EISDIR']);

class Removal {
  readonly #top: Buffer;
  readonly #identity: string | null;
  readonly #levels: Level[] = [];
  #count = 0;

  constructor(top: Buffer, identity: string | null) {
    this.#top = top;
    this.#identity = identity;
  }

  async run(): Promise<void> {
    try {
      await this.#enter(this.#top, this.#top);
      for (let level = this.#levels.at(-1); level !== undefined; level = this.#levels.at(-1)) {
        const next = level.folders.pop();
        if (next === undefined) this.#leave();
        else await this.#enter(this.#below(level, next), next);
      }
    } finally {
      for (const level of this.#levels) close(level);
    }
  }

  /** Opens a folder, and removes everything in it that isn't a folder. */
  async #enter(at: Buffer, name: Buffer): Promise<void> {
    if (IS_RESTRICTED) open(at);
    const descriptor = openOrGone(at);
    if (descriptor === null) return;
    if (this.#levels.length === 0 && this.#identity !== null && identityOf(descriptor) !== this.#identity) {
      fs.closeSync(descriptor);
      return;
    }
    const level: Level = { name, identity: identityOf(descriptor), folders: [], descriptor };
    this.#levels.push(level);
    // The first level stays open, because reopening may have to start from there.
    const far = this.#levels.at(-1 - MOST_OPEN);
    if (far !== undefined && far !== this.#levels[0] && pathOfDescriptor(descriptor) !== null) close(far);
    const inside = this.#inside(level);
    for (const entry of fs.readdirSync(inside, { withFileTypes: true, encoding: 'buffer' })) {
      if (entry.isDirectory() || !this.#unlink(Buffer.concat([inside, SLASH, entry.name]))) level.folders.push(entry.name);
      if (++this.#count % ENTRIES_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Returns false if a folder has taken the name meanwhile. */
  #unlink(at: Buffer): boolean {
    try {
      remove(() => fs.unlinkSync(at));
      return true;
    } catch (error) {
      if (errorCode(error) === 'EISDIR') return false;
      throw error;
    }
  }

  /** Removes the current folder, which is empty by now, and goes back to the one above it. */
  #leave(): void {
    const level = this.#levels.pop();
    const above = this.#levels.at(-1);
    if (level === undefined) return;
    try {
      if (above !== undefined && above.descriptor === null) this.#reopen(above, level);
    } finally {
      close(level);
    }
    const at = above === undefined ? this.#top : this.#below(above, level.name);
    try {
      remove(() => fs.rmdirSync(at));
    } catch (error) {
      if (CHANGED.has(errorCode(error))) throw this.#changed(error);
      throw error;
    }
  }

  /** Reopens a folder from the one below or, if that one was moved meanwhile, from the first. */
  #reopen(level: Level, below: Level): void {
    level.descriptor = this.#openIf(level, this.#below(below, ABOVE));
    if (level.descriptor !== null) return;
    let at = this.#levels[0] as Level;
    let step: number | null = null;
    try {
      for (const next of this.#levels.slice(1)) {
        const inside = step === null ? this.#inside(at) : Buffer.from(pathOfDescriptor(step) ?? '');
        const found = this.#openIf(next, Buffer.concat([inside, SLASH, next.name]));
        if (step !== null) fs.closeSync(step);
        step = found;
        if (found === null) throw this.#changed();
        at = next;
      }
      level.descriptor = step;
    } catch (error) {
      if (step !== null) fs.closeSync(step);
      throw error;
    }
  }

  #changed(cause?: unknown): LayerscopeError {
    return new LayerscopeError('IO', `${displayText(this.#top.toString())} was changed while it was being removed: try again`, { cause });
  }

  /** Opens the folder at a path if it is this level's; otherwise returns null. */
  #openIf({ identity }: Level, at: Buffer): number | null {
    const descriptor = openOrGone(at);
    if (descriptor === null || identityOf(descriptor) === identity) return descriptor;
    fs.closeSync(descriptor);
    return null;
  }

  /** Returns a path to an open folder, which on Linux stays valid even if the folder's name changes. */
  #inside({ descriptor }: Level): Buffer {
    const own = descriptor === null ? null : pathOfDescriptor(descriptor);
    if (own !== null) return Buffer.from(own);
    return Buffer.concat(this.#levels.flatMap(({ name }, index) => (index === 0 ? [name] : [SLASH, name])));
  }

  #below(level: Level, name: Buffer): Buffer {
    return Buffer.concat([this.#inside(level), SLASH, name]);
  }
}

function close(level: Level): void {
  if (level.descriptor !== null) fs.closeSync(level.descriptor);
  level.descriptor = null;
}

function identityOf(descriptor: number): string {
  const { dev, ino } = fs.fstatSync(descriptor, { bigint: true });
  return `${dev}:${ino}`;
}

/** Opens a folder. Returns null if it was removed or replaced meanwhile, because a replacement must not be removed. */
function openOrGone(at: Buffer): number | null {
  try {
    return openFolderItself(at);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errorCode(error) ?? '')) return null;
    throw error;
  }
}

/** Gives this user access to a folder by changing its mode. If something else has taken the folder's name meanwhile, leaves it alone. */
function open(at: Buffer): void {
  try {
    using held = new HeldEntry(at);
    if (held.stats.isDirectory()) fs.chmodSync(held.at, 0o700);
  } catch (error) {
    // The folder may belong to another user, or be gone. If that matters, the next step fails and reports it.
    if (!['EPERM', 'EACCES', 'ENOENT', 'ENOTDIR', 'ELOOP'].includes(errorCode(error))) throw error;
  }
}

/** Runs a removal, ignoring missing entries, because another process may be removing the same tree. */
function remove(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}
