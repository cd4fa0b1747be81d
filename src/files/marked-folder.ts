import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileError } from '#model';
import { hasEnded, PROCESS_MARK } from './process-mark.ts';
import { alsoRead } from './reading-bounds.ts';
import { mayOthersRename } from './shared-folder.ts';

/** The part after the prefix: the mark of the creating process, then the suffix from mkdtemp. */
const REST = /^(\d+-\d+-[0-9a-f]{8})-[A-Za-z0-9]{6}$/;
const ME = process.getuid?.();

/**
 * Creates a folder for this process alone, named after `prefix` and its process mark, and removes folders with that prefix that this user's
 * killed processes left there. `staleMs` is the age at which a folder is removed even if it can't be determined here whether its process
 * has ended; by default, such folders are never removed. The caller removes the new folder. Throws PERMISSION, NOT_FOUND, IO.
 */
export function makeMarkedFolder(under: string, prefix: string, staleMs: number = Number.POSITIVE_INFINITY): string {
  sweep(under, prefix, staleMs);
  const folder = newFolder(under, prefix);
  alsoRead(folder);
  return folder;
}

function newFolder(under: string, prefix: string): string {
  try {
    return mkdtempSync(path.join(under, `${prefix}${PROCESS_MARK}-`));
  } catch (error) {
    throw fileError(error, under);
  }
}

/**
 * Removes folders left by killed processes, except those that belong to another user or can't be removed. Removes none if other users can
 * rename entries of `under`.
 */
function sweep(under: string, prefix: string, staleMs: number): void {
  for (const name of namesIn(under)) {
    const mark = name.startsWith(prefix) ? REST.exec(name.slice(prefix.length))?.[1] : undefined;
    if (mark === undefined) continue;
    const folder = path.join(under, name);
    try {
      const stats = lstatSync(folder);
      if (!stats.isDirectory() || (ME !== undefined && stats.uid !== ME) || mayOthersRename(under)) continue;
      if (hasEnded(mark) ?? Date.now() - stats.mtimeMs > staleMs) rmSync(folder, { recursive: true, force: true });
    } catch {
      // Another process was quicker, or the system refused: the next process will try again.
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
