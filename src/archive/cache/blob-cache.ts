// Caches fetched blobs by digest. Bytes are checked against the digest on each use.
import { existsSync, linkSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { algorithmOf, Digester } from '../blob/digest.ts';
import { isPrivateFolder, makePrivateFolder, readKept } from '../files/private-place.ts';
import { cacheUse } from './cache-trim.ts';
import { cacheName, removeQuietly } from './index-cache.ts';

/** Maximum size of a cached manifest, index or config. Real ones are smaller. */
const MAX_DOCUMENT_BYTES = 8 * 1024 * 1024;

/** Keeps blobs in a cache folder. A cache that can't be read or written acts as if it were empty. */
export class BlobCache {
  readonly #cacheFolder: string;
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #newPath: () => string;
  #writtenBytes = 0;

  /** `newPath` returns a new path in the same file system. */
  constructor(cacheFolder: string, maxBytes: number, newPath: () => string) {
    this.#cacheFolder = cacheFolder;
    this.#folder = path.join(cacheFolder, 'blobs');
    this.#maxBytes = maxBytes;
    this.#newPath = newPath;
  }

  /** Total number of bytes written. */
  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  /** Reads a document and checks its digest again; null if the document isn't cached. */
  readDocument(digest: string): Uint8Array | null {
    const file = this.#file(digest);
    try {
      if (!isPrivateFolder(this.#folder) || (statSync(file, { throwIfNoEntry: false })?.size ?? Infinity) > MAX_DOCUMENT_BYTES) return null;
      const bytes = readKept(file);
      const digester = new Digester(algorithmOf(digest));
      digester.update(bytes);
      if (digester.finish() === digest) return touch(file, bytes);
      removeQuietly(file);
      return null;
    } catch {
      return null;
    }
  }

  /** Caches a document. `bytes` must match the digest. */
  keepDocument(digest: string, bytes: Uint8Array): void {
    let temporary: string | null = null;
    try {
      if (!this.#make()) return;
      temporary = this.#newPath();
      writeFileSync(temporary, bytes, { flag: 'wx', mode: 0o600 });
      renameSync(temporary, this.#file(digest));
      this.#writtenBytes += bytes.length;
    } catch {
      if (temporary !== null) removeQuietly(temporary);
    }
  }

  /** Returns the path of a cached blob, whose digest the caller has to check; null if the blob isn't cached. */
  find(digest: string, length: number): string | null {
    const file = this.#file(digest);
    try {
      if (!isPrivateFolder(this.#folder) || statSync(file, { throwIfNoEntry: false })?.size !== length) return null;
      return touch(file, file);
    } catch {
      return null;
    }
  }

  /** Caches a verified blob, if it fits, with a hard link to its file. The file must not change afterwards. */
  async keep(digest: string, file: string, length: number): Promise<void> {
    const { indexBytes } = await cacheUse(this.#cacheFolder);
    if (length > this.#maxBytes - indexBytes) return;
    try {
      if (!this.#make()) return;
      const kept = this.#file(digest);
      removeQuietly(kept);
      linkSync(file, kept);
      this.#writtenBytes += length;
    } catch {
      // The file system has no hard links, or another process is caching the same blob.
    }
  }

  #make(): boolean {
    return makePrivateFolder(this.#cacheFolder) && makePrivateFolder(this.#folder);
  }

  #file(digest: string): string {
    return path.join(this.#folder, `${cacheName(`blob:${digest}`)}.blob`);
  }
}

function touch<T>(file: string, value: T): T {
  if (existsSync(file)) utimesSync(file, new Date(), new Date());
  return value;
}
