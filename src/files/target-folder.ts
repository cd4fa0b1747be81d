// The folder that a user chose as a target. Other users may be able to rename its parents during a write, so the path is resolved once, and
// the folder is then accessed by descriptor.
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  opendirSync,
  openSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmdirSync,
  type Stats,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { displayText, LayerscopeError } from '#model';
import { openFolderItself, pathOfDescriptor } from './held-folder.ts';

/** Linux's O_PATH, which doesn't need permission to list the folder and isn't defined by Node.js. Source: open(2). */
const O_PATH = 0o10000000;
const FOLDER = (constants.O_DIRECTORY ?? 0) | (process.platform === 'linux' ? O_PATH : constants.O_RDONLY);

/** An existing folder. On Linux, `inside` stays valid even if the folder's path no longer leads to it. Must be disposed of. */
export class TargetFolder implements Disposable {
  /** The folder's real path at the time of opening. */
  readonly path: string;
  /** The path through which to access the folder's contents. */
  readonly inside: string;
  readonly #descriptor: number | null;
  /** The parent in which the folder was created; null if the folder existed. */
  readonly #parent: TargetFolder | null;

  private constructor(descriptor: number | null, known: string, parent: TargetFolder | null) {
    this.#descriptor = descriptor;
    this.#parent = parent;
    const held = descriptor === null ? null : pathOfDescriptor(descriptor);
    this.path = parent !== null ? known : held === null ? realpathSync(known) : readlinkSync(held);
    this.inside = held ?? this.path;
  }

  /** Opens a folder. Follows links, because the user chose the path. Throws the system's errors. */
  static open(folder: string): TargetFolder {
    if (process.platform !== 'win32') return new TargetFolder(openSync(folder, FOLDER), folder, null);
    opendirSync(folder).closeSync();
    return new TargetFolder(null, folder, null);
  }

  /**
   * Opens a folder, and creates it and its parents if they don't exist. Throws the system's errors; IO if one of the folders was replaced
   * meanwhile.
   */
  static make(folder: string): TargetFolder {
    const missing: string[] = [];
    const lookUp = (name: string) => lstatSync(name, { bigint: true, throwIfNoEntry: false });
    let at = path.resolve(folder);
    let found = lookUp(at);
    for (; found === undefined && path.dirname(at) !== at; found = lookUp(at)) {
      missing.push(path.basename(at));
      at = path.dirname(at);
    }
    let made = TargetFolder.open(at);
    try {
      // A link put in its place since would lead the new folders elsewhere.
      if (found?.isDirectory() && made.identity !== '' && made.identity !== identityOf(found))
        throw new LayerscopeError('IO', `${displayText(at)} was replaced while folders were being created in it`);
      for (const name of missing.reverse()) made = made.#newFolder(name);
      return made;
    } catch (error) {
      made.removeMade();
      made[Symbol.dispose]();
      throw error;
    }
  }

  /** Opens a folder in this one. The caller must dispose of it separately. Throws the system's errors, including for a link. */
  inner(name: string): TargetFolder {
    const at = path.join(this.inside, name);
    const known = path.join(this.path, name);
    if (process.platform !== 'win32') return new TargetFolder(openSync(at, FOLDER | (constants.O_NOFOLLOW ?? 0)), known, null);
    opendirSync(at).closeSync();
    return new TargetFolder(null, known, null);
  }

  /** Creates a folder in this one. Disposing of the new folder also disposes of this one. */
  #newFolder(name: string): TargetFolder {
    const at = path.join(this.inside, name);
    const known = path.join(this.path, name);
    mkdirSync(at);
    if (process.platform === 'win32') return new TargetFolder(null, known, this);
    const descriptor = openFolderItself(at);
    try {
      const { uid } = fstatSync(descriptor);
      if (uid !== process.getuid?.() || readdirSync(pathOfDescriptor(descriptor) ?? at).length > 0)
        throw new LayerscopeError('IO', `${displayText(known)} was replaced while it was being created`);
      return new TargetFolder(descriptor, known, this);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  /** Returns the folder's owner and mode. Throws the system's errors. */
  stats(): Stats {
    return this.#descriptor === null ? statSync(this.path) : fstatSync(this.#descriptor);
  }

  /** Identifies the folder among all folders on this machine; '' if this system has no descriptors for folders. */
  get identity(): string {
    return this.#descriptor === null ? '' : identityOf(fstatSync(this.#descriptor, { bigint: true }));
  }

  /** Throws IO if the folder's path no longer leads to it, because the user wouldn't find the written files there. */
  requireThere(): void {
    if (this.#descriptor === null) return;
    const found = statSync(this.path, { bigint: true, throwIfNoEntry: false });
    if (found !== undefined && identityOf(found) === this.identity) return;
    throw new LayerscopeError(
      'IO',
      `${displayText(this.path)} was replaced while it was being written: other users may rename entries of its parent folder`,
    );
  }

  /** Removes the folders that {@link make} created, innermost first, up to the first that isn't empty. */
  removeMade(): void {
    try {
      for (let at: TargetFolder = this; at.#parent !== null; at = at.#parent)
        rmdirSync(path.join(at.#parent.inside, path.basename(at.path)));
    } catch {
      // Somebody else uses the folder. The failure that led here is the one to report.
    }
  }

  /** Returns the error with the folder's path in its message. */
  naming(error: LayerscopeError): LayerscopeError {
    if (this.inside === this.path || !error.message.includes(`${this.inside}/`)) return error;
    const { offset } = error;
    const message = error.message.replaceAll(`${this.inside}/`, `${displayText(this.path)}/`);
    return new LayerscopeError(error.code, message, { cause: error, ...(offset === undefined ? {} : { offset }) });
  }

  [Symbol.dispose](): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#parent?.[Symbol.dispose]();
  }
}

function identityOf({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${dev}:${ino}`;
}
