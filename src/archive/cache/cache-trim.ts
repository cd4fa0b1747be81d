import { lstat, readdir, unlink } from 'node:fs/promises';
import path from 'node:path';
import { isPrivateFolder } from '../files/private-place.ts';

/** Names used by the caches; other files are neither counted nor removed. */
const OURS = /^[0-9a-f]{40}\.(idx|ok|tar|part|sum)$/;

export const DEFAULT_CACHE_BYTES = 2 * 1024 ** 3;

/** Tolerance between the file system's clock and this machine's. */
const CLOCKS_MS = 5_000;

interface Kept {
  readonly file: string;
  readonly bytes: number;
  readonly usedMs: number;
  readonly isSpool: boolean;
}

/** Bytes used by indexes and by spools. */
export async function cacheUse(cacheFolder: string): Promise<{ indexBytes: number; spoolBytes: number }> {
  const kept = await list(cacheFolder);
  const sum = (isSpool: boolean) => kept.reduce((total, item) => total + (item.isSpool === isSpool ? item.bytes : 0), 0);
  return { indexBytes: sum(false), spoolBytes: sum(true) };
}

/**
 * Removes the least recently used files until the rest fits: spools first, since they are large and can be inflated again, then indexes.
 * Files that another process removes or uses meanwhile are not an error.
 */
export async function trimCache(cacheFolder: string, maxBytes: number): Promise<void> {
  const kept = await list(cacheFolder);
  let total = kept.reduce((sum, item) => sum + item.bytes, 0);
  kept.sort((a, b) => Number(b.isSpool) - Number(a.isSpool) || a.usedMs - b.usedMs);
  for (const item of kept) {
    if (total <= maxBytes) return;
    try {
      await unlink(item.file);
    } catch {
      // Already removed, or in use on Windows.
    }
    total -= item.bytes;
  }
}

async function list(cacheFolder: string): Promise<Kept[]> {
  const kept: Kept[] = [];
  const now = Date.now() + CLOCKS_MS;
  for (const part of ['index', 'spool'] as const) {
    const folder = path.join(cacheFolder, part);
    for (const name of await names(folder)) {
      if (!OURS.test(name)) continue;
      const file = path.join(folder, name);
      try {
        const { size, mtimeMs } = await lstat(file);
        // A modification time in the future dates from before the clock was set back: treat the file as the oldest.
        kept.push({ file, bytes: size, usedMs: mtimeMs > now ? 0 : mtimeMs, isSpool: part === 'spool' });
      } catch {
        // Removed by another process meanwhile.
      }
    }
  }
  return kept;
}

async function names(folder: string): Promise<string[]> {
  try {
    if (!isPrivateFolder(folder)) return [];
    return await readdir(folder);
  } catch {
    // The folder doesn't exist yet.
    return [];
  }
}
