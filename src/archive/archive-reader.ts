import type { LayerBytes } from './bodies/layer-bytes.ts';
import type { ContentFolder, FetchedContent, ImageParts } from './source-types.ts';
import type {
  Archive,
  ArchiveLayer,
  ChainFiles,
  IndexedLayer,
  IndexLayersOptions,
  LayerBodies,
  OpenOptions,
  RawMember,
  StreamOptions,
} from './types.ts';

/** Opens archives and reads their layers. Owns the worker pool, the index cache and the spools; the caller disposes of it. */
export interface ArchiveReader extends AsyncDisposable {
  /**
   * Opens a file or a folder: an OCI layout, an unpacked docker-archive, or skopeo's `dir:`.
   * Throws NOT_FOUND, NOT_AN_IMAGE, BAD_MANIFEST, TRUNCATED, DAMAGED, PERMISSION, IO, CANCELLED.
   */
  open(path: string, options?: OpenOptions): Promise<Archive>;
  /**
   * Opens a stream (`-`), which is spooled first. Each piece may be reused once the next one is requested. Throws what {@link open} throws.
   */
  openStream(bytes: AsyncIterable<Uint8Array>, title: string, options?: StreamOptions): Promise<Archive>;
  /**
   * Opens an image that an engine keeps on disk in parts, and reads the headers of its layers. Layers that the engine doesn't have are
   * missing. Throws NOT_FOUND, PERMISSION, IO, CANCELLED.
   */
  openParts(parts: ImageParts, options?: Pick<OpenOptions, 'signal' | 'onProgress'>): Promise<Archive>;
  /** Opens the images that an index lists, from a folder of blobs. Throws BAD_MANIFEST, NOT_FOUND, PERMISSION, IO. */
  openContent(content: ContentFolder): Promise<Archive>;
  /** Opens layers in separate files, lowest first, as one image. Throws NOT_FOUND, PERMISSION, IO. */
  openLayers(chain: ChainFiles): Promise<Archive>;
  /**
   * Opens an image whose blobs are fetched when they are needed. The caller must have checked the documents' digests. Throws BAD_MANIFEST,
   * IO.
   */
  openFetched(content: FetchedContent): Promise<Archive>;
  /** Returns a document that was fetched for an earlier image, by digest; null if it isn't cached. */
  keptDocument(digest: string): Uint8Array | null;
  /** Caches a document for later images. The caller must have checked its digest. */
  keepDocument(digest: string, bytes: Uint8Array): void;
  /** Returns the report cached under this key; null if there is none. */
  keptReport(key: string): string | null;
  /** Caches a report. The key must identify everything that it was made from: layers by their blobs' `cacheKey`, all else by content. */
  keepReport(key: string, report: string): void;
  /**
   * Indexes layers in parallel; a blob shared by several layers is read once. The result is null for layers whose blob is missing. A
   * damaged layer doesn't make the others fail: its result has status `damaged`, the entries that could be read, and a finding. `verify`
   * reads every byte and computes digests; mismatches become findings. `sums` controls the checksums of bodies (see LayerTable): `taken`
   * computes them if a compressed layer has to be unpacked anyway; `needed` also unpacks a layer again if its cached index has none. `scan`
   * reads every byte, searches all files for secrets (see BodyScan), and computes checksums.
   */
  indexLayers(layers: readonly ArchiveLayer[], options?: IndexLayersOptions): Promise<readonly (IndexedLayer | null)[]>;
  /** Reads up to `length` bytes of a regular file's body from `start`; holes read as zeros. */
  readBody(
    layer: ArchiveLayer,
    indexed: IndexedLayer,
    member: number,
    options?: { start?: number; length?: number; signal?: AbortSignal },
  ): AsyncIterable<Uint8Array>;
  /** Opens a layer to read many bodies from it; see BodyComparer. The caller disposes of it. Throws BLOB_MISSING, NOT_FOUND, IO. */
  openLayer(layer: ArchiveLayer, indexed: IndexedLayer, options?: { signal?: AbortSignal }): LayerBytes;
  /** Reads many bodies of one layer without reopening it for each. The caller disposes of it. Throws BLOB_MISSING, IO, CANCELLED. */
  openBodies(layer: ArchiveLayer, indexed: IndexedLayer, options?: { signal?: AbortSignal }): LayerBodies;
  /** Reads a member's header again, parsed and as raw header blocks (at most `maxBytes`). */
  readHeader(
    layer: ArchiveLayer,
    indexed: IndexedLayer,
    member: number,
    options?: { maxBytes?: number; signal?: AbortSignal },
  ): Promise<{ readonly raw: RawMember; readonly bytes: Uint8Array; readonly bodyOffset: number }>;
  /** Lists every member of a layer's tar in order, then throws the error that ends the tar early, if any. */
  listRaw(layer: ArchiveLayer, options?: { signal?: AbortSignal }): AsyncIterable<RawMember>;
}
