// Extended attributes in PAX records, by key:
//
//   SCHILY.xattr.NAME       value raw                                       (star; Go, Docker, GNU tar)
//   LIBARCHIVE.xattr.NAME   NAME percent-encoded, value base64 without =    (libarchive writes both)
//   MSWINDOWS.KEY           kept under its whole key                        (Windows layers)
//
// SCHILY's and LIBARCHIVE's record of one name are one attribute: SCHILY's counts.
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

/** Null where the text isn't base64. */
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

/** Name and value pairs, sorted by name; values are latin-1 texts of the raw bytes. */
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
