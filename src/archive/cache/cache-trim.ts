import { lstat, readdir, unlink } from 'node:fs/promises';
import path from 'node:path';
import { isPrivateFolder } from '../files/private-place.ts';

/** Names of Node's compiled code. */
const CODE = /^[0-9a-f]+$/;
/** Names of the caches' own files. Files with any other name are neither counted nor removed. */
const OURS = /^[0-9a-f]{40}\.(idx|ckp|ok|rep|tar|part|sum|blob)$/;

export const DEFAULT_CACHE_BYTES = 2 * 1024 ** 3;

/** Tolerated difference between the file system's clock and this machine's. */
const CLOCKS_MS = 5_000;

/** Fraction of the limit that may be written before the cache is listed again. Listing takes longer the more files there are. */
const SLACK = 1 / 64;

/** Trims a cache whenever much has been written to it, and after the last write. */
export class CacheLimit {
  readonly #cacheFolder: string;
  readonly #maxBytes: number;
  #newBytes = 0;

  constructor(cacheFolder: string, maxBytes: number) {
    this.#cacheFolder = cacheFolder;
    this.#maxBytes = maxBytes;
  }

  /** With `isLast`, trims even if little was written. */
  async wrote(bytes: number, isLast = false): Promise<void> {
    this.#newBytes += bytes;
    if (this.#newBytes <= (isLast ? 0 : this.#maxBytes * SLACK)) return;
    this.#newBytes = 0;
    await trimCache(this.#cacheFolder, this.#maxBytes);
  }
}

interface Kept {
  readonly file: string;
  readonly bytes: number;
  readonly usedMs: number;
  readonly part: CachePart;
}

/**
 * The parts of a cache in order of removal: code and spools are quickly remade, blobs have to be fetched again, and indexes require reading
 * whole layers.
 */
const PARTS = ['code', 'spool', 'blobs', 'index'] as const;
type CachePart = (typeof PARTS)[number];

/** Returns the bytes used by indexes, and by everything else in the cache, which is cheaper to remake. */
export async function cacheUse(cacheFolder: string): Promise<{ indexBytes: number; spoolBytes: number }> {
  const kept = await list(cacheFolder);
  const sum = (isIndex: boolean) => kept.reduce((total, item) => total + ((item.part === 'index') === isIndex ? item.bytes : 0), 0);
  return { indexBytes: sum(true), spoolBytes: sum(false) };
}

/**
 * Removes files until the rest fits. Compiled code and spools go first, because they are quickly remade, then blobs, then indexes. Within
 * each kind, the least recently used files go first. It is not an error if another process removes or uses files meanwhile.
 */
export async function trimCache(cacheFolder: string, maxBytes: number): Promise<void> {
  const kept = await list(cacheFolder);
  let total = kept.reduce((sum, item) => sum + item.bytes, 0);
  kept.sort((a, b) => PARTS.indexOf(a.part) - PARTS.indexOf(b.part) || a.usedMs - b.usedMs);
  for (const item of kept) {
    if (total <= maxBytes) return;
    try {
      await unlink(item.file);
    } catch {
      // The file is already gone, or in use on Windows.
    }
    total -= item.bytes;
  }
}

async function list(cacheFolder: string): Promise<Kept[]> {
  const kept: Kept[] = [];
  const now = Date.now() + CLOCKS_MS;
  for (const [part, folder] of await folders(cacheFolder)) {
    for (const name of await names(folder)) {
      if (!(part === 'code' ? CODE : OURS).test(name)) continue;
      const file = path.join(folder, name);
      try {
        const { size } = await lstat(file);
        const { mtimeMs } = await lstat(usedFile(file)).catch(() => lstat(file));
        // A modification time in the future dates from before the clock was set back, so treat the file as the oldest.
        kept.push({ file, bytes: size, usedMs: mtimeMs > now ? 0 : mtimeMs, part });
      } catch {
        // Another process removed the file meanwhile.
      }
    }
  }
  return kept;
}

/** Returns the file whose modification time is when a cached file was last used: for a spool, that of its checksums. */
function usedFile(file: string): string {
  return file.replace(/\.(?:tar|part)$/, '.sum');
}

/** Returns the folders of the cache's parts. Compiled code has one folder for each version of Node. */
async function folders(cacheFolder: string): Promise<(readonly [CachePart, string])[]> {
  const found: (readonly [CachePart, string])[] = [];
  for (const part of PARTS) {
    const folder = path.join(cacheFolder, part);
    if (part !== 'code') found.push([part, folder]);
    else for (const name of await names(folder)) found.push([part, path.join(folder, name)]);
  }
  return found;
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
