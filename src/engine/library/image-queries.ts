// The window's queries about loaded images. Each query keeps its archives open while it runs; closing an archive aborts the query.
import type {
  BreakdownOf,
  BreakdownReport,
  ConfigReport,
  ContentPage,
  EntryDetails,
  FolderReport,
  ImageRef,
  ListingReport,
  OutputOf,
  RawHeader,
  SearchReport,
  ViewRef,
} from '#contract';
import { splitPath } from '#format/path';
import { displayPath, jsonText, LayerscopeError, type RowTable } from '#model';
import type { EntryOf, LoadedImage } from '../image/types.ts';
import { layersOf, reportBreakdown, rowsToBreakDown } from '../read/break-down.ts';
import { compareImages, differencesOf, viewOf } from '../read/compare-images.ts';
import { configDifferences } from '../read/config-differences.ts';
import { configReport } from '../read/config-report.ts';
import { entryDetails } from '../read/entry-details.ts';
import { findPaths } from '../read/find-paths.ts';
import { findRow } from '../read/find-row.ts';
import { folderFacts, wholeFolderFacts } from '../read/folder-facts.ts';
import { listArchive } from '../read/list-archive.ts';
import { listChanges } from '../read/list-changes.ts';
import { listView } from '../read/list-view.ts';
import { readContent } from '../read/read-content.ts';
import { readContents } from '../read/read-contents.ts';
import { readRawEntry } from '../read/read-raw-entry.ts';
import { reportWaste } from '../read/report-waste.ts';
import { whatIfReports } from '../slim/what-if-reports.ts';
import { createContentReading } from './content-reading.ts';
import type { Jobs } from './jobs.ts';
import type { OpenArchive } from './open-archive.ts';
import { imageKey, type TableCache } from './table-cache.ts';

const MAX_CONFIG_LETTERS = 1_048_576;

/** Methods throw NOT_FOUND if the archive, image, layer or entry doesn't exist, and CANCELLED. */
export interface ImageQueries {
  /** Returns an image's config as JSON, null if it is missing or damaged; `complete` is false if the text is cut off. */
  config(ref: ImageRef): { readonly json: string | null; readonly complete: boolean };
  /** Lists what layers `from` to `to` changed together. May be slow, because it compares the contents of files of equal size. */
  changes(ref: ImageRef, range: { from: number; to: number; signal: AbortSignal }): Promise<RowTable>;
  view(ref: ImageRef, at: { layer: number; signal: AbortSignal }): Promise<RowTable>;
  /** Lists all bytes of an image by path, including hidden ones. */
  whole(ref: ImageRef, signal: AbortSignal): Promise<RowTable>;
  /** Sums up what the user is viewing, or one folder in it (`path`: raw bytes, empty for everything). */
  breakdown(
    ref: ImageRef,
    wanted: { readonly of: BreakdownOf; readonly path: Uint8Array; readonly limit: number },
    signal: AbortSignal,
  ): Promise<BreakdownReport>;
  /** Compares `b` with `a`. May be slow, because it compares the contents of files of equal size. */
  compare(a: ViewRef, b: ViewRef, signal: AbortSignal): Promise<RowTable>;
  /** Compares the configs of two complete images. */
  configs(a: ViewRef, b: ViewRef, signal: AbortSignal): Promise<ConfigReport>;
  waste(ref: ImageRef, limit: number, signal: AbortSignal): Promise<OutputOf<'image.waste'>>;
  search(
    ref: ImageRef,
    wanted: { text: string; limit: number; scattered?: boolean | undefined; order?: 'best' | 'size' | undefined },
    signal: AbortSignal,
  ): Promise<SearchReport>;
  details(entry: EntryOf, signal: AbortSignal): Promise<EntryDetails>;
  /**
   * Sums up a folder and everything below it. Throws NOT_FOUND if the view has no such path. With `withHidden`, sums up the folder in the
   * whole image, including hidden bytes; the layer then doesn't matter.
   */
  folder(entry: EntryOf, withHidden: boolean, signal: AbortSignal): Promise<FolderReport>;
  raw(entry: EntryOf, signal: AbortSignal): Promise<RawHeader>;
  content(entry: EntryOf, range: { offset: number; length: number }, signal: AbortSignal): Promise<ContentPage>;
  /** Lists the entries of a file that is itself an archive; null for other files. */
  listing(entry: EntryOf, limit: number, signal: AbortSignal): Promise<ListingReport | null>;
}

