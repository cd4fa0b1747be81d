// Extended attributes in PAX records, by key:
//
//   SCHILY.xattr.NAME       raw value                                       (star; Go, Docker, GNU tar)
//   LIBARCHIVE.xattr.NAME   percent-encoded NAME, base64 value without =    (libarchive writes both)
//   MSWINDOWS.KEY           kept under its full key                         (Windows layers)
//
// If an attribute has both a SCHILY and a LIBARCHIVE record, the SCHILY record takes precedence.
import { decodeUtf8, encodeUtf8 } from '#model';

const SCHILY = 'SCHILY.xattr.';
const LIBARCHIVE = 'LIBARCHIVE.xattr.';
const WINDOWS = 'MSWINDOWS.';
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** Decodes base64 to Latin-1 text; null if it isn't base64. */
function decodeBase64(text: Uint8Array): string | null {
  let bits = 0;
  let count = 0;
  let out = '';
  for (const byte of text) {
    if (byte === 0x3d) break;
    const value = BASE64.indexOf(String.fromCharCode(byte));
    if (value < 0) return null;
    bits = ((bits << 6) | value) & 0xffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += String.fromCharCode((bits >>> count) & 0xff);
    }
  }
  return out;
}

function decodePercent(name: string): string {
  if (!name.includes('%')) return name;
  const bytes = encodeUtf8(name);
  const out: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    const hex = bytes[at] === 0x25 ? /^[0-9A-Fa-f]{2}/.exec(latin1(bytes.subarray(at + 1, at + 3)))?.[0] : undefined;
    out.push(hex === undefined ? (bytes[at] as number) : Number.parseInt(hex, 16));
    if (hex !== undefined) at += 2;
  }
  const decoded = Uint8Array.from(out);
  return decodeUtf8(decoded) ?? latin1(decoded);
}

/** Returns pairs of name and value, sorted by name; values are the raw bytes as Latin-1. */
export function attributesOf(records: ReadonlyMap<string, Uint8Array>): [string, string][] {
  const found = new Map<string, string>();
  for (const [key, value] of records) {
    if (key.startsWith(LIBARCHIVE)) {
      const name = decodePercent(key.slice(LIBARCHIVE.length));
      if (name !== '' && !records.has(SCHILY + name)) found.set(name, decodeBase64(value) ?? latin1(value));
    } else if (key.startsWith(SCHILY) && key.length > SCHILY.length) found.set(key.slice(SCHILY.length), latin1(value));
    else if (key.startsWith(WINDOWS)) found.set(key, latin1(value));
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
