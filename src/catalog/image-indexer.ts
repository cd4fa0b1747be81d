// Reads one image and writes what the catalog lacks: the layers first, then what depends on all of them.
import { type Archive, type ArchiveImage, type ArchiveLayer, type ArchiveReader, chainIds, type IndexedLayer } from '#archive';
import { digestName, type Row, TABLES } from '#catalog/layout';
import { assembleImage, type LoadedImage } from '#engine';
import { installedPackages } from '#engine/packages';
import { layerFigures } from '#format/layer';
import { displayText, type Finding, type FindingCode, type ImageTotals, isDigest } from '#model';
import type { CatalogFolder } from './catalog-folder.ts';
import { type EntryCounts, entryGroups } from './entry-chunks.ts';
import { findingRows, historyRows, imageId, type LayerIds, packageRows } from './image-rows.ts';
import { LayerPool } from './layer-pool.ts';
import { groupsOf } from './row-groups.ts';

/** The result of indexing an image. */
export interface IndexedImage {
  readonly id: string;
  readonly layers: LayerIds;
  readonly chain: string | null;
  /** Null if the image wasn't read because the catalog already has all of it. */
  readonly totals: ImageTotals | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

interface IndexerOptions {
  readonly scan: boolean;
  readonly verify: boolean;
  readonly signal: AbortSignal | undefined;
}

/** Findings that mean that this copy of an image doesn't match its digests, so its facts aren't the image's. */
const DAMAGE: ReadonlySet<FindingCode> = new Set([
  'missing-blob',
  'digest-mismatch',
  'diffid-mismatch',
  'damaged-blob',
  'changed-on-disk',
  'toc-mismatch',
  'bad-tar',
  'unsupported-compression',
  'layer-unreadable',
  'truncated',
  'manifest-unreadable',
  'config-missing',
  'config-unreadable',
  'config-not-image',
  'bad-digest',
  'bad-descriptor',
  'size-mismatch',
  'diffid-count',
]);

/**
 * Like {@link DAMAGE}, for findings about the archive's own files. In findings about entries of a layer's tar, the additional codes don't
 * mean that the image is damaged.
 */
const MEMBER_DAMAGE: ReadonlySet<FindingCode> = new Set([...DAMAGE, 'link-outside', 'link-loop', 'path-escape', 'too-large']);

const SCAN_MARK = 'scan-';
const VERIFY_MARK = 'verify-';

/** Indexes images, one per call. Several calls may run at the same time. */
export class ImageIndexer {
  readonly #catalog: CatalogFolder;
  readonly #reader: ArchiveReader;
  readonly #options: IndexerOptions;
  readonly #pool: LayerPool;
  newImages = 0;
  newLayers = 0;
  newEntries = 0;
  /** Total size of the files in the layers that were written. */
  bytes = 0;

  constructor(catalog: CatalogFolder, reader: ArchiveReader, options: IndexerOptions) {
    this.#catalog = catalog;
    this.#reader = reader;
    this.#options = options;
    this.#pool = new LayerPool(reader, options);
  }

  /**
   * Indexes an image. `isNamed`: whether the catalog has this image's row with that id. If it does and also has the image's facts, the
   * image isn't read again. Throws what reading throws, and CatalogWriteError.
   */
  async index(archive: Archive, image: ArchiveImage, isNamed: (id: string) => boolean): Promise<IndexedImage> {
    const stated = image.layers.map(({ diffId }) => diffId);
    const isStated = stated.every((diffId) => diffId !== null && isDigest(diffId));
    const problem = archive.findings.find((finding) => finding.image === image.index && MEMBER_DAMAGE.has(finding.code));
    if (isStated && problem === undefined) {
      const id = imageId(image, stated);
      if (this.#isKnown(id, image, stated) && isNamed(id)) {
        return { id, layers: stated, chain: chainIds(stated).at(-1) ?? null, totals: null, error: null };
      }
    }
    return this.#read(archive, image, problem);
  }

  /** Returns how much of an image has yet to be read, in compressed bytes. */
  unreadBytes({ layers }: ArchiveImage): number {
    return this.#pool.unreadBytes(layers);
  }

  #isKnown(id: string, { layers }: ArchiveImage, ids: LayerIds): boolean {
    const isWritten = (layer: string | null, index: number): boolean =>
      layer === null || layers[index]?.status === 'foreign' || this.#hasAll('layers', digestName(layer));
    return this.#hasAll('history', digestName(id)) && ids.every(isWritten);
  }

