// Atomic writes: a file or folder is written under an unfinished name in the same file system, then gets its final name in one step.
import { constants, renameSync, rmSync } from 'node:fs';
import { link, lstat, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { displayText, LayerscopeError } from '#model';
import { besideName } from './beside-name.ts';

/** Error codes of a file system that doesn't have hard links, or doesn't allow any more of them for this file. */
const NO_LINKS: ReadonlySet<unknown> = new Set(['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK']);
/** Error codes of systems that can't flush a folder. */
const NO_FLUSH: ReadonlySet<unknown> = new Set(['EISDIR', 'EPERM', 'EINVAL', 'EACCES']);
/** Error codes of a rename to an existing name. */
const TAKEN: ReadonlySet<unknown> = new Set(['ENOTEMPTY', 'EEXIST', 'ENOTDIR']);

export interface PlaceOptions {
  /** The file's name while it is written: unused, and on the same file system. Defaults to a name next to the target. */
  readonly unfinished?: string;
  /** Whether to flush the file before the rename, and the folder afterwards. */
  readonly durable?: boolean;
}

/** Writes the unfinished file: creates it under the given name and closes it. */
type Write<T> = (unfinished: string) => Promise<T>;

/**
 * Writes a file, replacing any existing one of that name. Returns what `write` returns.
 *
 * On every system, the name refers at any time to the old file or to the complete new one, even if this process is killed. A failure leaves
 * the old file unchanged and removes the unfinished one; a killed process may leave the unfinished file behind.
 *
 * With `durable`, the same holds after a power cut, and the new file is permanent once the call has returned. On macOS, Node.js also makes
 * the drive flush its own cache. Windows can't flush a folder: after a power cut the old file may be back, complete.
 *
 * On Windows, a file that another program has opened without sharing can't be replaced: PERMISSION. Throws the system's errors, and what
 * `write` throws.
 */
export async function replaceFile<T>(target: string, write: Write<T>, options: PlaceOptions = {}): Promise<T> {
  return place(target, write, options, rename);
}

/**
 * Like {@link replaceFile}, but throws EXISTS if the name exists, even if it was created during the call.
 *
 * Where the file system has no hard links (FAT, some network shares), replaces a file that appears between the last check and the rename.
 */
export async function createFile<T>(target: string, write: Write<T>, options: PlaceOptions = {}): Promise<T> {
  await refuseTaken(target);
  return place(target, write, options, nameNew);
}

/** A synchronous {@link replaceFile}, without `durable`. */
export function replaceFileSync(target: string, write: (unfinished: string) => void, unfinished: string = besideName(target)): void {
  try {
    write(unfinished);
    renameSync(unfinished, target);
  } catch (error) {
    removeQuietly(unfinished);
    throw error;
  }
}

/**
 * Gives a finished file its final name, replacing any file of that name. The caller removes the file on failure. Throws the system's
 * errors.
 */
export async function placeFile(finished: string, target: string, { durable = false }: { readonly durable?: boolean } = {}): Promise<void> {
  await give(finished, target, durable, rename);
}

/**
 * Gives a finished folder its final name. Replaces an empty folder (not on Windows), but nothing else. The caller removes the folder on
 * failure. Throws EXISTS, and the system's other errors.
 */
export function placeFolder(finished: string, target: string): void {
  try {
    renameSync(finished, target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (TAKEN.has(code) || (process.platform === 'win32' && code === 'EPERM')) throw exists(target);
    throw error;
  }
}

/**
 * Returns a `write` for {@link replaceFile} and {@link createFile} that writes these bytes, readable by this user only unless `mode` says
 * so.
 */
export function writeWhole(bytes: Uint8Array | string, mode: number = 0o600): Write<void> {
  return async (unfinished) => {
    await using handle = await open(unfinished, 'wx', mode);
    await handle.writeFile(bytes);
  };
}

/**
 * Gives a file a second, unused name. Returns `unsupported` if this file system doesn't have hard links. Throws the system's other errors.
 */
export async function linkNew(existing: string, name: string): Promise<'linked' | 'taken' | 'unsupported'> {
  try {
    await link(existing, name);
    return 'linked';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return 'taken';
    if (NO_LINKS.has(code)) return 'unsupported';
    throw error;
  }
}

/** Flushes a folder's entries to disk; does nothing on systems that can't. Throws the system's errors. */
export async function flushFolder(folder: string): Promise<void> {
  try {
    // With O_DIRECTORY, the call doesn't block if a pipe has taken the folder's place.
    await using handle = await open(folder, constants.O_RDONLY | (constants.O_DIRECTORY ?? 0));
    await handle.sync();
  } catch (error) {
    if (!NO_FLUSH.has((error as NodeJS.ErrnoException).code)) throw error;
  }
}

type Name = (unfinished: string, target: string) => Promise<void>;

async function place<T>(target: string, write: Write<T>, options: PlaceOptions, name: Name): Promise<T> {
  const { unfinished = besideName(target), durable = false } = options;
  try {
    const value = await write(unfinished);
    await give(unfinished, target, durable, name);
    return value;
  } catch (error) {
    // If this fails too, the first failure is the one to report.
    await rm(unfinished, { force: true }).catch(() => {});
    throw error;
  }
}

async function give(unfinished: string, target: string, durable: boolean, name: Name): Promise<void> {
  if (durable) {
    // Windows flushes only files that are open for writing.
    await using handle = await open(unfinished, 'r+');
    await handle.sync();
  }
  await name(unfinished, target);
  if (durable) await flushFolder(path.dirname(target));
}

/** Gives the file its final name by a hard link rather than a rename, because a link never replaces an existing file. */
async function nameNew(unfinished: string, target: string): Promise<void> {
  const linked = await linkNew(unfinished, target);
  if (linked === 'taken') throw exists(target);
  if (linked === 'linked') {
    await rm(unfinished);
    return;
  }
  await refuseTaken(target);
  await rename(unfinished, target);
}

async function refuseTaken(target: string): Promise<void> {
  const stats = await lstat(target).catch(() => null);
  if (stats !== null) throw exists(target);
}

function exists(target: string): LayerscopeError {
  return new LayerscopeError('EXISTS', `${displayText(target)} already exists`);
}

function removeQuietly(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // The error that interrupted the write is the one to report.
  }
}
