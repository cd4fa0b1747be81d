import { homedir } from 'node:os';
import path from 'node:path';
import { cacheFolderIn } from '#archive/private-place';

/**
 * Returns this user's cache folder for indexes and spooled layers: LAYERSCOPE_CACHE (or its subfolder `layerscope`, if that folder contains
 * other files), otherwise the system's default. Source: XDG Base Directory Specification, which says to ignore a relative XDG_CACHE_HOME.
 */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env, system: NodeJS.Platform = process.platform): string {
  const { LAYERSCOPE_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = environment;
  if (LAYERSCOPE_CACHE) return cacheFolderIn(path.resolve(LAYERSCOPE_CACHE));
  if (system === 'darwin') return path.join(homedir(), 'Library', 'Caches', 'layerscope');
  if (system === 'win32') return path.join(LOCALAPPDATA || path.join(homedir(), 'AppData', 'Local'), 'layerscope', 'cache');
  return path.join(XDG_CACHE_HOME && path.isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : path.join(homedir(), '.cache'), 'layerscope');
}
