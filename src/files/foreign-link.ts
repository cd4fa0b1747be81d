import { type BigIntStats, lstatSync, mkdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { displayText, LayerscopeError } from '#model';
import { mayOthersRename } from './shared-folder.ts';
import { TargetFolder } from './target-folder.ts';

const ME = process.getuid?.();
/** Maximum number of links followed to resolve a path, as on Linux. Source: path_resolution(7). */
const MOST_LINKS = 40;

/**
 * Whether a folder, or one on the path to it, is a link that belongs to neither this user nor root. Its owner could point the link
 * anywhere. The user's own link is fine; it may lead to another disk. Throws the system's error if a part of the path is missing.
 */
export function isThroughForeignLink(folder: string): boolean {
  return wayWithoutForeignLinks(folder) === null;
}

/**
 * Opens a folder that can be reached without another user's link; null if there is such a link, or if something on the path was replaced
 * meanwhile. The `path` of the result doesn't contain any links. Must be disposed of. Throws the system's errors.
 */
export function openWithoutForeignLinks(folder: string): TargetFolder | null {
  const way = wayWithoutForeignLinks(folder);
  return way === null ? null : heldAt(way);
}

function heldAt(way: string): TargetFolder | null {
  const held = TargetFolder.open(way);
  // On Linux, `path` is where the open folder really is, so it differs if a link was put into the path after the check.
  if (ME === undefined || held.path === way) return held;
  held[Symbol.dispose]();
  return null;
}

/**
 * Like {@link openWithoutForeignLinks}, but also returns null if another user may rename something in a folder on the path. Such a user
 * could replace the folder, or this user's link to it, right after the check.
 */
export function openUnexchangeable(folder: string): TargetFolder | null {
  const way = wayWithoutForeignLinks(folder, isForeign, (above) => mayOthersRename(above));
  return way === null ? null : heldAt(way);
}

/**
 * Like {@link openWithoutForeignLinks}, but creates the folder and its parents with this mode if they are missing; nothing is created below
 * another user's link. Node's recursive mkdir retries forever in /proc, where a missing folder can't be created.
 */
export function makeWithoutForeignLinks(folder: string, mode: number): TargetFolder | null {
  const missing: string[] = [];
  let at = path.resolve(folder);
  for (; lstatSync(at, { throwIfNoEntry: false }) === undefined && path.dirname(at) !== at; at = path.dirname(at))
    missing.push(path.basename(at));
  if (isThroughForeignLink(at)) return null;
  for (const name of missing.reverse()) {
    at = path.join(at, name);
    try {
      mkdirSync(at, { mode });
    } catch (error) {
      // Another process may be making the same folder.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  return openWithoutForeignLinks(folder);
}

/**
 * Opens a folder that the user chose to write into; with `isMade`, creates it and its parents. Follows links, but not another user's in a
 * folder that everybody may write to, such as /tmp. Linux's fs.protected_symlinks may be off, or may follow such a link. Must be disposed
 * of. Throws the system's errors; PERMISSION for such a link, IO if the path changed meanwhile.
 */
export function openNamedFolder(folder: string, isMade = false): TargetFolder {
  const missing: string[] = [];
  let at = path.resolve(folder);
  for (; isMade && lstatSync(at, { throwIfNoEntry: false }) === undefined && path.dirname(at) !== at; at = path.dirname(at))
    missing.unshift(path.basename(at));
  const way = wayWithoutForeignLinks(at, isPlanted);
  if (way === null) {
    const why = 'its path leads through another user’s link, in a folder where everybody may write';
    throw new LayerscopeError('PERMISSION', `${displayText(folder)} is not used: ${why}`);
  }
  const whole = path.join(way, ...missing);
  const held = isMade ? TargetFolder.make(whole) : TargetFolder.open(whole);
  if (ME === undefined || held.path === whole) return held;
  held.removeMade();
  held[Symbol.dispose]();
  throw new LayerscopeError('IO', `${displayText(folder)} was replaced while it was being opened`);
}

/** Whether a link is neither this user's nor root's. */
function isForeign({ uid }: BigIntStats): boolean {
  return uid !== BigInt(ME ?? 0) && uid !== 0n;
}

const WRITABLE_BY_ALL = 0o002;

/**
 * Whether a link was made by another user in a folder that everybody may write to. Stricter than fs.protected_symlinks, which follows such
 * a link if the folder isn't sticky or belongs to the link's owner. Source: proc_sys_fs(5).
 */
function isPlanted(link: BigIntStats, folder: string): boolean {
  return isForeign(link) && (statSync(folder).mode & WRITABLE_BY_ALL) !== 0;
}

/**
 * Resolves a path, after removing each `..` textually. Follows links as the system does, but checks the owner of each. Null if
 * `isRefused` returns true for a link (by default, for another user's), if a link is replaced meanwhile, or if `isRefusedFolder` returns
 * true for a folder on the path.
 */
function wayWithoutForeignLinks(
  folder: string,
  isRefused: (link: BigIntStats, at: string) => boolean = isForeign,
  isRefusedFolder: (folder: string) => boolean = () => false,
): string | null {
  if (ME === undefined) return realpathSync(folder);
  const ahead = partsOf(path.resolve(folder)).reverse();
  let at = path.parse(path.resolve(folder)).root;
  let links = 0;
  for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
    const next = path.join(at, name);
    if (isRefusedFolder(at)) return null;
    const stats = lstatSync(next, { bigint: true });
    if (!stats.isSymbolicLink()) {
      at = next;
      continue;
    }
    if (++links > MOST_LINKS) throw Object.assign(new Error(`too many links: ${folder}`), { code: 'ELOOP' });
    if (isRefused(stats, at)) return null;
    const target = readlinkSync(next);
    if (!isSame(stats, lstatSync(next, { bigint: true }))) return null;
    ahead.push(...partsOf(target).reverse());
    if (path.isAbsolute(target)) at = path.parse(target).root;
  }
  return at;
}

function partsOf(text: string): string[] {
  return text.split('/').filter((part) => part !== '' && part !== '.');
}

/** Renaming a link changes its ctime, which reveals one that was moved away and back. */
function isSame(before: BigIntStats, after: BigIntStats): boolean {
  return before.dev === after.dev && before.ino === after.ino && before.ctimeNs === after.ctimeNs;
}
