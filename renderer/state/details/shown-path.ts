// Paths of an image as users know them. In a Windows image these are the container's: `C:\Windows` for `Files/Windows`.
import type { EntryDetails, ImageSummary } from '#contract';
import { decodeUtf8, displayPath, isWindowsPlatform, shownPath, unescapePath, windowsPathOf } from '#model';
import { words } from '../../words/index.ts';
import { type AppState, getApp } from '../app-state.ts';
import { selectedImage } from '../selection.ts';

/** A path, or a folder that leads to it. */
interface PathPart {
  /** The part's key: its path in the image, escaped. */
  readonly path: string;
  readonly name: string;
  /** The full path, without a leading slash. */
  readonly shown: string;
  /** Like {@link shown}, with a leading slash unless the path is on a drive. */
  readonly absolute: string;
}

type OfImage = Pick<ImageSummary, 'platform'> | null;

/** Returns a path's folders, from the top, followed by the path itself. `path` is escaped. */
export function pathParts(path: string, image: OfImage): readonly PathPart[] {
  const windows = image !== null && isWindowsPlatform(image.platform);
  const parts: PathPart[] = [];
  for (let end = path.indexOf('/'); ; end = path.indexOf('/', end + 1)) {
    const key = end < 0 ? path : path.slice(0, end);
    const bytes = unescapePath(key);
    const plain = displayPath(bytes);
    const shown = shownPath(bytes, windows);
    const isDrive = windows && shown === 'C:\\';
    const isOnDrive = shown !== plain;
    // The name is taken from `plain`: in `shown`, a backslash may be a separator or part of an escaped byte.
    const name = isDrive ? shown : plain.slice(plain.lastIndexOf('/') + 1);
    parts.push({ path: key, name, shown, absolute: isOnDrive ? shown : `/${plain}` });
    if (end < 0) return parts;
  }
}

/** Returns the note about a Windows image's path that isn't on the container's drive; null for all others. `path` is escaped. */
export function offDriveWords(path: string, image: OfImage): string | null {
  if (image === null || !isWindowsPlatform(image.platform)) return null;
  const plain = displayPath(unescapePath(path));
  if (windowsPathOf(plain) !== null) return null;
  const first = plain.split('/', 1)[0]?.toLowerCase();
  const { hives, utilityVm, other } = words.details.offDrive;
  return first === 'hives' ? hives : first === 'utilityvm' ? utilityVm : other;
}

/**
 * Returns what copying a path puts on the clipboard: the container's path if it is on the drive and can be copied as shown, else the path
 * in the image. `path` is escaped.
 */
export function copiedPath(path: string, image: OfImage): string {
  if (image === null || !isWindowsPlatform(image.platform)) return path;
  const bytes = unescapePath(path);
  const shown = shownPath(bytes, true);
  return shown === windowsPathOf(decodeUtf8(bytes) ?? '') ? shown : path;
}

/** Whether details are about a path. `path` is escaped; the path in the details also has its control characters escaped. */
export function areDetailsOf(details: Pick<EntryDetails, 'path'>, path: string): boolean {
  return details.path === displayPath(unescapePath(path));
}

/** Returns the image that the selection is in. */
export function imageOf({ archives, selection }: Pick<AppState, 'archives' | 'selection'> = getApp()): OfImage {
  return selectedImage(archives ?? [], selection)?.image ?? null;
}
