// Creates the entries of a tree in a folder, never replacing an existing entry, and sets their facts as far as the file system and the
// user's rights allow. Calls go through the `fs` object, so that tests can simulate a limited file system.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { findProgram } from '#files';
import { TYPE } from '#model';
import { type Attributes, setAttributes } from './extended-attributes.ts';
import type { Facts } from './facts.ts';
import { type Shortfall, Shortfalls } from './shortfalls.ts';
import { errorCode, isAboutEntry } from './system-errors.ts';
import { HeldTimes, timeArgument } from './times.ts';

/** What to preserve besides names, content, permissions and times. */
export interface Keeps {
  readonly owners: boolean;
  /** Set-user-ID and set-group-ID bits, and capabilities of files. */
  readonly setIds: boolean;
}

const MAY_CHOWN = process.getuid?.() === 0;
const MAX_ID = 2 ** 32 - 2;
const SET_IDS = 0o6000;
const NEW_FILE = fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_EXCL | (fs.constants.O_NOFOLLOW ?? 0);
const OLD_FOLDER = fs.constants.O_RDONLY | (fs.constants.O_DIRECTORY ?? 0) | (fs.constants.O_NOFOLLOW ?? 0);
const NODE_LETTERS: ReadonlyMap<number, string> = new Map([
  [TYPE.character, 'c'],
  [TYPE.block, 'b'],
  [TYPE.fifo, 'p'],
]);

/** The entry to set metadata on: its path or an open descriptor. */
type Handle = Buffer | number;

/**
 * A tree being created below a root. Paths are raw bytes, relative to the root, with `/` between components. Every folder on a path must
 * have been created here.
 */
export class DiskTree {
  readonly #root: Buffer;
  readonly #keeps: Keeps;
  readonly #times = new HeldTimes();
  readonly shortfalls = new Shortfalls();

  /** `root` is the absolute path of a folder that only this process writes to. */
  constructor(root: string, keeps: Keeps) {
    this.#root = Buffer.from(root);
    this.#keeps = keeps;
  }

  at(name: Uint8Array): Buffer {
    return name.length === 0 ? this.#root : Buffer.concat([this.#root, Buffer.from('/'), name]);
  }

  /** Creates a folder that only this user can access until its mode and owner are set. */
  makeFolder(name: Uint8Array): void {
    fs.mkdirSync(this.at(name), 0o700);
  }

  /** Creates a file and returns its descriptor; the caller fills and closes it. */
  makeFile(name: Uint8Array): number {
    return fs.openSync(this.at(name), NEW_FILE, 0o600);
  }

  makeSymlink(name: Uint8Array, target: Uint8Array, facts: Facts): void {
    const at = this.at(name);
    fs.symlinkSync(Buffer.from(target), at);
    this.#own(at, name, facts);
    this.#setTime(at, name, facts);
  }

