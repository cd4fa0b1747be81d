import type { Archive, ArchiveReader } from '#archive';
import type { ArchiveSummary } from '#contract';
import { createImageJobs, type ImageJobs } from './image-jobs.ts';
import { createImageQueries, type ImageQueries } from './image-queries.ts';
import type { Jobs } from './jobs.ts';
import { createExports, type Exports } from './library-exports.ts';
import { OpenArchives, type OpenRequest } from './open-archives.ts';
import { createPackageQueries, type PackageQueries } from './package-queries.ts';
import { createRegistryQueries, type RegistryQueries } from './registry-queries.ts';
import { TOPIC_INTERVAL_MS } from './state-topic.ts';
import { createStatedQueries, type StatedQueries } from './stated-queries.ts';
import { createTableCache } from './table-cache.ts';

export interface LibraryOptions {
  /** Owned by the caller. */
  readonly reader: ArchiveReader;
  /** Owned by the caller, who disposes of it before the library. */
  readonly jobs: Jobs;
  readonly intervalMs?: number;
  /** Receives failures that no caller waits for, such as releasing a file. */
  readonly onFailure?: (error: unknown) => void;
}

/**
 * Open archives, what has been read from them, and a topic of their summaries. Methods throw NOT_FOUND if the archive, image, layer or
 * entry doesn't exist. Disposal closes all archives.
 */
export interface Library extends ImageQueries, PackageQueries, RegistryQueries, StatedQueries, ImageJobs, Exports, AsyncDisposable {
  /**
   * Starts a job that opens an archive and reads the layers of one image: the host platform's, or else the first. The archive appears
   * in the topic as soon as its manifests are read, and disappears if the job fails or is cancelled. Returns the job's id.
   */
  open(request: OpenRequest): string;
  /** Closes an archive. Resolves when all work on it has ended and its file is closed. */
  close(archiveId: string): Promise<void>;
  summary(archiveId: string): ArchiveSummary;
  list(): readonly ArchiveSummary[];
  subscribe(listener: (archives: readonly ArchiveSummary[]) => void): () => void;
  /**
   * Runs `work` on an open archive, which stays open while the work runs; closing it aborts the work. `path` is the file or folder that the
   * archive was opened from, null for an image opened by name; `isPart` is true if the archive is only a part of `path`.
   */
  withArchive<T>(
    archiveId: string,
    signal: AbortSignal,
    work: (archive: Archive, signal: AbortSignal, from: { readonly path: string | null; readonly isPart: boolean }) => Promise<T>,
  ): Promise<T>;
}

/** Creates an empty library. */
export function createLibrary({ reader, jobs, intervalMs = TOPIC_INTERVAL_MS, onFailure = () => {} }: LibraryOptions): Library {
  const tables = createTableCache();
  const archives = new OpenArchives({ reader, jobs, tables, intervalMs, onFailure });
  const find = archives.find.bind(archives);
  return {
    ...createImageQueries({ jobs, tables, find }),
    ...createPackageQueries(find),
    ...createRegistryQueries(find),
    ...createStatedQueries(find),
    ...createImageJobs({ reader, jobs, tables, find, changed: () => archives.changed() }),
    ...createExports({ reader, jobs, find }),
    open: (request) => archives.open(request),
    close: (archiveId) => archives.close(archiveId),
    summary: (archiveId) => find(archiveId).summary(),
    list: () => archives.list(),
    subscribe: (listener) => archives.subscribe(listener),
    withArchive: (archiveId, signal, work) => {
      const open = find(archiveId);
      return open.use(signal, (use) => work(open.archive, use, open));
    },
    [Symbol.asyncDispose]: () => archives[Symbol.asyncDispose](),
  };
}
