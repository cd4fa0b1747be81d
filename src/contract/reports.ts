/** Results of operations. They may contain typed arrays, which structured clone and the wire codec both carry. */
import type {
  ArchiveFormat,
  ArtifactReport,
  AttestationReport,
  Finding,
  HistoryReport,
  ImageTotals,
  LayerReport,
  RowTable,
  SourceReport,
  WasteCause,
  WasteCode,
} from '#model';

export type Envelope<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: { readonly code: string; readonly message: string; readonly detail?: string } };

/** Facts about the running program. */
export interface AppInfo {
  readonly version: string;
  /** Which door serves the window: Electron's IPC or the loopback host. */
  readonly host: 'electron' | 'web';
  /** `linux`, `darwin`, `win32`. */
  readonly system: string;
  /** Whether the program runs with administrator rights. */
  readonly elevated: boolean;
  /** Name of the sample image; null if it isn't installed. */
  readonly sample: string | null;
  /** Whether images can be opened by name. */
  readonly opensNames: boolean;
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
  /** Whether the layers have been read; if not, counts and sizes are 0. */
  readonly loaded: boolean;
  readonly layers: readonly LayerReport[];
  /** ChainID of each layer; null if a diffID is unknown. Source: OCI image-spec config.md, Layer ChainID. */
  readonly chainIds: readonly (string | null)[];
  readonly history: readonly HistoryReport[];
  readonly totals: ImageTotals;
  readonly attestations: readonly AttestationReport[];
  /** Whether the files in the image's layers were searched for secrets. */
  readonly scanned: boolean;
  /** Whether this is a Windows image, or a set of layers that don't state a system but contain Windows hives. */
  readonly hasRegistry: boolean;
}

/** An open archive: everything the window shows about it except rows. */
export interface ArchiveSummary {
  /** Unique in this process. */
  readonly archiveId: string;
  readonly title: string;
  /** Name of the folder that contains the file, without the folders above; absent if the title isn't the file's name. */
  readonly folder?: string;
  readonly format: ArchiveFormat;
  /** Where the image came from, if opened by name. */
  readonly source?: SourceReport;
  /** Which item of a store this is; absent if it isn't in a store. */
  readonly stored?: StoredRef;
  /** Size of the file, or total size of the blobs for a folder or an image opened by name. */
  readonly sizeBytes: number;
  readonly images: readonly ImageSummary[];
  /** Contents other than images; absent if there are none. */
  readonly artifacts?: readonly ArtifactReport[];
  /** Most severe first; limited in number. */
  readonly findings: readonly Finding[];
  /** Total number of findings; absent if all are listed. */
  readonly findingsTotal?: number;
}

type JobState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

/** An image or layer of a store. */
export interface StoredRef {
  readonly storeId: string;
  /** As in `store.open`. */
  readonly name: string;
}

/** Long-running work with progress. */
export interface Job {
  readonly jobId: string;
  readonly kind: 'open' | 'load' | 'verify' | 'scan' | 'export' | 'rewritten' | 'compare' | 'import' | 'weigh' | 'catalog';
  /** What the job works on, safe to show. */
  readonly title: string;
  readonly state: JobState;
  /** Current step, such as `reading layer 3 of 9`. */
  readonly phase: string;
  readonly doneBytes: number;
  /** Null if unknown; show bytes without a percentage then. */
  readonly totalBytes: number | null;
  readonly archiveId: string | null;
  readonly image: number | null;
  /** The catalog that the job opened. */
  readonly catalogId?: string;
  readonly error: { readonly code: string; readonly message: string } | null;
  /** Digest of the saved file, `sha256:…`; null before it is saved and for other jobs. */
  readonly digest: string | null;
}

/** Rows [start, start + length) of a table with `total` rows. `parent` and `subtreeEnd` are row numbers of the whole table. */
export interface RowPage {
  readonly total: number;
  readonly start: number;
  /** Contains only this page's names: `nameStart` starts at 0. `links` is keyed by row number in the page. */
  readonly rows: RowTable;
  /** On the first page only: folders of the whole table that a list opens initially, ascending. */
  readonly open?: Uint32Array;
}

