// Manages open archives, from the job that opens an archive to its closing.
import { realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Archive, ArchiveReader, OpenOptions, Progress } from '#archive';
import type { ArchiveSummary, StoredRef } from '#contract';
import { displayText, LayerscopeError } from '#model';
import { chooseImage } from '../image/choose-image.ts';
import type { JobContext, Jobs } from './jobs.ts';
import { archiveBytes, OpenArchive } from './open-archive.ts';
import { readLayers } from './read-layers.ts';
import { createStateTopic, type StateTopic } from './state-topic.ts';
import type { TableCache } from './table-cache.ts';

/** An archive to open, and how. */
export interface OpenRequest {
  /** Null if the archive isn't a file or folder; `read` opens it then. */
  readonly path: string | null;
  /** Name shown to the user. */
  readonly title: string;
  /** The job's title while it runs, if not the archive's. */
  readonly called?: string | undefined;
  /** Opens the archive. Needed if the archive is only a part of `path`, or if `path` is null. */
  readonly read?: (reader: ArchiveReader, options: { readonly signal: AbortSignal }) => Promise<Archive>;
  /** The item that `read` opens, if it is in a store. */
  readonly stored?: StoredRef;
  /** Follows links that lead out of an opened folder; see {@link ArchiveReader.open}. */
  readonly followLinks?: boolean;
  /** Called once when the file is no longer needed: after it has been closed, or if it couldn't be opened. */
  readonly release?: () => Promise<void>;
}

/** The window's wording of each phase that the reader reports. */
const PHASES: Readonly<Record<string, string>> = { unpack: 'unpacking the archive', receive: 'receiving the image' };

export interface OpenArchivesOptions {
  readonly reader: ArchiveReader;
  readonly jobs: Jobs;
  readonly tables: TableCache;
  readonly intervalMs: number;
  /** Receives failures that no caller waits for. */
  readonly onFailure: (error: unknown) => void;
}

/** Open archives and a topic of their summaries. Methods throw NOT_FOUND if the archive isn't open. Disposal closes all. */
export class OpenArchives implements AsyncDisposable {
  readonly #options: OpenArchivesOptions;
  readonly #archives = new Map<string, OpenArchive>();
  readonly #identities = new WeakMap<OpenArchive, string>();
  readonly #topic: StateTopic<readonly ArchiveSummary[]>;
  #last = 0;

  constructor(options: OpenArchivesOptions) {
    this.#options = options;
    this.#topic = createStateTopic(() => this.list(), options.intervalMs);
  }

  find(archiveId: string): OpenArchive {
    const archive = this.#archives.get(archiveId);
    if (archive === undefined) throw new LayerscopeError('NOT_FOUND', 'no such archive is open');
    return archive;
  }

