import type { LayerBytes } from './bodies/layer-bytes.ts';
import type {
  Archive,
  ArchiveLayer,
  ChainFiles,
  IndexedLayer,
  IndexLayersOptions,
  LayerBodies,
  OpenOptions,
  Progress,
  RawMember,
} from './types.ts';

/** Opens archives and reads layers: holds the worker pool, the index cache and the spools. Dispose of it. */
export interface ArchiveReader extends AsyncDisposable {
  /** A file or a folder: an OCI layout, an unpacked docker-archive, skopeo's `dir:`. Fails with NOT_FOUND, NOT_AN_IMAGE, BAD_MANIFEST, TRUNCATED, DAMAGED, PERMISSION, IO, CANCELLED. */
  open(path: string, options?: OpenOptions): Promise<Archive>;
  /** The same from a stream (`-`): spooled first. */
  openStream(
    bytes: AsyncIterable<Uint8Array>,
    title: string,
    options?: { signal?: AbortSignal; onProgress?: (progress: Progress) => void },
  ): Promise<Archive>;
  /** Layers that lie in files of their own, the lowest first, as an image. Throws NOT_FOUND, PERMISSION, IO. */
  openLayers(chain: ChainFiles): Promise<Archive>;
  /**
   * Indexes layers side by side; a blob that several layers share is read once. Null for layers whose blob isn't there.
   * A damaged layer doesn't fail the others: it comes with what could be read, status `damaged` and its finding.
   * `verify`: reads every byte and measures digests; mismatches are findings.
   * `sums`: checksums of bodies (see LayerTable) are `taken` if a compressed layer is unpacked anyway, or `needed`: a layer whose index
   * was kept without them is unpacked again.
   */
  indexLayers(layers: readonly ArchiveLayer[], options?: IndexLayersOptions): Promise<readonly (IndexedLayer | null)[]>;
  /** Bytes of a regular file's body (holes as zeros), from `start`, at most `length`. */
  readBody(
    layer: ArchiveLayer,
    indexed: IndexedLayer,
    member: number,
    options?: { start?: number; length?: number; signal?: AbortSignal },
  ): AsyncIterable<Uint8Array>;
  /** A layer of which many bodies are read: see BodyComparer. The caller disposes of it. Throws BLOB_MISSING, NOT_FOUND, IO. */
  openLayer(layer: ArchiveLayer, indexed: IndexedLayer, options?: { signal?: AbortSignal }): LayerBytes;
  /** Many bodies of one layer, without opening it for each. Throws BLOB_MISSING, IO, CANCELLED. */
  openBodies(layer: ArchiveLayer, indexed: IndexedLayer, options?: { signal?: AbortSignal }): LayerBodies;
  /** The member's header again, and its header blocks as they stand (at most `maxBytes`). */
  readHeader(
    layer: ArchiveLayer,
    indexed: IndexedLayer,
    member: number,
    options?: { maxBytes?: number; signal?: AbortSignal },
  ): Promise<{ readonly raw: RawMember; readonly bytes: Uint8Array; readonly bodyOffset: number }>;
  /** Every member of a layer's tar in order; ends with the error that stops the tar, if one does. */
  listRaw(layer: ArchiveLayer, options?: { signal?: AbortSignal }): AsyncIterable<RawMember>;
}
