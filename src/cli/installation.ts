import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { packageFolder } from './electron-runtime.ts';

/** Put in by the build: set only where this code runs bundled, out of dist. */
const isBundled = Boolean(process.env.LAYERSCOPE_VERSION);

/** The folder of cli.js; of the sources, the one that the build writes to. */
function buildFolder(): string {
  const here = import.meta.dirname;
  if (!isBundled) return path.join(packageFolder(), 'dist');
  return path.basename(here) === 'chunks' ? path.dirname(here) : here;
}

/** The script of the archive room's worker, where it isn't the source that the room finds by itself. */
export function workerUrl(): URL | undefined {
  return isBundled ? pathToFileURL(path.join(buildFolder(), 'index-worker.js')) : undefined;
}

/** The same of the store's thread. */
export function storeWorkerUrl(): URL | undefined {
  return isBundled ? pathToFileURL(path.join(buildFolder(), 'store-worker.js')) : undefined;
}

/** The built window. */
export function rendererFolder(): string {
  return path.join(buildFolder(), 'renderer');
}

/** The image that an empty window offers; null where it isn't shipped. */
export function sampleFile(): string | null {
  const folder = isBundled ? path.dirname(buildFolder()) : packageFolder();
  const file = path.join(folder, 'assets', 'sample.tar');
  return existsSync(file) ? file : null;
}
