// What packed blobs' headers say, kept in the home so that a blob isn't inflated to be listed when it was inflated before: at its import, or
// by an earlier mount. A convenience like every cache: a file that is gone, damaged or of another blob is as if there were none.
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type BlobSource, decodeIndex, encodeIndex, type IndexedLayer } from '#archive';
import { readOwnFile, unfinishedName } from './durable.ts';
import { type ReadBlob, readBlobTable } from './layer-blob.ts';

const TABLE = /^[a-z0-9]+-[0-9a-f]+\.idx$/;
/** Of a table; a million entries take some 80 MB. */
const MOST_BYTES = 2 ** 31 - 1;

export interface TablePlaces {
  /** Where tables are. */
  readonly folder: string;
  /** Where unfinished files are, in the same file system. */
  readonly temporary: string;
  readonly blob: (digest: string) => BlobSource;
}

export class LayerTables {
  readonly #places: TablePlaces;

  constructor(places: TablePlaces) {
    this.#places = places;
  }

  /** A blob with its table, kept or read now. Throws as {@link readBlobTable}. */
  async read(digest: string, signal: AbortSignal | undefined): Promise<ReadBlob> {
    const blob = this.#places.blob(digest);
    if (blob.compression === 'none') return readBlobTable(blob, { signal });
    const kept = await this.#kept(digest, blob.cacheKey);
    if (kept !== null) return { blob, indexed: kept };
    const read = await readBlobTable(blob, { signal });
    await this.keep(digest, read.indexed);
    return read;
  }

  /** Keeps a table of a blob that is in its place, if it is packed: headers of a plain one are read in no time. */
  async keep(digest: string, layer: IndexedLayer): Promise<void> {
    const { folder, temporary, blob } = this.#places;
    const unfinished = unfinishedName(temporary);
    try {
      const { compression, cacheKey } = blob(digest);
      if (compression === 'none' || layer.status !== 'present') return;
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await mkdir(temporary, { recursive: true, mode: 0o700 });
      await writeFile(unfinished, Buffer.concat(encodeIndex(cacheKey, { layer, blobDigest: digest })), { flag: 'wx', mode: 0o600 });
      await rename(unfinished, this.#file(digest));
    } catch {
      // A full disk, a writer that swept the temporary folder: it is read again the next time.
      await rm(unfinished, { force: true }).catch(() => {});
    }
  }

  /** Takes away tables of blobs that are not named. */
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