  /** Whether the catalog has a layer or image, read as thoroughly as the options require. */
  #hasAll(table: 'layers' | 'history', name: string): boolean {
    const { scan, verify } = this.#options;
    if (!this.#catalog.has(table, `${name}.parquet`)) return false;
    return (!scan || this.#catalog.hasMark(SCAN_MARK + name)) && (!verify || this.#catalog.hasMark(VERIFY_MARK + name));
  }

  async #read(archive: Archive, image: ArchiveImage, problem: Finding | undefined): Promise<IndexedImage> {
    const { layers } = image;
    const indexed = await this.#pool.read(layers);
    const ids = await this.#layerIds(layers, indexed);
    const loaded = await assembleImage(this.#reader, archive, image, indexed, { signal: this.#options.signal });
    const id = imageId(image, ids);
    const broken = problem ?? loaded.findings.find(({ code }) => DAMAGE.has(code));
    for (const [index, layer] of layers.entries()) {
      const each = indexed[index];
      const isBroken = loaded.findings.some((finding) => finding.layer === index && DAMAGE.has(finding.code));
      const name = ids[index];
      if (each?.status !== 'present' || isBroken || !name || this.#hasAll('layers', digestName(name))) continue;
      this.#writeLayer(name, layer, each);
      await otherWork();
    }
    const chain = chainIds(ids).at(-1) ?? null;
    if (broken !== undefined) {
      const where = broken.layer === undefined ? '' : `layer ${broken.layer}: `;
      return { id, layers: ids, chain, totals: null, error: { code: broken.code, message: displayText(where + broken.message) } };
    }
    if (!this.#hasAll('history', digestName(id))) await this.#writeFacts(id, loaded, ids);
    return { id, layers: ids, chain, totals: loaded.report.totals, error: null };
  }

  /** Returns the ids of layers; one that isn't stated is computed from the plain tar. */
  async #layerIds(layers: readonly ArchiveLayer[], indexed: readonly (IndexedLayer | null)[]): Promise<LayerIds> {
    const ids: (string | null)[] = [];
    for (const [index, layer] of layers.entries()) {
      const { diffId } = layer;
      if (diffId !== null && isDigest(diffId)) ids.push(diffId);
      else if (!indexed[index]) ids.push(null);
      else {
        const measured = indexed[index].measured ?? (await this.#measure(layer));
        ids.push(measured?.diffId ?? null);
      }
    }
    return ids;
  }

  async #measure(layer: ArchiveLayer): Promise<IndexedLayer['measured']> {
    const { signal } = this.#options;
    const [verified] = await this.#reader.indexLayers([layer], { verify: true, ...(signal === undefined ? {} : { signal }) });
    return verified?.measured ?? null;
  }

  #writeLayer(id: string, { digest, mediaType, compression, blobBytes }: ArchiveLayer, { table, tarBytes }: IndexedLayer): void {
    const name = digestName(id);
    const counts: EntryCounts = { rows: 0, files: 0 };
    const file = `${name}.parquet`;
    this.#catalog.write('entries', file, entryGroups(id, table, counts));
    const { entries, fileBytes } = layerFigures(table);
    const row = {
      layer: id,
      digest,
      mediaType,
      compression,
      bytes: BigInt(blobBytes),
      tarBytes: BigInt(tarBytes),
      fileBytes: BigInt(fileBytes),
      entries: BigInt(entries),
      files: BigInt(counts.files),
      scanned: this.#options.scan,
      verified: this.#options.verify,
    };
    this.#catalog.write('layers', file, groupsOf(TABLES.layers, [row]));
    this.#markDone(name);
    this.newLayers++;
    this.newEntries += counts.rows;
    this.bytes += fileBytes;
  }

  /** Writes an image's facts. `history` is written last, so its file shows that the rest is complete. */
  async #writeFacts(id: string, loaded: LoadedImage, ids: LayerIds): Promise<void> {
    const name = digestName(id);
    const file = `${name}.parquet`;
    const packages = await installedPackages(loaded, this.#options.signal === undefined ? {} : { signal: this.#options.signal });
    this.#writeRows('packages', file, packageRows(id, packages, ids));
    await otherWork();
    this.#writeRows('findings', file, findingRows(id, loaded.findings, ids));
    this.#catalog.write('history', file, groupsOf(TABLES.history, historyRows(id, loaded, ids)));
    this.#markDone(name);
    this.newImages++;
  }

  /** Writes a table's rows. Doesn't write a file if there are none, because fewer files are faster to query. */
  #writeRows(table: 'packages' | 'findings', file: string, rows: Iterable<Row>): void {
    const groups = [...groupsOf(TABLES[table], rows)];
    if (groups.length > 0) this.#catalog.write(table, file, groups);
    else if (this.#catalog.has(table, file)) this.#catalog.remove(table, file);
  }

  #markDone(name: string): void {
    if (this.#options.scan) this.#catalog.mark(SCAN_MARK + name);
    if (this.#options.verify) this.#catalog.mark(VERIFY_MARK + name);
  }
}

/** Lets the event loop pass the workers their next layers. Otherwise, writing would keep them waiting. */
function otherWork(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
