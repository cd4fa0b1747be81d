// Gains access to our own files and folders despite their modes: an image may have a folder of mode 0, or a file that its owner isn't
// allowed to read. Root isn't affected; for others, the mode is changed temporarily.
import fs from 'node:fs';
import type { HeldEntry } from './held-entry.ts';

/** Whether modes restrict this process at all. */
export const IS_RESTRICTED = process.getuid !== undefined && process.getuid() !== 0;

export const LIST = 0o500;
export const READ = 0o400;

/**
 * Adds bits to the mode of a file or folder that this user owns. Returns the mode to restore; null if nothing was changed, as for entries
 * of other users.
 */
export function allow({ at, descriptor }: HeldEntry, bits: number): number | null {
  if (!IS_RESTRICTED) return null;
  const { mode, uid } = descriptor === null ? fs.lstatSync(at) : fs.fstatSync(descriptor);
  if ((mode & bits) === bits || uid !== process.getuid?.()) return null;
  fs.chmodSync(at, (mode & 0o7777) | bits);
  return mode & 0o7777;
}

/** Undoes {@link allow}. */
export function restore({ at }: HeldEntry, mode: number | null): void {
  if (mode !== null) fs.chmodSync(at, mode);
}

/** Runs `work` while an entry's mode has these bits. */
export function withAccess<T>(held: HeldEntry, bits: number, work: () => T): T {
  const mode = allow(held, bits);
  try {
    return work();
  } finally {
    restore(held, mode);
  }
}
