import path from 'node:path';
import type { Archive, ArchiveReader, Progress } from '#archive';
import type {
  ArchiveSummary,
  ConfigReport,
  ContentPage,
  EntryDetails,
  ImageRef,
  ListingReport,
  RawHeader,
  SearchReport,
  ViewRef,
  WasteReport,
} from '#contract';
import { splitPath } from '#format/path';
import { jsonText, LayerscopeError, type RowTable } from '#model';
import type { Exported } from '../export/entry-export.ts';
import { saveFile } from '../export/save-file.ts';
import { chooseImage } from '../image/choose-image.ts';
import { loadImage } from '../image/load-image.ts';
import type { EntryOf } from '../image/types.ts';
import { compareImages, differencesOf, viewOf } from '../read/compare-images.ts';
import { configDifferences } from '../read/config-differences.ts';
import { configReport } from '../read/config-report.ts';
import { entryDetails } from '../read/entry-details.ts';
import { findRewritten } from '../read/find-rewritten.ts';
import { listArchive } from '../read/list-archive.ts';
import { listChanges } from '../read/list-changes.ts';
import { listView } from '../read/list-view.ts';
import { readContent } from '../read/read-content.ts';
import { readContents } from '../read/read-contents.ts';
import { readRawEntry } from '../read/read-raw-entry.ts';
import { reportWaste } from '../read/report-waste.ts';
import { createContentReading } from './content-reading.ts';
import type { JobContext, Jobs } from './jobs.ts';
import { type ExportRequest, exportedOf, leftOutError } from './library-exports.ts';
import { archiveBytes, OpenArchive } from './open-archive.ts';
import { createStateTopic, TOPIC_INTERVAL_MS } from './state-topic.ts';
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

/** An archive to open, and how. */
export interface OpenRequest {
  readonly path: string;
  /** Name shown to the user. */
  readonly title: string;
  /** Opens the archive if it is only a part of `path`. */
  readonly read?: (reader: ArchiveReader, options: { readonly signal: AbortSignal }) => Promise<Archive>;
  /** Follows links that lead out of an opened folder; see {@link ArchiveReader.open}. */
  readonly followLinks?: boolean;
  /** Called once when the file is no longer needed: after it was closed, or couldn't be opened. */
  readonly release?: () => Promise<void>;
}

/**
 * Open archives, what has been read from them, and a topic of their summaries. Methods throw NOT_FOUND if the archive, image, layer or
 * entry doesn't exist. Disposal closes all archives.
 */
export interface Library extends AsyncDisposable {
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
  /** Returns an image's config as JSON, null if it is missing or damaged; `complete` is false if the text is cut off. */
  config(ref: ImageRef): { readonly json: string | null; readonly complete: boolean };
  /** Starts a job that reads the layers of an image. Returns its id, or that of the job already doing so. */
  load(ref: ImageRef): string;
  /** Like `load`, and checks every digest. */
  verify(ref: ImageRef): string;
  /** Lists what layers `from` to `to` changed together. May take long: it compares the contents of files of equal size. */
  changes(ref: ImageRef, range: { from: number; to: number; signal: AbortSignal }): Promise<RowTable>;
  view(ref: ImageRef, at: { layer: number; signal: AbortSignal }): Promise<RowTable>;
  /** Compares `b` with `a`. May take long: it compares the contents of files of equal size. */
  compare(a: ViewRef, b: ViewRef, signal: AbortSignal): Promise<RowTable>;
  /** Compares the configs of two whole images. */
  configs(a: ViewRef, b: ViewRef, signal: AbortSignal): Promise<ConfigReport>;
  /** Starts a job that looks for files which a layer rewrites with identical bytes; `waste` then includes them. */
  findRewritten(ref: ImageRef): string;
  waste(ref: ImageRef, limit: number, signal: AbortSignal): Promise<WasteReport>;
  search(ref: ImageRef, wanted: { text: string; limit: number }, signal: AbortSignal): Promise<SearchReport>;
  details(entry: EntryOf, signal: AbortSignal): Promise<EntryDetails>;
  raw(entry: EntryOf, signal: AbortSignal): Promise<RawHeader>;
  content(entry: EntryOf, range: { offset: number; length: number }, signal: AbortSignal): Promise<ContentPage>;
  /**
   * Runs `work` on an open archive and keeps it open meanwhile; closing it aborts the work. `path` is the file or folder it was opened
   * from; `isPart` is true if the archive is only a part of that.
   */
  withArchive<T>(
    archiveId: string,
    signal: AbortSignal,
    work: (archive: Archive, signal: AbortSignal, from: { readonly path: string; readonly isPart: boolean }) => Promise<T>,
  ): Promise<T>;
  /** Lists the entries of a file that is itself an archive; null if it isn't. */
  listing(entry: EntryOf, limit: number, signal: AbortSignal): Promise<ListingReport | null>;
  /** Prepares an export without reading anything yet. The archive stays open while the export's bytes are read. */
  exported(wanted: ExportRequest): Exported;
  /** Starts a job that saves an export as `target`, replacing an existing file. Returns the job's id. */
  save(wanted: ExportRequest, target: string): string;
}

