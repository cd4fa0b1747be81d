import { lstatSync, readdirSync } from 'node:fs';
import * as nodeModule from 'node:module';
import path from 'node:path';
import { makePrivateFolder } from '#archive/private-place';
import { cacheFolder } from '#engine/cache-folder';

/** Only the built program uses the cache, because sources change, and Node strips their types in each run anyway. */
const isBuilt = Boolean(process.env.LAYERSCOPE_VERSION);
const OTHERS = 0o077;
const ME = process.getuid?.();

/** Node has had these functions since 22.1 and 22.10, respectively. */
type CodeCache = Partial<Pick<typeof nodeModule, 'enableCompileCache' | 'flushCompileCache'>>;
const { enableCompileCache, flushCompileCache }: CodeCache = nodeModule;

/**
 * Makes Node cache the compiled code of modules that are loaded from now on. Cached code runs without further checks. So the folder, like
 * the rest of the cache, must be accessible to this user only. So must every file in it, in case the folder was once open to others. Does
 * nothing where that can't be ensured.
 */
export function enableCodeCache(): void {
  if (!isBuilt || enableCompileCache === undefined) return;
  const parent = cacheFolder();
  const folder = path.join(parent, 'code');
  if (makePrivateFolder(parent) && makePrivateFolder(folder) && holdsOnlyMine(folder)) privately(() => enableCompileCache(folder));
}

/** Writes the code that this process compiled. Node would do so on exit, but then other users might be able to read the files. */
export function flushCodeCache(): void {
  if (isBuilt && flushCompileCache !== undefined) privately(flushCompileCache);
}

/** Whether only this user can have written what a private folder contains. */
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
