// Caches the tables of compressed blobs in the home, so that a blob that was decompressed for an import or a mount isn't decompressed again
// for a list. A home may come from a stranger, so only tables sealed by this user's programs are used. Other tables, and files that are
// missing, damaged or for a different blob, are ignored.
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type BlobSource, type IndexedLayer, TableSeal } from '#archive';
import { replaceFile, writeWhole } from '#files';
import { LayerscopeError, throwIfCancelled } from '#model';
import { type ReadBlob, readBlobTable } from './layer-blob.ts';
import { readOwnFile, unfinishedName } from './own-files.ts';

const ENDING = '.idx';
const TABLE = /^[a-z0-9]+-[0-9a-f]+\.idx$/;
/** The columns to compare: those that describe what a layer contains and where. */
const COMPARED = ['node', 'type', 'flags', 'size', 'mtimeSeconds', 'mtimeNanos', 'headerBlock', 'headerBlocks', 'meta', 'link'] as const;
const COMPARED_NAMES = ['nodeParent', 'nodeNameStart', 'nodeNames', 'linkStart', 'linkNames', 'linkTarget'] as const;
/** Maximum size of a cached table; a million entries take about 80 MB. */
const MOST_BYTES = 2 ** 31 - 1;

/** The folders of tables, temporary files and blobs. */
export interface TablePlaces {
  /** Folder for the tables. */
  readonly folder: string;
  /** Folder for unfinished files, in the same file system as `folder`. */
  readonly temporary: string;
  /** This user's cache folder, which contains the key for the seals; if null, tables are neither kept nor used. */
  readonly cacheFolder: string | null;
  readonly blob: (digest: string) => BlobSource;
}

/** The cached tables of a home. */
export class LayerTables {
  readonly #places: TablePlaces;
  #seal: TableSeal | null = null;

  constructor(places: TablePlaces) {
    this.#places = places;
  }

  /** Returns a blob with its table, from the cache or freshly read. Throws like {@link readBlobTable}. */
  async read(digest: string, signal: AbortSignal | undefined): Promise<ReadBlob> {
    const blob = this.#places.blob(digest);
    if (blob.compression === 'none') return readBlobTable(blob, { signal });
    const kept = await this.#kept(digest, blob.cacheKey);
    if (kept !== null) return { blob, indexed: kept };
    const read = await readBlobTable(blob, { signal });
    await this.keep(digest, read.indexed);
    return read;
  }

  /** Caches the table of a compressed blob. Other blobs aren't cached, because reading their headers is quick. Never throws. */
  async keep(digest: string, layer: IndexedLayer): Promise<void> {
    const { folder, temporary, blob } = this.#places;
    try {
      const { compression, cacheKey } = blob(digest);
      if (compression === 'none' || layer.status !== 'present') return;
      const seal = this.#ownSeal(true);
      if (seal === null) return;
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await mkdir(temporary, { recursive: true, mode: 0o700 });
      await replaceFile(this.#file(digest), writeWhole(seal.encode({ digest, cacheKey }, withoutSums(layer))), {
        unfinished: unfinishedName(temporary),
      });
    } catch {
      // The table can't be written, for example because the disk is full or another writer cleaned up the temporary folder. So the blob
      // will be read again next time.
    }
  }

  /**
   * Compares the cached tables with their blobs. Returns the digests of blobs whose tables are wrong; ignores blobs that can't be read,
   * which other checks report. Throws CANCELLED.
   */
  async verify(signal: AbortSignal | undefined): Promise<readonly string[]> {
    const wrong: string[] = [];
    for (const name of await readdir(this.#places.folder).catch(() => [])) {
      throwIfCancelled(signal);
      if (!TABLE.test(name)) continue;
      const digest = name.replace('-', ':').slice(0, -ENDING.length);
      try {
        const blob = this.#places.blob(digest);
        const kept = await this.#kept(digest, blob.cacheKey);
        if (kept !== null && !isSameTable(kept, (await readBlobTable(blob, { signal })).indexed)) wrong.push(digest);
      } catch (error) {
        if (!(error instanceof LayerscopeError) || error.code === 'CANCELLED') throw error;
      }
    }
    return wrong;
  }

  /** Removes the tables of all blobs except `named`. */
  async sweep(named: ReadonlySet<string>, remove: (name: string) => Promise<void>): Promise<void> {
    const wanted = new Set([...named].map((digest) => path.basename(this.#file(digest))));
    for (const name of await readdir(this.#places.folder).catch(() => [])) {
      if (TABLE.test(name) && !wanted.has(name)) await remove(name);
    }
  }

  async #kept(digest: string, cacheKey: string): Promise<IndexedLayer | null> {
    try {
      const seal = this.#ownSeal(false);
      return seal?.decode({ digest, cacheKey }, await readOwnFile(this.#file(digest), MOST_BYTES)) ?? null;
    } catch {
      return null;
    }
  }

  #ownSeal(makes: boolean): TableSeal | null {
    const { cacheFolder } = this.#places;
    if (cacheFolder !== null) this.#seal ??= TableSeal.in(cacheFolder, makes);
    return this.#seal;
  }

  #file(digest: string): string {
    return path.join(this.#places.folder, `${digest.replace(':', '-')}${ENDING}`);
  }
}

/** Removes the sums of contents, because a later reader of the table may use a different key for them. */
function withoutSums(layer: IndexedLayer): IndexedLayer {
  return { ...layer, table: { ...layer.table, bodySums: new Uint32Array(0) } };
}

/**
 * Whether two tables list the same entries at the same places. Sums of contents aren't compared, because not every reader computes them.
 */
function isSameTable({ table: one }: IndexedLayer, { table: other }: IndexedLayer): boolean {
  return (
    one.memberCount === other.memberCount &&
    one.nodeCount === other.nodeCount &&
    [...COMPARED, ...COMPARED_NAMES].every((name) => Buffer.compare(bytesOf(one[name]), bytesOf(other[name])) === 0) &&
    isDeepStrictEqual(one.metas, other.metas)
  );
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
