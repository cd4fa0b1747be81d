// The folder that a chain is laid out in: its entries made, removed and given their facts, as far as the file system and the user go.
// What they don't is counted, and told at the end. Paths are below the root, bytes as characters; never resolved here: who calls has
// followed the links on the way.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import type { TarMember } from '#format/tar';
import { type Finding, finding, TYPE } from '#model';
import { type Attributes, setAttributes } from './extended-attributes.ts';

const MAY_CHOWN = process.getuid?.() === 0;
const NODE_LETTERS: ReadonlyMap<number, string> = new Map([
  [TYPE.character, 'c'],
  [TYPE.block, 'b'],
  [TYPE.fifo, 'p'],
]);

/** Bytes as a key: each one a character. */
export const keyOf = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
const bytesOf = (key: string): Buffer => Buffer.from(key, 'latin1');

export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

export function joined(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

export function timeOf({ mtimeSeconds, mtimeNanos }: TarMember): number {
  const seconds = Math.min(Math.max(mtimeSeconds, -(2 ** 31)), 2 ** 33);
  return seconds + mtimeNanos / 1e9;
}

function clampId(id: number): number {
  return id >= 0 && id < 2 ** 32 - 1 ? id : 0;
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';

/** What a file system says that hasn't such a thing, or has it not for this user. */
function isNotSupported(error: unknown): boolean {
  return ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL'].includes(codeOf(error));
}

type Fact = 'owners' | 'modes' | 'times';

export class MountTree {
  readonly #root: string;
  readonly #foldsCase: boolean;
  /** What could not be done, by what it is called. */
  readonly #undone = new Map<string, number>();

  /** `root`: absolute, a folder that only this process writes. `foldsCase`: names that differ in case only are one there. */
  constructor(root: string, foldsCase: boolean) {
    this.#root = root;
    this.#foldsCase = foldsCase;
  }

  /** A path on the disk. Never a string: names are bytes. */
  at(path: string): Buffer {
    return path === '' ? Buffer.from(this.#root) : Buffer.concat([Buffer.from(`${this.#root}/`), bytesOf(path)]);
  }

  stat(path: string): fs.Stats | null {
    try {
      return fs.lstatSync(this.at(path));
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null;
      throw error;
    }
  }

  names(path: string): string[] {
    return fs.readdirSync(this.at(path), { encoding: 'buffer' }).map(keyOf);
  }

  target(path: string): string {
    return keyOf(fs.readlinkSync(this.at(path), { encoding: 'buffer' }));
  }

  /** Of what is there: whether under this very name, not another that differs in case only. */
  isByThatName(path: string): boolean {
    const parent = parentOf(path);
    return !this.#foldsCase || this.names(parent).includes(path.slice(parent === '' ? 0 : parent.length + 1));
  }

  /** Counts what could not be done. */
  failed(what: string, count = 1): void {
    if (count > 0) this.#undone.set(what, (this.#undone.get(what) ?? 0) + count);
  }

  findings(): Finding[] {
    return [...this.#undone].map(([what, count]) => finding('unknown-type', `${count} ${what}`));
  }

  /** Sets a fact; a file system that has none isn't a reason to stop. */
  #fact(what: Fact, set: () => void): void {
    try {
      set();
    } catch (error) {
      if (!isNotSupported(error)) throw error;
      this.failed(`${what} were not set`);
    }
  }

  /** Only root gives files away: others' files are theirs, which nobody expects otherwise. */
  #own(set: () => void): void {
    if (MAY_CHOWN) this.#fact('owners', set);
  }

  makeFolder(path: string, mode = 0o755): void {
    fs.mkdirSync(this.at(path), mode);
  }

  /** A folder's owner; it stays open to this process until {@link closeFolder}. */
  openFolder(path: string, member: TarMember): void {
    this.#own(() => fs.lchownSync(this.at(path), clampId(member.uid), clampId(member.gid)));
    this.#fact('modes', () => fs.chmodSync(this.at(path), 0o700));
  }

  closeFolder(path: string, mode: number, seconds: number): void {
    this.#fact('modes', () => fs.chmodSync(this.at(path), mode));
    this.#fact('times', () => fs.utimesSync(this.at(path), seconds, seconds));
  }

  /** A new file, to be written by its descriptor; {@link finishFile} closes it. */
  makeFile(path: string, member: TarMember): number {
    const flags = fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_EXCL | (fs.constants.O_NOFOLLOW ?? 0);
    const descriptor = fs.openSync(this.at(path), flags, 0o600);
    this.#own(() => fs.fchownSync(descriptor, clampId(member.uid), clampId(member.gid)));
    return descriptor;
  }

  /** After the owner and all writing, which take set-id bits away. */
  finishFile(descriptor: number, { mode, seconds }: { readonly mode: number; readonly seconds: number }): void {
    this.#fact('modes', () => fs.fchmodSync(descriptor, mode));
    this.#fact('times', () => fs.futimesSync(descriptor, seconds, seconds));
  }

  makeSymlink(path: string, member: TarMember): void {
    try {
      fs.symlinkSync(Buffer.from(member.linkname), this.at(path));
    } catch (error) {
      if (!isNotSupported(error)) throw error;
      this.failed('links were not made');
      return;
    }
    const seconds = timeOf(member);
    this.#own(() => fs.lchownSync(this.at(path), clampId(member.uid), clampId(member.gid)));
    this.#fact('times', () => fs.lutimesSync(this.at(path), seconds, seconds));
  }

  /** Another name of a file or symlink; where the file system has one name a file, a copy. */
  link(source: string, path: string): void {
    const [from, to] = [this.at(source), this.at(path)];
    try {
      fs.linkSync(from, to);
      return;
    } catch (error) {
      if (!isNotSupported(error) && codeOf(error) !== 'EMLINK') throw error;
    }
    const stats = fs.lstatSync(from);
    if (stats.isSymbolicLink()) fs.symlinkSync(fs.readlinkSync(from, { encoding: 'buffer' }), to);
    else fs.copyFileSync(from, to, fs.constants.COPYFILE_EXCL);
    this.failed('hard links were made as copies');
    this.#own(() => fs.lchownSync(to, stats.uid, stats.gid));
    if (!stats.isSymbolicLink()) this.#fact('modes', () => fs.chmodSync(to, stats.mode & 0o7777));
    this.#fact('times', () => fs.lutimesSync(to, stats.mtimeMs / 1000, stats.mtimeMs / 1000));
  }

  /** A device or pipe, by the system's mknod. */
  makeNode(path: string, member: TarMember): void {
    const letter = NODE_LETTERS.get(member.type);
    const file = this.at(path).toString();
    const numbers = letter === 'p' ? [] : [String(member.devMajor), String(member.devMinor)];
    // The program takes text only.
    const canBeTold = letter !== undefined && Buffer.from(file).equals(this.at(path));
    if (!canBeTold || spawnSync('mknod', ['-m', '600', '--', file, letter, ...numbers], { stdio: 'ignore' }).status !== 0) {
      this.failed('devices or pipes were not made');
      return;
    }
    this.#own(() => fs.lchownSync(file, clampId(member.uid), clampId(member.gid)));
    this.closeFolder(path, member.mode & 0o7777, timeOf(member));
  }

  /** A user's own attributes are set on what the user may write, whatever its mode will be. */
  setAttributes(entries: readonly (readonly [path: string, attributes: Attributes])[]): void {
    const closed = MAY_CHOWN
      ? []
      : entries.flatMap(([path]) => {
          const stats = this.stat(path);
          return stats?.isFile() === true && (stats.mode & 0o200) === 0 ? [{ path, mode: stats.mode & 0o7777 }] : [];
        });
    for (const { path } of closed) fs.chmodSync(this.at(path), 0o600);
    const unset = setAttributes(
      this.#root,
      entries.map(([path, attributes]) => ({ path, attributes })),
    );
    for (const { path, mode } of closed) fs.chmodSync(this.at(path), mode);
    this.failed('extended attributes were not set', unset);
  }

  /** Removes what is at a path and below; whether a folder went. Folders that can't be listed as they are too: they are ours. */
  remove(path: string): boolean {
    const stats = this.stat(path);
    if (stats === null) return false;
    if (!stats.isDirectory()) {
      fs.unlinkSync(this.at(path));
      return false;
    }
    if ((stats.mode & 0o700) !== 0o700) fs.chmodSync(this.at(path), 0o700);
    for (const name of this.names(path)) this.remove(`${path}/${name}`);
    fs.rmdirSync(this.at(path));
    return true;
  }
}
