import type { LayerTable } from '#format/layer';
import type {
  ArchiveFormat,
  ArtifactReport,
  AttestationReport,
  Compression,
  Finding,
  HistoryReport,
  LayerStatus,
  SourceReport,
} from '#model';
import type { SecretHit } from '#secrets';

/** An open archive: its manifests have been read, its layers have not. It holds a file open; the caller disposes of it. */
export interface Archive extends AsyncDisposable {
  readonly format: ArchiveFormat;
  /** The file's or folder's name, for display. */
  readonly title: string;
  /** Set if the image was opened by name. The counts in the report grow while the image is read. */
  readonly source?: SourceReport;
  readonly images: readonly ArchiveImage[];
  /** What the archive contains besides images, in index order. */
  readonly artifacts: readonly ArchiveArtifact[];
  /** Findings about the archive and its manifests; each layer has its own. */
  readonly findings: readonly Finding[];
  /**
   * The entries to copy in order to store the images elsewhere. Reads manifests again. Empty for a single layer. Throws BAD_MANIFEST, IO.
   */
  roots(): readonly ArchiveRoot[];
}

/** One entry of an archive's index: an image, or an index of images for several platforms. */
export interface ArchiveRoot {
  /** The entry as in index.json; null if only manifest.json or `repositories` lists the image, which then has no manifest. */
  readonly descriptor: RootDescriptor | null;
  /** Names given by tools; never made-up ones. */
  readonly names: readonly string[];
  readonly images: readonly ArchiveImage[];
  /** The blobs below the entry that the archive has, each listed once, before the blobs that refer to it. Empty without a descriptor. */
  readonly blobs: readonly RootBlob[];
}

