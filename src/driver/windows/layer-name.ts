// Entry names of a Windows layer's tar, as paths below the layer's folder. A layer has three roots: Files (the file system), Hives
// (registry deltas) and UtilityVM (the utility VM's system, below UtilityVM\Files). NTFS is case-insensitive, so `files` is accepted and
// written as `Files`.
import { reservedOnWindows } from '#format/path';
import { displayText, foldWindowsCase, LayerscopeError } from '#model';

/** The part of a layer that contains a name; `utility-vm`: the folder UtilityVM itself, `utility-files`: UtilityVM\Files and below. */
type LayerPart = 'files' | 'hives' | 'utility-vm' | 'utility-files';

export interface LayerName {
  /** Relative to the layer's folder, with backslashes: `Files\Windows\notepad.exe`. */
  readonly path: string;
  readonly part: LayerPart;
  /** The path, case-folded the way NTFS compares names. */
  readonly key: string;
}

/** NTFS' limit for a name, in UTF-16 units. */
export const MAX_NAME_UNITS = 255;
/** Maximum length of a path in a layer, in UTF-16 units. Windows allows 32,767; the rest is left for the path of the layer's own folder. */
const MAX_PATH_UNITS = 32_000;
const ROOTS: ReadonlyMap<string, string> = new Map([
  ['files', 'Files'],
  ['hives', 'Hives'],
  ['utilityvm', 'UtilityVM'],
]);

/**
 * Parses and checks the name of an entry to be written. Throws what {@link parseReadName} throws, and NAME_REFUSED for names that Windows'
 * programs can't use: devices, and names that end in a dot or a space. ImportLayer would write such entries elsewhere.
 */
export function parseLayerName(name: string): LayerName {
  const parsed = parseReadName(name);
  for (const part of parsed.path.split('\\')) {
    const reason = reservedOnWindows(part);
    if (reason !== null) throw new LayerscopeError('NAME_REFUSED', `${displayText(name)}: a name that Windows refuses: it ${reason}`);
  }
  return parsed;
}

/**
 * Parses a name in a layer. Throws PATH_ESCAPE if it leads outside the layer; NAME_REFUSED for a name that no file on NTFS can have;
 * UNSUPPORTED if it isn't in any part of a Windows layer, such as a Linux path or a name next to UtilityVM\Files.
 */
export function parseReadName(name: string): LayerName {
  const shown = displayText(name);
  if (/^[\\/]/.test(name)) throw new LayerscopeError('PATH_ESCAPE', `${shown}: an absolute path`);
  const parts = name.split(/[\\/]/).filter((part) => part !== '' && part !== '.');
  for (const part of parts) {
    if (part === '..') throw new LayerscopeError('PATH_ESCAPE', `${shown}: it leads outside the layer`);
    if (part.includes(':') || part.includes('\0')) throw new LayerscopeError('NAME_REFUSED', `${shown}: a name that Windows refuses`);
    if (part.length > MAX_NAME_UNITS) {
      throw new LayerscopeError('NAME_REFUSED', `${shown}: a name of ${part.length} characters; Windows allows ${MAX_NAME_UNITS}`);
    }
  }
  const [first = ''] = parts;
  const root = ROOTS.get(foldWindowsCase(first));
  if (root === undefined) {
    throw new LayerscopeError('UNSUPPORTED', `${shown}: not in Files, Hives or UtilityVM, so this is not a layer of a Windows image`);
  }
  parts[0] = root;
  if (parts.join('\\').length > MAX_PATH_UNITS)
    throw new LayerscopeError('NAME_REFUSED', `${shown.slice(0, 200)}…: a path too long for Windows`);
  if (root !== 'UtilityVM') return named(parts, root === 'Files' ? 'files' : 'hives');
  if (parts.length === 1) return named(parts, 'utility-vm');
  if (foldWindowsCase(parts[1] ?? '') !== 'files') throw new LayerscopeError('UNSUPPORTED', `${shown}: a utility VM has nothing but Files`);
  parts[1] = 'Files';
  return named(parts, 'utility-files');
}

/** Checks the stream in `FILE:STREAM`. Throws NAME_REFUSED for a name that no file on NTFS can have. */
export function checkStreamName(name: string): void {
  const stream = name.slice(name.indexOf(':') + 1);
  if (stream.length > MAX_NAME_UNITS || /[\0\\/:]/.test(stream)) {
    throw new LayerscopeError('NAME_REFUSED', `${displayText(name)}: not a name that Windows allows for a stream`);
  }
}

function named(parts: readonly string[], part: LayerPart): LayerName {
  const path = parts.join('\\');
  return { path, part, key: foldWindowsCase(path) };
}

/** Returns the path's parent folder; '' for a root. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('\\')));
}

/**
 * Returns the path that a whiteout removes: its name without `.wh.`. Throws NAME_REFUSED for a bare `.wh.`, for an opaque marker, which
 * Windows layers don't have, and for a path that isn't below Files or UtilityVM\Files; otherwise what {@link parseLayerName} throws.
 */
export function parseWhiteoutName(name: string): LayerName {
  const slash = Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1;
  const rest = name.slice(slash + '.wh.'.length);
  const shown = displayText(name);
  if (rest === '') throw new LayerscopeError('NAME_REFUSED', `${shown}: a whiteout without a name`);
  if (rest.startsWith('.wh.')) throw new LayerscopeError('NAME_REFUSED', `${shown}: a marker that Windows layers don't have`);
  const target = parseLayerName(name.slice(0, slash) + rest);
  if (target.part === 'hives' || target.path === 'Files' || target.part === 'utility-vm' || target.path === 'UtilityVM\\Files') {
    throw new LayerscopeError('NAME_REFUSED', `${shown}: invalid tombstone ${displayText(target.path)}`);
  }
  return target;
}
