import type { Finding } from './findings.ts';

/** Detected by content. `dir`: skopeo's folder of one image; `layer`: a single layer tar. */
export type ArchiveFormat = 'docker-archive' | 'oci-archive' | 'oci-layout' | 'dir' | 'layer';
/** How a blob is packed. More may be added to the JSON. */
export type Compression = 'none' | 'gzip' | 'zstd' | 'xz' | 'bzip2';
export type LayerStatus = 'present' | 'missing' | 'foreign' | 'damaged';

/** A layer in `inspect --json`. Counts and sizes are 0 if it wasn't or can't be read. */
export interface LayerReport {
  readonly index: number;
  readonly digest: string | null;
  readonly diffId: string | null;
  readonly mediaType: string | null;
  readonly compression: Compression;
  readonly status: LayerStatus;
  readonly blobBytes: number;
  readonly tarBytes: number;
  readonly fileBytes: number;
  readonly entries: number;
  readonly added: number;
  readonly modified: number;
  readonly removed: number;
  readonly createdBy: string | null;
  /** Where a foreign layer can be downloaded. */
  readonly urls?: readonly string[];
}

export interface HistoryReport {
  readonly createdBy: string | null;
  readonly created: string | null;
  readonly comment: string | null;
  readonly emptyLayer: boolean;
}

export interface ImageTotals {
  readonly files: number;
  readonly fileBytes: number;
  readonly finalBytes: number;
  readonly wastedBytes: number;
  readonly efficiency: number;
}

export interface ImageReport {
  readonly index: number;
  readonly names: readonly string[];
  readonly platform: string;
  readonly osVersion?: string;
  readonly configDigest: string | null;
  readonly manifestDigest: string | null;
  readonly layers: readonly LayerReport[];
  readonly history: readonly HistoryReport[];
  readonly totals: ImageTotals;
  /** Digests of the attestation manifests of this image. */
  readonly attestations?: readonly string[];
}

/** Content of an archive that isn't an image: a chart, a signature, an attestation, a module, any file. Texts are safe to print. */
export interface ArtifactReport {
  readonly index: number;
  /** Of its manifest. */
  readonly digest: string;
  readonly artifactType: string | null;
  /** Of its config and layers, each once. */
  readonly mediaTypes: readonly string[];
  /** Digest of the manifest that it refers to. */
  readonly subject: string | null;
  /** Of its config and layers, as stated, each blob once. */
  readonly bytes: number;
  readonly names: readonly string[];
}

/** The whole of `inspect --json`. */
export interface ArchiveReport {
  readonly format: ArchiveFormat;
  readonly images: readonly ImageReport[];
  readonly artifacts: readonly ArtifactReport[];
  readonly findings: readonly Finding[];
}