/** An index entry. Unknown fields are preserved. */
export interface RootDescriptor {
  readonly digest: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

export interface RootBlob {
  readonly digest: string;
  readonly source: BlobSource;
}

export interface ArchiveImage {
  readonly index: number;
  readonly names: readonly string[];
  /** The `names` that tools gave the image, without the made-up name of an untagged one. */
  readonly tags: readonly string[];
  /** `linux/amd64`, `linux/arm/v7`; `unknown` if the archive doesn't say. */
  readonly platform: string;
  /** If `windows`, names are compared case-insensitively. */
  readonly os: string;
  readonly osVersion?: string;
  readonly configDigest: string | null;
  /** The text that was found in place of the config digest, if it is ill-formed; safe to print. */
  readonly illFormedConfigDigest?: string;
  readonly manifestDigest: string | null;
  readonly layers: readonly ArchiveLayer[];
  readonly history: readonly HistoryReport[];
  readonly attestations: readonly ArchiveAttestation[];
  /** The image config as JSON, parsed on each access; null if it is missing or damaged. */
  readonly config: unknown;
  /** The config's bytes; null if it doesn't have its own blob, as in archives from Docker 1.9 or earlier. */
  readonly configSource: BlobSource | null;
}

/** A statement about an image, and its location. */
export interface ArchiveAttestation extends AttestationReport {
  /** Null if the statement is missing. */
  readonly source: BlobSource | null;
}

/** An artifact, and what it consists of. */
export interface ArchiveArtifact extends ArtifactReport {
  /** The artifact's layers, in order; for a blob without a manifest, the blob itself. */
  readonly files: readonly ArtifactFile[];
  /** Whether the subject's manifest was read and hashes to its digest. */
  readonly isSubjectIntact: boolean;
}

/** A layer of an artifact. Its strings are safe to print, except `signature`. */
export interface ArtifactFile {
  /** The file's name, if the manifest states one. */
  readonly name: string | null;
  readonly mediaType: string | null;
  readonly digest: string | null;
  readonly size: number;
  /** Null if the file is missing. */
  readonly source: BlobSource | null;
  /** The signature that cosign keeps in an annotation, in base64. */
  readonly signature: string | null;
}

export interface ArchiveLayer {
  readonly index: number;
  readonly digest: string | null;
  readonly diffId: string | null;
  readonly mediaType: string | null;
  readonly createdBy: string | null;
  /** Status before the layer is read: `present` if its blob is in the archive. */
  readonly status: LayerStatus;
  readonly compression: Compression;
  /** Size of the blob in bytes; as stated by its descriptor if the blob is missing. */
  readonly blobBytes: number;
  readonly urls: readonly string[];
  /** The text found in place of ill-formed digests; safe to print. */
  readonly illFormed?: { readonly digest?: string; readonly diffId?: string };
  /** Null if the blob is missing or foreign. Layers that share a blob share this object. */
  readonly blob: BlobSource | null;
}

/** Location of a blob's bytes: a range in a file. Structured-clonable, because workers open the file themselves. */
export interface BlobSource {
  readonly path: string;
  readonly start: number;
  readonly length: number;
  readonly compression: Compression;
  /** Key in the index cache, made from path, size, times and range. If empty, nothing is cached. */
  readonly cacheKey: string;
  /** The digest from the manifest. The index is cached under it only after it has been verified. */
  readonly statedDigest: string | null;
  /** Identity of the file when it was opened, to detect that another file has replaced it; null if that isn't checked. */
  readonly identity: string | null;
  /** Set if the bytes have yet to arrive: `path` is the file that they are written to. */
  readonly arriving?: ArrivingBlob;
  /**
   * Set if the bytes are a tar that an engine has taken apart. `path` is then its gzipped tar-split metadata, `start` is 0, `compression`
   * is `none`, and `length` is the length of the tar.
   */
  readonly split?: SplitPlace;
}

/** How much of a blob has arrived, visible to all threads. See archive/blob/arrival.ts. */
export interface ArrivingBlob {
  readonly cell: SharedArrayBuffer;
  /** As stated by the manifest, until the first bytes have arrived. */
  readonly compression: Compression;
}

/** The result of reading a layer. */
export interface IndexedLayer {
  readonly table: LayerTable;
  readonly status: 'present' | 'damaged';
  /** Bytes of the plain tar that were read, including trailing blocks. */
  readonly tarBytes: number;
  /** The findings' `image` and `layer` fields are not set. */
  readonly findings: readonly Finding[];
  /** Digest computed while the blob was read. Absent if the blob was not hashed, which leaves its stated digest unverified. */
  readonly blobDigest?: string;
  /** Set only by `verify`. */
  readonly measured: { readonly digest: string; readonly diffId: string } | null;
  /** Set only by `scan`. */
  readonly scan?: BodyScan;
}

/** Something in a file that looks like a secret. */
export interface BodyHit extends SecretHit {
  readonly member: number;
  /** Offset in the plain tar; for a packed file, the offset of its first byte. */
  readonly offset: number;
  /** How the file is packed, if it is. `line` then counts in the unpacked file. */
  readonly packed?: 'gzip';
  /** For a packed tar, the path of the file in it, escaped. */
  readonly inside?: string;
}

/** What a search of a layer's files found. Structured-clonable. */
export interface BodyScan {
  /** In tar order. */
  readonly hits: readonly BodyHit[];
  /** Number of further hits beyond the limit, by code. */
  readonly leftOut: readonly (readonly [SecretHit['code'], number])[];
  /** Members that were searched only in part, from their start. */
  readonly cut: readonly number[];
}

/** The result of reading a layer, with the blob's digest if the whole blob was read. */
export interface IndexedBlob {
  readonly layer: IndexedLayer;
  readonly blobDigest: string | null;
}

/** A tar member with everything from its header and PAX records, for `raw` and the window's Raw tab. */
export interface RawMember {
  readonly index: number;
  /** Offset of the member's first header block. */
  readonly offset: number;
  readonly name: Uint8Array;
  readonly type: string;
  readonly typeflag: number;
  /** Size of the file, including holes. For a member without a body, whatever the header states. */
  readonly size: number;
  /** Bytes of the body in the tar, without padding. */
  readonly storedSize: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly uname: Uint8Array;
  readonly gname: Uint8Array;
  readonly mtimeSeconds: number;
  readonly mtimeNanos: number;
  readonly devMajor: number;
  readonly devMinor: number;
  readonly linkname: Uint8Array | null;
  readonly format: 'v7' | 'ustar' | 'pax' | 'gnu' | 'star';
  readonly pax: ReadonlyMap<string, Uint8Array> | null;
  readonly sparse: readonly (readonly [number, number])[] | null;
  readonly whiteout: 'file' | 'opaque' | null;
}

export interface ReaderOptions {
  /**
   * Folder for indexes and spooled layers. If null, there is no cache, and spools are kept in a temporary folder that is removed on
   * disposal.
   */
  readonly cacheFolder: string | null;
  /** Maximum number of workers; with 0, all work is done on the calling thread. */
  readonly workers: number;
  /**
   * Whether the calling thread would otherwise just wait, so that it should read some of the layers itself. Its part is the headers of the
   * largest plain layer, and a share of the layers listed from a table of contents or from the metadata of parts. Defaults to false.
   */
  readonly callerReads?: boolean;
  /** The worker's script. Defaults to the one next to this module. */
  readonly workerUrl?: URL | string;
  /** Maximum size of the cache in bytes. */
  readonly cacheBytes?: number;
  /**
   * 64 secret bytes, the key for checksums of bodies. Checksums from two readers can be compared only if the readers use the same key.
   * Defaults to this user's key, stored in the cache folder, or to a random one if there is no cache.
   */
  readonly sumKey?: Uint8Array;
}

export interface Progress {
  readonly phase: string;
  readonly doneBytes: number;
  readonly totalBytes: number | null;
}

/** A chain of layers, each in a file. */
export interface ChainFiles {
  readonly title: string;
  readonly name: string;
  readonly os: string;
  /** As in an {@link ArchiveImage}; `unknown` if absent. */
  readonly platform?: string;
  /** The steps that made the layers; empty if they aren't known. */
  readonly history?: readonly HistoryReport[];
  readonly layers: readonly { readonly file: string; readonly digest: string | null; readonly diffId: string | null }[];
  /** Called when the archive is disposed of. */
  readonly onClose?: () => Promise<void>;
}

/** Stored bytes of a file and their offset in it. The bytes are valid until the next piece is requested. */
export interface StoredPiece {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** The bodies of a layer's regular files. The caller disposes of it. */
export interface LayerBodies extends AsyncDisposable {
  /**
   * Yields the stored parts of a file in order; gaps are holes. Throws NOT_FOUND if the member isn't a file; TRUNCATED, DAMAGED, IO,
   * CANCELLED.
   */
  pieces(member: number): AsyncIterable<StoredPiece>;
  /** Reads bytes of a file from `start`, holes as zeros; fewer than `length` at its end. Throws what {@link pieces} throws. */
  read(member: number, start: number, length: number): Promise<Uint8Array>;
}

export interface OpenOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Follow links that lead out of the folder. The creator of the folder then decides which files are read. */
  readonly followLinks?: boolean;
}

/** Options of {@link ArchiveReader.openStream}. */
export interface StreamOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Whether the bytes come from a character device, which may never end. */
  readonly isDevice?: boolean;
  /**
   * Whether only the list of each layer is wanted: contents of plain layers aren't written to disk, and must not be read. Throws DAMAGED if
   * a layer can't be listed this way; the stream must then be opened again without this option. Defaults to false.
   */
  readonly isForListing?: boolean;
}

/** Options of {@link ArchiveReader.indexLayers}. */
export interface IndexLayersOptions {
  readonly verify?: boolean;
  readonly scan?: boolean;
  readonly sums?: 'taken' | 'needed' | undefined;
  /**
   * Whether more layers will follow. If so, workers that are already running read small layers too, so that the calling thread is free for
   * other work.
   */
  readonly isOneOfMany?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  readonly onLayer?: (layer: ArchiveLayer, indexed: IndexedLayer | null) => void;
}

/** Where an engine keeps the files of a layer. */
export interface SplitPlace {
  /** The folder that the layer was unpacked into. */
  readonly folder: string;
}
