import type { Finding } from './findings.ts';

/**
 * Format of a file or folder, detected by content (`dir`: a folder with one image, as skopeo writes it; `layer`: a single layer tar), or
 * the kind of source for an image opened by name.
 */
export type ArchiveFormat = 'docker-archive' | 'oci-archive' | 'oci-layout' | 'dir' | 'layer' | SourceKind;
/** Whether an image's name in the archive is only a tag, as OCI's annotation `ref.name` often is. */
export function isBareTag(format: ArchiveFormat, name: string): boolean {
  return (format === 'oci-archive' || format === 'oci-layout') && !/[/:@]/.test(name);
}
/** Where an image that isn't from a file comes from: an engine, through its API or its files on disk, or a registry. */
export type SourceKind = 'docker' | 'podman' | 'containerd' | 'registry';
/** How a blob is compressed. More values may be added to the JSON. */
export type Compression = 'none' | 'gzip' | 'zstd' | 'xz' | 'bzip2';
export type LayerStatus = 'present' | 'missing' | 'foreign' | 'damaged';

/** A layer in `inspect --json`. Counts and sizes are 0 if the layer wasn't or can't be read. */
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
  /** Set if the layer itself was not read: its entries come from its table of contents, and `tarBytes` may be 0. */
  readonly listedBy?: 'toc';
  /** Where a foreign layer can be downloaded. */
  readonly urls?: readonly string[];
}

export interface HistoryReport {
  readonly createdBy: string | null;
  readonly created: string | null;
  readonly comment: string | null;
  readonly emptyLayer: boolean;
}

/** Figures for all layers together; see cli.md. */
export interface ImageTotals {
  readonly files: number;
  readonly fileBytes: number;
  /**
   * Bytes of the files that the top view shows, each body counted once, and of files that Windows merges from all layers, such as registry
   * deltas.
   */
  readonly finalBytes: number;
  /** `fileBytes` minus `finalBytes`. */
  readonly wastedBytes: number;
  /** `finalBytes` as a share of `fileBytes`; 1 for an empty image. */
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
  /** The attestations of this image, in the order of the index. */
  readonly attestations: readonly AttestationReport[];
}

/** A statement that BuildKit attached to an image. Nothing is verified. Strings are safe to print. */
export interface AttestationReport {
  /** Digest of the attestation manifest that lists the statement. */
  readonly manifestDigest: string;
  /** Digest of the statement; null if the manifest is missing or damaged. */
  readonly digest: string | null;
  readonly predicateType: string | null;
  /** Whether the statement names this image's manifest as a subject. */
  readonly matches: boolean;
  readonly status: 'present' | 'missing' | 'damaged';
}

export type ArtifactKind = 'signature' | 'attestation' | 'sbom' | 'chart' | 'other';

/** Content of an archive that isn't an image: a chart, a signature, an attestation, a module, any file. Strings are safe to print. */
export interface ArtifactReport {
  readonly index: number;
  /** Digest of the artifact's manifest. */
  readonly digest: string;
  readonly artifactType: string | null;
  readonly kind: ArtifactKind;
  /** Distinct media types of the config and layers. */
  readonly mediaTypes: readonly string[];
  /** Digest of the manifest that the artifact refers to. */
  readonly subject: string | null;
  /** Whether the archive has the subject's manifest; absent without a subject. */
  readonly subjectHere?: boolean;
  /** Total size of the artifact's layers, as its manifest states it. */
  readonly bytes: number;
  readonly names: readonly string[];
  /** Predicate types of the statements in an attestation. */
  readonly predicateTypes: readonly string[];
  /** Present only with `--key`: whether the artifact contains a signature made with that key, over a payload that names the subject. */
  readonly verified?: boolean;
}

/** Where an image opened by name came from. Strings are safe to print and contain no secrets. */
export interface SourceReport {
  readonly kind: SourceKind;
  /** A registry's host, an engine's address, or a folder on disk. */
  readonly host: string;
  /** The image's full name, or its id. */
  readonly reference: string;
  /** Digest of the manifest; null if the source has none. */
  readonly digest: string | null;
  /** Bytes of response bodies received over the network or a socket. */
  readonly fetchedBytes: number;
  readonly requests: number;
  /** Whether a chain of digests leads from the reference to everything that was read. */
  readonly verified: boolean;
  /** A clause that says why an image on disk was read through its engine instead; absent if it wasn't. */
  readonly fallback?: string | undefined;
}

/** The complete output of `inspect --json`. */
export interface ArchiveReport {
  readonly format: ArchiveFormat;
  readonly source?: SourceReport;
  readonly images: readonly ImageReport[];
  readonly artifacts: readonly ArtifactReport[];
  readonly findings: readonly Finding[];
}
