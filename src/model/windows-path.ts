// The layout of a Windows image and the paths of its container: `Files` becomes drive C:, while `Hives` and `UtilityVM` aren't on any
// drive.
import { decodeUtf8, displayPath, displayText } from './path-text.ts';
import { foldWindowsCase } from './windows-case.ts';

/** The folder of an image that becomes drive C:. */
const DRIVE_FOLDER = 'Files';

/**
 * Returns a file's path inside a Windows container: `C:\Windows` for `Files/Windows`, `C:\` for `Files`. Null for paths that aren't on any
 * drive. `path`: unescaped, with / or \.
 */
export function windowsPathOf(path: string): string | null {
  const [first = '', ...rest] = path.split(/[\\/]/).filter((part) => part !== '' && part !== '.');
  return foldWindowsCase(first) === foldWindowsCase(DRIVE_FOLDER) ? `C:\\${rest.join('\\')}` : null;
}

/** Whether an image with this platform (`windows/amd64`) has this layout. */
export function isWindowsPlatform(platform: string): boolean {
  return /^windows(\/|$)/i.test(platform);
}

/**
 * Formats a path of an image for display, with control and bidi characters escaped: in a Windows image as {@link windowsPathOf} does,
 * elsewhere as {@link displayPath} does. Paths that aren't on any drive or that Windows can't express are always formatted by displayPath.
 * `path`: raw bytes.
 */
export function shownPath(path: Uint8Array, windows: boolean): string {
  const text = windows ? decodeUtf8(path) : null;
  const onDrive = text === null || text.includes('\\') ? null : windowsPathOf(text);
  return onDrive === null ? displayPath(path) : displayText(onDrive);
}

/**
 * Converts a path as Windows writes it to components in the image: `C:\Windows` or `c:/Windows`, optionally prefixed by `\\?\` or `\??\`.
 * Null for text that isn't such a path, and for other drives. `..` is kept.
 */
export function imagePathOfWindows(text: string): readonly string[] | null {
  const match = /^(?:\\\\\?\\|\\\?\?\\)?c:(?:[\\/]+(.*))?$/is.exec(text);
  if (match === null) return null;
  return [DRIVE_FOLDER, ...partsOf(match[1] ?? '')];
}

/** The target of a symbolic link in a Windows image, relative to the drive's folder or to the link's own folder. */
export interface WindowsTarget {
  readonly isAbsolute: boolean;
  readonly parts: readonly string[];
}

/** Reads the target of a link as Windows does; null if it leads to another drive, a share or a volume. */
export function windowsTarget(target: string): WindowsTarget | null {
  const onDrive = imagePathOfWindows(target);
  if (onDrive !== null) return { isAbsolute: true, parts: onDrive };
  if (/^([\\/]{2}|\\\?\?\\|[A-Za-z]:)/.test(target)) return null;
  if (/^[\\/]/.test(target)) return { isAbsolute: true, parts: [DRIVE_FOLDER, ...partsOf(target)] };
  return { isAbsolute: false, parts: partsOf(target) };
}

function partsOf(path: string): string[] {
  return path.split(/[\\/]/).filter((part) => part !== '' && part !== '.');
}
