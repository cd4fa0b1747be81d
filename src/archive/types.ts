import type { LayerTable } from '#format/layer';
import type { ArchiveFormat, ArtifactReport, Compression, Finding, HistoryReport, LayerStatus } from '#model';

/** An archive that was opened: its manifests are read, its layers are not. Holds a file: dispose of it. */
export interface Archive extends AsyncDisposable {
  readonly format: ArchiveFormat;
  /** What the user calls it: the file's or folder's name. */
  readonly title: string;
  readonly images: readonly ArchiveImage[];
  /** What it holds beside images, in the order of its index. */
  readonly artifacts: readonly ArtifactReport[];
  /** Of the archive and its manifests; those of layers come with the layers. */
  readonly findings: readonly Finding[];
  /** What to take along to keep the images elsewhere; reads manifests again. None of a single layer. Throws BAD_MANIFEST, IO. */
  roots(): readonly ArchiveRoot[];
}

/** What an archive holds under one entry of its index: an image, or an index of images for several platforms. */
export interface ArchiveRoot {
  /** The entry as index.json has it; null where only manifest.json or `repositories` tell of the image: it has no manifest then. */
  readonly descriptor: RootDescriptor | null;
  /** As tools gave them; none is made up. */
  readonly names: readonly string[];
  readonly images: readonly ArchiveImage[];
  /** Every blob under it that is there, each once: what names others comes after them. Empty where there is no descriptor. */
  readonly blobs: readonly RootBlob[];
}

/** An index entry. Other fields that a tool wrote are kept. */
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
  /** Of `names` those that tools gave it: not what stands in where there are none. */
  readonly tags: readonly string[];
  /** `linux/amd64`, `linux/arm/v7`; `unknown` where nothing says it. */
  readonly platform: string;
  /** `windows`: names are compared without case. */
  readonly os: string;
  readonly osVersion?: string;
  readonly configDigest: string | null;
  /** What stands in its place where it is ill-formed; safe to print. */
  readonly illFormedConfigDigest?: string;
  readonly manifestDigest: string | null;
  readonly layers: readonly ArchiveLayer[];
  readonly history: readonly HistoryReport[];
  readonly attestations: readonly string[];
  /** The image config as JSON, parsed anew each time that it is asked for; null where it is missing or damaged. */
  readonly config: unknown;
  /** The config's bytes; null where it has none of its own, as images of Docker up to 1.9. */
  readonly configSource: BlobSource | null;
}

export interface ArchiveLayer {
  readonly index: number;
  readonly digest: string | null;
  readonly diffId: string | null;
  readonly mediaType: string | null;
  readonly createdBy: string | null;
  /** Before the layer is read: `present` where its blob is there. */
  readonly status: LayerStatus;
  readonly compression: Compression;
  /** Bytes of the blob: as found, else as the descriptor says. */
  readonly blobBytes: number;
  readonly urls: readonly string[];
  /** What stands in the place of a digest or diffID that is ill-formed; safe to print. */
  readonly illFormed?: { readonly digest?: string; readonly diffId?: string };
  /** Null where the blob is missing or foreign. The same object for layers that share a blob. */
  readonly blob: BlobSource | null;
}

/** Where a blob's bytes are: a range of a file. Structured-clonable: workers open the file themselves. */
export interface BlobSource {
  readonly path: string;
  readonly start: number;
  readonly length: number;
  readonly compression: Compression;
  /** Key in the index cache, of path, size, times and range; empty: nothing about it is kept. */
  readonly cacheKey: string;
  /** As the manifest has it; what it says is kept under it once it was measured. */
  readonly statedDigest: string | null;
  /** Of the file when it was opened, to tell when another has taken its name; null: not checked. */
  readonly identity: string | null;
}

/** A layer that was read. */
export interface IndexedLayer {
  readonly table: LayerTable;
  readonly status: 'present' | 'damaged';
  /** Bytes of the plain tar, all that was read of it, trailing blocks included. */
  readonly tarBytes: number;
  /** Without `image` and `layer`. */
  readonly findings: readonly Finding[];
  /** What the blob's bytes were hashed to as they were read; absent: they were not hashed, and what it is named is only said. */
  readonly blobDigest?: string;
  /** Measured by `verify` only. */
  readonly measured: { readonly digest: string; readonly diffId: string } | null;
}

/** A layer that was read, and the digest of its blob where all of it was read on the way. */
export interface IndexedBlob {
  readonly layer: IndexedLayer;
  readonly blobDigest: string | null;
}

/** A tar member with everything its header and PAX records say: for `raw` and the window's Raw tab. */
export interface RawMember {
  readonly index: number;
  /** Of the member's first header block. */
  readonly offset: number;
  readonly name: Uint8Array;
  readonly type: string;
  readonly typeflag: number;
  /** Of the file, holes included; of a member without a body what its header says all the same. */
  readonly size: number;
  /** Bytes that follow in the tar, padding left out. */
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
  /** Where indexes and spooled layers are kept; null: nowhere (spools then go to a temporary folder, removed on disposal). */
  readonly cacheFolder: string | null;
  /** How many workers may run at once; 0: all work is done on the calling thread. */
  readonly workers: number;
  /** The worker's script; absent: the source beside this room. */
  readonly workerUrl?: URL | string;
  /** Room for the cache, bytes. */
  readonly cacheBytes?: number;
}

export interface Progress {
  readonly phase: string;
  readonly doneBytes: number;
  readonly totalBytes: number | null;
}

/** A chain of layers in files. */
export interface ChainFiles {
  readonly title: string;
  readonly name: string;
  readonly os: string;
  readonly layers: readonly { readonly file: string; readonly digest: string | null; readonly diffId: string | null }[];
  /** Called when the archive is disposed of. */
  readonly onClose?: () => Promise<void>;
}

/** Stored bytes of a file and where in the file they are. Valid until the next ones are asked for. */
export interface StoredPiece {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** Bodies of a layer's regular files. Dispose of it. */
export interface LayerBodies extends AsyncDisposable {
  /** What is stored of a file, in order; what is between is a hole. Throws NOT_FOUND for what is no file, TRUNCATED, DAMAGED, IO, CANCELLED. */
  pieces(member: number): AsyncIterable<StoredPiece>;
}

export interface OpenOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** Follows links of a folder that lead out of it: whoever made the folder then says which files are read. */
  readonly followLinks?: boolean;
}

/** How {@link ArchiveReader.indexLayers} works. */
export interface IndexLayersOptions {
  readonly verify?: boolean;
  readonly sums?: 'taken' | 'needed' | undefined;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  readonly onLayer?: (layer: ArchiveLayer, indexed: IndexedLayer | null) => void;
}
