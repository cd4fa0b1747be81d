import { LayerscopeError } from '#model';
import { type Arrival, arrivalOf, arrived } from './blob/arrival.ts';
import type { BlobCheckpoint } from './blob/checkpoint.ts';
import { packed } from './blob/decompress.ts';
import { readPart } from './blob/source-file.ts';
import { SplitMaps } from './blob/split-maps.ts';
import { ChunkPlainBytes } from './bodies/chunk-bytes.ts';
import {
  ArrivingPlainBytes,
  FallbackPlainBytes,
  FilePlainBytes,
  ForwardPlainBytes,
  type PlainBytes,
  SplitPlainBytes,
  SpooledPlainBytes,
} from './bodies/plain-bytes.ts';
import { SpanPlainBytes } from './bodies/span-bytes.ts';
import type { BlobCache } from './cache/blob-cache.ts';
import type { IndexCache } from './cache/index-cache.ts';
import { ztocSpans } from './indexing/ztoc-spans.ts';
import type { OtherImage } from './open/other-image.ts';
import type { SpoolStore } from './spool/spool-store.ts';
import type { ArchiveLayer, BlobSource, IndexedLayer } from './types.ts';

interface PlainOpenerParts {
  readonly cache: IndexCache | null;
  /** Null if blobs aren't cached. */
  readonly blobs: BlobCache | null;
  readonly spools: SpoolStore;
  /** Other ways to read the images that were opened in parts, keyed by their layers' blobs. */
  readonly others: WeakMap<BlobSource, OtherImage>;
  /** Layers that were received without their contents; see `StreamOptions.isForListing`. */
  readonly listedOnly: WeakSet<BlobSource>;
}

/** Chooses how to read a layer's plain bytes: in place, fetched in pieces, unpacked from a checkpoint, or spooled. */
export class PlainOpener {
  readonly #parts: PlainOpenerParts;
  readonly #splits = new SplitMaps();
  #checkpoints: { readonly blob: string; readonly list: readonly BlobCheckpoint[] | null } | null = null;

  constructor(parts: PlainOpenerParts) {
    this.#parts = parts;
  }

