// Files of the store that are whole or not there: written beside, flushed, renamed, the folder flushed.
import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, link, lstat, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { asLayerscopeError, displayText, LayerscopeError } from '#model';

const MAX_JSON_BYTES = 16 * 1024 * 1024;

/** Runs work on files; what fails is told as one of our errors. */
export async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asLayerscopeError(error);
  }
}

/** The folder's own entries are on the disk. Some systems can't flush a folder: they don't need to. */
async function flushFolder(folder: string): Promise<void> {
  try {
    await using handle = await open(folder, 'r');
    await handle.sync();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EISDIR' && code !== 'EPERM' && code !== 'EINVAL' && code !== 'EACCES') throw error;
  }
}

/** A name in the store's folder for unfinished files. */
export function unfinishedName(temporary: string): string {
  return path.join(temporary, `.layerscope-${randomBytes(12).toString('hex')}`);
}

/** Moves a finished file to its name, durably. What was there is replaced. */
export async function putInPlace(unfinished: string, file: string): Promise<void> {
  await onDisk(async () => {
    {
      await using handle = await open(unfinished, 'r+');
      await handle.sync();
    }
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    await rename(unfinished, file);
    await flushFolder(path.dirname(file));
  });
}

/** Writes a whole file: afterwards it has the new content, or after a crash the old. */
export async function writeDurably(temporary: string, file: string, bytes: Uint8Array | string, mode: number = 0o600): Promise<void> {
  const unfinished = unfinishedName(temporary);
  await onDisk(async () => {
    await mkdir(temporary, { recursive: true, mode: 0o700 });
    try {
      {
        await using handle = await open(unfinished, 'wx', mode);
        await handle.writeFile(bytes);
      }
      await putInPlace(unfinished, file);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
  });
}

/** Writes a whole file where there is none; one that is there stays. */
export async function createDurably(temporary: string, file: string, text: string): Promise<void> {
  const unfinished = unfinishedName(temporary);
  await onDisk(async () => {
    await mkdir(temporary, { recursive: true, mode: 0o700 });
    try {
      await writeFile(unfinished, text, { flag: 'wx', mode: 0o600, flush: true });
      await linkNew(unfinished, file);
      await flushFolder(path.dirname(file));
    } finally {
      await rm(unfinished, { force: true });
    }
  });
}

async function linkNew(existing: string, file: string): Promise<void> {
  try {
    await link(existing, file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error;
    // A file system without hard links.
    if ((await statsOf(file)) === null) await rename(existing, file);
  }
}

export async function removeDurably(file: string): Promise<void> {
  await onDisk(async () => {
    await rm(file, { force: true });
    await flushFolder(path.dirname(file));
  });
}

/** Opens a file of the store. No link is followed, and nothing but a file is opened: a pipe would never answer. */
export async function openOwnFile(file: string): Promise<FileHandle> {
  refuseOther(file, await lstat(file));
  const handle = await open(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  try {
    refuseOther(file, await handle.stat());
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** All of a file of the store. NOT_FOUND, PATH_ESCAPE for a link, IO, TOO_LARGE. */
export async function readOwnFile(file: string, maxBytes: number = MAX_JSON_BYTES): Promise<Buffer> {
  return onDisk(async () => {
    await using handle = await openOwnFile(file);
    const stats = await handle.stat();
    if (stats.size > maxBytes) throw new LayerscopeError('TOO_LARGE', `${displayText(file)}: more than ${maxBytes} bytes`);
    return handle.readFile();
  });
}

function refuseOther(file: string, stats: Stats): void {
  if (stats.isSymbolicLink()) throw new LayerscopeError('PATH_ESCAPE', `${displayText(file)} is a link: a store's own files are none`);
  if (!stats.isFile()) throw new LayerscopeError('IO', `${displayText(file)} is no file`);
}

/** A JSON document of the store; undefined where it isn't there. Throws IO where it is none, and as {@link readOwnFile}. */
export async function readJson(file: string): Promise<unknown> {
  let bytes: Buffer;
  try {
    bytes = await readOwnFile(file);
  } catch (error) {
    const told = asLayerscopeError(error);
    if (told.code === 'NOT_FOUND') return undefined;
    throw told;
  }
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new LayerscopeError('IO', `${displayText(file)} is no JSON`, { cause: error });
  }
}

/** A path's own facts, links not followed; null where nothing is. */
export async function statsOf(file: string): Promise<Stats | null> {
  try {
    return await lstat(file);
  } catch (error) {
    const told = asLayerscopeError(error);
    if (told.code === 'NOT_FOUND') return null;
    throw told;
  }
}
