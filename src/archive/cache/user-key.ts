// A secret of this user in the cache folder, which is this user's alone. What depends on it can be neither made nor foreseen by others.
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { replaceFileSync } from '#files';
import { isPrivateFolder, makePrivateFolder, readKept } from '../files/private-place.ts';

/** Never trimmed with the cache, because the limit removes names of its own forms only. */
const KEY_FILE = 'tables.key';
const KEY_BYTES = 32;

/** Reads this user's key, or makes one if `makes` is set; null if there is none. Never throws. */
export function userKey(cacheFolder: string, makes: boolean): Uint8Array | null {
  const folder = path.join(cacheFolder, 'index');
  const file = path.join(folder, KEY_FILE);
  try {
    if (makes ? !makePrivateFolder(cacheFolder) || !makePrivateFolder(folder) : !isPrivateFolder(folder)) return null;
    const known = readKey(file);
    if (known !== null || !makes) return known;
    replaceFileSync(file, (unfinished) => writeFileSync(unfinished, randomBytes(KEY_BYTES), { flag: 'wx', mode: 0o600 }));
    // Another process may have made one meanwhile; what depends on the one that is gone counts as unknown.
    return readKey(file);
  } catch {
    return null;
  }
}

function readKey(file: string): Uint8Array | null {
  if (!existsSync(file)) return null;
  const bytes = readKept(file);
  return bytes.length === KEY_BYTES ? bytes : null;
}
