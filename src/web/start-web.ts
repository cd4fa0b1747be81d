import { existsSync } from 'node:fs';
import path from 'node:path';
import { createReader } from '#archive';
import { createJobs, createLibrary, createStoreList, createStoreThread, isElevated, type StoreLocation } from '#engine';
import { createGrants, createHost, defectText } from '#host';
import { createUploads } from './uploads.ts';
import { startWebHost, type WebHost } from './web-host.ts';

export interface WebOptions {
  /** Files and folders that are opened at once. */
  readonly files?: readonly string[];
  /** Follows links of those folders that lead out of them. */
  readonly followLinks?: boolean;
  /** 0 or absent: a free one. */
  readonly port?: number;
  /** The built window. */
  readonly rendererFolder: string;
  readonly sampleFile: string | null;
  readonly version: string;
  /** Where the store of images is, or will be; null: there is none. */
  readonly storeHome: string | null;
  /** Stores that are listed too. */
  readonly moreStores?: readonly StoreLocation[];
  /** The store's worker, where it isn't the source beside it. */
  readonly storeWorkerUrl?: URL | string;
  /** Where indexes are kept; null: nowhere. */
  readonly cacheFolder: string | null;
  readonly workers?: number;
  /** The reader's worker, where it isn't the source beside it. */
  readonly workerUrl?: URL | string;
  /** Where uploads lie while they are open; default: the system's place for temporary files. */
  readonly temporaryFolder?: string;
}

/** The whole program on a loopback address. Disposal ends all: jobs are cancelled, archives closed, uploads removed. */
export interface Web extends AsyncDisposable {
  /** For the first browser. */
  readonly url: string;
  readonly port: number;
  /** An address for another browser: each is good for one. */
  issueUrl(): string;
  close(): Promise<void>;
}

/** Builds reader, jobs, library, host and the loopback host. Throws what {@link startWebHost} does; nothing is left then. */
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
    workers = 1,
    workerUrl,
    temporaryFolder,
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
  own(jobs);
  const host = createHost({
    appInfo: { version, host: 'web', system: process.platform, elevated: isElevated() },
    sample: sampleFile !== null && existsSync(sampleFile) ? { path: sampleFile, name: path.basename(sampleFile) } : null,
    library,
    jobs,
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
  for (const file of files) library.open({ path: path.resolve(file), title: path.basename(path.resolve(file)), followLinks });
  return { url: web.issueUrl(), port: web.port, issueUrl: () => web.issueUrl(), close, [Symbol.asyncDispose]: close };
}

/** The latest first: what was made later uses what was made before. One that fails doesn't keep the others: its error comes last. */
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
