import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageFolder } from './electron-runtime.ts';

/** Set by the build: true if this code runs from the bundle in dist. */
const isBundled = Boolean(process.env.LAYERSCOPE_VERSION);

/** Returns the folder of cli.js; when run from source, the folder that the build writes to. */
function buildFolder(): string {
  const here = import.meta.dirname;
  if (!isBundled) return path.join(packageFolder(), 'dist');
  return path.basename(here) === 'chunks' ? path.dirname(here) : here;
}

/** Returns the script of the archive room's worker; undefined when run from source, where the room finds it itself. */
export function workerUrl(): URL | undefined {
  return isBundled ? pathToFileURL(path.join(buildFolder(), 'index-worker.js')) : undefined;
}

/** Returns the script of the store's thread; undefined when run from source. */
export function storeWorkerUrl(): URL | undefined {
  return isBundled ? pathToFileURL(path.join(buildFolder(), 'store-worker.js')) : undefined;
}

/** Returns the script of the worker that reads catalogs; undefined when run from source. */
export function catalogWorkerUrl(): URL | undefined {
  return isBundled ? pathToFileURL(path.join(buildFolder(), 'catalog-worker.js')) : undefined;
}

/** Returns the folder of the built window. */
export function rendererFolder(): string {
  return path.join(buildFolder(), 'renderer');
}

/** Returns the folder of the catalog's questions. */
export function questionsFolder(): string {
  return isBundled ? path.join(buildFolder(), 'questions') : path.join(packageFolder(), 'src', 'catalog', 'questions');
}

/** Returns the sample image that an empty window offers; null if it isn't installed. */
export function sampleFile(): string | null {
  const folder = isBundled ? path.dirname(buildFolder()) : packageFolder();
  const file = path.join(folder, 'assets', 'sample.tar');
  return existsSync(file) ? file : null;
}
