import { lstatSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';

const ME = process.getuid?.();
const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;
const STICKY = 0o1000;

/**
 * Whether other users may rename this user's entries in a folder. If so, they could swap a folder that is about to be removed for any other
 * folder of this user. Throws the system's errors.
 */
export function mayOthersRename(folder: string): boolean {
  return ME !== undefined && isShared(statSync(folder));
}

/**
 * Returns the innermost folder on a path, starting with `folder` itself, in which another user may replace the next folder down the path.
 * Null if there is none, and on Windows. In such a folder, a check says nothing about where the path leads a moment later. The path must be
 * absolute; a link in it is treated as such a folder. Throws the system's errors.
 */
export function placeOfOthers(folder: string): string | null {
  if (ME === undefined) return null;
  for (let at = folder; ; at = path.dirname(at)) {
    const stats = lstatSync(at);
    if (stats.isSymbolicLink() || isShared(stats)) return at;
    if (at === path.dirname(at)) return null;
  }
}

/** A folder's owner may rename what it contains, sticky or not. Source: unlink(2), EPERM. */
function isShared({ uid, gid, mode }: Stats): boolean {
  if (uid !== ME && uid !== 0) return true;
  if ((mode & STICKY) !== 0) return false;
  return (mode & OTHERS_WRITE) !== 0 || ((mode & GROUP_WRITES) !== 0 && !isOwnGroup(gid));
}

/** Whether this user is a group's only member, by the convention that such a group's id equals the user's. Root's group is root's alone. */
function isOwnGroup(gid: number): boolean {
  return gid === ME && gid === process.getgid?.();
}
