/** What operations and topics give back. Values may hold typed arrays: structured clone and the wire codec carry them. */
import type { ArchiveFormat, ArtifactReport, Finding, HistoryReport, ImageTotals, LayerReport, RowTable } from '#model';

export type Envelope<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: { readonly code: string; readonly message: string; readonly detail?: string } };

export interface AppInfo {
  readonly version: string;
  /** Which door serves this: Electron's IPC or the loopback host. */
  readonly host: 'electron' | 'web';
  /** `linux`, `darwin`, `win32`. */
  readonly system: string;
  /** Whether the program runs with an administrator's rights. */
  readonly elevated: boolean;
  /** A name of the sample image, null where it isn't there. */
  readonly sample: string | null;
}

/** A file that the user gave: opaque, used once, by the window it was given to. */
export interface FileGrant {
  readonly grant: string;
  readonly name: string;
}

export interface ImageSummary {
  readonly index: number;
  readonly names: readonly string[];
  readonly platform: string;
  readonly osVersion?: string;
  readonly configDigest: string | null;
  readonly manifestDigest: string | null;
  /** False until its layers were read: counts and sizes are 0 before. */
  readonly loaded: boolean;
  readonly layers: readonly LayerReport[];
  /** Chain id of each layer, null where a diffID is unknown. Source: OCI image-spec config.md, Layer ChainID. */
  readonly chainIds: readonly (string | null)[];
  readonly history: readonly HistoryReport[];
  readonly totals: ImageTotals;
  readonly attestations: readonly string[];
}

export interface ArchiveSummary {
  /** Unlike any other in this process. */
  readonly archiveId: string;
  readonly title: string;
  readonly format: ArchiveFormat;
  /** Bytes of the file; of a folder the blobs'. */
  readonly sizeBytes: number;
  readonly images: readonly ImageSummary[];
  /** What it holds beside images; absent: nothing. */
  readonly artifacts?: readonly ArtifactReport[];
  /** The gravest first where there are more than a message carries. */
  readonly findings: readonly Finding[];
  /** How many there are in all; absent: those. */
  readonly findingsTotal?: number;
}

type JobState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

export interface Job {
  readonly jobId: string;
  readonly kind: 'open' | 'load' | 'verify' | 'export' | 'rewritten' | 'compare' | 'import';
  /** What it works on, safe to show. */
  readonly title: string;
  readonly state: JobState;
  /** In words: `reading layer 3 of 9`. */
  readonly phase: string;
  readonly doneBytes: number;
  /** Null where it isn't known: show bytes and no percentage. */
  readonly totalBytes: number | null;
  readonly archiveId: string | null;
  readonly image: number | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  /** Of the file that was saved: `sha256:…`; null before, and for other work. */
  readonly digest: string | null;
}

/** Rows [start, start + length) of a table of `total` rows. Row numbers in `parent` and `subtreeEnd` are those of the whole. */
export interface RowPage {
  readonly total: number;
  readonly start: number;
  /** Names are of this page alone: its `nameStart` begins at 0. `links` are by row number in the page. */
  readonly rows: RowTable;
}

/** What an image carries and doesn't show: files that a later layer hides or writes again. */
export interface WasteReport {
  /** Of all, not only of those told: `wastedBytes` of the image's totals. */
  readonly wastedBytes: number;
  /** The most bytes first; `path` as escapePath prints it, `layers` those that wrote it, the lowest first. */
  readonly files: readonly { readonly path: string; readonly wastedBytes: number; readonly layers: readonly number[] }[];
  /** By layer, the bottom first: bytes it wrote that no one sees. */
  readonly byLayer: readonly number[];
  /** Files brought again with the same bytes; null until they were looked for (`image.rewritten`). */
  readonly rewritten: RewrittenReport | null;
}

/** What two images' configs say otherwise. */
export interface ConfigReport {
  /** False where a side is less than an image, or its config can't be read. */
  readonly compared: boolean;
  /** How many fields differ; `differences` may be fewer. */
  readonly total: number;
  /** `field` as `diff --json` names it; values safe to show, lists as JSON, long ones cut; null: not set. */
  readonly differences: readonly { readonly field: string; readonly a: string | null; readonly b: string | null }[];
}

export interface RewrittenReport {
  /** Of all, not only of those told. */
  readonly bytes: number;
  readonly count: number;
  /** The most bytes first; `path` as escapePath prints it, `layer` the one that brings it again. */
  readonly files: readonly { readonly path: string; readonly layer: number; readonly bytes: number }[];
}

/** Paths that a text finds in any layer. */
export interface SearchReport {
  /** How many there are; `matches` may be fewer. */
  readonly total: number;
  readonly matches: readonly PathMatch[];
  /** What is wrong with the text, which then finds nothing. */
  readonly problem: string | null;
}

export interface PathMatch {
  /** As escapePath prints it. */
  readonly path: string;
  /** The lowest layer first. */
  readonly touches: readonly { readonly layer: number; readonly kind: 'added' | 'modified' | 'removed'; readonly size: number }[];
}

/** How that goes on. */
export interface ExportStarted {
  /** The job that saves it, in Electron; null where the user chose no place, and on the loopback host. */
  readonly jobId: string | null;
  /** On the loopback host: fetched once, by `GET /downloads/<download>`; else null. */
  readonly download: string | null;
  /** Entries that are not in it: names or links that lead out of the image. */
  readonly leftOut: number;
}

/** What an archive inside an image holds: names safe to show, at most as many as were asked for. */
export interface ListingReport {
  readonly format: 'tar' | 'tar.gz' | 'tar.zst' | 'tar.xz' | 'tar.bz2' | 'zip';
  readonly entries: readonly { readonly name: string; readonly type: string; readonly size: number }[];
  /** Whether that is all. */
  readonly complete: boolean;
  /** Why it could not be read to its end; null where it could, or wasn't tried. */
  readonly problem: string | null;
}
