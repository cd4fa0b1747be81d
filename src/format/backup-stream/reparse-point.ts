// A reparse point, the data of stream 8: REPARSE_DATA_BUFFER ([MS-FSCC] 2.1.2), little-endian.
//
//   0 tag u32 · 4 length of the data u16 · 6 reserved u16 · 8 data by tag
//   mount point (2.1.2.5)   8 substitute name offset u16 · 10 its length · 12 print name offset · 14 its length · 16 names
//   symlink (2.1.2.4)       the same, then 16 flags u32 (1: relative) · 20 names
//   LX symlink              8 version u32 (2) · 12 target, UTF-8
//
// Name offsets are relative to the start of the names; lengths are in bytes, without the NUL after each name. The kernel follows the
// substitute name (`\??\C:\x`, or relative); the print name is for display (`C:\x`).
import { decodeUtf8, encodeUtf8, LayerscopeError } from '#model';
import { REPARSE_TAG } from './reparse-tags.ts';
import { readUtf16, writeUtf16 } from './utf16.ts';

const HEAD = 8;
const FLAG_RELATIVE = 1;
/** MAXIMUM_REPARSE_DATA_BUFFER_SIZE: no file system allows more. */
export const MAX_REPARSE_BYTES = 16 * 1024;

interface Link {
  readonly substituteName: string;
  readonly printName: string;
}

export type ReparsePoint =
  | ({ readonly kind: 'mount-point' } & Link)
  | ({ readonly kind: 'symlink'; readonly flags: number } & Link)
  | { readonly kind: 'lx-symlink'; readonly version: number; readonly target: Uint8Array }
  /** `data`: everything after byte 8; if the tag isn't Microsoft's, it begins with a GUID. */
  | { readonly kind: 'other'; readonly tag: number; readonly data: Uint8Array };

function damaged(what: string): LayerscopeError {
  return new LayerscopeError('DAMAGED', `invalid reparse point: ${what}`);
}

function readName(bytes: Uint8Array, view: DataView, field: number, names: number, end: number): string {
  const start = names + view.getUint16(field, true);
  const length = view.getUint16(field + 2, true);
  if (start + length > end || length % 2 !== 0) throw damaged('a name outside its buffer');
  return readUtf16(bytes, start, start + length);
}

/** Parses a complete reparse buffer; uninterpreted parts are views. Throws DAMAGED. */
export function parseReparsePoint(bytes: Uint8Array): ReparsePoint {
  if (bytes.length < HEAD) throw damaged('cut off');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tag = view.getUint32(0, true);
  const end = HEAD + view.getUint16(4, true);
  if (end > bytes.length) throw damaged('cut off');
  if (tag === REPARSE_TAG.mountPoint || tag === REPARSE_TAG.symlink) {
    const names = tag === REPARSE_TAG.symlink ? 20 : 16;
    if (end < names) throw damaged('cut off');
    const link = { substituteName: readName(bytes, view, 8, names, end), printName: readName(bytes, view, 12, names, end) };
    if (tag === REPARSE_TAG.mountPoint) return { kind: 'mount-point', ...link };
    return { kind: 'symlink', flags: view.getUint32(16, true), ...link };
  }
  if (tag === REPARSE_TAG.lxSymlink) {
    if (end < HEAD + 4) throw damaged('cut off');
    return { kind: 'lx-symlink', version: view.getUint32(8, true), target: bytes.subarray(12, end) };
  }
  return { kind: 'other', tag, data: bytes.subarray(HEAD, end) };
}

function reparseBuffer(tag: number, dataBytes: number): { bytes: Uint8Array<ArrayBuffer>; view: DataView } {
  if (HEAD + dataBytes > MAX_REPARSE_BYTES) throw new LayerscopeError('TOO_LARGE', `a reparse point of ${HEAD + dataBytes} bytes`);
  const bytes = new Uint8Array(HEAD + dataBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, tag, true);
  view.setUint16(4, dataBytes, true);
  return { bytes, view };
}

/** Encodes a complete buffer, which the caller owns. Names are in go-winio's order: substitute, NUL, print, NUL. Throws TOO_LARGE. */
export function encodeReparsePoint(point: ReparsePoint): Uint8Array<ArrayBuffer> {
  if (point.kind === 'other') {
    const { bytes } = reparseBuffer(point.tag, point.data.length);
    bytes.set(point.data, HEAD);
    return bytes;
  }
  if (point.kind === 'lx-symlink') {
    const { bytes, view } = reparseBuffer(REPARSE_TAG.lxSymlink, 4 + point.target.length);
    view.setUint32(8, point.version, true);
    bytes.set(point.target, 12);
    return bytes;
  }
  const names = point.kind === 'symlink' ? 20 : 16;
  const substituteBytes = point.substituteName.length * 2;
  const printBytes = point.printName.length * 2;
  const tag = point.kind === 'symlink' ? REPARSE_TAG.symlink : REPARSE_TAG.mountPoint;
  const { bytes, view } = reparseBuffer(tag, names - HEAD + substituteBytes + 2 + printBytes + 2);
  view.setUint16(10, substituteBytes, true);
  view.setUint16(12, substituteBytes + 2, true);
  view.setUint16(14, printBytes, true);
  if (point.kind === 'symlink') view.setUint32(16, point.flags, true);
  writeUtf16(bytes, names, point.substituteName);
  writeUtf16(bytes, names + substituteBytes + 2, point.printName);
  return bytes;
}

/**
 * Makes a link to `target` as Windows would: `\\?\X`, `\\server\share` and `C:\x` are absolute; everything else is relative, even a rooted
 * `\x`. Like go-winio's EncodeReparsePoint.
 */
export function linkTo(target: string, isMountPoint: boolean): ReparsePoint {
  let substituteName = target;
  let isRelative = false;
  if (target.startsWith('\\\\?\\')) substituteName = `\\??\\${target.slice(4)}`;
  else if (target.startsWith('\\\\')) substituteName = `\\??\\UNC\\${target.slice(2)}`;
  else if (/^[A-Za-z]:/.test(target)) substituteName = `\\??\\${target}`;
  else isRelative = true;
  if (isMountPoint) return { kind: 'mount-point', substituteName, printName: target };
  return { kind: 'symlink', flags: isRelative ? FLAG_RELATIVE : 0, substituteName, printName: target };
}

/**
 * Returns the link's target for display; null if the reparse point isn't a link. If the print name is empty, as some tools leave it, this
 * is the substitute name without `\??\`. Throws DAMAGED for an LX target that isn't UTF-8.
 */
export function linkTarget(point: ReparsePoint): string | null {
  if (point.kind === 'other') return null;
  if (point.kind === 'lx-symlink') {
    const target = decodeUtf8(point.target);
    if (target === null) throw damaged('an LX symlink whose target is not UTF-8');
    return target;
  }
  if (point.printName !== '') return point.printName;
  if (point.substituteName.startsWith('\\??\\UNC\\')) return `\\\\${point.substituteName.slice(8)}`;
  if (point.substituteName.startsWith('\\??\\Volume{')) return `\\\\?\\${point.substituteName.slice(4)}`;
  return point.substituteName.startsWith('\\??\\') ? point.substituteName.slice(4) : point.substituteName;
}

/** Makes an LX symlink (as WSL does) to `target`, version 2. */
export function lxSymlinkTo(target: string): ReparsePoint {
  return { kind: 'lx-symlink', version: 2, target: encodeUtf8(target) };
}
