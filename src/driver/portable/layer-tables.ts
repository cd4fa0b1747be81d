// Caches the tables of compressed blobs in the home, so that a blob that was decompressed for an import or a mount isn't decompressed again
// for a list. Files that are missing, damaged or of another blob are ignored.
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { type BlobSource, decodeIndex, encodeIndex, type IndexedLayer } from '#archive';
import { replaceFile, writeWhole } from '#files';
import { type ReadBlob, readBlobTable } from './layer-blob.ts';
import { readOwnFile, unfinishedName } from './own-files.ts';

const TABLE = /^[a-z0-9]+-[0-9a-f]+\.idx$/;
/** Maximum size of a cached table; a million entries take about 80 MB. */
const MOST_BYTES = 2 ** 31 - 1;

/** The folders of tables, temporary files and blobs. */
export interface TablePlaces {
  /** Folder of the tables. */
  readonly folder: string;
  /** Folder of unfinished files, in the same file system. */
  readonly temporary: string;
  readonly blob: (digest: string) => BlobSource;
}

/** The cached tables of a home. */
export class LayerTables {
  readonly #places: TablePlaces;

  constructor(places: TablePlaces) {
    this.#places = places;
  }

  /** Returns a blob with its table, from the cache or read now. Throws like {@link readBlobTable}. */
  async read(digest: string, signal: AbortSignal | undefined): Promise<ReadBlob> {
    const blob = this.#places.blob(digest);
    if (blob.compression === 'none') return readBlobTable(blob, { signal });
    const kept = await this.#kept(digest, blob.cacheKey);
    if (kept !== null) return { blob, indexed: kept };
    const read = await readBlobTable(blob, { signal });
    await this.keep(digest, read.indexed);
    return read;
  }

  /** Caches the table of a compressed blob; headers of other blobs are quick to read. Never throws. */
  async keep(digest: string, layer: IndexedLayer): Promise<void> {
    const { folder, temporary, blob } = this.#places;
    try {
      const { compression, cacheKey } = blob(digest);
      if (compression === 'none' || layer.status !== 'present') return;
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await mkdir(temporary, { recursive: true, mode: 0o700 });
      const bytes = Buffer.concat(encodeIndex(cacheKey, { layer, blobDigest: digest }));
      await replaceFile(this.#file(digest), writeWhole(bytes), { unfinished: unfinishedName(temporary) });
    } catch {
      // The disk is full, or another writer cleaned up the temporary folder: the blob will be read again next time.
    }
  }

  /** Removes the tables of all blobs except `named`. */
  async sweep(named: ReadonlySet<string>, remove: (name: string) => Promise<void>): Promise<void> {
    const wanted = new Set([...named].map((digest) => path.basename(this.#file(digest))));
    for (const name of await readdir(this.#places.folder).catch(() => [])) {
      if (TABLE.test(name) && !wanted.has(name)) await remove(name);
    }
  }

  async #kept(digest: string, key: string): Promise<IndexedLayer | null> {
    try {
      const { buffer, byteOffset, byteLength } = await readOwnFile(this.#file(digest), MOST_BYTES);
      return decodeIndex(key, buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer)?.layer ?? null;
    } catch {
      return null;
    }
  }

  #file(digest: string): string {
    return path.join(this.#places.folder, `${digest.replace(':', '-')}.idx`);
  }
}
