import { existsSync } from 'node:fs';
import path from 'node:path';
import { createReader } from '#archive';
import { createCatalogList, createCatalogThread, looksLikeCatalog } from '#catalog/browse';
import { createJobs, createLibrary, createNamedImages, createStoreList, createStoreThread, isElevated, type StoreLocation } from '#engine';
import { createGrants, createHost, defectText } from '#host';
import type { ImageSource } from '#source';
import { createUploads } from './uploads.ts';
import { startWebHost, type WebHost } from './web-host.ts';

export interface WebOptions {
  /** Files and folders to open at startup. */
  readonly files?: readonly string[];
  /** Whether to follow links that point outside the folders in `files`. */
  readonly followLinks?: boolean;
  /** Finds the sources of images by name; if absent, the window can't open images by name. */
  readonly findSources?: () => readonly ImageSource[];
  /** Images to open by name at startup; requires `findSources`. */
  readonly names?: readonly string[];
  /** Defaults to 0, any free port. */
  readonly port?: number;
  /** Folder with the window's built files. */
  readonly rendererFolder: string;
  readonly sampleFile: string | null;
  readonly version: string;
  /** Home of the program's own store, which need not exist yet; null to list no stores. */
  readonly storeHome: string | null;
  /** Further stores to list. */
  readonly moreStores?: readonly StoreLocation[];
  /** The store's built worker; defaults to its source. */
  readonly storeWorkerUrl?: URL | string;
  /** The built worker that reads catalogs; defaults to its source. */
  readonly catalogWorkerUrl?: URL | string;
  /** Folder of the index cache; null for none. */
  readonly cacheFolder: string | null;
  readonly workers?: number;
  /** The reader's built worker; defaults to its source. */
  readonly workerUrl?: URL | string;
  /** Folder for uploads; defaults to the system's temporary folder. */
  readonly temporaryFolder?: string;
}

/** The whole program on a loopback address. Disposal cancels jobs, closes archives and removes uploads. */
export interface Web extends AsyncDisposable {
  /** Address for the first browser. */
  readonly url: string;
  readonly port: number;
  /** Returns an address for another browser. Each address works for only one browser. */
  issueUrl(): string;
  close(): Promise<void>;
}

/** Builds reader, jobs, library, host and loopback host. On failure disposes of them and throws what {@link startWebHost} throws. */
export async function startWeb(options: WebOptions): Promise<Web> {
  const {
    files = [],
    followLinks = false,
    port = 0,
    rendererFolder,
    sampleFile,
    version,
    cacheFolder,
    storeHome,
    moreStores = [],
    storeWorkerUrl,
    catalogWorkerUrl,
    workers = 1,
    workerUrl,
    temporaryFolder,
    findSources,
    names: atStart = [],
  } = options;
  const logDefect = (error: unknown): void => {
    process.stderr.write(`layerscope: INTERNAL: ${error instanceof Error ? defectText(error) : String(error)}\n`);
  };
  const owned: AsyncDisposable[] = [];
  let closing: Promise<void> | null = null;
  const close = (): Promise<void> => {
    closing ??= disposeAll(owned);
    return closing;
  };
  const own = <T extends AsyncDisposable>(part: T): T => {
    owned.push(part);
    return part;
  };
  const reader = own(createReader({ cacheFolder, workers, ...(workerUrl === undefined ? {} : { workerUrl }) }));
  const grants = createGrants();
  const uploads = own(createUploads({ grants, ...(temporaryFolder === undefined ? {} : { under: temporaryFolder }) }));
  own({ [Symbol.asyncDispose]: () => grants.drop() });
  const jobs = createJobs({ onDefect: logDefect });
  const library = own(createLibrary({ reader, jobs, onFailure: logDefect }));
  const thread = own(createStoreThread(storeWorkerUrl));
  const catalogThread = own(createCatalogThread(catalogWorkerUrl));
  own(jobs);
  const catalogs = createCatalogList({ thread: catalogThread, jobs });
  const names = findSources === undefined ? null : createNamedImages({ findSources, reader, library });
  const host = createHost({
    appInfo: { version, host: 'web', system: process.platform, elevated: isElevated() },
    sample: sampleFile !== null && existsSync(sampleFile) ? { path: sampleFile, name: path.basename(sampleFile) } : null,
    library,
    jobs,
    catalogs,
    ...(names === null ? {} : { names }),
    grants,
    expectUpload: (sender, file) => uploads.expect(sender, file),
    ...(storeHome === null ? {} : { store: createStoreList({ home: storeHome, more: moreStores, thread, library, jobs }) }),
  });
  let web: WebHost;
  try {
    web = own(await startWebHost({ host, rendererFolder, uploads, port }));
  } catch (error) {
    await close();
    throw error;
  }
  for (const file of files) {
    const request = { path: path.resolve(file), title: path.basename(path.resolve(file)) };
    if (looksLikeCatalog(request.path)) catalogs.open(request);
    else library.open({ ...request, followLinks });
  }
  for (const name of atStart) names?.open(name, null);
  return { url: web.issueUrl(), port: web.port, issueUrl: () => web.issueUrl(), close, [Symbol.asyncDispose]: close };
}

/**
 * Disposes of parts in reverse order, because later parts use earlier ones. Continues after an error, and throws the first error at the
 * end.
 */
async function disposeAll(parts: AsyncDisposable[]): Promise<void> {
  const errors: unknown[] = [];
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    try {
      await part[Symbol.asyncDispose]();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}
