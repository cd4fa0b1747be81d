// Writes files that the user named. Each is written beside its target, after removing leftovers of killed processes there.
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { writeError } from '#archive';
import { removeTree } from '#disk';
import { besideName, createFile, isLeftBeside, replaceFile, TargetFolder } from '#files';
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

/**
 * Writes a new file durably: `write` creates the file under another name. A failure leaves nothing behind. Throws EXISTS if `target`
 * exists, even if created meanwhile; IO, PERMISSION, and what `write` throws.
 */
export async function createNamed<T>(target: string, write: (unfinished: string) => Promise<T>): Promise<T> {
  return named(target, write, createFile);
}

/** Like {@link createNamed}, but replaces an existing file once the new one is complete. Throws IO for a folder, a device or a pipe. */
export async function replaceNamed<T>(target: string, write: (unfinished: string) => Promise<T>): Promise<T> {
  const stats = await lstat(target).catch(() => null);
  if (stats !== null && !stats.isFile() && !stats.isSymbolicLink())
    throw new LayerscopeError('IO', `${displayText(target)} is not a regular file, and was not replaced`);
  return named(target, write, replaceFile);
}

async function named<T>(target: string, write: (unfinished: string) => Promise<T>, place: typeof createFile): Promise<T> {
  using folder = openFolderOf(target);
  const inside = path.join(folder.inside, path.basename(path.resolve(target)));
  const unfinished = besideName(inside);
  await sweepBeside(folder.inside);
  const writeThere = async (file: string): Promise<T> => {
    const value = await write(file);
    folder.requireThere();
    return value;
  };
  try {
    return await place(inside, writeThere, { unfinished, durable: true });
  } catch (error) {
    throw folder.naming(namingTarget(error, unfinished, target));
  }
}

/** Opens the file's folder once for all steps, because another user could redirect a path that is resolved twice. */
function openFolderOf(target: string): TargetFolder {
  try {
    return TargetFolder.open(path.dirname(path.resolve(target)));
  } catch (error) {
    throw writeError(error, target);
  }
}

/** Rewrites a system error about the unfinished file so that it names the target. */
function namingTarget(error: unknown, unfinished: string, target: string): LayerscopeError {
  const failure = writeError(error, target);
  if (!failure.message.includes(unfinished)) return failure;
  return new LayerscopeError(failure.code, displayText(failure.message.replaceAll(unfinished, target)), { cause: error });
}
