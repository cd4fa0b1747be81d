// Writes files to paths that the user chose. A file is first written under another name in the same folder, after removing the unfinished
// files that killed processes left there.
import { lstat, readdir, readlink } from 'node:fs/promises';
import path from 'node:path';
import { writeError } from '#archive';
import { removeTree } from '#disk';
import { besideName, createFile, isLeftBeside, mayOthersRename, openNamedFolder, replaceFile, type TargetFolder } from '#files';
import { asLayerscopeError, displayText, LayerscopeError, systemPath, systemWords } from '#model';

const ME = process.getuid?.();

/**
 * Removes what this user's killed processes left unfinished in a folder. Unfinished folders stay if another user could have renamed them,
 * because the name may now belong to a different folder. Ignores failures.
 */
export async function sweepBeside(folder: string): Promise<void> {
  for (const name of (await readdir(folder).catch(() => [])).filter(isLeftBeside)) {
    const left = path.join(folder, name);
    const stats = await lstat(left).catch(() => null);
    if (stats === null || (ME !== undefined && stats.uid !== ME) || (stats.isDirectory() && mayOthersRename(folder))) continue;
    await removeTree(left).catch(() => {});
  }
}

/**
 * Writes a new file durably: `write` creates the file under another name. A failure leaves nothing behind. Throws EXISTS if `target` exists
 * or is created meanwhile; IO, PERMISSION, and what `write` throws.
 */
export async function createNamed<T>(target: string, write: (unfinished: string) => Promise<T>): Promise<T> {
  return named(target, write, createFile);
}

/**
 * Like {@link createNamed}, but replaces an existing file once the new one is complete. Throws IO for a folder, a device or a pipe, and for
 * a link into /proc, such as /dev/stdout, which would be lost to the whole system.
 */
export async function replaceNamed<T>(target: string, write: (unfinished: string) => Promise<T>): Promise<T> {
  const stats = await lstat(target).catch(() => null);
  const isOfProcess = stats?.isSymbolicLink() === true && (await readlink(target).catch(() => '')).startsWith('/proc/');
  if (stats !== null && (isOfProcess || (!stats.isFile() && !stats.isSymbolicLink())))
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
    throw folder.naming(namingTarget(error, { inside, unfinished }, target));
  }
}

/** Opens the file's folder once for all steps, because another user could redirect a path that is resolved twice. */
function openFolderOf(target: string): TargetFolder {
  const folder = path.dirname(path.resolve(target));
  try {
    return openNamedFolder(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw notWritten(error, target);
    throw new LayerscopeError('NOT_FOUND', `${displayText(target)} can't be written: there is no folder ${displayText(folder)}`, {
      cause: error,
    });
  }
}

/** Names the target in a system error about it or its unfinished file. */
function namingTarget(error: unknown, { inside, unfinished }: { inside: string; unfinished: string }, target: string): LayerscopeError {
  const failure = writeError(error, target);
  const system = error instanceof LayerscopeError ? error.cause : error;
  const about = systemPath(system);
  if (about === unfinished || about === inside) return notWritten(system, target);
  const shown = displayText(unfinished);
  if (!failure.message.includes(shown)) return failure;
  return new LayerscopeError(failure.code, failure.message.replaceAll(shown, displayText(target)), { cause: error });
}

function notWritten(error: unknown, target: string): LayerscopeError {
  const { code, message } = asLayerscopeError(error);
  return new LayerscopeError(code, `${displayText(target)} can't be written: ${systemWords(error) ?? message}`, { cause: error });
}
