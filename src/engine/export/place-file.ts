// Files and folders that the user named: an unfinished one never has the final name.
import { link, lstat, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { besideName, isLeftBeside, writeError } from '#archive';
import { removeTree } from '#disk';
import { displayText, LayerscopeError } from '#model';

const ME = process.getuid?.();

/** Removes unfinished files that this user's killed processes left in a folder. Ignores failures. */
export async function sweepBeside(folder: string): Promise<void> {
  for (const name of (await readdir(folder).catch(() => [])).filter(isLeftBeside)) {
    const left = path.join(folder, name);
    const stats = await lstat(left).catch(() => null);
    if (stats !== null && (ME === undefined || stats.uid === ME)) await removeTree(left).catch(() => {});
  }
}

async function refuseThere(file: string): Promise<void> {
  const stats = await lstat(file).catch(() => null);
  if (stats !== null) throw new LayerscopeError('EXISTS', `${displayText(file)} already exists`);
}

/**
 * Calls `write` with a name beside `target` and renames the file once it is complete. A failure leaves nothing behind. Throws EXISTS if
 * `target` exists, even if it appeared meanwhile.
 */
export async function placeNew<T>(target: string, write: (unfinished: string) => Promise<T>): Promise<T> {
  await refuseThere(target);
  const unfinished = besideName(target);
  await sweepBeside(path.dirname(unfinished));
  try {
    const value = await write(unfinished);
    await nameNew(unfinished, target);
    return value;
  } catch (error) {
    throw namingTarget(error, unfinished, target);
  } finally {
    await rm(unfinished, { force: true });
  }
}

/** Links rather than renames, since a link never replaces an existing file. */
async function nameNew(unfinished: string, target: string): Promise<void> {
  try {
    await link(unfinished, target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw new LayerscopeError('EXISTS', `${displayText(target)} already exists`);
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS' && code !== 'EMLINK') throw error;
    // A file system without hard links.
    await refuseThere(target);
    await rename(unfinished, target);
  }
}

/** Makes a system error about the unfinished file name the target instead. */
function namingTarget(error: unknown, unfinished: string, target: string): LayerscopeError {
  const failure = writeError(error, target);
  if (!failure.message.includes(unfinished)) return failure;
  return new LayerscopeError(failure.code, displayText(failure.message.replaceAll(unfinished, target)), { cause: error });
}
