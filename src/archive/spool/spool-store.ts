import { existsSync, linkSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { asLayerscopeError } from '#model';
import { SourceFile } from '../blob/source-file.ts';
import { cacheUse, trimCache } from '../cache/cache-trim.ts';
import { cacheName, removeQuietly } from '../cache/index-cache.ts';
import type { PrivateFolder } from '../files/private-folder.ts';
import { isPrivateFolder, makePrivateFolder } from '../files/private-place.ts';
import type { BlobSource } from '../types.ts';
import type { WorkControl } from '../work/work-control.ts';
import { LayerSpool } from './layer-spool.ts';
import { BLOCK_BYTES, SpoolSums } from './spool-sums.ts';

/** A beginning of a layer shorter than this isn't worth keeping. */
const MIN_PREFIX_BYTES = 1024 * 1024;
/** After the last preview of a layer, the rest of it is inflated. */
const CONTINUE_MS = 250;
const CHECK_BYTES = 16 * BLOCK_BYTES;

/**
 * The spools of a reader, one a layer: in its private folder while they grow, in the cache folder once they don't, as far as there is room.
 * Kept are whole layers (`.tar`) and beginnings (`.part`), under the key of the blob, each with its checksums (`.sum`).
 */
export class SpoolStore {
  readonly #folder: string | null;
  readonly #cacheFolder: string | null;
  readonly #maxBytes: number;
  readonly #private: PrivateFolder;
  readonly #spools = new Map<string, LayerSpool>();
  readonly #timers = new Map<LayerSpool, NodeJS.Timeout>();
  #keeping: Promise<void> = Promise.resolve();
  #kept = false;

  constructor(cacheFolder: string | null, maxBytes: number, privateFolder: PrivateFolder) {
    this.#cacheFolder = cacheFolder;
    this.#folder = cacheFolder === null ? null : path.join(cacheFolder, 'spool');
    this.#maxBytes = maxBytes;
    this.#private = privateFolder;
  }

  /** The layer's spool; `tarBytes`: how long its plain tar is known to be. Null where none can be made: on a full disk, say. */
  of(blob: BlobSource, tarBytes: number): LayerSpool | null {
    const id = blob.cacheKey === '' ? `${blob.path}:${blob.start}:${blob.length}` : blob.cacheKey;
    const known = this.#spools.get(id);
    if (known !== undefined) return known;
    const spool = this.#takeKept(blob, tarBytes) ?? this.#begin(blob);
    if (spool === null) return null;
    this.#spools.set(id, spool);
    spool.onWhole = () => this.#keepLater(spool);
    return spool;
  }

  #begin(blob: BlobSource): LayerSpool | null {
    try {
      return new LayerSpool(blob, this.#private.newPath('.part'), false);
    } catch (error) {
      if (asLayerscopeError(error).code === 'INTERNAL') throw error;
      return null;
    }
  }

  /** Takes over a file that holds a layer's plain tar. */
  adopt(blob: BlobSource, file: string, sums: SpoolSums): void {
    const spool = new LayerSpool(blob, file, true, sums);
    this.#spools.set(blob.cacheKey === '' ? `${blob.path}:${blob.start}:${blob.length}` : blob.cacheKey, spool);
    this.#keepLater(spool);
  }

  /** A plain tar that was kept under a key by {@link keepWhole}, under a name of ours; null where there is none, or it is damaged. */
  async claimWhole(key: string, keeps: boolean, control: WorkControl): Promise<string | null> {
    if (this.#folder === null || !keeps || !isPrivateFolder(this.#folder)) return null;
    const name = path.join(this.#folder, cacheName(key));
    const sums = SpoolSums.read(`${name}.sum`, key);
    const own = sums === null ? null : this.#claim(name);
    if (own === null) return null;
    if (sums !== null && (await isWhole(own, sums, control).catch(unlessCancelled))) return own;
    this.#forget(name);
    return null;
  }

  /** Keeps a plain tar for the next time. It stays where it is, too. */
  keepWhole(file: string, key: string, keeps: boolean, sums: SpoolSums): void {
    if (keeps) this.#keeping = this.#keeping.then(() => this.#keep(key, file, sums, true));
  }

  #forget(name: string): void {
    for (const ending of ['.tar', '.part', '.sum']) removeQuietly(`${name}${ending}`);
  }

  /** Has the rest inflated once nobody has asked for a while, if there is room for it. */
  continueLater(spool: LayerSpool, tarBytes: number): void {
    if (spool.isWhole || tarBytes > this.#maxBytes) return;
    clearTimeout(this.#timers.get(spool));
    const timer = setTimeout(() => {
      this.#timers.delete(spool);
      spool.continue();
    }, CONTINUE_MS);
    timer.unref();
    this.#timers.set(spool, timer);
  }

  /** Stops all inflating and keeps what is worth it. */
  async close(): Promise<void> {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    await this.#keeping;
    for (const spool of this.#spools.values()) {
      await spool.close();
      const { blob, path: file, readyBytes, isWhole, failed, sums } = spool;
      if (!isWhole && !failed && readyBytes >= MIN_PREFIX_BYTES) await this.#keep(blob.cacheKey, file, sums, false);
    }
    this.#spools.clear();
    if (this.#kept && this.#cacheFolder !== null) await trimCache(this.#cacheFolder, this.#maxBytes);
  }

  #takeKept(blob: BlobSource, tarBytes: number): LayerSpool | null {
    if (this.#folder === null || blob.cacheKey === '' || !isPrivateFolder(this.#folder)) return null;
    const name = path.join(this.#folder, cacheName(blob.cacheKey));
    const sums = SpoolSums.read(`${name}.sum`, blob.cacheKey);
    if (sums === null || sums.length > tarBytes) return null;
    const isWhole = sums.length === tarBytes && existsSync(`${name}.tar`);
    const taken = isWhole ? this.#claim(name) : this.#takeAway(`${name}.part`);
    if (taken === null) return null;
    try {
      const spool = new LayerSpool(blob, taken, isWhole, sums);
      spool.onSpoiled = () => this.#forget(name);
      return spool;
    } catch {
      this.#forget(name);
      return null;
    }
  }

  /** A beginning is moved away: two processes must not append to one file. */
  #takeAway(file: string): string | null {
    const taken = this.#private.newPath('.part');
    try {
      renameSync(file, taken);
      return taken;
    } catch {
      return null;
    }
  }

  /** A name of ours for a kept file, so that it stays when another process clears the cache; null where there is none. */
  #claim(name: string): string | null {
    const file = `${name}.tar`;
    if (!existsSync(file)) return null;
    const own = this.#private.newPath('.tar');
    try {
      linkSync(file, own);
      for (const used of [file, `${name}.sum`]) utimesSync(used, new Date(), new Date());
      return own;
    } catch {
      // A file system without hard links, or gone meanwhile.
      return existsSync(file) ? file : null;
    }
  }

  #keepLater(spool: LayerSpool): void {
    this.#keeping = this.#keeping.then(() => this.#keep(spool.blob.cacheKey, spool.path, spool.sums, true));
  }

  /** The sums go first: a spool without its own is never believed. */
  async #keep(key: string, file: string, sums: SpoolSums, isWhole: boolean): Promise<void> {
    if (this.#folder === null || this.#cacheFolder === null || key === '') return;
    const { indexBytes } = await cacheUse(this.#cacheFolder);
    if (sums.length > this.#maxBytes - indexBytes) return;
    const name = path.join(this.#folder, cacheName(key));
    try {
      if (!makePrivateFolder(this.#cacheFolder) || !makePrivateFolder(this.#folder)) return;
      if (isWhole && existsSync(`${name}.tar`) && SpoolSums.read(`${name}.sum`, key)?.length === sums.length) return;
      const unfinished = this.#private.newPath('.sum');
      writeFileSync(unfinished, sums.encode(key), { flag: 'wx', mode: 0o600 });
      renameSync(unfinished, `${name}.sum`);
      if (isWhole) {
        removeQuietly(`${name}.tar`);
        linkSync(file, `${name}.tar`);
        removeQuietly(`${name}.part`);
      } else renameSync(file, `${name}.part`);
      this.#kept = true;
    } catch {
      // Another process kept it first, or the file system can't: it is inflated again the next time.
    }
  }
}

/** What can't be read is not whole. */
function unlessCancelled(error: unknown): false {
  const told = asLayerscopeError(error);
  if (told.code === 'CANCELLED' || told.code === 'INTERNAL') throw told;
  return false;
}

/** Whether a spool is, from end to end, what was kept. */
async function isWhole(path: string, sums: SpoolSums, control: WorkControl): Promise<boolean> {
  using file = new SourceFile(path);
  if (file.size !== sums.length) return false;
  const buffer = new Uint8Array(CHECK_BYTES);
  for (let at = 0; at < file.size; at += CHECK_BYTES) {
    control.check();
    const count = file.read(buffer, at);
    for (let from = 0; from < count; from += BLOCK_BYTES) {
      if (!sums.fits((at + from) / BLOCK_BYTES, buffer.subarray(from, Math.min(from + BLOCK_BYTES, count)))) return false;
    }
    await control.rest();
  }
  return true;
}
