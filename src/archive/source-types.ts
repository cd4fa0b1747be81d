import type { ArchiveFormat, Compression, SourceReport } from '#model';
import type { Archive, Progress } from './types.ts';

/** An image whose documents have been fetched, and whose blobs are fetched when they are needed. */
export interface FetchedContent {
  readonly title: string;
  readonly format: ArchiveFormat;
  readonly source: SourceReport;
  /** An OCI index as JSON. */
  readonly index: Uint8Array;
  /** Manifests, indexes and configs by digest. The digests have been checked. */
  readonly documents: ReadonlyMap<string, Uint8Array>;
  readonly blobs: readonly FetchableBlob[];
  /** Called when the archive is disposed of. */
  readonly onClose?: () => void;
}

/** A blob that can be fetched. Size and compression are as the manifest states. */
export interface FetchableBlob {
  readonly digest: string;
  readonly length: number;
  readonly compression: Compression;
  /** Yields the blob's bytes, or throws the reason for failure. The reader checks the digest. */
  readonly pieces: (signal: AbortSignal) => AsyncIterable<Uint8Array>;
  /** Set if parts of the blob can be fetched. */
  readonly parts?: BlobParts;
}

/** Access to the parts of a blob that is fetched. */
export interface BlobParts {
  /** Annotations of the blob's descriptor. */
  readonly annotations: Readonly<Record<string, string>>;
  /** Fetches exactly this part, without verifying it. Throws UNSUPPORTED if the server only sends whole blobs. */
  readonly range: (first: number, length: number, signal: AbortSignal | undefined) => Promise<Uint8Array>;
  /** Fetches the zTOC that SOCI stores for the blob; null if there is none. Throws what fetching throws. */
  readonly ztoc?: (signal: AbortSignal | undefined, onSize?: OnTocSize) => Promise<FetchedZtoc | null>;
  /** Fetches the packed TOC of an eStargz layer from a separate image; null if there is none. Throws what fetching throws. */
  readonly externalToc?: (signal: AbortSignal | undefined, onSize?: OnTocSize) => Promise<Uint8Array | null>;
  /** Called when content that isn't verified by any digest is shown. */
  readonly onUnverified: () => void;
}

/** Called with the approximate unpacked size of a TOC before it is fetched; fetching waits for the returned promise. */
export type OnTocSize = (bytes: number) => Promise<void>;

/** A zTOC that has been checked against its digest. */
export interface FetchedZtoc {
  readonly digest: string;
  readonly bytes: Uint8Array;
  /** Whether the image's manifest vouches for the digest. */
  readonly isVouched: boolean;
}

/** A layer's table of contents as fetched. Structured-clonable. */
export interface PackedToc {
  readonly dialect: 'estargz' | 'zstd-chunked' | 'ztoc';
  /** The packed bytes. In the `ztoc` dialect, they aren't part of the blob, and the fields for positions in the blob are 0. */
  readonly packed: Uint8Array;
  /** Range of the packed bytes in the blob; empty if they are in a separate image. */
  readonly start: number;
  readonly end: number;
  /** The stated unpacked length; null if none is stated. */
  readonly plainBytes: number | null;
  /** Offset of the first packed byte after the contents. */
  readonly dataEnd: number;
  /** The digest stated by the manifest: that of the unpacked TOC for eStargz, of the packed TOC for zstd:chunked. */
  readonly statedDigest: string | null;
  /** The tar's headers as packed tar-split metadata; null if there are none. */
  readonly tarSplit: Uint8Array | null;
  /** Length of the plain tar; 0 if unknown. */
  readonly tarBytes: number;
}

/** An image whose config and layers are separate files of an engine. */
export interface ImageParts {
  readonly title: string;
  readonly format: ArchiveFormat;
  readonly source: SourceReport;
  readonly names: readonly string[];
  /** Path of the config. Its digest is the image's id. */
  readonly configPath: string;
  readonly configDigest: string;
  readonly manifestDigest: string | null;
  /** Bottom first, one for each diffID of the config; null if the engine doesn't have the layer. */
  readonly layers: readonly (LayerParts | null)[];
  /**
   * Opens the same image another way, for layers that can't be read from their parts; null if there is no other way. `reason` is a clause
   * about what is wrong. Any error but CANCELLED is treated as null.
   */
  readonly instead?: (
    reason: string,
    control: { readonly signal?: AbortSignal | undefined; readonly onProgress?: ((progress: Progress) => void) | undefined },
  ) => Promise<Archive | null>;
}

/** A layer's tar-split metadata and its files. */
export interface LayerParts {
  /** Path of the metadata. */
  readonly metadata: string;
  /** The folder that holds the layer's files. */
  readonly folder: string;
}

/** A folder `blobs/sha256/…` without an index, and an index of what to open in that folder. */
export interface ContentFolder {
  readonly title: string;
  readonly format: ArchiveFormat;
  readonly source: SourceReport;
  readonly folder: string;
  /** An OCI index as JSON, for example with one descriptor. */
  readonly index: Uint8Array;
}
