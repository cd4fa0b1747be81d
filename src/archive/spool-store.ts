import { existsSync, linkSync, mkdirSync, renameSync, statSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { cacheUse, trimCache } from './cache-trim.ts';
import { cacheName, removeQuietly } from './index-cache.ts';
import { LayerSpool } from './layer-spool.ts';
import type { PrivateFolder } from './private-folder.ts';
import type { BlobSource } from './types.ts';

/** A beginning of a layer shorter than this isn't worth keeping. */
const MIN_PREFIX_BYTES = 1024 * 1024;
/** After the last preview of a layer, the rest of it is inflated. */
const CONTINUE_MS = 250;

/**
 * The spools of a reader, one a layer: in its private folder while they grow, in the cache folder once they don't, as far as there is room.
 * Kept are whole layers (`.tar`) and beginnings (`.part`), under the key of the blob.
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

  /** The layer's spool; `tarBytes`: how long its plain tar is known to be. Throws IO. */
  of(blob: BlobSource, tarBytes: number): LayerSpool {
    const id = blob.cacheKey === '' ? `${blob.path}:${blob.start}:${blob.length}` : blob.cacheKey;
    const known = this.#spools.get(id);
    if (known !== undefined && !known.writeFailed) return known;
    const spool = this.#takeKept(blob, tarBytes) ?? new LayerSpool(blob, this.#private.newPath('.part'), false);
    this.#spools.set(id, spool);
    spool.onWhole = () => this.#keepLater(spool);
    return spool;
  }

  /** Takes over a file that holds a layer's plain tar. */
  adopt(blob: BlobSource, file: string): void {
    const spool = new LayerSpool(blob, file, true);
    this.#spools.set(blob.cacheKey === '' ? `${blob.path}:${blob.start}:${blob.length}` : blob.cacheKey, spool);
    this.#keepLater(spool);
  }

  /** A plain tar that was kept under a key by {@link keepWhole}, under a name of ours; null where there is none. */
  claimWhole(key: string, keeps: boolean): string | null {
    return this.#folder === null || !keeps ? null : this.#claim(path.join(this.#folder, `${cacheName(key)}.tar`));
  }

  /** Keeps a plain tar for the next time. It stays where it is, too. */
  keepWhole(file: string, key: string, keeps: boolean): void {
    if (keeps) this.#keeping = this.#keeping.then(() => this.#keep(key, file, statSync(file).size, true));
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
      const { blob, path: file, readyBytes, isWhole } = spool;
      if (!isWhole && readyBytes >= MIN_PREFIX_BYTES) await this.#keep(blob.cacheKey, file, readyBytes, false);
    }
    this.#spools.clear();
    if (this.#kept && this.#cacheFolder !== null) await trimCache(this.#cacheFolder, this.#maxBytes);
  }

  #takeKept(blob: BlobSource, tarBytes: number): LayerSpool | null {
    if (this.#folder === null || blob.cacheKey === '') return null;
    const name = path.join(this.#folder, cacheName(blob.cacheKey));
    const whole = this.#claim(`${name}.tar`);
    if (whole !== null) {
      const spool = new LayerSpool(blob, whole, true);
      if (spool.readyBytes === tarBytes) return spool;
      void spool.close();
      removeQuietly(`${name}.tar`);
    }
    // A beginning is moved away: two processes must not append to one file.
    const taken = this.#private.newPath('.part');
    try {
      renameSync(`${name}.part`, taken);
    } catch {
      return null;
    }
    const spool = new LayerSpool(blob, taken, false);
    if (spool.readyBytes <= tarBytes) return spool;
    void spool.close();
    return null;
  }

  /** A name of ours for a kept file, so that it stays when another process clears the cache; null where there is none. */
  #claim(file: string): string | null {
    if (!existsSync(file)) return null;
    const own = this.#private.newPath('.tar');
    try {
      linkSync(file, own);
      utimesSync(file, new Date(), new Date());
      return own;
    } catch {
      // A file system without hard links, or gone meanwhile.
      return existsSync(file) ? file : null;
    }
  }

  #keepLater(spool: LayerSpool): void {
    this.#keeping = this.#keeping.then(() => this.#keep(spool.blob.cacheKey, spool.path, spool.readyBytes, true));
  }

  async #keep(key: string, file: string, bytes: number, isWhole: boolean): Promise<void> {
    if (this.#folder === null || this.#cacheFolder === null || key === '') return;
    const { indexBytes } = await cacheUse(this.#cacheFolder);
    if (bytes > this.#maxBytes - indexBytes) return;
    const name = path.join(this.#folder, cacheName(key));
    try {
      mkdirSync(this.#folder, { recursive: true });
      if (!isWhole) renameSync(file, `${name}.part`);
      else if (!existsSync(`${name}.tar`)) {
        linkSync(file, `${name}.tar`);
        removeQuietly(`${name}.part`);
      }
      this.#kept = true;
    } catch {
      // Another process kept it first, or the file system can't: it is inflated again the next time.
    }
  }
}
