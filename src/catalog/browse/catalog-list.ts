import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { checkMarker } from '#catalog/layout';
import type { CatalogImage, CatalogLayer, CatalogPage, CatalogProblem, CatalogSearchPart, CatalogSummary } from '#contract';
import { createStateTopic, type Jobs } from '#engine';
import { displayText, LayerscopeError, throwIfCancelled } from '#model';
import type { CatalogThread } from './catalog-thread.ts';
import { type ReadCatalog, readOverview } from './read-overview.ts';
import { type SearchInput, searchPart } from './search.ts';

export interface CatalogListOptions {
  /** Owned by the caller. */
  readonly thread: CatalogThread;
  /** Owned by the caller. */
  readonly jobs: Jobs;
  readonly intervalMs?: number;
}

interface PageInput {
  readonly start: number;
  readonly count: number;
}

/** The open catalogs. Subscribers get their summaries. Methods throw NOT_FOUND if the catalog isn't open. */
export interface CatalogList {
  /** Starts a job that opens a catalog, or reads an open one again. Returns the job's id. */
  open(request: { readonly path: string; readonly title: string }): string;
  close(catalogId: string): void;
  images(catalogId: string, page: PageInput): CatalogPage<CatalogImage>;
  layers(catalogId: string, page: PageInput): CatalogPage<CatalogLayer>;
  /** Returns the listed problems, and the number of all problems. */
  problems(catalogId: string): CatalogPage<CatalogProblem>;
  /** Runs a part of a search. Throws USAGE for text that can't be searched for. */
  search(catalogId: string, input: SearchInput, signal: AbortSignal): Promise<CatalogSearchPart>;
  /** Returns an image by its number. Throws NOT_FOUND. */
  image(catalogId: string, image: number): CatalogImage;
  subscribe(listener: (catalogs: readonly CatalogSummary[]) => void): () => void;
}

interface OpenCatalog {
  readonly catalogId: string;
  readonly title: string;
  readonly folder: string;
  readonly read: ReadCatalog;
  readonly summary: CatalogSummary;
}

/** Creates an empty list. */
export function createCatalogList({ thread, jobs, intervalMs }: CatalogListOptions): CatalogList {
  const catalogs = new Map<string, OpenCatalog>();
  const topic = createStateTopic(() => [...catalogs.values()].map(({ summary }) => summary), intervalMs);
  let last = 0;

  const find = (catalogId: string): OpenCatalog => {
    const catalog = catalogs.get(catalogId);
    if (catalog === undefined) throw new LayerscopeError('NOT_FOUND', 'no such catalog is open');
    return catalog;
  };
  const pageOf = <T>(rows: readonly T[], { start, count }: PageInput): CatalogPage<T> => ({
    total: rows.length,
    rows: rows.slice(start, start + count),
  });

  return {
    open: ({ path: wanted, title }) =>
      jobs.start({ kind: 'catalog', title }, async ({ signal, report, about }) => {
        const folder = await realpath(wanted);
        if (!checkMarker(folder)) throw new LayerscopeError('NOT_FOUND', `${displayText(wanted)} is not a catalog`);
        const read = await readOverview(thread, folder, { signal, onProgress: (phase) => report({ phase }) });
        throwIfCancelled(signal);
        const known = [...catalogs.values()].find((each) => each.folder === folder);
        const catalogId = known?.catalogId ?? `c${++last}`;
        catalogs.set(catalogId, { catalogId, title, folder, read, summary: summaryOf(catalogId, title, folder, read) });
        topic.changed();
        about({ catalogId });
      }),
    close(catalogId) {
      catalogs.delete(find(catalogId).catalogId);
      topic.changed();
    },
    images: (catalogId, page) => pageOf(find(catalogId).read.images, page),
    layers: (catalogId, page) => pageOf(find(catalogId).read.layers, page),
    problems(catalogId) {
      const { problems, problemsTotal } = find(catalogId).read;
      return { total: problemsTotal, rows: problems };
    },
    async search(catalogId, input, signal) {
      const { read, folder } = find(catalogId);
      throwIfCancelled(signal);
      return searchPart(thread, { ...read, folder }, input);
    },
    image(catalogId, number) {
      const image = find(catalogId).read.images[number];
      if (image === undefined) throw new LayerscopeError('NOT_FOUND', 'the catalog has no such image');
      return image;
    },
    subscribe: (listener) => topic.subscribe(listener),
  };
}

function summaryOf(catalogId: string, title: string, folder: string, read: ReadCatalog): CatalogSummary {
  const { images, layers, files, indexed, problemsTotal } = read;
  let unsharedBytes = 0;
  for (const image of images) for (const layer of new Set(image.layers)) unsharedBytes += layers[layer]?.bytes ?? 0;
  return {
    catalogId,
    title: displayText(title),
    folder: displayText(path.dirname(folder)),
    images: images.length,
    layers: layers.length,
    layerBytes: layers.reduce((sum, { bytes }) => sum + bytes, 0),
    unsharedBytes,
    files,
    packagedImages: images.filter(({ hasPackages }) => hasPackages).length,
    indexed,
    problems: problemsTotal,
  };
}
