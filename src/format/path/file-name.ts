/**
 * Which names in an image may become file names on disk, and why others may not.
 *
 * A path in an image is bytes separated by slashes; on Linux a name may contain anything but `/` and NUL. A name is unsafe to write if it
 * points outside its folder (`..`, an absolute path, on Windows also `..\`, a drive, and `.. `, whose space Windows drops); if it has a
 * special meaning on Windows (devices such as CON, alternate data streams after `:`); or if Windows doesn't allow it (`<`, a trailing dot
 * or space, a control character). Names that would point outside on Windows are refused on every system, because exported files may be
 * unpacked there. Names that Windows merely doesn't allow are refused on Windows only: names of systemd units, for example, contain
 * backslashes.
 *
 * Source: Microsoft, Naming Files, Paths, and Namespaces.
 */
import { decodeUtf8 } from '#model';
import { splitPath } from './image-path.ts';

/** The system whose rules for file names apply. */
export type NamingRules = 'unix' | 'windows';

export interface RefusedName {
  readonly code: 'path-escape' | 'reserved-name';
  /** A clause without the name: `points outside its folder`. */
  readonly reason: string;
}

const ESCAPE: RefusedName = { code: 'path-escape', reason: 'points outside its folder' };

const SLASH = 0x2f;
const BACKSLASH = 0x5c;

// Names of devices, in which Windows also accepts superscript digits.
const DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])$/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: Windows refuses them in names
const FORBIDDEN = /[\u0000-\u001f<>"|?*\\/]/;

/**
 * Whether Windows treats a name as `..`: it is `..`, or `..` followed by dots and spaces, at least one of them a space, which Windows
 * drops. `...` is an ordinary name.
 */
function isParentName(text: string): boolean {
  if (!text.startsWith('..')) return false;
  if (text.length === 2) return true;
  for (let at = 2; at < text.length; at++) if (text[at] !== '.' && text[at] !== ' ') return false;
  return text.includes(' ');
}

function leadsOut(text: string): boolean {
  if (isParentName(text)) return true;
  if (!text.includes('\\')) return false;
  if (text.startsWith('\\') || /^[A-Za-z]:/.test(text)) return true;
  return text.split('\\').some(isParentName);
}

/** Returns why Windows doesn't allow this file name; null if it does. `text` is one path component. */
export function reservedOnWindows(text: string): string | null {
  if (text.includes(':')) return 'names a stream or a drive on Windows';
  if (text.includes('\\')) return 'has a backslash, which separates folders on Windows';
  if (FORBIDDEN.test(text)) return 'has a character that Windows refuses in names';
  if (/[. ]$/.test(text)) return 'ends in a dot or a space, which Windows drops';
  const stem = (text.split('.', 1)[0] ?? '').trimEnd();
  if (DEVICE.test(stem)) return 'is a device on Windows';
  return null;
}

/**
 * Returns why programs on Windows can't open a file with this name in a Windows image; null if they can. `name` is raw bytes, one
 * component. `file:stream` is an alternate data stream, which is fine. Bytes that aren't UTF-8 aren't reported here, because they have
 * their own finding.
 */
export function oddOnWindows(name: Uint8Array): string | null {
  const text = decodeUtf8(name) ?? latin1(name);
  const [file = '', stream, ...more] = text.split(':');
  if (stream === undefined) return reservedOnWindows(text);
  if (file === '' || stream === '' || more.length > 0) return 'has a colon that separates no file from a stream of it';
  return reservedOnWindows(file) ?? (FORBIDDEN.test(stream) ? 'has a character that Windows refuses in names' : null);
}

/**
 * Whether a path in a Windows image becomes a file, because it is below `Files` or `UtilityVM/Files`. The path is raw bytes and may contain
 * `/` or `\`.
 */
export function isWindowsFile(path: Uint8Array): boolean {
  const [first, second, ...more] = splitPath(path).flatMap((part) => latin1(part).toLowerCase().split('\\'));
  return first === 'files' ? second !== undefined : first === 'utilityvm' && second === 'files' && more.length > 0;
}

/**
 * Returns why a path component must not be written; null if it may be. `name` is raw bytes, one component. `path-escape` applies on every
 * system, `reserved-name` under Windows' rules only.
 */
export function refuseName(name: Uint8Array, rules: NamingRules): RefusedName | null {
  if (name.length === 0 || (name.length === 1 && name[0] === 0x2e)) return { code: 'path-escape', reason: 'is not a name' };
  for (const byte of name) if (byte === SLASH || byte === 0) return { code: 'path-escape', reason: 'has a slash or a NUL in it' };
  const text = decodeUtf8(name);
  if (text !== null) {
    if (leadsOut(text)) return ESCAPE;
    const reason = rules === 'windows' ? reservedOnWindows(text) : null;
    return reason === null ? null : { code: 'reserved-name', reason };
  }
  if (name.includes(BACKSLASH) && leadsOut(latin1(name))) return ESCAPE;
  return rules === 'windows' ? { code: 'reserved-name', reason: 'is not UTF-8, which Windows cannot hold' } : null;
}

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
