// Files of the store that are whole or not there: written beside, flushed, renamed, the folder flushed.
import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { lstat, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { asLayerscopeError, LayerscopeError } from '#model';

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
  return path.join(temporary, randomBytes(12).toString('hex'));
}

/** Moves a finished file to its name, durably. What was there is replaced. */
export async function putInPlace(unfinished: string, file: string): Promise<void> {
  await onDisk(async () => {
    {
      await using handle = await open(unfinished, 'r+');
      await handle.sync();
    }
    await mkdir(path.dirname(file), { recursive: true });
    await rename(unfinished, file);
    await flushFolder(path.dirname(file));
  });
}

/** Writes a whole file: afterwards it has the new content, or after a crash the old. */
export async function writeDurably(temporary: string, file: string, bytes: Uint8Array | string): Promise<void> {
  const unfinished = unfinishedName(temporary);
  await onDisk(async () => {
    await mkdir(temporary, { recursive: true });
    try {
      {
        await using handle = await open(unfinished, 'wx', 0o644);
        await handle.writeFile(bytes);
      }
      await putInPlace(unfinished, file);
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
  });
}

export async function removeDurably(file: string): Promise<void> {
  await onDisk(async () => {
    await rm(file, { force: true });
    await flushFolder(path.dirname(file));
  });
}

/** A JSON document of the store; undefined where it isn't there. Throws IO where it is none, TOO_LARGE. */
export async function readJson(file: string): Promise<unknown> {
  let bytes: Buffer;
  try {
    if ((await stat(file)).size > MAX_JSON_BYTES) throw new LayerscopeError('TOO_LARGE', `${file}: more than ${MAX_JSON_BYTES} bytes`);
    bytes = await readFile(file);
  } catch (error) {
    const told = asLayerscopeError(error);
    if (told.code === 'NOT_FOUND') return undefined;
    throw told;
  }
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new LayerscopeError('IO', `${file} is no JSON`, { cause: error });
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
