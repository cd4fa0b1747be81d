// Writes files of the store atomically: a temporary file is written, flushed and renamed, then its folder is flushed.
import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, link, lstat, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { asLayerscopeError, displayText, LayerscopeError } from '#model';

const MAX_JSON_BYTES = 16 * 1024 * 1024;

/** Runs file operations and converts their errors to LayerscopeError. */
export async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asLayerscopeError(error);
  }
}

/** Flushes a folder's entries to disk. Systems that can't flush a folder don't need it. */
async function flushFolder(folder: string): Promise<void> {
  try {
    await using handle = await open(folder, 'r');
    await handle.sync();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EISDIR' && code !== 'EPERM' && code !== 'EINVAL' && code !== 'EACCES') throw error;
  }
}

/** A new random name in the store's folder of unfinished files. */
export function unfinishedName(temporary: string): string {
  return path.join(temporary, `.layerscope-${randomBytes(12).toString('hex')}`);
}

/** Moves a finished file to its place durably, replacing any existing file. */
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

/** Writes a file atomically: after a crash it has either its old or its new content. */
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

/** Like {@link writeDurably}, but leaves an existing file alone. */
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
    // This file system has no hard links.
    if ((await statsOf(file)) === null) await rename(existing, file);
  }
}

/** Removes a file durably; it may be missing. */
export async function removeDurably(file: string): Promise<void> {
  await onDisk(async () => {
    await rm(file, { force: true });
    await flushFolder(path.dirname(file));
  });
}

/** Opens a regular file of the store. Follows no link, and opens nothing else, as opening a pipe could block forever. */
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

/** Reads a whole file of the store. Throws NOT_FOUND, PATH_ESCAPE for a link, IO, TOO_LARGE. */
export async function readOwnFile(file: string, maxBytes: number = MAX_JSON_BYTES): Promise<Buffer> {
  return onDisk(async () => {
    await using handle = await openOwnFile(file);
    const stats = await handle.stat();
    if (stats.size > maxBytes) throw new LayerscopeError('TOO_LARGE', `${displayText(file)}: more than ${maxBytes} bytes`);
    return handle.readFile();
  });
}

function refuseOther(file: string, stats: Stats): void {
  if (stats.isSymbolicLink())
    throw new LayerscopeError('PATH_ESCAPE', `${displayText(file)} is a link, which a store's own files never are`);
  if (!stats.isFile()) throw new LayerscopeError('IO', `${displayText(file)} is not a regular file`);
}

/** Reads a JSON document of the store; undefined if it doesn't exist. Throws IO if it isn't JSON; otherwise like {@link readOwnFile}. */
export async function readJson(file: string): Promise<unknown> {
  let bytes: Buffer;
  try {
    bytes = await readOwnFile(file);
  } catch (error) {
    const known = asLayerscopeError(error);
    if (known.code === 'NOT_FOUND') return undefined;
    throw known;
  }
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new LayerscopeError('IO', `${displayText(file)} is not JSON`, { cause: error });
  }
}

/** Stats of a path itself, without following a link; null if nothing is there. */
export async function statsOf(file: string): Promise<Stats | null> {
  try {
    return await lstat(file);
  } catch (error) {
    const known = asLayerscopeError(error);
    if (known.code === 'NOT_FOUND') return null;
    throw known;
  }
}