  /** Opens a layer's plain bytes. With `keeps`, caches pieces that are fetched one at a time. Throws BLOB_MISSING. */
  open(layer: ArchiveLayer, indexed: IndexedLayer, signal: AbortSignal | undefined, keeps = false): PlainBytes {
    if (this.#parts.listedOnly.has(blobOf(layer))) throw contentsNotKept();
    const arrival = arrivalOf(blobOf(layer));
    const { table } = indexed;
    if (arrival !== null && table.provenance === 'toc' && table.chunkAt.length === 0)
      return new ArrivingPlainBytes(() => this.#ztocPlain(arrival, layer, indexed, signal));
    if (arrival !== null && table.provenance === 'toc') {
      const blobs = keeps ? this.#parts.blobs : null;
      const kept =
        blobs === null
          ? null
          : {
              read: (digest: string) => blobs.readDocument(digest),
              keep: (digest: string, bytes: Uint8Array) => blobs.keepDocument(digest, bytes),
            };
      const part = (first: number, length: number, stop: AbortSignal | undefined): Promise<Uint8Array> =>
        arrival.part(first, length, true, stop);
      return new ChunkPlainBytes({ table, compression: packed(layer.compression), part, kept }, signal);
    }
    if (arrival === null) return this.#plainHere(layer, indexed, signal, keeps);
    const whole = (): PlainBytes => new ArrivingPlainBytes(() => this.#arrivedPlain(layer, indexed, signal, keeps));
    const checkpoints = keeps && !arrival.isHere ? this.#checkpointsOf(blobOf(layer)) : null;
    if (checkpoints === null) return whole();
    const part = (first: number, length: number): Promise<Uint8Array> => arrival.part(first, length, true, signal);
    const { tarBytes: plainBytes } = indexed;
    return new SpanPlainBytes({ checkpoints, packedBytes: arrival.length, plainBytes, part, isFetched: true }, whole, { signal });
  }

  /** Opens the contents of a layer listed by its zTOC; bodies are unpacked from the zTOC's checkpoints. */
  async #ztocPlain(arrival: Arrival, layer: ArchiveLayer, indexed: IndexedLayer, signal: AbortSignal | undefined): Promise<PlainBytes> {
    const whole = (): PlainBytes => new ArrivingPlainBytes(() => this.#arrivedPlain(layer, indexed, signal, false));
    const found = arrival.isHere ? null : await arrival.parts?.ztoc?.(signal);
    if (found == null) return whole();
    const part = (first: number, length: number): Promise<Uint8Array> => arrival.part(first, length, true, signal);
    const sizes = { packedBytes: arrival.length, plainBytes: indexed.tarBytes };
    return new SpanPlainBytes({ checkpoints: ztocSpans(found.bytes), ...sizes, part, isFetched: true }, whole, { signal });
  }

  async #arrivedPlain(
    layer: ArchiveLayer,
    indexed: IndexedLayer,
    signal: AbortSignal | undefined,
    isOnePiece: boolean,
  ): Promise<PlainBytes> {
    return this.#plainOf(await arrived(blobOf(layer)), indexed, signal, isOnePiece);
  }

  #plainHere(layer: ArchiveLayer, indexed: IndexedLayer, signal: AbortSignal | undefined, keeps: boolean): PlainBytes {
    const blob = blobOf(layer);
    const other = this.#parts.others.get(blob);
    if (blob.split === undefined || other === undefined) return this.#plainOf(blob, indexed, signal, keeps);
    return new FallbackPlainBytes(new SplitPlainBytes(this.#splits.open(blob, signal)), async ({ message }) => {
      const found = await other.layer(layer, message, { signal });
      return found === null ? null : this.open(found, indexed, signal, keeps);
    });
  }

  /** With `isOnePiece`, only a small part of the layer is wanted, so unpacking one span is enough. */
  #plainOf(blob: BlobSource, indexed: IndexedLayer, signal: AbortSignal | undefined, isOnePiece: boolean): PlainBytes {
    if (blob.split !== undefined) return new SplitPlainBytes(this.#splits.open(blob, signal));
    if (blob.compression === 'none') return new FilePlainBytes(blob);
    const { spools } = this.#parts;
    const spool = spools.of(blob, indexed.tarBytes);
    const others = (): PlainBytes => {
      // Requests the spool again, because the first one may have been closed meanwhile.
      const wanted = spools.of(blob, indexed.tarBytes);
      if (wanted === null || wanted.failed) return new ForwardPlainBytes(blob, signal);
      spools.hold(wanted);
      return new SpooledPlainBytes(wanted, signal, () => spools.release(wanted, indexed.tarBytes));
    };
    const checkpoints = isOnePiece && blob.compression === 'gzip' && spool?.isWhole !== true ? this.#checkpointsOf(blob) : null;
    if (checkpoints === null) return others();
    const part = async (first: number, length: number): Promise<Uint8Array> => readPart(blob, first, length);
    const isAtHand = (end: number): boolean => spool !== null && !spool.failed && spool.readyBytes >= end;
    const source = { checkpoints, packedBytes: blob.length, plainBytes: indexed.tarBytes, part, isFetched: false };
    return new SpanPlainBytes(source, others, { signal, isAtHand });
  }

  /** Returns the checkpoints of a gzip blob; null if there are none. Keeps those of the most recent blob in memory. */
  #checkpointsOf(blob: BlobSource): readonly BlobCheckpoint[] | null {
    if (this.#checkpoints?.blob !== blob.cacheKey) {
      const list = this.#parts.cache?.readCheckpoints(blob) ?? null;
      this.#checkpoints = { blob: blob.cacheKey, list };
    }
    return blob.cacheKey === '' ? null : this.#checkpoints.list;
  }
}

/** Creates the error for reading contents of an archive received for listing only, which is a mistake of the caller. */
export function contentsNotKept(): LayerscopeError {
  return new LayerscopeError('INTERNAL', 'contents of an image that was received for a listing');
}

/** Returns the layer's blob. Throws BLOB_MISSING. */
export function blobOf(layer: ArchiveLayer): BlobSource {
  if (layer.blob !== null) return layer.blob;
  throw new LayerscopeError('BLOB_MISSING', `layer ${layer.index} is ${layer.status}: its blob is not in the archive`);
}
