import { lstatSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';

const ME = process.getuid?.();
const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;
const STICKY = 0o1000;

/**
 * Whether other users may rename what this user has in a folder: they could give any folder of this user there the name of one that is to be
 * removed. Throws the system's errors.
 */
export function mayOthersRename(folder: string): boolean {
  return ME !== undefined && isShared(statSync(folder));
}

/**
 * Returns the innermost of a folder and those above it in which another user may put another folder in the place of the next one; null if
 * there is none, and on Windows. A check of the folder says nothing about what its path leads to a moment later then. The path must be
 * absolute; one of its parts that is a link counts as such a folder. Throws the system's errors.
 */
export function placeOfOthers(folder: string): string | null {
  if (ME === undefined) return null;
  for (let at = folder; ; at = path.dirname(at)) {
    const stats = lstatSync(at);
    if (stats.isSymbolicLink() || isShared(stats)) return at;
    if (at === path.dirname(at)) return null;
  }
}

/** A folder's owner may rename what is in it, sticky or not. Source: unlink(2), EPERM. */
function isShared({ uid, gid, mode }: Stats): boolean {
  if (uid !== ME && uid !== 0) return true;
  if ((mode & STICKY) !== 0) return false;
  return (mode & OTHERS_WRITE) !== 0 || ((mode & GROUP_WRITES) !== 0 && !isOwnGroup(gid));
}

/** Whether a group is this user's alone, by the convention that it has the same number. Root's group counts for root. */
function isOwnGroup(gid: number): boolean {
  return gid === ME && gid === process.getgid?.();
}
