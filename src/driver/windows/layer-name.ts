// Names of entries in a Windows layer's tar, as paths below the layer's folder. A layer has three roots: Files (the file system),
// Hives (changes of the registry) and UtilityVM (the system of its virtual machine, below UtilityVM\Files). NTFS takes `files` for
// `Files`; the roots are written as Windows writes them.
import { displayText, LayerscopeError } from '#model';

/** Which part of a layer a name is in; `utility-vm`: the folder UtilityVM itself, `utility-files`: UtilityVM\Files and below. */
type LayerPart = 'files' | 'hives' | 'utility-vm' | 'utility-files';

export interface LayerName {
  /** Below the layer's folder, with \: `Files\Windows\notepad.exe`. */
  readonly path: string;
  readonly part: LayerPart;
  /** What NTFS compares names by, roughly: upper case. */
  readonly key: string;
}

// What NTFS takes in no name: a colon would be a stream, a drive or a device.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
const FORBIDDEN = /[\u0000-\u001f<>:"|?*]/;
const ROOTS: ReadonlyMap<string, string> = new Map([
  ['FILES', 'Files'],
  ['HIVES', 'Hives'],
  ['UTILITYVM', 'UtilityVM'],
]);

/**
 * The name of an entry, checked. Throws PATH_ESCAPE where it leads out, NAME_REFUSED where Windows has no such name, UNSUPPORTED
 * where it is in no part of a Windows layer: a Linux layer, or something beside UtilityVM\Files.
 */
export function parseLayerName(name: string): LayerName {
  const shown = displayText(name);
  if (/^[\\/]/.test(name)) throw new LayerscopeError('PATH_ESCAPE', `${shown}: not a path in the layer`);
  const parts = name.split(/[\\/]/).filter((part) => part !== '' && part !== '.');
  for (const part of parts) {
    if (part === '..') throw new LayerscopeError('PATH_ESCAPE', `${shown}: it leads out of its folder`);
    if (FORBIDDEN.test(part)) throw new LayerscopeError('NAME_REFUSED', `${shown}: a name that Windows refuses`);
  }
  const [first = ''] = parts;
  const root = ROOTS.get(first.toUpperCase());
  if (root === undefined) {
    throw new LayerscopeError('UNSUPPORTED', `${shown}: not in Files, Hives or UtilityVM: this is no layer of a Windows image`);
  }
  parts[0] = root;
  if (root !== 'UtilityVM') return named(parts, root === 'Files' ? 'files' : 'hives');
  if (parts.length === 1) return named(parts, 'utility-vm');
  if (parts[1]?.toUpperCase() !== 'FILES') throw new LayerscopeError('UNSUPPORTED', `${shown}: a utility VM has Files only`);
  parts[1] = 'Files';
  return named(parts, 'utility-files');
}

function named(parts: readonly string[], part: LayerPart): LayerName {
  const path = parts.join('\\');
  return { path, part, key: path.toUpperCase() };
}

/** The folder that a path is in; '' for a root. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('\\')));
}

/**
 * What a whiteout takes away: the name without `.wh.`. Throws NAME_REFUSED for a bare one and for an opaque marker, which Windows layers
 * have no word for, and for what isn't below Files or UtilityVM\Files; else as {@link parseLayerName}.
 */
export function parseWhiteoutName(name: string): LayerName {
  const slash = Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1;
  const rest = name.slice(slash + '.wh.'.length);
  const shown = displayText(name);
  if (rest === '') throw new LayerscopeError('NAME_REFUSED', `${shown}: a whiteout of nothing`);
  if (rest.startsWith('.wh.')) throw new LayerscopeError('NAME_REFUSED', `${shown}: a marker that Windows layers don't have`);
  const target = parseLayerName(name.slice(0, slash) + rest);
  if (target.part === 'hives' || target.path === 'Files' || target.part === 'utility-vm' || target.path === 'UtilityVM\\Files') {
    throw new LayerscopeError('NAME_REFUSED', `${shown}: invalid tombstone ${displayText(target.path)}`);
  }
  return target;
}
