/**
 * The contract between the privileged side (host) and the renderer: every operation and topic, once.
 * Queries only read; commands change something. Inputs are checked by {@link ./schemas.ts} before anything is done.
 * Replies are an {@link Envelope}. Values may hold typed arrays: structured clone and the wire codec carry them.
 */
import type { ArchiveFormat, ArtifactReport, Finding, HistoryReport, ImageTotals, LayerReport, RowTable } from '#model';
import type { ContentPage, EntryDetails, RawHeader } from './entry-reports.ts';
import type { BaseImageReport, PreflightReport, StoredChanges, StoredRef, StoreRef, StoreReport } from './store-reports.ts';

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

export interface ImageRef {
  readonly archiveId: string;
  readonly image: number;
}

interface EntryRef extends ImageRef {
  readonly layer: number;
  /** Hex of the raw path. */
  readonly pathHex: string;
}

/** A file system: an image as seen at one of its layers. */
export interface ViewRef extends ImageRef {
  readonly layer: number;
  /** Of a side of a comparison: only the layers from this one on count, as if there were none below; absent: all. */
  readonly since?: number | undefined;
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

/**
 * What can be saved: a file, or a folder as a tar; a layer as it is stored, unpacked, or packed otherwise; an image as an archive; a comparison as `diff --json`
 * prints it; an archive as `inspect --json` does.
 */
export type ExportInput =
  | ({ readonly what: 'entry' } & EntryRef)
  | ({ readonly what: 'layer'; readonly form: 'stored' | 'plain' | 'gzip' | 'zstd' } & ViewRef)
  | ({ readonly what: 'image'; readonly format: 'docker-archive' | 'oci-archive' } & ImageRef)
  | { readonly what: 'comparison'; readonly a: ViewRef; readonly b: ViewRef }
  | { readonly what: 'report'; readonly archiveId: string };

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

interface Operations {
  'app.info': { kind: 'query'; input: Record<string, never>; output: AppInfo };
  /** A grant for the sample image. */
  'app.sample': { kind: 'command'; input: Record<string, never>; output: FileGrant };
  /** Names of files that were opened lately, the last first, each with its folder; none on the loopback host. */
  'files.recent': {
    kind: 'query';
    input: Record<string, never>;
    output: { files: readonly { readonly name: string; readonly folder: string }[] };
  };
  /** A grant for one of them, by its place in that list. NOT_FOUND where it is another's by now. */
  'files.again': { kind: 'command'; input: { index: number; name: string }; output: FileGrant };
  /** Forgets them all. */
  'files.forget': { kind: 'command'; input: Record<string, never>; output: Record<string, never> };
  /** Shows the system's dialog and gives a grant a file chosen; FORBIDDEN on the loopback host, which takes uploads. */
  'files.choose': { kind: 'command'; input: { what: 'files' | 'folder' }; output: { grants: readonly FileGrant[] } };
  /** A grant to upload to, on the loopback host: `PUT /uploads/<grant>`. FORBIDDEN in Electron. */
  'files.expect': { kind: 'command'; input: { name: string; sizeBytes: number }; output: FileGrant };
  /** Opens what the grant stands for, and loads its first image. */
  'archive.open': { kind: 'command'; input: { grant: string }; output: { jobId: string } };
  'archive.close': { kind: 'command'; input: { archiveId: string }; output: Record<string, never> };
  'archive.summary': { kind: 'query'; input: { archiveId: string }; output: ArchiveSummary };
  /** The image's config as JSON, names escaped as JSON does; at most 1,048,576 letters of it. Null where it is missing or damaged. */
  'image.config': { kind: 'query'; input: ImageRef; output: { json: string | null; complete: boolean } };
  /** Reads the layers of one image of an open archive. */
  'image.load': { kind: 'command'; input: ImageRef; output: { jobId: string } };
  /** Reads everything and checks every digest; findings follow in the summary. */
  'image.verify': { kind: 'command'; input: ImageRef; output: { jobId: string } };
  /** What the layers from `from` to `to` (both included, 0 the bottom) changed together. */
  'image.changes': { kind: 'query'; input: ImageRef & { from: number; to: number; start: number; count: number }; output: RowPage };
  /** The file system as seen at a layer; rows the layer touches are marked. */
  'image.view': { kind: 'query'; input: ImageRef & { layer: number; start: number; count: number }; output: RowPage };
  /** What is different in `b` from what is in `a`, to the last byte: rows as compareViews has them, none that are the same. */
  'images.compare': { kind: 'query'; input: { a: ViewRef; b: ViewRef; start: number; count: number }; output: RowPage };
  /** What the configs of both sides say otherwise, where both are whole images. */
  'images.configs': { kind: 'query'; input: { a: ViewRef; b: ViewRef }; output: ConfigReport };
  /** Looks for files that a layer brings again with the same bytes: reads bodies, and so is a job. `image.waste` tells them then. */
  'image.rewritten': { kind: 'command'; input: ImageRef; output: { jobId: string } };
  'image.waste': { kind: 'query'; input: ImageRef & { limit: number }; output: WasteReport };
  /** Which layers touch paths that a text finds (see RowFilter), at most `limit` of them. */
  'image.search': { kind: 'query'; input: ImageRef & { text: string; limit: number }; output: SearchReport };
  'entry.details': { kind: 'query'; input: EntryRef; output: EntryDetails };
  /** The header of the entry that counts at this layer, of the layer that has it. */
  'entry.raw': { kind: 'query'; input: EntryRef; output: RawHeader };
  /** A file's bytes as seen at the layer: at most 262,144 a call. */
  'entry.content': { kind: 'query'; input: EntryRef & { offset: number; length: number }; output: ContentPage };
  /** The entries of a file that is an archive itself; null where it is none. */
  'entry.listing': { kind: 'query'; input: EntryRef & { limit: number }; output: { listing: ListingReport | null } };
  /** Saves what the window shows: in Electron where the system's dialog says, on the loopback host as a download. */
  'export.start': { kind: 'command'; input: ExportInput; output: ExportStarted };
  /** Every store, the program's own first. Changes nothing. */
  'store.report': { kind: 'query'; input: Record<string, never>; output: { stores: readonly StoreReport[] } };
  /** Asks the user for a folder and lists it as a store from now on; null where none was chosen. FORBIDDEN on the loopback host. */
  'store.add': { kind: 'command'; input: Record<string, never>; output: { storeId: string | null } };
  /** Lists a store no more; its files stay. USAGE for the program's own, EXISTS while a layer of it is mounted. */
  'store.forget': { kind: 'command'; input: StoreRef; output: Record<string, never> };
  /** Opens an image by its name, or a layer with its chain, as an archive. */
  'store.open': { kind: 'command'; input: StoredRef; output: { jobId: string } };
  /** Takes an image of an open archive in; a layer tar as a layer on `parent` (null: a base layer). */
  'store.import': { kind: 'command'; input: StoreRef & ImageRef & { parent: string | null }; output: { jobId: string } };
  /** Takes an image's name, a layer or a leftover away, and what nothing else needs. EXISTS where layers stand on it, or it is mounted. */
  'store.remove': { kind: 'command'; input: StoredRef; output: Record<string, never> };
  /** Reads everything from end to end, as a job; `checked` of the report tells what it found. */
  'store.verify': { kind: 'command'; input: StoreRef; output: { jobId: string } };
  /** What a clean-up would take away: names safe to show. */
  'store.leftovers': { kind: 'query'; input: StoreRef; output: { names: readonly string[] } };
  /** Takes leftovers away; their names are returned, safe to show. */
  'store.cleanup': { kind: 'command'; input: StoreRef; output: { removed: readonly string[] } };
  /** Makes a layer's chain visible as a folder, until it is released or the program ends. */
  'store.mount': { kind: 'command'; input: StoredRef; output: { path: string; findings: readonly string[] } };
  'store.release': { kind: 'command'; input: StoredRef; output: Record<string, never> };
  /** Opens the folder of a mount in the system's file manager. NOT_FOUND where it isn't mounted; FORBIDDEN on the loopback host. */
  'store.reveal': { kind: 'command'; input: StoredRef; output: Record<string, never> };
  /** Makes a layer that is written into, on the layer of that name; its id is returned. */
  'store.create': { kind: 'command'; input: StoredRef; output: { id: string } };
  'store.changes': { kind: 'query'; input: StoredRef & { limit: number }; output: StoredChanges };
  /** Makes a layer of what a read-write layer holds now, as a job. */
  'store.commit': { kind: 'command'; input: StoredRef; output: { jobId: string } };
  /** Windows' shared base images. Makes nothing; empty where the system has none. */
  'store.bases': { kind: 'query'; input: StoreRef; output: { images: readonly BaseImageReport[] } };
  /** What the Windows drivers need of this system, and whether it is there; safe to show. */
  'store.preflight': { kind: 'query'; input: Record<string, never>; output: { facts: readonly PreflightReport[] } };
  /** Has an elevated process do a store's work: Windows asks the user. False: the user said no. FORBIDDEN on the loopback host. */
  'store.elevate': { kind: 'command'; input: StoreRef; output: { elevated: boolean } };
  /** Makes a layer for one of them. */
  'store.adopt': { kind: 'command'; input: StoredRef; output: Record<string, never> };
  'jobs.cancel': { kind: 'command'; input: { jobId: string }; output: Record<string, never> };
  /** Takes a job that has ended off the list. */
  'jobs.dismiss': { kind: 'command'; input: { jobId: string }; output: Record<string, never> };
}

export type OperationName = keyof Operations;
export type InputOf<N extends OperationName> = Operations[N]['input'];
export type OutputOf<N extends OperationName> = Operations[N]['output'];

/** Topics open with a snapshot and then send the whole state again, at most ten times a second. */
export interface Topics {
  jobs: { readonly jobs: readonly Job[] };
  library: { readonly archives: readonly ArchiveSummary[] };
  /** Files that the system or the command line asks this window to open. */
  requests: { readonly open: readonly FileGrant[] };
}

export type TopicName = keyof Topics;

export const OPERATION_NAMES = [
  'app.info',
  'app.sample',
  'files.recent',
  'files.again',
  'files.forget',
  'files.choose',
  'files.expect',
  'archive.open',
  'archive.close',
  'archive.summary',
  'image.config',
  'image.load',
  'image.verify',
  'image.changes',
  'image.view',
  'images.compare',
  'images.configs',
  'image.rewritten',
  'image.waste',
  'image.search',
  'entry.details',
  'entry.raw',
  'entry.content',
  'entry.listing',
  'export.start',
  'store.report',
  'store.add',
  'store.forget',
  'store.open',
  'store.import',
  'store.remove',
  'store.verify',
  'store.leftovers',
  'store.cleanup',
  'store.mount',
  'store.release',
  'store.reveal',
  'store.create',
  'store.changes',
  'store.commit',
  'store.bases',
  'store.preflight',
  'store.elevate',
  'store.adopt',
  'jobs.cancel',
  'jobs.dismiss',
] as const satisfies readonly OperationName[];

export const TOPIC_NAMES = ['jobs', 'library', 'requests'] as const satisfies readonly TopicName[];

export const FIRST_PAGE_ROWS = 2_000;
export const PAGE_ROWS = 12_500;
/** Bytes of names and link targets on one page, unless its first row alone has more. */
export const PAGE_BYTES = 2 * 1024 * 1024;
export const CONTENT_PAGE_BYTES = 262_144;

/** What the renderer calls; made over each door by its own transport. */
export interface Client {
  call<N extends OperationName>(name: N, input: InputOf<N>, options?: { signal?: AbortSignalLike }): Promise<OutputOf<N>>;
  /** Returns the function that ends the subscription. */
  subscribe<T extends TopicName>(topic: T, listener: (state: Topics[T]) => void): () => void;
  /**
   * A grant for a file that was dropped or chosen in the page: by its path in Electron, by upload on the loopback host.
   * `file` is a DOM File. Folders: Electron only.
   */
  grantFile(file: unknown, options?: { onProgress?: (sentBytes: number) => void; signal?: AbortSignalLike }): Promise<FileGrant>;
}

/** What of AbortSignal the contract needs; pure rooms know no DOM. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