  /** Lists archives in the order in which they were requested, not the order in which they were read. */
  list(): readonly ArchiveSummary[] {
    const asked = ({ archiveId }: OpenArchive): number => Number(archiveId.slice(1));
    return [...this.#archives.values()].sort((a, b) => asked(a) - asked(b)).map((archive) => archive.summary());
  }

  subscribe(listener: (archives: readonly ArchiveSummary[]) => void): () => void {
    return this.#topic.subscribe(listener);
  }

  /** Call this when a summary has changed. */
  changed(): void {
    this.#topic.changed();
  }

  /**
   * Starts a job that opens an archive and reads the layers of one image. If the same file is open already, the job yields that archive.
   */
  open(request: OpenRequest): string {
    const { jobs, onFailure } = this.#options;
    const archiveId = `a${++this.#last}`;
    const jobId = jobs.start({ kind: 'open', title: request.called ?? request.title }, (context) => this.#run(archiveId, request, context));
    void jobs.ended(jobId).then(async () => {
      const open = this.#archives.get(archiveId);
      const release = request.release ?? (async () => {});
      if (open === undefined) await release().catch(onFailure);
      else open.onClosed(() => release().catch(onFailure));
    });
    return jobId;
  }

  /** Closes an archive. Resolves when all work on it has ended and its file is closed. */
  async close(archiveId: string): Promise<void> {
    const { jobs } = this.#options;
    const open = this.find(archiveId);
    const own = jobs.list().filter((job) => job.archiveId === archiveId);
    for (const { jobId } of own) jobs.cancel(jobId);
    await Promise.all(own.map(({ jobId }) => jobs.ended(jobId)));
    await this.#close(open);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#archives.values()].map((open) => this.#close(open)));
    this.#topic.close();
  }

  async #close(open: OpenArchive): Promise<void> {
    if (this.#archives.delete(open.archiveId)) this.changed();
    await open.close();
    this.#options.tables.drop(`${open.archiveId}/`);
  }

  async #run(archiveId: string, request: OpenRequest, context: JobContext): Promise<void> {
    const identity = request.read === undefined && request.path !== null ? await identityOf(request.path) : null;
    if (this.#isOpen(identity, context)) return;
    const open = await this.#opened(archiveId, request, context);
    // Another job may have opened the file meanwhile.
    if (this.#isOpen(identity, context)) {
      await open.close();
      return;
    }
    this.#archives.set(archiveId, open);
    if (identity !== null) this.#identities.set(open, identity);
    this.changed();
    context.about({ archiveId });
    try {
      if (open.archive.images.length === 0) return;
      const { index } = chooseImage(open.archive);
      context.about({ image: index });
      await readLayers({ ...this.#options, changed: () => this.changed() }, open, index, { kind: 'load', context });
    } catch (error) {
      await this.#close(open);
      throw error;
    }
  }

  /** Whether a file is open already; if so, points the job at that archive. */
  #isOpen(identity: string | null, context: JobContext): boolean {
    if (identity === null) return false;
    const there = [...this.#archives.values()].find((each) => this.#identities.get(each) === identity);
    if (there === undefined) return false;
    const image = there.archive.images.length === 0 ? {} : { image: chooseImage(there.archive).index };
    context.about({ archiveId: there.archiveId, ...image });
    return true;
  }

  async #opened(archiveId: string, request: OpenRequest, { signal, report }: JobContext): Promise<OpenArchive> {
    const { path, title, stored, read, followLinks = false } = request;
    const { reader } = this.#options;
    report({ phase: path === null ? 'waiting for the image' : 'reading the archive' });
    const options = {
      signal,
      onProgress: ({ phase, doneBytes, totalBytes }: Progress) => {
        report({ phase: PHASES[phase] ?? 'reading the archive', doneBytes, totalBytes });
      },
    };
    const archive = await openWith(reader, { path, read, followLinks }, options).catch((error: unknown) => {
      throw path === null ? error : namedBy(title, path, error);
    });
    try {
      const sizeBytes = await archiveBytes(path, archive);
      return new OpenArchive({ archiveId, archive, path, isPart: read !== undefined, title, stored, sizeBytes });
    } catch (error) {
      await archive[Symbol.asyncDispose]();
      throw error;
    }
  }
}

function openWith(
  reader: ArchiveReader,
  { path, read, followLinks }: Pick<OpenRequest, 'path' | 'followLinks'> & { readonly read: OpenRequest['read'] | undefined },
  options: OpenOptions & { readonly signal: AbortSignal },
): Promise<Archive> {
  if (read !== undefined) return read(reader, options);
  if (path === null) throw new LayerscopeError('INTERNAL', 'an archive without a file and without a way to read it');
  return reader.open(path, { ...options, followLinks: followLinks === true });
}

/** Returns a key for a file or layout; the key changes when the contents do. Null if unknown. */
async function identityOf(file: string): Promise<string | null> {
  try {
    const there = await realpath(file);
    const stats = await stat(there, { bigint: true });
    const { ino, size, mtimeNs } = stats.isDirectory() ? await stat(join(there, 'index.json'), { bigint: true }) : stats;
    return `${there}:${ino}:${size}:${mtimeNs}`;
  } catch {
    return null; // opening the file will report why
  }
}

/** Replaces an upload's path with its title in an error: the path only contains the upload's id. */
function namedBy(title: string, file: string, error: unknown): unknown {
  const id = basename(file);
  if (!(error instanceof LayerscopeError) || id === title || !error.message.includes(id)) return error;
  const message = error.message.replaceAll(displayText(file), id).replaceAll(id, displayText(title));
  return new LayerscopeError(error.code, message, { cause: error });
}
