// Cache folders that no other user may enter: cached contents of an image are as private as the image.
import { closeSync, constants, fchmodSync, fstatSync, lstatSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const OTHERS = 0o077;
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
const ME = process.getuid?.();

/** Everything that a cache folder holds. */
const CACHE_NAME = /^(index|spool|run-\d+-\d+-[0-9a-f]{8}-[A-Za-z0-9]{6})$/;

/**
 * The folder for a cache that was asked for: `folder`, or, if that holds anything else, `layerscope` in it. A cache closes its folder to
 * other users, which nobody wants of their own files or of a shared folder.
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
 * Creates a folder for this user alone, or closes an existing one of this user's to others. Returns false if it can't be used: it belongs
 * to another user, is reached through another user's link, or the system refuses.
 */
export function makePrivateFolder(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return isPrivateFolder(folder);
  } catch {
    return false;
  }
}

/** The same check for an existing folder. */
export function isPrivateFolder(folder: string): boolean {
  if (ME === undefined) return true;
  try {
    // The user's own link is fine: it may put the cache on another disk.
    if (lstatSync(folder).uid !== ME) return false;
    const descriptor = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
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

/** Reads a whole cache file. Throws the system's error; also if it isn't a regular file, as reading a pipe could block forever. */
export function readKept(file: string): Buffer<ArrayBuffer> {
  const descriptor = openSync(file, READ);
  try {
    if (!fstatSync(descriptor).isFile()) throw new Error('not a file');
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