/** Creates an empty library. */
export function createLibrary({ reader, jobs, intervalMs = TOPIC_INTERVAL_MS, onFailure = () => {} }: LibraryOptions): Library {
  const archives = new Map<string, OpenArchive>();
  const tables = createTableCache();
  const loading = new Map<string, string>(); // running job by archive, image and kind
  const list = (): readonly ArchiveSummary[] => [...archives.values()].map((archive) => archive.summary());
  const topic = createStateTopic(list, intervalMs);
  let last = 0;

  const find = (archiveId: string): OpenArchive => {
    const archive = archives.get(archiveId);
    if (archive === undefined) throw new LayerscopeError('NOT_FOUND', 'no such archive is open');
    return archive;
  };

  const contents = createContentReading(jobs, (archiveId) => find(archiveId).summary().title);

  const readLayers = async (open: OpenArchive, image: number, verify: boolean, { signal, report }: JobContext): Promise<void> => {
    const count = open.archive.images[image]?.layers.length ?? 0;
    let done = 0;
    const phase = (): string => `${verify ? 'checking' : 'reading'} layer ${Math.min(done + 1, count)} of ${count}`;
    report({ phase: phase(), doneBytes: 0, totalBytes: null });
    const loaded = await open.use(signal, (use) =>
      loadImage(reader, open.archive, image, {
        verify,
        sums: 'taken',
        signal: use,
        onProgress: ({ doneBytes, totalBytes }) => report({ phase: phase(), doneBytes, totalBytes }),
        onLayer: (layer, indexed) => {
          done++;
          report({ phase: phase() });
          open.arrive(image, layer.index, indexed);
          topic.changed();
        },
      }),
    );
    open.setLoaded(image, loaded);
    tables.drop(tableKey(open.archiveId, image));
    topic.changed();
  };

  const closeArchive = async (open: OpenArchive): Promise<void> => {
    if (archives.delete(open.archiveId)) topic.changed();
    await open.close();
    tables.drop(`${open.archiveId}/`);
  };

  const runOpen = async (
    archiveId: string,
    { path, title, read, followLinks = false }: OpenRequest,
    context: JobContext,
  ): Promise<void> => {
    const { signal, report } = context;
    report({ phase: 'reading the archive' });
    const options = {
      signal,
      onProgress: ({ phase, doneBytes, totalBytes }: Progress) => {
        report({ phase: phase === 'unpack' ? 'unpacking the archive' : 'reading the archive', doneBytes, totalBytes });
      },
    };
    const archive = await (read === undefined ? reader.open(path, { ...options, followLinks }) : read(reader, options));
    let open: OpenArchive;
    try {
      open = new OpenArchive({ archiveId, archive, path, isPart: read !== undefined, title, sizeBytes: await archiveBytes(path, archive) });
    } catch (error) {
      await archive[Symbol.asyncDispose]();
      throw error;
    }
    archives.set(archiveId, open);
    topic.changed();
    context.about({ archiveId });
    try {
      if (archive.images.length === 0) return;
      const { index } = chooseImage(archive);
      context.about({ image: index });
      await readLayers(open, index, false, context);
    } catch (error) {
      await closeArchive(open);
      throw error;
    }
  };

  /** Runs one job per image and kind at a time; later requests join it. */
  const startReading = (kind: 'load' | 'verify', { archiveId, image }: ImageRef): string => {
    const open = find(archiveId);
    if (open.archive.images[image] === undefined) throw new LayerscopeError('NOT_FOUND', `no image ${image}`);
    const key = `${archiveId}/${image}/${kind}`;
    const running = loading.get(key);
    if (running !== undefined) return running;
    const title = open.summary().title;
    const jobId = jobs.start({ kind, title, archiveId, image }, async (context) => {
      if (kind === 'load' && open.isLoaded(image)) return;
      await readLayers(open, image, kind === 'verify', context);
    });
    loading.set(key, jobId);
    void jobs.ended(jobId).then(() => loading.delete(key));
    return jobId;
  };

  const withImage = <T>(
    { archiveId, image }: ImageRef,
    layers: readonly number[],
    signal: AbortSignal,
    work: (loaded: ReturnType<OpenArchive['loaded']>, signal: AbortSignal) => Promise<T>,
  ): Promise<T> => {
    const open = find(archiveId);
    const loaded = open.loaded(image, ...layers);
    return open.use(signal, (use) => work(loaded, use));
  };

  const exported = (wanted: ExportRequest): Exported => exportedOf({ find, reader }, wanted);

  return {
    exported,
    save(wanted, target) {
      const { name, totalBytes, leftOut, bytes } = exported(wanted);
      const about = wanted.what === 'comparison' ? wanted.b : wanted.what === 'entry' ? wanted.entry : wanted;
      const title = path.basename(target);
      return jobs.start({ kind: 'export', title, archiveId: about.archiveId }, async ({ signal, report }) => {
        report({ phase: `saving ${name}`, doneBytes: 0, totalBytes });
        report({ digest: await saveFile(target, bytes(signal), { signal, onBytes: (doneBytes) => report({ doneBytes }) }) });
        if (leftOut > 0) throw leftOutError(leftOut);
      });
    },
    open(request) {
      const archiveId = `a${++last}`;
      const jobId = jobs.start({ kind: 'open', title: request.title }, (context) => runOpen(archiveId, request, context));
      void jobs.ended(jobId).then(async () => {
        const open = archives.get(archiveId);
        const release = request.release ?? (async () => {});
        if (open === undefined) await release().catch(onFailure);
        else open.onClosed(() => release().catch(onFailure));
      });
      return jobId;
    },
    async close(archiveId) {
      const open = find(archiveId);
      const own = jobs.list().filter((job) => job.archiveId === archiveId);
      for (const { jobId } of own) jobs.cancel(jobId);
      await Promise.all(own.map(({ jobId }) => jobs.ended(jobId)));
      await closeArchive(open);
    },
    summary: (archiveId) => find(archiveId).summary(),
    list,
    subscribe: (listener) => topic.subscribe(listener),
    config({ archiveId, image }) {
      const known = find(archiveId).archive.images[image];
      if (known === undefined) throw new LayerscopeError('NOT_FOUND', `no image ${image}`);
      if (known.config === null || known.config === undefined) return { json: null, complete: true };
      const json = jsonText(known.config, 2);
      return { json: json.slice(0, MAX_CONFIG_LETTERS), complete: json.length <= MAX_CONFIG_LETTERS };
    },
    load: (ref) => startReading('load', ref),
    verify: (ref) => startReading('verify', ref),
    // Rows are built on this thread: half a second for a million. Moving them to a worker would only change these two.
    changes: async (ref, { from, to, signal }) =>
      withImage(ref, [from, to], signal, (loaded, use) =>
        tables.get(
          `${tableKey(ref.archiveId, ref.image)}changes/${from}/${to}`,
          () => listChanges(loaded, from, to, { around: contents.asFarAsWanted(ref, use) }),
          use,
        ),
      ),
    view: async (ref, { layer, signal }) =>
      withImage(ref, [layer], signal, (loaded, use) =>
        tables.get(
          `${tableKey(ref.archiveId, ref.image)}view/${layer}`,
          async () => {
            const rows = listView(loaded.stack, layer);
            await readContents(loaded, loaded, { rows, differs: rows.differs }, { around: contents.asFarAsWanted(ref, use) });
            return rows;
          },
          use,
        ),
      ),
    compare: async (a, b, signal) =>
      withImage(b, [b.layer], signal, (side, use) =>
        withImage(a, [a.layer], use, (base, both) =>
          tables.get(
            `${tableKey(b.archiveId, b.image)}compare/${sideKey(b)}/${a.archiveId}/${a.image}/${sideKey(a)}`,
            async () => differencesOf(await compareImages(viewOf(base, a), viewOf(side, b), { around: contents.forAnswer(b, both) })),
            both,
          ),
        ),
      ),
    configs: async (a, b, signal) =>
      withImage(b, [b.layer], signal, (side, use) =>
        withImage(a, [a.layer], use, async (base) => configReport(configDifferences(viewOf(base, a), viewOf(side, b)))),
      ),
    findRewritten(ref) {
      const { archiveId, image } = ref;
      const open = find(archiveId);
      const loaded = open.loaded(image);
      const key = `${archiveId}/${image}/rewritten`;
      const running = loading.get(key);
      if (running !== undefined) return running;
      const count = loaded.image.layers.length;
      const jobId = jobs.start({ kind: 'rewritten', title: open.summary().title, archiveId, image }, ({ signal, report }) =>
        open.use(signal, async (use) => {
          const onLayer = (layer: number) => report({ phase: `comparing layer ${layer + 1} of ${count} with those below` });
          open.setRewritten(image, await findRewritten(loaded, { signal: use, onLayer, onBytes: (doneBytes) => report({ doneBytes }) }));
        }),
      );
      loading.set(key, jobId);
      void jobs.ended(jobId).then(() => loading.delete(key));
      return jobId;
    },
    waste: async (ref, limit, signal) =>
      withImage(ref, [], signal, async ({ stack }) => reportWaste(stack, limit, find(ref.archiveId).rewritten(ref.image))),
    search: async (ref, { text, limit }, signal) => {
      const { searchLayers } = await import('../read/search-layers.ts'); // loads the expression engine only when needed
      return withImage(ref, [], signal, async ({ stack }, use) => searchLayers(stack, text, { limit, signal: use }));
    },
    details: async (entry, signal) =>
      withImage(entry, [entry.layer], signal, async (loaded) => entryDetails(loaded, entry.layer, entry.path)),
    raw: async (entry, signal) =>
      withImage(entry, [entry.layer], signal, (loaded, use) => readRawEntry(loaded, entry.layer, entry.path, { signal: use })),
    withArchive: (archiveId, signal, work) => {
      const open = find(archiveId);
      return open.use(signal, (use) => work(open.archive, use, open));
    },
    listing: async (entry, limit, signal) =>
      withImage(entry, [entry.layer], signal, (loaded, use) =>
        listArchive(loaded, entry.layer, splitPath(entry.path), { limit, signal: use }),
      ),
    content: async (entry, { offset, length }, signal) =>
      withImage(entry, [entry.layer], signal, async (loaded, use) => {
        const parts = splitPath(entry.path);
        const { totalBytes, bytes } = readContent(loaded, entry.layer, parts, { start: offset, length, signal: use });
        return { offset, totalBytes, bytes: await collect(bytes, Math.min(length, Math.max(0, totalBytes - offset))) };
      }),
    async [Symbol.asyncDispose]() {
      await Promise.all([...archives.values()].map(closeArchive));
      topic.close();
    },
  };
}

const MAX_CONFIG_LETTERS = 1_048_576;

function sideKey({ since = 0, layer }: ViewRef): string {
  return since === 0 ? String(layer) : `${since}-${layer}`;
}

function tableKey(archiveId: string, image: number): string {
  return `${archiveId}/${image}/`;
}

/** Collects at most `length` bytes; fewer if the body ends earlier. */
async function collect(bytes: AsyncIterable<Uint8Array>, length: number): Promise<Uint8Array> {
  const page = new Uint8Array(length);
  let at = 0;
  if (length === 0) return page;
  for await (const batch of bytes) {
    const piece = batch.subarray(0, length - at);
    page.set(piece, at);
    at += piece.length;
    if (at === length) break;
  }
  return at === length ? page : page.slice(0, at);
}
