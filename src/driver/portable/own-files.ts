// Files of the store: written durably, and read without following links.
import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { createFile, flushFolder, replaceFile, writeWhole } from '#files';
import { asLayerscopeError, displayText, LayerscopeError } from '#model';

const MAX_JSON_BYTES = 16 * 1024 * 1024;
/**
 * Limit on index.json when reading, larger than any index.json this program has ever written. Writers stay below the limit of archive
 * readers.
 */
export const MAX_INDEX_BYTES = 64 * 1024 * 1024;

/** Runs file operations and converts their errors to LayerscopeError. */
export async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asLayerscopeError(error);
  }
}

/** Returns a new random name in the store's folder of unfinished files. */
export function unfinishedName(temporary: string): string {
  return path.join(temporary, `.layerscope-${randomBytes(12).toString('hex')}`);
}

/** Writes a file of the store durably, replacing an existing one. Throws like {@link onDisk}. */
export async function writeDurably(temporary: string, file: string, bytes: Uint8Array | string, mode: number = 0o600): Promise<void> {
  await onDisk(async () => {
    await makeFolders(temporary, path.dirname(file));
    await replaceFile(file, writeWhole(bytes, mode), { unfinished: unfinishedName(temporary), durable: true });
  });
}

/** Like {@link writeDurably}, but leaves an existing file alone. */
export async function createDurably(temporary: string, file: string, text: string): Promise<void> {
  await onDisk(async () => {
    await makeFolders(temporary);
    await createFile(file, writeWhole(text), { unfinished: unfinishedName(temporary), durable: true }).catch((error: unknown) => {
      if (!(error instanceof LayerscopeError && error.code === 'EXISTS')) throw error;
    });
  });
}

async function makeFolders(...folders: string[]): Promise<void> {
  for (const folder of folders) await mkdir(folder, { recursive: true, mode: 0o700 });
}

/** Removes a file durably; does nothing if it is missing. */
export async function removeDurably(file: string): Promise<void> {
  await onDisk(async () => {
    await rm(file, { force: true });
    await flushFolder(path.dirname(file));
  });
}

/** Opens a regular file of the store. Doesn't follow links or open anything else, because opening a pipe could block forever. */
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
export async function readJson(file: string, maxBytes: number = MAX_JSON_BYTES): Promise<unknown> {
  let bytes: Buffer;
  try {
    bytes = await readOwnFile(file, maxBytes);
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

/** Returns the stats of the path itself, without following a link; null if the path doesn't exist. */
export async function statsOf(file: string): Promise<Stats | null> {
  try {
    return await lstat(file);
  } catch (error) {
    const known = asLayerscopeError(error);
    if (known.code === 'NOT_FOUND') return null;
    throw known;
  }
}
