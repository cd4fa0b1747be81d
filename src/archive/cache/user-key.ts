// A secret key in the cache folder, which only this user can enter. Other users can neither forge nor predict what depends on it.
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { replaceFileSync } from '#files';
import { isPrivateFolder, makePrivateFolder, readKept } from '../files/private-place.ts';

/** Trimming doesn't remove this file, because its name isn't one of the caches' names. */
const KEY_FILE = 'tables.key';
const KEY_BYTES = 32;

/** Reads this user's key; null if there is none. With `makes`, creates it if necessary. Never throws. */
export function userKey(cacheFolder: string, makes: boolean): Uint8Array | null {
  const folder = path.join(cacheFolder, 'index');
  const file = path.join(folder, KEY_FILE);
  try {
    if (makes ? !makePrivateFolder(cacheFolder) || !makePrivateFolder(folder) : !isPrivateFolder(folder)) return null;
    const known = readKey(file);
    if (known !== null || !makes) return known;
    replaceFileSync(file, (unfinished) => writeFileSync(unfinished, randomBytes(KEY_BYTES), { flag: 'wx', mode: 0o600 }));
    // Another process may have replaced the key meanwhile; anything made with the old one is then treated as unknown.
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
