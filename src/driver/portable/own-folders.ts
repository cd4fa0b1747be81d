// Checks that the home's folders aren't links and belong to this user, and makes them private. A home may come from elsewhere, so folders
// are checked before their contents are written or removed, and again right before each removal.
import { constants, type Stats } from 'node:fs';
import { lstat, mkdir, open, readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { removeTree } from '#disk';
import { TargetFolder } from '#files';
import { asLayerscopeError, displayText, LayerscopeError } from '#model';
import { onDisk, removeDurably, statsOf } from './own-files.ts';

/** Folders that only this program creates; `blobs` belongs to the image layout. */
const OWN = ['layers', 'mounts', 'written', 'tmp', 'tables'] as const;
const PRIVATE = 0o700;
const OTHERS = 0o077;
const OTHERS_WRITE = 0o022;
const ME = process.getuid?.();

/** The folders of a home. */
export class OwnFolders {
  readonly #home: string;
  readonly #identity: string;

  /**
   * `home` must be a path without links. `identity` identifies the folder found there, because other users may be able to rename a folder
   * above the home.
   */
  constructor(home: string, identity: string) {
    this.#home = home;
    this.#identity = identity;
  }

  /** Whether this program has ever written to the home. */
  async anyOwn(): Promise<boolean> {
    for (const name of OWN) if ((await statsOf(this.#in(name))) !== null) return true;
    return false;
  }

  /** Throws PATH_ESCAPE if a folder is a link, PERMISSION if it belongs to another user, EXISTS if it isn't a folder. Changes nothing. */
  async check(): Promise<void> {
    await this.requireSame();
    const home = await onDisk(() => lstat(this.#home));
    this.#refuseOwner(home, '');
    await this.#listIfFolder('blobs', true);
    for (const name of OWN) await this.#listIfFolder(name, name === 'mounts' || name === 'written');
    for (const id of await this.#names('written')) {
      // The owner is not checked, because the image determines who owns a layer's root.
      this.#refuseKind(await statsOf(this.#in('written', id, 'root')), path.join('written', id, 'root'));
    }
  }

  /** Throws PATH_ESCAPE if the home's path no longer leads to the folder that was opened. */
  async requireSame(): Promise<void> {
    await this.#within(async () => {});
  }

  /** Runs `work` with a path to the home that, on Linux, stays valid even if the home is renamed. Throws like {@link requireSame}. */
  async #within<T>(work: (home: string) => Promise<T>): Promise<T> {
    return onDisk(async () => {
      using held = TargetFolder.open(this.#home);
      if (held.identity !== this.#identity) throw this.#refusal('PATH_ESCAPE', '', 'was replaced by another folder while it was open');
      // Awaited here because the descriptor is closed on return.
      return await work(held.inside);
    });
  }

  /** Checks the folders and makes them private. If `isShared`, another program created the layout, and other users may still read it. */
  async makePrivate(isShared: boolean): Promise<void> {
    await this.check();
    const forbidden = isShared ? OTHERS_WRITE : OTHERS;
    // Checks again if others could write until now, because they may have added a link after the first check.
    if (await this.#restrict('', forbidden)) await this.check();
    let wasOpen = await this.#restrict('blobs', forbidden);
    for (const algorithm of await this.#names('blobs'))
      wasOpen = (await this.#restrict(path.join('blobs', algorithm), forbidden)) || wasOpen;
    for (const name of OWN) wasOpen = (await this.#restrict(name, OTHERS)) || wasOpen;
    if (wasOpen) await this.check();
  }

  /** Creates a private folder in the home if it doesn't exist. */
  async make(name: string): Promise<void> {
    await this.#within((home) => mkdir(path.join(home, name), { recursive: true, mode: PRIVATE }));
    this.#refuseKind(await statsOf(this.#in(name)), name);
  }

  /**
   * Removes whatever is at a path of the home, without following links. Does nothing if it is missing. Throws PATH_ESCAPE if the path
   * contains a link.
   */
  async remove(...parts: readonly string[]): Promise<void> {
    if (await this.#isReached(parts)) await this.#within((home) => removeTree(path.join(home, ...parts)));
  }

  /** Like {@link remove}, but durable, and for a file. */
  async removeFile(...parts: readonly string[]): Promise<void> {
    if (await this.#isReached(parts)) await this.#within((home) => removeDurably(path.join(home, ...parts)));
  }

  /** Whether the folder that contains the path exists. Throws PATH_ESCAPE if it is reached through a link. */
  async #isReached(parts: readonly string[]): Promise<boolean> {
    const folder = path.dirname(this.#in(...parts));
    try {
      if ((await realpath(folder)) === folder) return true;
    } catch (error) {
      const known = asLayerscopeError(error);
      if (known.code === 'NOT_FOUND') return false;
      throw known;
    }
    throw this.#refusal('PATH_ESCAPE', path.join(...parts), 'is reached through a link');
  }

  async #names(folder: string): Promise<string[]> {
    try {
      return await readdir(this.#in(folder));
    } catch (error) {
      const known = asLayerscopeError(error);
      if (known.code === 'NOT_FOUND') return [];
      throw known;
    }
  }

  /** Checks that a folder of the home, if it exists, is neither a link nor another user's; with `withNames`, also checks its entries. */
  async #listIfFolder(name: string, withNames: boolean): Promise<void> {
    const stats = await statsOf(this.#in(name));
    if (stats === null) return;
    this.#refuseKind(stats, name);
    this.#refuseOwner(stats, name);
    if (!withNames) return;
    for (const below of await this.#names(name)) {
      const found = await statsOf(this.#in(name, below));
      if (found === null) continue;
      if (found.isSymbolicLink()) this.#refuseKind(found, path.join(name, below));
      this.#refuseOwner(found, path.join(name, below));
    }
  }

  #refuseKind(stats: Stats | null, name: string): void {
    if (stats === null || stats.isDirectory()) return;
    if (stats.isSymbolicLink()) throw this.#refusal('PATH_ESCAPE', name, 'is a link, and would lead elsewhere');
    throw this.#refusal('EXISTS', name, 'is not a folder');
  }

  /** Throws PERMISSION for another user's folder. Accepts root's folders, because root can do anything anyway. */
  #refuseOwner({ uid }: Stats, name: string): void {
    if (ME !== undefined && uid !== ME && uid !== 0) throw this.#refusal('PERMISSION', name, `belongs to another user (${uid})`);
  }

  /** Removes the forbidden permissions from a folder. Returns whether the folder had any of them. */
  async #restrict(name: string, forbidden: number): Promise<boolean> {
    const before = await statsOf(this.#in(name));
    if (ME === undefined || before === null || (before.mode & forbidden) === 0 || !before.isDirectory()) return false;
    await this.#within(async (home) => {
      // Uses a descriptor, in case a link replaces the folder in the meantime. On Linux, `home` is the path of an open descriptor. That
      // path is itself a symbolic link, which O_NOFOLLOW would refuse without the `/.` at the end.
      await using folder = await open(
        `${home}/${name === '' ? '.' : name}`,
        constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW,
      );
      await folder.chmod((await folder.stat()).mode & 0o7777 & ~forbidden);
      if (((await folder.stat()).mode & forbidden) !== 0)
        throw this.#refusal('PERMISSION', name, 'can be entered by other users, and this file system keeps no modes');
    });
    return true;
  }

  #refusal(code: 'PATH_ESCAPE' | 'PERMISSION' | 'EXISTS', name: string, what: string): LayerscopeError {
    const folder = name === '' ? 'it' : displayText(name);
    return new LayerscopeError(code, `${displayText(this.#home)} is not used as a store: ${folder} ${what}`);
  }

  #in(...parts: readonly string[]): string {
    return path.join(this.#home, ...parts);
  }
}