/** Totals of files. */
export interface FileSums {
  /** Visible files and hard links. */
  readonly files: number;
  /** Total size of the visible files, each body counted once. */
  readonly bytes: number;
  /** Total size of files that the image contains but no longer shows; 0 if the totals aren't for a complete image. */
  readonly hiddenBytes: number;
}

/** Totals of a path and everything below it. */
export interface PathSum extends FileSums {
  /** Path as printed by escapePath. */
  readonly path: string;
  readonly isFolder: boolean;
  /** Number of paths below. */
  readonly items: number;
}

/** A path that holds most of the bytes of some kind, such as hidden ones. */
interface Culprit {
  readonly path: string;
  readonly isFolder: boolean;
  readonly bytes: number;
}

/** The path with most of the hidden bytes. */
interface HiddenCulprit extends Culprit {
  /**
   * The layers that wrote what is hidden there, and those that hid it. Only the latest hidden file at each path counts. `fate`: whether
   * these paths were all deleted, are all still there with other files, or some of each. Null if that isn't known.
   */
  readonly hiddenIn: {
    readonly written: { readonly from: number; readonly to: number };
    readonly hidden: { readonly from: number; readonly to: number };
    readonly fate: 'deleted' | 'changed' | 'mixed';
  } | null;
}

/** Totals of an image, a layer, a file system or one of its folders. Lists are sorted, most bytes first. */
export interface BreakdownReport extends FileSums {
  readonly folders: number;
  /** Number of symbolic links, devices and pipes. */
  readonly others: number;
  /** Bytes of lower layers that these layers' changes hide; 0 for an image or a file system. */
  readonly hidesBytes: number;
  /** By kind of file (FILE_TYPES), with the file extensions that have the most bytes. */
  readonly types: readonly (FileSums & { readonly type: string; readonly extensions: readonly string[] })[];
  /** Entries directly in the folder. */
  readonly parts: readonly PathSum[];
  /** The biggest files. */
  readonly biggest: readonly PathSum[];
  /** Layers that wrote the visible files, lowest first. */
  readonly layers: readonly (FileSums & { readonly layer: number })[];
  /**
   * Where most bytes are, including hidden ones: the heaviest of the deepest folders that have at least half as many bytes as the heaviest
   * top folder; null if no folder contains any bytes.
   */
  readonly largestFolder: Culprit | null;
  /** Like `largestFolder`, but for hidden bytes; may also be a file; null if nothing is hidden. */
  readonly mostHidden: HiddenCulprit | null;
}

/** Bytes that an image stores but doesn't show: files that a later layer hides or rewrites. */
export interface WasteReport {
  /** Total, including files not listed; equals `wastedBytes` of the image's totals. */
  readonly wastedBytes: number;
  readonly files: readonly WastedFileReport[];
  /**
   * The causes that occur, most bytes first; they add up to `wastedBytes`. `rewritten` is listed separately once `image.rewritten` has run.
   */
  readonly groups: readonly { readonly cause: WasteCause; readonly bytes: number; readonly files: number }[];
  /** Hidden bytes written by each layer, bottom first. */
  readonly byLayer: readonly number[];
  /** Files rewritten with identical bytes; null until `image.rewritten` has run. */
  readonly rewritten: RewrittenReport | null;
  /** Bytes that the image could do without, hidden or not, by kind, most bytes first. The same bytes may count for several kinds. */
  readonly kinds: readonly WasteKindReport[];
}

/** What an image would weigh if its layers were changed; see `waste --if`. */
export interface WhatIfReport {
  readonly kind: 'squash' | 'merge-removals' | 'drop-caches' | 'zstd';
  /** For squash: the lowest layer to merge. */
  readonly from: number | null;
  readonly layers: number;
  readonly fileBytes: number;
  /** Total size of all layers as stored; null if the layers must be packed to find it (see `image.weigh`). */
  readonly storedBytes: number | null;
  /** Why the layers can't be packed; null if they can, or if packing hasn't been tried. */
  readonly obstacle: string | null;
}

