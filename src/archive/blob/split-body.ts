// Opens the files that an engine unpacked a layer into. The names come from the layer, so only regular files inside the layer's own folder
// are opened.
import { type BigIntStats, closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync, realpathSync } from 'node:fs';
import { isParent, joinPath, splitPath } from '#format/path';
import { displayPath, displayText, LayerscopeError } from '#model';
import { systemError } from './source-file.ts';

const SLASH = 0x2f;
const READ_ITSELF = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);

/** Creates an error for a file that isn't what the engine unpacked. `problem` is a clause. */
export function changedOnDisk(name: Uint8Array, problem: string): LayerscopeError {
  return new LayerscopeError('DIGEST_MISMATCH', `${displayPath(name)} ${problem}`);
}

/**
 * Refuses a layer's folder if its path, which had no links when the image was opened, contains a link now. Throws PATH_ESCAPE, NOT_FOUND,
 * PERMISSION, IO.
 */
export function refuseMoved(folder: string): void {
  let real: string;
  try {
    real = realpathSync(folder);
  } catch (error) {
    throw systemError(error, folder);
  }
  if (real !== folder) throw new LayerscopeError('PATH_ESCAPE', `${displayText(folder)} was replaced by a link`);
}

/**
 * Opens a member's content and returns a descriptor, which the caller closes. `folder` is a real path. Links below `folder` are followed
 * only as long as they stay inside. Throws DIGEST_MISMATCH if the content isn't a file of this size; PATH_ESCAPE if the name points outside
 * the folder; PERMISSION, IO.
 */
export function openSplitBody(folder: string, name: Uint8Array, sizeBytes: number): number {
  const parts = splitPath(name);
  if (parts.length === 0 || parts.some(isParent) || name.includes(0)) throw outside(name);
  const file = Buffer.concat([Buffer.from(folder), Buffer.of(SLASH), joinPath(parts)]);
  const parent = realParent(folder, file, name);
  const found = lookAt(parent, name);
  if (!found.isFile()) throw changedOnDisk(name, 'is no longer a file on the disk');
  if (found.size !== BigInt(sizeBytes)) throw changedOnDisk(name, `has ${found.size} bytes on the disk, but ${sizeBytes} in the layer`);
  const descriptor = openItself(parent, name);
  try {
    const opened = fstatSync(descriptor, { bigint: true });
    if (opened.ino !== found.ino || opened.dev !== found.dev || !opened.isFile())
      throw changedOnDisk(name, 'was replaced while it was opened');
    refuseElsewhere(descriptor, folder, name);
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function outside(name: Uint8Array): LayerscopeError {
  return new LayerscopeError('PATH_ESCAPE', `${displayPath(name)} points outside the layer’s folder`);
}

/** Returns the file's path after resolving links in its folders. */
function realParent(folder: string, file: Buffer, name: Uint8Array): Buffer {
  const slash = file.lastIndexOf(SLASH);
  let parent: Buffer;
  try {
    parent = realpathSync(file.subarray(0, slash), { encoding: 'buffer' });
  } catch (error) {
    throw missing(error, name);
  }
  if (!isInside(folder, parent)) throw outside(name);
  return Buffer.concat([parent, file.subarray(slash)]);
}

function isInside(folder: string, file: Buffer): boolean {
  const root = Buffer.from(folder);
  return file.subarray(0, root.length).equals(root) && (file.length === root.length || file[root.length] === SLASH || folder === '/');
}

function lookAt(file: Buffer, name: Uint8Array): BigIntStats {
  try {
    return lstatSync(file, { bigint: true });
  } catch (error) {
    throw missing(error, name);
  }
}

function openItself(file: Buffer, name: Uint8Array): number {
  try {
    return openSync(file, READ_ITSELF);
  } catch (error) {
    throw missing(error, name);
  }
}

/** On Linux, checks where an open file really is, because a folder in its path may have been replaced by a link. */
function refuseElsewhere(descriptor: number, folder: string, name: Uint8Array): void {
  if (process.platform !== 'linux') return;
  if (!isInside(folder, readlinkSync(`/proc/self/fd/${descriptor}`, { encoding: 'buffer' }))) throw outside(name);
}

function missing(error: unknown, name: Uint8Array): LayerscopeError {
  const { code } = (error ?? {}) as { code?: unknown };
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return changedOnDisk(name, 'is no longer on the disk');
  return systemError(error, displayPath(name));
}
