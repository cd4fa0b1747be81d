import { lstatSync } from 'node:fs';
import path from 'node:path';

const ME = process.getuid?.();

/**
 * Whether a folder on the path, or what it names, is a link that belongs to neither this user nor root. Its owner could point the link
 * anywhere. The user's own link is fine; it may lead to another disk. Throws the system's error if a part of the path is missing.
 */
export function isThroughForeignLink(folder: string): boolean {
  if (ME === undefined) return false;
  for (let at = path.resolve(folder); at !== path.dirname(at); at = path.dirname(at)) {
    const stats = lstatSync(at);
    if (stats.isSymbolicLink() && stats.uid !== ME && stats.uid !== 0) return true;
  }
  return false;
}
