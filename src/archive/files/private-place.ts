// Folders for the cache that no other user may enter: what was read of an image is as private as the image.
import { closeSync, constants, fchmodSync, fstatSync, lstatSync, mkdirSync, openSync, readFileSync } from 'node:fs';

const OTHERS = 0o077;
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
const ME = process.getuid?.();

/**
 * Makes a folder for this user alone, or shuts one to others that is this user's. False where it can't be used: it is another user's, is
 * reached through a link that another user made, or the system refuses.
 */
export function makePrivateFolder(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return isPrivateFolder(folder);
  } catch {
    return false;
  }
}

/** The same of a folder that is there. */
export function isPrivateFolder(folder: string): boolean {
  if (ME === undefined) return true;
  try {
    // A link of one's own is a way to have the cache on another disk.
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

/** All of a file of the cache. Throws as the system does; where no file lies there, too, as a pipe would never answer. */
export function readKept(file: string): Buffer<ArrayBuffer> {
  const descriptor = openSync(file, READ);
  try {
    if (!fstatSync(descriptor).isFile()) throw new Error('no file');
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