/** Waste of one kind. */
export interface WasteKindReport {
  readonly code: WasteCode;
  /** Total, including places not listed. */
  readonly bytes: number;
  /** hadolint's rule that warns about the same thing; null if there is none. */
  readonly hadolint: string | null;
  /** Number of places; `places` may list fewer. */
  readonly count: number;
  /** Most bytes first. */
  readonly places: readonly WastePlaceReport[];
}

/** Bytes that one layer stores at or below a path. */
export interface WastePlaceReport {
  /** As printed by escapePath; null for the sum of many small places. */
  readonly path: string | null;
  readonly layer: number;
  readonly bytes: number;
  /** The layer that removed everything at or below the path. */
  readonly removedIn?: number;
  /** For a copy, the path of the file that has the same content. */
  readonly of?: string;
}

/** A file with hidden bytes. Files are listed by hidden bytes, most first. */
export interface WastedFileReport {
  /** Path as printed by escapePath. */
  readonly path: string;
  readonly wastedBytes: number;
  /** Layers that wrote the file, lowest first. */
  readonly layers: readonly number[];
  /** The layer that last hid one of the file's bodies. */
  readonly hiddenBy: number;
  readonly cause: WasteCause;
}

/** How two images' configs differ. */
export interface ConfigReport {
  /** False if a side is only part of an image, or its config can't be read. */
  readonly compared: boolean;
  /** Number of fields that differ; `differences` may list fewer. */
  readonly total: number;
  /** `field` as named in `diff --json`; values are safe to show, lists are JSON, long values are shortened; null if not set. */
  readonly differences: readonly { readonly field: string; readonly a: string | null; readonly b: string | null }[];
}

/** Files that a layer rewrites with identical bytes. */
export interface RewrittenReport {
  /** Total, including files not listed. */
  readonly bytes: number;
  readonly count: number;
  /** Largest first. `path` is as printed by escapePath; `layer` rewrites the file. */
  readonly files: readonly { readonly path: string; readonly layer: number; readonly bytes: number }[];
}

/** Paths in any layer that match a search. */
export interface SearchReport {
  /** Number of matching paths; `matches` may list fewer. */
  readonly total: number;
  /** Total size of the matching paths in all layers, counting every version of each. */
  readonly bytes: number;
  readonly matches: readonly PathMatch[];
  /** Why the search text is invalid and matches nothing; null if valid. */
  readonly problem: string | null;
}

/** A matching path, and the layers that touch it. */
export interface PathMatch {
  /** Path as printed by escapePath. */
  readonly path: string;
  /** Size of the largest version in any layer. */
  readonly size: number;
  /** Lowest layer first. */
  readonly touches: readonly { readonly layer: number; readonly kind: 'added' | 'modified' | 'removed'; readonly size: number }[];
}

/** Result of starting an export. */
export interface ExportStarted {
  /** The job that saves the file, in Electron; null if the user cancelled the dialog, and on the loopback host. */
  readonly jobId: string | null;
  /** On the loopback host, the name for fetching the export, once, from `GET /downloads/<download>`; otherwise null. */
  readonly download: string | null;
  /** On the loopback host, the file name that the browser gets; otherwise null, because the user chooses it. */
  readonly name: string | null;
  /** Number of entries left out because their paths or links point outside the image. */
  readonly leftOut: number;
}

/** Entries of an archive inside an image. Names are safe to show, and there are at most as many as requested. */
export interface ListingReport {
  readonly format: 'tar' | 'tar.gz' | 'tar.zst' | 'tar.xz' | 'tar.bz2' | 'zip';
  readonly entries: readonly { readonly name: string; readonly type: string; readonly size: number }[];
  /** Whether all entries are listed. */
  readonly complete: boolean;
  /** Why the archive couldn't be read to its end; null if it could, or if reading stopped at the limit. */
  readonly problem: string | null;
}
