// Names of keys and values are compared case-insensitively, one UTF-16 unit at a time, and sorted by the units of their upper case.
import { foldWindowsCase } from '#model';

/** Folds a name to upper case, to compare and sort it. Letters whose upper case isn't one UTF-16 unit, such as ß, stay unchanged. */
export function foldKeyName(name: string): string {
  // ASCII letters are folded to lower case, but sorting needs upper case: `_` is after Z and before a.
  return foldWindowsCase(name).replace(/[a-z]+/g, (lower) => lower.toUpperCase());
}

/** Windows' maximum depth of keys. */
export const MAX_DEPTH = 512;
/** Windows' maximum length of a key's path, in UTF-16 units. */
export const MAX_PATH_UNITS = 32_767;

/** Returns the path of a key: its name and those of the keys above it, without the root's. `parent`: null for the root. */
export function keyPath(parent: string | null, depth: number, name: string): string {
  if (parent === null || depth === 0) return '';
  return depth === 1 ? name : `${parent}\\${name}`;
}

/** Folds a typed path for {@link restOfPath}; empty for the root. One `\` at the beginning and one at the end are ignored. */
export function foldKeyPath(text: string): string {
  return foldKeyName(text.replace(/^\\|\\$/g, ''));
}

/**
 * Returns what is left of a folded path after a key's folded name: empty if the path ends at or above the key; null if the path doesn't
 * lead through the key. A name may contain `\`.
 */
export function restOfPath(path: string, folded: string): string | null {
  if (path === '' || path === folded) return '';
  return path.startsWith(`${folded}\\`) ? path.slice(folded.length + 1) : null;
}
