// Files and folders that the user named: what is half done never bears their name.
import { link, lstat, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { besideName, isLeftBeside, writeError } from '#archive';
import { removeTree } from '#disk';
import { displayText, LayerscopeError } from '#model';

const ME = process.getuid?.();

/** Removes what processes of this user that were killed left in a folder, on their way to a name there. What can't be removed stays. */
export async function sweepBeside(folder: string): Promise<void> {
  for (const name of (await readdir(folder).catch(() => [])).filter(isLeftBeside)) {
    const left = path.join(folder, name);
    const stats = await lstat(left).catch(() => null);
    if (stats !== null && (ME === undefined || stats.uid === ME)) await removeTree(left).catch(() => {});
  }
}

async function refuseThere(file: string): Promise<void> {
  const stats = await lstat(file).catch(() => null);
  if (stats !== null) throw new LayerscopeError('EXISTS', `${displayText(file)} is there already`);
}

/**
 * Has `write` fill a new file beside the target, which becomes the target when it is whole. EXISTS where there is one, even one that came
 * meanwhile; nothing is left of a failure.
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

/** Unlike a rename a link replaces nothing. */
async function nameNew(unfinished: string, target: string): Promise<void> {
  try {
    await link(unfinished, target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw new LayerscopeError('EXISTS', `${displayText(target)} is there already`);
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS' && code !== 'EMLINK') throw error;
    // A file system without hard links.
    await refuseThere(target);
    await rename(unfinished, target);
  }
}

/** What the system says of the file beside is about the one that was named. */
function namingTarget(error: unknown, unfinished: string, target: string): LayerscopeError {
  const told = writeError(error, target);
  if (!told.message.includes(unfinished)) return told;
  return new LayerscopeError(told.code, displayText(told.message.replaceAll(unfinished, target)), { cause: error });
}
