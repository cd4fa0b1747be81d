import { existsSync, linkSync, renameSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { replaceFile, writeWhole } from '#files';
import { asLayerscopeError } from '#model';
import { SourceFile } from '../blob/source-file.ts';
import { cacheUse, trimCache } from '../cache/cache-trim.ts';
import { cacheName, removeQuietly } from '../cache/index-cache.ts';
import type { WorkControl } from '../control/work-control.ts';
import type { PrivateFolder } from '../files/private-folder.ts';
import { isPrivateFolder, makePrivateFolder } from '../files/private-place.ts';
import type { BlobSource } from '../types.ts';
import { LayerSpool } from './layer-spool.ts';
import { BLOCK_BYTES, SpoolSums } from './spool-sums.ts';

/** Minimum size of a partial layer that is worth keeping. */
const MIN_PREFIX_BYTES = 1024 * 1024;
/** Delay after the last preview of a layer before the rest of it is inflated. */
const CONTINUE_MS = 250;
const CHECK_BYTES = 16 * BLOCK_BYTES;
/**
 * Maximum number of spools that stay open. While a catalog's thousands of images are read, more would take too many open files, and could
 * fill the disk.
 */
const MOST_SPOOLS = 64;

/**
 * A reader's spools, one per layer. They grow in the reader's private folder, and are then moved to the cache folder if they fit. The cache
 * holds complete layers (`.tar`) and partial ones (`.part`) under the blob's key, each with checksums (`.sum`).
 */
export class SpoolStore {
  readonly #folder: string | null;
  readonly #cacheFolder: string | null;
  readonly #maxBytes: number;
  readonly #private: PrivateFolder;
  /** Least recently used first. */
  readonly #spools = new Map<string, LayerSpool>();
  /** Number of readers of each spool; spools without readers aren't listed. */
  readonly #readers = new Map<LayerSpool, number>();
  /** Spools whose file has no other user. */
  readonly #own = new Set<LayerSpool>();
  readonly #timers = new Map<LayerSpool, NodeJS.Timeout>();
  #keeping: Promise<void> = Promise.resolve();
  #kept = false;

  constructor(cacheFolder: string | null, maxBytes: number, privateFolder: PrivateFolder) {
    this.#cacheFolder = cacheFolder;
    this.#folder = cacheFolder === null ? null : path.join(cacheFolder, 'spool');
    this.#maxBytes = maxBytes;
    this.#private = privateFolder;
  }

  /**
   * Returns the spool of a layer. `tarBytes` is the known length of the layer's plain tar. Null if no spool can be created, for example on
   * a full disk. A spool may be closed as soon as others are requested, unless it is held with {@link hold}.
   */
  of(blob: BlobSource, tarBytes: number): LayerSpool | null {
    const id = blob.cacheKey === '' ? `${blob.path}:${blob.start}:${blob.length}` : blob.cacheKey;
    const known = this.#spools.get(id);
    if (known !== undefined) {
      this.#spools.delete(id);
      this.#spools.set(id, known);
      return known;
    }
    const spool = this.#takeKept(blob, tarBytes) ?? this.#begin(blob);
    if (spool === null) return null;
    this.#spools.set(id, spool);
    if (path.dirname(spool.path) !== this.#folder) this.#own.add(spool);
    spool.onWhole = () => this.#keepLater(spool);
    this.#closeUnwanted();
    return spool;
  }

  /** Keeps a spool open until it is released. */
  hold(spool: LayerSpool): void {
    this.#readers.set(spool, (this.#readers.get(spool) ?? 0) + 1);
  }

  /** Ends a {@link hold}. The rest of the layer is inflated after a quiet period, if it fits in the cache. */
  release(spool: LayerSpool, tarBytes: number): void {
    const left = (this.#readers.get(spool) ?? 1) - 1;
    if (left > 0) this.#readers.set(spool, left);
    else this.#readers.delete(spool);
    this.#continueLater(spool, tarBytes);
  }

  #closeUnwanted(): void {
    let extra = this.#spools.size - MOST_SPOOLS;
    for (const [id, spool] of this.#spools) {
      if (extra <= 0) return;
      if (this.#readers.has(spool) || !this.#own.has(spool)) continue;
      extra--;
      this.#spools.delete(id);
      this.#own.delete(spool);
      clearTimeout(this.#timers.get(spool));
      this.#timers.delete(spool);
      this.#keeping = this.#keeping.then(async () => {
        await this.#end(spool);
        removeQuietly(spool.path);
      });
    }
  }

  #begin(blob: BlobSource): LayerSpool | null {
    try {
      return new LayerSpool(blob, this.#private.newPath('.part'), false);
    } catch (error) {
      if (asLayerscopeError(error).code === 'INTERNAL') throw error;
      return null;
    }
  }

  /** Takes ownership of a file with a layer's plain tar. */
  adopt(blob: BlobSource, file: string, sums: SpoolSums): void {
    const spool = new LayerSpool(blob, file, true, sums);
    this.#spools.set(blob.cacheKey === '' ? `${blob.path}:${blob.start}:${blob.length}` : blob.cacheKey, spool);
    this.#keepLater(spool);
  }

  /** Returns a path to the plain tar that {@link keepWhole} stored under a key; null if there is none or it is damaged. */
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

  /** Stores a plain tar in the cache; the file itself stays. */
  keepWhole(file: string, key: string, keeps: boolean, sums: SpoolSums): void {
    if (keeps) this.#keeping = this.#keeping.then(() => this.#keep(key, file, sums, true));
  }

  #forget(name: string): void {
    for (const ending of ['.tar', '.part', '.sum']) removeQuietly(`${name}${ending}`);
  }

  #continueLater(spool: LayerSpool, tarBytes: number): void {
    if (spool.isWhole || tarBytes > this.#maxBytes) return;
    clearTimeout(this.#timers.get(spool));
    const timer = setTimeout(() => {
      this.#timers.delete(spool);
      spool.continue();
    }, CONTINUE_MS);
    timer.unref();
    this.#timers.set(spool, timer);
  }

  /** Stops all inflating and moves spools worth keeping to the cache. */
  async close(): Promise<void> {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    await this.#keeping;
    for (const spool of this.#spools.values()) await this.#end(spool);
    this.#spools.clear();
    if (this.#kept && this.#cacheFolder !== null) await trimCache(this.#cacheFolder, this.#maxBytes);
  }

  /** Closes a spool. A partial one is moved to the cache if it is worth keeping; a whole one is there already. */
  async #end(spool: LayerSpool): Promise<void> {
    await spool.close();
    const { blob, path: file, readyBytes, isWhole, failed, sums } = spool;
    if (!isWhole && !failed && readyBytes >= MIN_PREFIX_BYTES) await this.#keep(blob.cacheKey, file, sums, false);
  }

  #takeKept(blob: BlobSource, tarBytes: number): LayerSpool | null {
    if (this.#folder === null || blob.cacheKey === '' || !isPrivateFolder(this.#folder)) return null;
    const name = path.join(this.#folder, cacheName(blob.cacheKey));
    const sums = SpoolSums.read(`${name}.sum`, blob.cacheKey);
    if (sums === null || sums.length > tarBytes) return null;
    const isWhole = sums.length === tarBytes && existsSync(`${name}.tar`);
    const taken = isWhole ? this.#claim(name) : this.#moveOut(`${name}.part`);
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

  /** Moves a partial layer out of the cache, because two processes must not append to one file. */
  #moveOut(file: string): string | null {
    const taken = this.#private.newPath('.part');
    try {
      renameSync(file, taken);
      return taken;
    } catch {
      return null;
    }
  }

  /** Gives a cached file a private name, so that it survives if another process trims the cache; null if the file isn't cached. */
  #claim(name: string): string | null {
    const file = `${name}.tar`;
    if (!existsSync(file)) return null;
    const own = this.#private.newPath('.tar');
    try {
      linkSync(file, own);
      // Only the checksums' file notes the time of use: another process may be reading the spool, and refuses one that changes.
      utimesSync(`${name}.sum`, new Date(), new Date());
      return own;
    } catch {
      // This file system has no hard links, or the file was just removed.
      return existsSync(file) ? file : null;
    }
  }

  #keepLater(spool: LayerSpool): void {
    this.#keeping = this.#keeping.then(() => this.#keep(spool.blob.cacheKey, spool.path, spool.sums, true));
  }

  /** Stores the checksums first, because a spool without them is never trusted. */
  async #keep(key: string, file: string, sums: SpoolSums, isWhole: boolean): Promise<void> {
    if (this.#folder === null || this.#cacheFolder === null || key === '') return;
    const { indexBytes } = await cacheUse(this.#cacheFolder);
    if (sums.length > this.#maxBytes - indexBytes) return;
    const name = path.join(this.#folder, cacheName(key));
    try {
      if (!makePrivateFolder(this.#cacheFolder) || !makePrivateFolder(this.#folder)) return;
      if (isWhole && existsSync(`${name}.tar`) && SpoolSums.read(`${name}.sum`, key)?.length === sums.length) return;
      await replaceFile(`${name}.sum`, writeWhole(sums.encode(key)), { unfinished: this.#private.newPath('.sum') });
      if (isWhole) {
        removeQuietly(`${name}.tar`);
        linkSync(file, `${name}.tar`);
        removeQuietly(`${name}.part`);
      } else renameSync(file, `${name}.part`);
      this.#kept = true;
    } catch {
      // Another process has stored it already, or the file system refused. If so, the layer is inflated again next time.
    }
  }
}

/** Handles an error from reading a spool: returns false, because an unreadable spool isn't whole. Rethrows CANCELLED and INTERNAL. */
function unlessCancelled(error: unknown): false {
  const converted = asLayerscopeError(error);
  if (converted.code === 'CANCELLED' || converted.code === 'INTERNAL') throw converted;
  return false;
}

/** Whether a whole spool matches its checksums. */
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
