import { lstat, readdir, unlink } from 'node:fs/promises';
import path from 'node:path';
import { isPrivateFolder } from '../files/private-place.ts';

/** Names that caches give; nothing else is counted or removed. */
const OURS = /^[0-9a-f]{40}\.(idx|ok|tar|part|sum)$/;

export const DEFAULT_CACHE_BYTES = 2 * 1024 ** 3;

/** Clocks of a file's system and of this one may differ by so much. */
const CLOCKS_MS = 5_000;

interface Kept {
  readonly file: string;
  readonly bytes: number;
  readonly usedMs: number;
  readonly isSpool: boolean;
}

/** Bytes that indexes and spools take. */
export async function cacheUse(cacheFolder: string): Promise<{ indexBytes: number; spoolBytes: number }> {
  const kept = await list(cacheFolder);
  const sum = (isSpool: boolean) => kept.reduce((total, item) => total + (item.isSpool === isSpool ? item.bytes : 0), 0);
  return { indexBytes: sum(false), spoolBytes: sum(true) };
}

/**
 * Removes what was used longest ago until the rest fits: spools first, since they are big and can be had again by inflating, then indexes.
 * What another process removes or uses meanwhile is no error.
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
      // Gone already, or in use on Windows.
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
        // Nothing is known of when a file of the future was used, but that it wasn't since the clock was set back.
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
    // Not made yet.
    return [];
  }
}
