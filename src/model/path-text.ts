const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
/** Text up to this length is converted in a loop as long as it is ASCII, which is faster than calling the encoder or decoder. */
const SHORT = 64;

/** Decodes UTF-8; null if the bytes aren't UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  let ascii = bytes.length <= SHORT;
  if (ascii) {
    let text = '';
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i] as number;
      if (byte >= 0x80) {
        ascii = false;
        break;
      }
      text += String.fromCharCode(byte);
    }
    if (ascii) return text;
  }
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  const { length } = text;
  if (length > SHORT) return encoder.encode(text);
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0x80) return encoder.encode(text);
    bytes[at] = unit;
  }
  return bytes;
}

// Control characters, and bidi controls that make one name look like another.
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff]/g;

// Maximum number of combining marks in a row that are shown as they are. A real letter carries at most a few; hundreds of them take a
// browser seconds to lay out, and cover the lines above and below.
const MOST_MARKS = 12;
const MARKS = new RegExp(`(?<=[\\p{M}\\u200D]{${MOST_MARKS}})[\\p{M}\\u200D]`, 'gu');
/** Matches any text that has combining marks: the first mark is U+0300. */
const MAY_HAVE_MARKS = /[\u0300-\uffff]/;

function escapeUnsafe(text: string): string {
  const safe = text.replace(UNSAFE, (ch) => {
    const code = ch.charCodeAt(0);
    return code < 0x80 ? `\\x${hexDigits(code, 2)}` : `\\u${hexDigits(code, 4)}`;
  });
  if (!MAY_HAVE_MARKS.test(safe)) return safe;
  // A mark is one UTF-16 unit, or two if it is a surrogate pair.
  return safe.replace(MARKS, (mark) => mark.split('').map(unitEscape).join(''));
}

function unitEscape(unit: string): string {
  return `\\u${hexDigits(unit.charCodeAt(0), 4)}`;
}

function hexDigits(code: number, length: number): string {
  return code.toString(16).toUpperCase().padStart(length, '0');
}

/** Returns the length of the valid UTF-8 sequence at `at`, or 0. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  const length =
    first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xf0 && first < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  if (length === 1) return 1;
  // Rejects overlong forms, surrogates, and code points over U+10FFFF. Checked by hand, because an exception from TextDecoder costs as much
  // as decoding a thousand bytes.
  const second = bytes[at + 1] as number;
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const top = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > top) return 0;
  for (let i = 2; i < length; i++) if (((bytes[at + i] as number) & 0xc0) !== 0x80) return 0;
  return length;
}

/**
 * Formats a path as printed in JSON: valid UTF-8 unchanged, other bytes as `\xE4`, a backslash as `\\`. Reversed by {@link unescapePath}.
 * Control characters stay, because JSON escapes them; for a terminal or the window use {@link displayPath}.
 */
export function escapePath(bytes: Uint8Array): string {
  const whole = decodeUtf8(bytes);
  if (whole !== null) return whole.includes('\\') ? whole.replaceAll('\\', '\\\\') : whole;
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    if (length === 0) {
      text += `\\x${(bytes[at] as number).toString(16).toUpperCase().padStart(2, '0')}`;
      at += 1;
    } else {
      const piece = decodeUtf8(bytes.subarray(at, at + length)) as string;
      text += piece === '\\' ? '\\\\' : piece;
      at += length;
    }
  }
  return text;
}

/**
 * Like {@link escapePath}, but also escapes control and bidi characters, and combining marks beyond a dozen in a row: safe on a terminal
 * and in the window.
 */
export function displayPath(bytes: Uint8Array): string {
  return escapeUnsafe(escapePath(bytes));
}

/** Escapes control and bidi characters, and combining marks beyond a dozen in a row, in free text: a command, a message, a tag. */
export function displayText(text: string): string {
  return escapeUnsafe(text);
}

/** Returns the first `length` UTF-16 units of a string, or one fewer to avoid splitting a surrogate pair. */
export function beginningOf(text: string, length: number): string {
  return text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '');
}

/** Replaces lone surrogates, on which encodeURIComponent throws. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}

// Matches an escape that displayPath or JSON writes: of a byte, of a character (also as a surrogate pair, but never a lone surrogate), or a
// single letter such as `\n`.
const ESCAPE =
  /\\(?:x([\da-fA-F]{2})|(u(?:[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(?![dD][89a-fA-F])[\da-fA-F]{4}))|u\{(?!0*[dD][89a-fA-F][\da-fA-F]{2}\})0*((?:10|[\da-fA-F])?[\da-fA-F]{1,4})\}|([nrtbf"\\]))/g;
const LETTERS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };

/**
 * Returns the bytes of a path printed by {@link escapePath} or {@link displayPath}. Also accepts `\n`, `\t` and JSON's other escapes. A
 * backslash that doesn't begin an escape stands for itself.
 */
export function unescapePath(text: string): Uint8Array<ArrayBuffer> {
  if (!text.includes('\\')) return encodeUtf8(text);
  const out = new Uint8Array(text.length * 3);
  let length = 0;
  const put = (piece: string): void => {
    const bytes = encodeUtf8(piece);
    out.set(bytes, length);
    length += bytes.length;
  };
  let at = 0;
  for (const { index, 0: all, 1: byte, 2: units, 3: point, 4: letter } of text.matchAll(ESCAPE)) {
    put(text.slice(at, index));
    at = index + all.length;
    if (byte !== undefined) out[length++] = Number.parseInt(byte, 16);
    else if (units !== undefined) put(String.fromCharCode(...units.split('\\').map((unit) => Number.parseInt(unit.slice(1), 16))));
    else if (point !== undefined) put(String.fromCodePoint(Number.parseInt(point, 16)));
    else if (letter !== undefined) put(LETTERS[letter] ?? letter);
  }
  put(text.slice(at));
  return out.slice(0, length);
}

export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

/** Decodes hex digits; null if `text` isn't an even number of hex digits. */
export function fromHex(text: string): Uint8Array<ArrayBuffer> | null {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return null;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(i * 2, i * 2 + 2), 16);
  return bytes;
}

/** Compares unsigned bytes; a prefix sorts first. Returns -1, 0 or 1. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference < 0 ? -1 : 1;
  }
  return a.length === b.length ? 0 : a.length < b.length ? -1 : 1;
}