export interface ImageQueriesOptions {
  readonly jobs: Jobs;
  readonly tables: TableCache;
  /** Finds an open archive. Throws NOT_FOUND. */
  readonly find: (archiveId: string) => OpenArchive;
}

/** Creates the queries. Tables are cached, and large comparisons run as jobs. */
export function createImageQueries(options: ImageQueriesOptions): ImageQueries {
  const { find } = options;
  return {
    config: ({ archiveId, image }) => configOf(find(archiveId), image),
    ...tableQueries(options),
    ...entryQueries(find),
    configs: async (a, b, signal) =>
      withImage(find, b, [b.layer], signal, (side, use) =>
        withImage(find, a, [a.layer], use, async (base) => configReport(configDifferences(viewOf(base, a), viewOf(side, b)))),
      ),
    waste: async (ref, limit, signal) =>
      withImage(find, ref, [], signal, async (loaded) => ({
        ...reportWaste(loaded, limit, find(ref.archiveId).rewritten(ref.image)),
        whatIf: whatIfReports(loaded, find(ref.archiveId).weights(ref.image)),
      })),
    search: async (ref, { text, scattered = false, ...wanted }, signal) =>
      withImage(find, ref, [], signal, async ({ stack }, use) => findPaths(stack, text, { ...wanted, scattered, signal: use })),
  };
}

type Find = ImageQueriesOptions['find'];

