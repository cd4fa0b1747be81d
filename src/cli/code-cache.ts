import { lstatSync, readdirSync } from 'node:fs';
import * as nodeModule from 'node:module';
import path from 'node:path';
import { makePrivateFolder } from '#archive/private-place';
import { cacheFolder } from '#engine/cache-folder';

/** Only the built program: sources have their types stripped at each start, and change. */
const isBuilt = Boolean(process.env.LAYERSCOPE_VERSION);
const OTHERS = 0o077;
const ME = process.getuid?.();

/** Functions of Node that it doesn't have before 22.1 and 22.10. */
type CodeCache = Partial<Pick<typeof nodeModule, 'enableCompileCache' | 'flushCompileCache'>>;
const { enableCompileCache, flushCompileCache }: CodeCache = nodeModule;

/**
 * Lets Node keep the compiled code of modules that are loaded from now on. It is executed as it is found, so its folder must be this user's
 * alone, like the rest of the cache, and so must everything in it, in case the folder was once open to others. Does nothing where that is impossible.
 */
export function enableCodeCache(): void {
  if (!isBuilt || enableCompileCache === undefined) return;
  const parent = cacheFolder();
  const folder = path.join(parent, 'code');
  if (makePrivateFolder(parent) && makePrivateFolder(folder) && holdsOnlyMine(folder)) privately(() => enableCompileCache(folder));
}

/** Writes code that was compiled by this process. Node does so when it ends, but then other users may read the files. */
export function flushCodeCache(): void {
  if (isBuilt && flushCompileCache !== undefined) privately(flushCompileCache);
}

/** Whether nobody else can have written what is in a private folder. */
function holdsOnlyMine(folder: string): boolean {
  if (ME === undefined) return true;
  try {
    return readdirSync(folder).every((name) => {
      const entry = path.join(folder, name);
      const stats = lstatSync(entry);
      if (stats.uid !== ME || (stats.mode & OTHERS) !== 0) return false;
      return stats.isDirectory() ? holdsOnlyMine(entry) : stats.isFile() && stats.nlink === 1;
    });
  } catch {
    return false;
  }
}

function privately(work: () => void): void {
  const before = process.umask(OTHERS);
  work();
  process.umask(before);
}
