// Other users can't access cache folders, because a cached image is as private as the image itself.
import { closeSync, constants, fchmodSync, fstatSync, lstatSync, openSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { makeWithoutForeignLinks, openUnexchangeable } from '#files';

const OTHERS = 0o077;
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
const ME = process.getuid?.();

/** Names of everything that a cache folder may hold. */
const CACHE_NAME = /^(index|spool|blobs|code|catalogs|run-\d+-\d+-[0-9a-f]{8}-[A-Za-z0-9]{6})$/;

/**
 * Returns the folder to use for a requested cache: `folder` itself, or `layerscope` inside `folder` if it contains anything else. A cache
 * closes its folder to other users, which must not happen to a shared folder or to the user's own files.
 */
export function cacheFolderIn(folder: string): string {
  try {
    const isSticky = (lstatSync(folder).mode & 0o1000) !== 0;
    if (!isSticky && readdirSync(folder).every((name) => CACHE_NAME.test(name))) return folder;
    return path.join(folder, 'layerscope');
  } catch {
    return folder;
  }
}

/**
 * Creates a folder for this user alone, or removes other users' access to this user's existing folder. Returns false if the folder can't be
 * used: it belongs to another user, is reached through another user's link, could be replaced by another user, or the system refuses.
 */
export function makePrivateFolder(folder: string): boolean {
  try {
    using made = makeWithoutForeignLinks(folder, 0o700);
    return made !== null && isPrivateFolder(folder);
  } catch {
    return false;
  }
}

/** Whether an existing folder passes the checks of {@link makePrivateFolder}. */
export function isPrivateFolder(folder: string): boolean {
  if (ME === undefined) return true;
  try {
    // The user's own link is fine; it may point to another disk.
    if (lstatSync(folder).uid !== ME) return false;
    using held = openUnexchangeable(folder);
    if (held === null) return false;
    const descriptor = openSync(`${held.inside}/.`, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      const { uid, mode } = fstatSync(descriptor);
      if (uid !== ME) return false;
      if ((mode & OTHERS) !== 0) fchmodSync(descriptor, mode & 0o7777 & ~OTHERS);
      return (fstatSync(descriptor).mode & OTHERS) === 0;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return false;
  }
}

/**
 * Reads a whole cache file. Throws the system's error, or an error if it isn't a regular file, because reading a pipe could block forever.
 */
export function readKept(file: string): Buffer<ArrayBuffer> {
  const descriptor = openSync(file, READ);
  try {
    if (!fstatSync(descriptor).isFile()) throw new Error('not a file');
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