  /** Creates a device or pipe with the system's `mknod`; returns false if that fails. */
  makeNode(name: Uint8Array, type: number, facts: Facts): boolean {
    const letter = NODE_LETTERS.get(type);
    if (letter === undefined) return false;
    // mknod only accepts text, but names may be any bytes, so the node is created next to the root, then linked.
    const made = path.join(path.dirname(this.#root.toString()), `node-${randomBytes(6).toString('hex')}`);
    const numbers = letter === 'p' ? [] : [String(facts.devMajor), String(facts.devMinor)];
    const program = findProgram('mknod');
    const words = ['-m', '600', '--', made, letter, ...numbers];
    if (program === null || spawnSync(program, words, { stdio: 'ignore', cwd: '/' }).status !== 0) return false;
    try {
      // Unlike a rename, a link never replaces an existing entry.
      fs.linkSync(made, this.at(name));
    } finally {
      fs.unlinkSync(made);
    }
    return true;
  }

  /** Adds another name to an entry. Returns false if the file system allows no more links. */
  makeLink(existing: Uint8Array, name: Uint8Array): boolean {
    try {
      fs.linkSync(this.at(existing), this.at(name));
      return true;
    } catch (error) {
      if (!isAboutEntry(error) || errorCode(error) === 'EEXIST' || errorCode(error) === 'ENAMETOOLONG') throw error;
      return false;
    }
  }

  copyFile(existing: Uint8Array, name: Uint8Array): void {
    fs.copyFileSync(this.at(existing), this.at(name), fs.constants.COPYFILE_EXCL);
  }

  /** Sets owner, mode and time, in this order, because changing the owner clears set-id bits. */
  setFacts(handle: Handle, name: Uint8Array, facts: Facts): void {
    this.#own(handle, name, facts);
    this.#setModeAndTime(handle, name, facts);
  }

  /** Sets the owner of an entry that gets extended attributes: changing it later would clear its file capabilities. */
  setOwner(name: Uint8Array, facts: Facts): void {
    this.#own(this.at(name), name, facts);
  }

  /** Sets the rest of the facts after {@link setOwner} and {@link setAttributes}. */
  setOtherFacts(name: Uint8Array, facts: Facts): void {
    this.#setModeAndTime(this.at(name), name, facts);
  }

  #setModeAndTime(handle: Handle, name: Uint8Array, facts: Facts): void {
    if (!this.#keeps.setIds && (facts.mode & SET_IDS) !== 0) this.shortfalls.note('setId', name);
    const mode = this.#keeps.setIds ? facts.mode : facts.mode & ~SET_IDS;
    this.#fact('mode', name, () => (typeof handle === 'number' ? fs.fchmodSync(handle, mode) : fs.chmodSync(handle, mode)));
    this.#setTime(handle, name, facts);
  }

  /** Moves a folder to its destination, then sets its facts, because its final mode may forbid the move. */
  moveFolder(name: Uint8Array, place: Buffer, facts: Facts): void {
    if (process.platform === 'win32') {
      fs.renameSync(this.at(name), place);
      this.setFacts(place, name, facts);
      return;
    }
    // Uses a descriptor, so that others who can write to the destination can't substitute a link.
    const descriptor = fs.openSync(this.at(name), OLD_FOLDER);
    try {
      fs.renameSync(this.at(name), place);
      this.setFacts(descriptor, name, facts);
    } finally {
      fs.closeSync(descriptor);
    }
  }

  /**
   * Returns the attributes to set. File capabilities grant rights to a program, like set-id bits, so both are kept or left out together.
   * Overlayfs's own attributes are treated alike, because they tell overlayfs where to look if a folder with them becomes one of its
   * layers.
   */
  kept(name: Uint8Array, attributes: Attributes): Attributes {
    if (this.#keeps.setIds) return attributes;
    if (attributes.some(isCapability)) this.shortfalls.note('capabilities', name);
    if (attributes.some(isOfOverlay)) this.shortfalls.note('overlay', name);
    return attributes.filter((each) => !isCapability(each) && !isOfOverlay(each));
  }

  /**
   * Sets extended attributes. Call this before setting modes, because users other than root can set attributes only on entries that they
   * can write to.
   */
  setAttributes(entries: readonly { readonly path: Uint8Array; readonly attributes: Attributes }[]): void {
    const named = entries.map(({ path: name, attributes }) => ({ path: Buffer.from(name).toString('latin1'), attributes }));
    this.shortfalls.noteAttributes(setAttributes(this.#root.toString(), named));
  }

  #own(handle: Handle, name: Uint8Array, { uid, gid }: Facts): void {
    if (!this.#keeps.owners) return;
    if (!MAY_CHOWN) {
      if (uid !== process.getuid?.() || gid !== process.getgid?.()) this.shortfalls.noteForeignOwner();
      return;
    }
    const fits = isId(uid) && isId(gid);
    if (!fits) this.shortfalls.note('owner', name);
    const [user, group] = [isId(uid) ? uid : 0, isId(gid) ? gid : 0];
    this.#fact('owner', name, () => {
      if (typeof handle === 'number') fs.fchownSync(handle, user, group);
      else fs.lchownSync(handle, user, group);
    });
  }

  #setTime(handle: Handle, name: Uint8Array, facts: Facts): void {
    const time = timeArgument(facts);
    this.#fact('time', name, () => {
      if (typeof handle === 'number') fs.futimesSync(handle, time, time);
      else fs.lutimesSync(handle, time, time);
      if (!this.#times.holds(facts, () => secondsOf(handle))) this.shortfalls.note('time', name);
    });
  }

  /** Sets a fact. If the file system or the user's rights don't allow it for this entry, notes a shortfall and continues. */
  #fact(kind: Shortfall, name: Uint8Array, set: () => void): void {
    try {
      set();
    } catch (error) {
      if (!isAboutEntry(error)) throw error;
      this.shortfalls.note(kind, name);
    }
  }
}

/**
 * Whether an attribute is overlayfs's own, with or without its option `userxattr`. Source: Linux's Documentation/filesystems/overlayfs.rst.
 */
function isOfOverlay([name]: Attributes[number]): boolean {
  return name.startsWith('trusted.overlay.') || name.startsWith('user.overlay.');
}

function isCapability([name]: Attributes[number]): boolean {
  return name === 'security.capability';
}

function isId(id: number): boolean {
  return id >= 0 && id <= MAX_ID;
}

/** Returns the modification time in seconds, rounded down. */
function secondsOf(handle: Handle): number {
  const { mtimeNs } = typeof handle === 'number' ? fs.fstatSync(handle, { bigint: true }) : fs.lstatSync(handle, { bigint: true });
  const second = 1_000_000_000n;
  return Number((mtimeNs - (((mtimeNs % second) + second) % second)) / second);
}
