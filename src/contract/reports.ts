/** The result of an operation. Values may contain typed arrays, which structured clone and the wire codec both carry. */
import type { ArchiveFormat, ArtifactReport, Finding, HistoryReport, ImageTotals, LayerReport, RowTable } from '#model';

export type Envelope<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: { readonly code: string; readonly message: string; readonly detail?: string } };

/** The running program. */
export interface AppInfo {
  readonly version: string;
  /** Which door serves this: Electron's IPC or the loopback host. */
  readonly host: 'electron' | 'web';
  /** `linux`, `darwin`, `win32`. */
  readonly system: string;
  /** Whether the program runs with administrator rights. */
  readonly elevated: boolean;
  /** Name of the sample image; null if it isn't installed. */
  readonly sample: string | null;
}

/** Opaque access to a file that the user chose: valid once, for the window it was issued to. */
export interface FileGrant {
  readonly grant: string;
  readonly name: string;
}

/** An image of an open archive. */
export interface ImageSummary {
  readonly index: number;
  readonly names: readonly string[];
  readonly platform: string;
  readonly osVersion?: string;
  readonly configDigest: string | null;
  readonly manifestDigest: string | null;
  /** Whether its layers have been read; until then counts and sizes are 0. */
  readonly loaded: boolean;
  readonly layers: readonly LayerReport[];
  /** ChainID of each layer; null if a diffID is unknown. Source: OCI image-spec config.md, Layer ChainID. */
  readonly chainIds: readonly (string | null)[];
  readonly history: readonly HistoryReport[];
  readonly totals: ImageTotals;
  readonly attestations: readonly string[];
}

/** An open archive: everything the window shows about it except rows. */
export interface ArchiveSummary {
  /** Unique in this process. */
  readonly archiveId: string;
  readonly title: string;
  readonly format: ArchiveFormat;
  /** Size of the file, or of a folder's blobs. */
  readonly sizeBytes: number;
  readonly images: readonly ImageSummary[];
  /** Contents other than images; absent if there are none. */
  readonly artifacts?: readonly ArtifactReport[];
  /** Most severe first; a message holds a limited number. */
  readonly findings: readonly Finding[];
  /** Total number of findings; absent if all are listed. */
  readonly findingsTotal?: number;
}

type JobState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

/** Long-running work with progress. */
export interface Job {
  readonly jobId: string;
  readonly kind: 'open' | 'load' | 'verify' | 'export' | 'rewritten' | 'compare' | 'import';
  /** What the job works on, safe to show. */
  readonly title: string;
  readonly state: JobState;
  /** Current step, such as `reading layer 3 of 9`. */
  readonly phase: string;
  readonly doneBytes: number;
  /** Null if not known; then show bytes without a percentage. */
  readonly totalBytes: number | null;
  readonly archiveId: string | null;
  readonly image: number | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  /** Digest of the saved file, `sha256:…`; null before it is saved and for other jobs. */
  readonly digest: string | null;
}

/** Rows [start, start + length) of a table of `total` rows. `parent` and `subtreeEnd` are row numbers of the whole table. */
export interface RowPage {
  readonly total: number;
  readonly start: number;
  /** Contains only this page's names: `nameStart` starts at 0. `links` is keyed by row number in the page. */
  readonly rows: RowTable;
}

/** Bytes that an image stores but doesn't show: files that a later layer hides or writes again. */
export interface WasteReport {
  /** Total, including files not listed; equals `wastedBytes` of the image's totals. */
  readonly wastedBytes: number;
  /** Most wasteful first; `path` as escapePath prints it, `layers` those that wrote it, lowest first. */
  readonly files: readonly { readonly path: string; readonly wastedBytes: number; readonly layers: readonly number[] }[];
  /** Hidden bytes written by each layer, bottom first. */
  readonly byLayer: readonly number[];
  /** Files rewritten with identical bytes; null until `image.rewritten` has run. */
  readonly rewritten: RewrittenReport | null;
}

/** How two images' configs differ. */
export interface ConfigReport {
  /** False if a side is only part of an image, or its config can't be read. */
  readonly compared: boolean;
  /** Number of fields that differ; `differences` may list fewer. */
  readonly total: number;
  /** `field` as named in `diff --json`; values safe to show, lists as JSON, long ones cut off; null if not set. */
  readonly differences: readonly { readonly field: string; readonly a: string | null; readonly b: string | null }[];
}

/** Files that a layer rewrites with identical bytes. */
export interface RewrittenReport {
  /** Total, including files not listed. */
  readonly bytes: number;
  readonly count: number;
  /** Largest first; `path` as escapePath prints it, `layer` the one that rewrites it. */
  readonly files: readonly { readonly path: string; readonly layer: number; readonly bytes: number }[];
}

/** Paths in any layer that match a search. */
export interface SearchReport {
  /** Number of matching paths; `matches` may list fewer. */
  readonly total: number;
  readonly matches: readonly PathMatch[];
  /** What is wrong with the search text, which then matches nothing. */
  readonly problem: string | null;
}

/** A matching path, and the layers that touch it. */
export interface PathMatch {
  /** Path as printed by escapePath. */
  readonly path: string;
  /** Lowest layer first. */
  readonly touches: readonly { readonly layer: number; readonly kind: 'added' | 'modified' | 'removed'; readonly size: number }[];
}

/** How a started export continues. */
export interface ExportStarted {
  /** The job that saves the file, in Electron; null if the user chose none, and on the loopback host. */
  readonly jobId: string | null;
  /** On the loopback host, fetched once by `GET /downloads/<download>`; otherwise null. */
  readonly download: string | null;
  /** Number of entries left out because their names or links lead out of the image. */
  readonly leftOut: number;
}

/** Entries of an archive inside an image: names safe to show, up to the requested limit. */
export interface ListingReport {
  readonly format: 'tar' | 'tar.gz' | 'tar.zst' | 'tar.xz' | 'tar.bz2' | 'zip';
  readonly entries: readonly { readonly name: string; readonly type: string; readonly size: number }[];
  /** Whether all entries are listed. */
  readonly complete: boolean;
  /** Why it could not be read to its end; null if it could, or reading stopped at the limit. */
  readonly problem: string | null;
}
