// Entry names of a Windows layer's tar, as paths below the layer's folder. A layer has three roots: Files (the file system), Hives
// (registry deltas) and UtilityVM (the utility VM's system, below UtilityVM\Files). NTFS ignores case, so `files` is accepted and written
// as `Files`.
import { displayText, LayerscopeError } from '#model';

/** The part of a layer that a name is in; `utility-vm`: the folder UtilityVM itself, `utility-files`: UtilityVM\Files and below. */
type LayerPart = 'files' | 'hives' | 'utility-vm' | 'utility-files';

export interface LayerName {
  /** Relative to the layer's folder, with \: `Files\Windows\notepad.exe`. */
  readonly path: string;
  readonly part: LayerPart;
  /** The path in upper case: roughly how NTFS compares names. */
  readonly key: string;
}

// Characters that NTFS allows in no name. A colon would name a stream, a drive or a device.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are refused
const FORBIDDEN = /[\u0000-\u001f<>:"|?*]/;
const ROOTS: ReadonlyMap<string, string> = new Map([
  ['FILES', 'Files'],
  ['HIVES', 'Hives'],
  ['UTILITYVM', 'UtilityVM'],
]);

/**
 * Parses and checks an entry's name. Throws PATH_ESCAPE if it leads outside the layer, NAME_REFUSED if Windows allows no such name,
 * UNSUPPORTED if it is in no part of a Windows layer: in a Linux layer, or next to UtilityVM\Files.
 */
export function parseLayerName(name: string): LayerName {
  const shown = displayText(name);
  if (/^[\\/]/.test(name)) throw new LayerscopeError('PATH_ESCAPE', `${shown}: an absolute path`);
  const parts = name.split(/[\\/]/).filter((part) => part !== '' && part !== '.');
  for (const part of parts) {
    if (part === '..') throw new LayerscopeError('PATH_ESCAPE', `${shown}: it leads outside the layer`);
    if (FORBIDDEN.test(part)) throw new LayerscopeError('NAME_REFUSED', `${shown}: a name that Windows refuses`);
  }
  const [first = ''] = parts;
  const root = ROOTS.get(first.toUpperCase());
  if (root === undefined) {
    throw new LayerscopeError('UNSUPPORTED', `${shown}: not in Files, Hives or UtilityVM, so this is not a layer of a Windows image`);
  }
  parts[0] = root;
  if (root !== 'UtilityVM') return named(parts, root === 'Files' ? 'files' : 'hives');
  if (parts.length === 1) return named(parts, 'utility-vm');
  if (parts[1]?.toUpperCase() !== 'FILES') throw new LayerscopeError('UNSUPPORTED', `${shown}: a utility VM has nothing but Files`);
  parts[1] = 'Files';
  return named(parts, 'utility-files');
}

function named(parts: readonly string[], part: LayerPart): LayerName {
  const path = parts.join('\\');
  return { path, part, key: path.toUpperCase() };
}

/** The path's parent folder; '' for a root. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('\\')));
}

/**
 * The path that a whiteout removes: its name without `.wh.`. Throws NAME_REFUSED for a bare `.wh.`, for an opaque marker, which Windows
 * layers don't have, and for a path that isn't below Files or UtilityVM\Files; otherwise what {@link parseLayerName} does.
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
