// The path from a root to a folder below it. Because another process may rename folders meanwhile, or replace them with links, each folder
// is opened relative to the one above, without following a link, and then accessed through its descriptor (on Linux; elsewhere by path).
import fs from 'node:fs';
import { displayText, LayerscopeError } from '#model';
import { allow, LIST, READ, restore, withAccess } from './access.ts';
import { HeldEntry } from './held-entry.ts';
import { errorCode } from './system-errors.ts';

/** Maximum number of folders open at once, regardless of depth. */
const MOST_OPEN = 32;
const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);
const READ_FILE = fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0) | (fs.constants.O_NONBLOCK ?? 0) | (fs.constants.O_NOCTTY ?? 0);

interface Level {
  /** Raw bytes, one per character. */
  readonly name: string;
  readonly identity: string;
  /** The mode to restore on the way back; null if it wasn't changed. */
  readonly mode: number | null;
  /** Null while the folder isn't open. */
  held: HeldEntry | null;
}

/**
 * The folders from a root to the current one. A folder that this user can't list is made listable until it is left. Names are raw bytes,
 * one per character. The caller must dispose of it.
 */
export class FolderPath implements Disposable {
  readonly #root: Buffer;
  readonly #levels: Level[] = [];

  /** Throws the system's errors, and IO if the root isn't a folder. */
  constructor(root: string) {
    this.#root = Buffer.from(root);
    this.#push('', new HeldEntry(this.#root));
  }

  /** Returns the names in the current folder, sorted by their bytes. */
  names(): string[] {
    return fs.readdirSync(this.#inside(), { encoding: 'latin1' }).sort();
  }

  /** Opens an entry of the current folder, or returns null if it doesn't exist. */
  look(name: string): HeldEntry | null {
    try {
      return new HeldEntry(this.#at(name));
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return null;
      throw error;
    }
  }

  /** Returns the target of a link in the current folder, as raw bytes. Throws IO if it isn't a link anymore. */
  readLink(name: string): string {
    try {
      return fs.readlinkSync(this.#at(name), { encoding: 'latin1' });
    } catch (error) {
      if (errorCode(error) === 'EINVAL' || GONE.has(errorCode(error))) throw this.#changed(name, error);
      throw error;
    }
  }

  /** Enters a folder inside the current one. Throws IO if the folder is gone or if it isn't the one that `identity` identifies. */
  enter(name: string, identity: string | null = null): void {
    let held: HeldEntry;
    try {
      held = new HeldEntry(this.#at(name));
    } catch (error) {
      if (GONE.has(errorCode(error))) throw this.#changed(name, error);
      throw error;
    }
    if (!held.stats.isDirectory() || (identity !== null && held.identity !== identity)) {
      held[Symbol.dispose]();
      throw this.#changed(name);
    }
    this.#push(name, held);
  }

  #push(name: string, held: HeldEntry): void {
    try {
      this.#levels.push({ name, identity: held.identity, mode: allow(held, LIST), held });
    } catch (error) {
      held[Symbol.dispose]();
      throw error;
    }
    // Close the folder that is now too far above, but never the root.
    const far = this.#levels.length - 1 - MOST_OPEN;
    if (far > 0) close(this.#levels[far]);
  }

  /** Goes back to the folder above. Throws IO if the current one was moved away from it. */
  leave(): void {
    const level = this.#levels.pop();
    const above = this.#levels.at(-1);
    if (level === undefined) return;
    try {
      if (above !== undefined && above.held === null) above.held = this.#above(level, above);
      if (level.held !== null) restore(level.held, level.mode);
    } finally {
      close(level);
    }
  }

  #above(level: Level, above: Level): HeldEntry {
    const held = new HeldEntry(Buffer.concat([level.held?.at ?? this.#root, Buffer.from('/..')]));
    if (held.identity === above.identity) return held;
    held[Symbol.dispose]();
    throw this.#changed(level.name);
  }

  /** Goes to another folder below the root. Stays in the folders that both paths have in common; leaves and enters only the others. */
  goTo(names: readonly string[]): void {
    let same = 0;
    while (same < names.length && this.#levels[same + 1]?.name === names[same]) same++;
    while (this.#levels.length - 1 > same) this.leave();
    for (const name of names.slice(same)) this.enter(name);
  }

  /**
   * Opens a regular file in the current folder, even if its mode forbids reading. Throws IO if the name no longer leads to the file that
   * `identity` identifies.
   */
  openFile(name: string, identity: string): number {
    using held = this.look(name);
    if (held === null || !held.stats.isFile() || held.identity !== identity) throw this.#changed(name);
    const isHeld = held.descriptor !== null;
    // A descriptor's path is itself a link to the open file, and has to be followed.
    const flags = isHeld ? READ_FILE & ~fs.constants.O_NOFOLLOW : READ_FILE;
    const descriptor = withAccess(held, READ, () => fs.openSync(held.at, flags));
    if (isHeld) return descriptor;
    const { dev, ino } = fs.fstatSync(descriptor, { bigint: true });
    if (`${dev}:${ino}` === identity) return descriptor;
    fs.closeSync(descriptor);
    throw this.#changed(name);
  }

  #inside(): Buffer {
    const held = this.#levels.at(-1)?.held;
    if (held !== null && held !== undefined && held.descriptor !== null) return held.at;
    return Buffer.concat([this.#root, ...this.#levels.slice(1).map(({ name }) => Buffer.from(`/${name}`, 'latin1'))]);
  }

  #at(name: string): Buffer {
    return Buffer.concat([this.#inside(), Buffer.from(`/${name}`, 'latin1')]);
  }

  #changed(name: string, cause?: unknown): LayerscopeError {
    return new LayerscopeError('IO', `${displayText(name)} was replaced or removed while it was being read`, { cause });
  }

  /** Restores the modes of all folders along the path, as far as they can still be reached. */
  [Symbol.dispose](): void {
    try {
      while (this.#levels.length > 0) this.leave();
    } catch {
      // A folder was moved meanwhile, so the folders above it can't be reached through it.
    } finally {
      for (const level of this.#levels) close(level);
    }
  }
}

function close(level: Level | undefined): void {
  level?.held?.[Symbol.dispose]();
  if (level !== undefined) level.held = null;
}
