import { closeSync, constants, type Dirent, openSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { isInside, pathOfDescriptor, refuseUnreadable } from '#files';
import { displayText, LayerscopeError } from '#model';

/** Something in a named folder that may be an image. */
interface NamedEntry {
  /** Absolute path, as every tool accepts it. */
  readonly path: string;
  readonly kind: 'file' | 'folder';
  /** Size of a file; null for a folder. */
  readonly bytes: number | null;
}

/** The folders whose images clients may read. */
export interface NamedFolders {
  readonly folders: readonly string[];
  /**
   * Returns the real path of an image in the folders. `image` is absolute or relative to one of the folders. Throws NOT_FOUND, or
   * PERMISSION if the path is outside them or a link points outside.
   */
  resolve(image: string): string;
  /** Lists the entries directly in a folder, by name. Throws what `resolve` throws. */
  list(folder?: string): Promise<readonly NamedEntry[]>;
}

/** Throws NOT_FOUND if a folder doesn't exist, and USAGE if it isn't one. */
export function nameFolders(given: readonly string[]): NamedFolders {
  const folders = given.map((folder) => {
    const real = tryRealPath(path.resolve(folder));
    if (real === null) throw new LayerscopeError('NOT_FOUND', `${displayText(folder)} does not exist`);
    if (!statSync(real).isDirectory()) throw new LayerscopeError('USAGE', `${displayText(folder)} is not a folder`);
    return real;
  });
  const resolve = (image: string): string => {
    if (image.includes('\0')) throw new LayerscopeError('NOT_FOUND', 'a path cannot contain a NUL');
    const candidates = path.isAbsolute(image) ? [image] : folders.map((folder) => path.resolve(folder, image));
    // Paths outside aren't accessed, because a client must not learn whether they exist.
    const inside = candidates.filter((candidate) => isWithin(candidate, given, folders));
    if (inside.length === 0) throw outside(image);
    for (const candidate of inside) {
      const real = tryRealPath(candidate);
      if (real === null) continue;
      if (!folders.some((folder) => isInside(folder, real))) throw outside(image);
      return real;
    }
    throw new LayerscopeError('NOT_FOUND', `no ${displayText(image)} in the named folders`);
  };
  return {
    folders,
    resolve,
    async list(folder) {
      const listed = folder === undefined ? folders : [resolve(folder)];
      return (await Promise.all(listed.map(listFolder))).flat();
    },
  };
}

function outside(image: string): LayerscopeError {
  return new LayerscopeError('PERMISSION', `${displayText(image)} is outside the named folders`);
}

/**
 * Compares paths as strings, without accessing them. Each folder is compared both as it was given and as its real path, because the two may
 * differ.
 */
function isWithin(candidate: string, given: readonly string[], folders: readonly string[]): boolean {
  return [...given.map((folder) => path.resolve(folder)), ...folders].some((folder) => isInside(folder, candidate));
}

function tryRealPath(absolute: string): string | null {
  try {
    return realpathSync(absolute);
  } catch {
    return null;
  }
}

async function listFolder(folder: string): Promise<readonly NamedEntry[]> {
  const entries = entriesOf(folder);
  const named = await Promise.all(entries.map((entry) => describeEntry(folder, entry)));
  return named.filter((entry) => entry !== null).sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * Checks a folder and lists its entries, both through one descriptor: after the check, the path may lead to another folder. Throws
 * PERMISSION.
 */
export function entriesOf(folder: string): Dirent[] {
  // Node can't open folders on Windows.
  if (process.platform === 'win32') return readdirSync(folder, { withFileTypes: true });
  const descriptor = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    refuseUnreadable(descriptor, folder);
    return readdirSync(pathOfDescriptor(descriptor) ?? folder, { withFileTypes: true });
  } finally {
    closeSync(descriptor);
  }
}

async function describeEntry(folder: string, entry: Dirent): Promise<NamedEntry | null> {
  const full = path.join(folder, entry.name);
  if (entry.isDirectory()) return { path: full, kind: 'folder', bytes: null };
  if (!entry.isFile()) return null;
  // The size is null if the file was removed after the folder was listed.
  const { size } = await stat(full).catch(() => ({ size: null }));
  return { path: full, kind: 'file', bytes: size };
}