/** Runs work on a loaded image and keeps its archive open while the work runs. Throws NOT_FOUND. */
export function withImage<T>(
  find: Find,
  { archiveId, image }: ImageRef,
  layers: readonly number[],
  signal: AbortSignal,
  work: (loaded: LoadedImage, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const open = find(archiveId);
  const loaded = open.loaded(image, ...layers);
  return open.use(signal, (use) => work(loaded, use));
}

/**
 * Creates the queries that return tables. Rows are built on this thread, which takes half a second for a million. To move this to a worker,
 * only these methods need to change.
 */
function tableQueries({
  find,
  jobs,
  tables,
}: ImageQueriesOptions): Pick<ImageQueries, 'changes' | 'view' | 'compare' | 'folder' | 'whole' | 'breakdown'> {
  const rowOfFolder = (rows: RowTable, { path }: EntryOf, caseInsensitive: boolean, where: string): number => {
    const row = findRow(rows, splitPath(path), caseInsensitive);
    if (row === null) throw new LayerscopeError('NOT_FOUND', `${displayPath(path)} does not exist ${where}`);
    return row;
  };
  const contents = createContentReading(jobs, (archiveId) => find(archiveId).summary().title);
  const rowsOf = (ref: ImageRef, of: BreakdownOf, signal: AbortSignal) =>
    withImage(find, ref, layersOf(of), signal, async ({ stack }, use) => {
      const { key, scope, make } = rowsToBreakDown(stack, of);
      return { stack, scope, rows: await tables.get(`${imageKey(ref.archiveId, ref.image)}${key}`, async () => make(), use) };
    });
  return {
    changes: async (ref, { from, to, signal }) =>
      withImage(find, ref, [from, to], signal, (loaded, use) =>
        tables.get(
          `${imageKey(ref.archiveId, ref.image)}changes/${from}/${to}`,
          () => listChanges(loaded, from, to, { runRead: contents.asFarAsWanted(ref, use) }),
          use,
        ),
      ),
    view: async (ref, { layer, signal }) =>
      withImage(find, ref, [layer], signal, (loaded, use) =>
        tables.get(
          `${imageKey(ref.archiveId, ref.image)}view/${layer}`,
          async () => {
            const rows = listView(loaded.stack, layer);
            await readContents(loaded, loaded, { rows, differs: rows.differs }, { runRead: contents.asFarAsWanted(ref, use) });
            return rows;
          },
          use,
        ),
      ),
    whole: async (ref, signal) => (await rowsOf(ref, { what: 'image' }, signal)).rows,
    breakdown: async (ref, { of, path, limit }, signal) => {
      const { stack, ...scope } = await rowsOf(ref, of, signal);
      return reportBreakdown(scope, { parts: splitPath(path), limit, caseInsensitive: stack.caseInsensitive });
    },
    folder: async (entry, withHidden, signal) => {
      if (withHidden) {
        const { stack, rows } = await rowsOf(entry, { what: 'image' }, signal);
        return wholeFolderFacts(stack, rows, rowOfFolder(rows, entry, stack.caseInsensitive, 'in the image'));
      }
      return withImage(find, entry, [entry.layer], signal, async (loaded, use) => {
        const key = `${imageKey(entry.archiveId, entry.image)}plain-view/${entry.layer}`;
        const rows = await tables.get(key, async () => listView(loaded.stack, entry.layer), use);
        return folderFacts(rows, rowOfFolder(rows, entry, loaded.stack.caseInsensitive, `at layer ${entry.layer}`));
      });
    },
    compare: async (a, b, signal) =>
      withImage(find, b, [b.layer], signal, (side, use) =>
        withImage(find, a, [a.layer], use, (base, both) =>
          tables.get(
            `${imageKey(b.archiveId, b.image)}compare/${sideKey(b)}/${a.archiveId}/${a.image}/${sideKey(a)}`,
            async () => differencesOf(await compareImages(viewOf(base, a), viewOf(side, b), { runRead: contents.forAnswer(b, both) })),
            both,
          ),
        ),
      ),
  };
}

function entryQueries(find: Find): Pick<ImageQueries, 'details' | 'raw' | 'listing' | 'content'> {
  return {
    details: async (entry, signal) =>
      withImage(find, entry, [entry.layer], signal, async (loaded) => entryDetails(loaded, entry.layer, entry.path)),
    raw: async (entry, signal) =>
      withImage(find, entry, [entry.layer], signal, (loaded, use) => readRawEntry(loaded, entry.layer, entry.path, { signal: use })),
    listing: async (entry, limit, signal) =>
      withImage(find, entry, [entry.layer], signal, (loaded, use) =>
        listArchive(loaded, entry.layer, splitPath(entry.path), { limit, signal: use }),
      ),
    content: async (entry, { offset, length }, signal) =>
      withImage(find, entry, [entry.layer], signal, async (loaded, use) => {
        const parts = splitPath(entry.path);
        const { totalBytes, bytes } = readContent(loaded, entry.layer, parts, { start: offset, length, signal: use });
        return { offset, totalBytes, bytes: await collect(bytes, Math.min(length, Math.max(0, totalBytes - offset))) };
      }),
  };
}

function configOf({ archive }: OpenArchive, image: number): { readonly json: string | null; readonly complete: boolean } {
  const known = archive.images[image];
  if (known === undefined) throw new LayerscopeError('NOT_FOUND', `no image ${image}`);
  if (known.config === null || known.config === undefined) return { json: null, complete: true };
  const json = jsonText(known.config, 2);
  return { json: json.slice(0, MAX_CONFIG_LETTERS), complete: json.length <= MAX_CONFIG_LETTERS };
}

function sideKey({ since = 0, layer }: ViewRef): string {
  return since === 0 ? String(layer) : `${since}-${layer}`;
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
