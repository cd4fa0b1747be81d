import * as nodeModule from 'node:module';
import path from 'node:path';
import { makePrivateFolder } from '#archive/private-place';
import { cacheFolder } from '#engine/cache-folder';

/** Only the built program: sources have their types stripped at each start, and change. */
const isBuilt = Boolean(process.env.LAYERSCOPE_VERSION);
const OTHERS = 0o077;

/** Functions of Node that it doesn't have before 22.1 and 22.10. */
type CodeCache = Partial<Pick<typeof nodeModule, 'enableCompileCache' | 'flushCompileCache'>>;
const { enableCompileCache, flushCompileCache }: CodeCache = nodeModule;

/**
 * Lets Node keep the compiled code of modules that are loaded from now on. It is executed as it is found, so its folder must be this user's
 * alone, like the rest of the cache. Does nothing where that is impossible.
 */
export function enableCodeCache(): void {
  if (!isBuilt || enableCompileCache === undefined) return;
  const parent = cacheFolder();
  const folder = path.join(parent, 'code');
  if (makePrivateFolder(parent) && makePrivateFolder(folder)) privately(() => enableCompileCache(folder));
}

/** Writes code that was compiled by this process. Node does so when it ends, but then other users may read the files. */
export function flushCodeCache(): void {
  if (isBuilt && flushCompileCache !== undefined) privately(flushCompileCache);
}

function privately(work: () => void): void {
  const before = process.umask(OTHERS);
  work();
  process.umask(before);
}
