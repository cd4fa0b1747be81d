// The home's own folders: who may enter them, and that none of them is a link. A home may have come from elsewhere: whatever is written,
// swept or removed is below folders that were looked at first, and right before a removal once more.
import { constants, type Stats } from 'node:fs';
import { lstat, mkdir, open, readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { removeTree } from '#disk';
import { asLayerscopeError, displayText, LayerscopeError } from '#model';
import { onDisk, removeDurably, statsOf } from './durable.ts';

/** Folders that only this program makes; `blobs` is the image layout's. */
const OWN = ['layers', 'mounts', 'written', 'tmp', 'tables'] as const;
const PRIVATE = 0o700;
const OTHERS = 0o077;
const OTHERS_WRITE = 0o022;
const ME = process.getuid?.();

export class OwnFolders {
  readonly #home: string;

  /** `home`: a real path. */
  constructor(home: string) {
    this.#home = home;
  }

  /** Whether this program has ever written here. */
  async anyOwn(): Promise<boolean> {
    for (const name of OWN) if ((await statsOf(this.#in(name))) !== null) return true;
    return false;
  }

  /** Changes nothing. PATH_ESCAPE where a folder is a link, PERMISSION where it is another user's, EXISTS where it is no folder. */
  async check(): Promise<void> {
    const home = await onDisk(() => lstat(this.#home));
    this.#refuseOwner(home, '');
    await this.#listIfFolder('blobs', true);
    for (const name of OWN) await this.#listIfFolder(name, name === 'mounts' || name === 'written');
    for (const id of await this.#names('written')) {
      // A layer's root has the owner that the image says.
      this.#refuseKind(await statsOf(this.#in('written', id, 'root')), path.join('written', id, 'root'));
    }
  }

  /** Checks every folder and shuts it to other users. `isShared`: another program made the layout, which they may go on reading. */
  async makePrivate(isShared: boolean): Promise<void> {
    await this.check();
    const forbidden = isShared ? OTHERS_WRITE : OTHERS;
    // Where others could write until now they may have put a link in since.
    if (await this.#shut('', forbidden)) await this.check();
    let wasOpen = await this.#shut('blobs', forbidden);
    for (const algorithm of await this.#names('blobs')) wasOpen = (await this.#shut(path.join('blobs', algorithm), forbidden)) || wasOpen;
    for (const name of OWN) wasOpen = (await this.#shut(name, OTHERS)) || wasOpen;
    if (wasOpen) await this.check();
  }

  /** Makes a folder of the home where it isn't there, for this user alone. */
  async make(name: string): Promise<void> {
    await onDisk(() => mkdir(this.#in(name), { recursive: true, mode: PRIVATE }));
    this.#refuseKind(await statsOf(this.#in(name)), name);
  }

  /** Removes what lies at a path of the home, links themselves and not what they lead to. What isn't there is no error. */
  async remove(...parts: readonly string[]): Promise<void> {
    if (await this.#isReached(parts)) await onDisk(() => removeTree(this.#in(...parts)));
  }

  /** The same of one file, durably. */
  async removeFile(...parts: readonly string[]): Promise<void> {
    if (await this.#isReached(parts)) await removeDurably(this.#in(...parts));
  }

  /** Whether the folder that it lies in is there, by no link. */
  async #isReached(parts: readonly string[]): Promise<boolean> {
    const folder = path.dirname(this.#in(...parts));
    try {
      if ((await realpath(folder)) === folder) return true;
    } catch (error) {
      const told = asLayerscopeError(error);
      if (told.code === 'NOT_FOUND') return false;
      throw told;
    }
    throw this.#refusal('PATH_ESCAPE', path.join(...parts), 'is reached through a link');
  }

  async #names(folder: string): Promise<string[]> {
    try {
      return await readdir(this.#in(folder));
    } catch (error) {
      const told = asLayerscopeError(error);
      if (told.code === 'NOT_FOUND') return [];
      throw told;
    }
  }

  /** A folder of the home, and with `withNames` what is directly in it: no links, no other user's. */
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
    throw this.#refusal('EXISTS', name, 'is no folder');
  }

  /** Root's folders may be read: root can do anything anyway. */
  #refuseOwner({ uid }: Stats, name: string): void {
    if (ME !== undefined && uid !== ME && uid !== 0) throw this.#refusal('PERMISSION', name, `belongs to another user (${uid})`);
  }

  /** Whether it was open until now. */
  async #shut(name: string, forbidden: number): Promise<boolean> {
    const before = await statsOf(this.#in(name));
    if (ME === undefined || before === null || (before.mode & forbidden) === 0 || !before.isDirectory()) return false;
    await onDisk(async () => {
      // By a descriptor: a link that takes its place meanwhile leads to nothing of ours.
      await using folder = await open(this.#in(name), constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
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
