import { displayText } from '#model';

export type PreviewKind = 'text' | 'hex' | 'png' | 'jpeg' | 'gif' | 'webp';

const IMAGES: readonly { readonly kind: PreviewKind; readonly at: number; readonly magic: readonly number[] }[] = [
  { kind: 'png', at: 0, magic: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] },
  { kind: 'jpeg', at: 0, magic: [0xff, 0xd8, 0xff] },
  { kind: 'gif', at: 0, magic: [0x47, 0x49, 0x46, 0x38] },
  { kind: 'webp', at: 8, magic: [0x57, 0x45, 0x42, 0x50] },
];

/** Size limit for pictures; larger ones are shown as bytes. */
export const IMAGE_LIMIT_BYTES = 8_388_608;

/** Detects a file's kind from its first bytes, never from its name. SVG counts as text and is never drawn. */
export function previewKind(bytes: Uint8Array, complete: boolean): PreviewKind {
  for (const { kind, at, magic } of IMAGES) if (magic.every((byte, i) => bytes[at + i] === byte)) return kind;
  return textEncoding(bytes, complete) === null ? 'hex' : 'text';
}

export type TextEncoding = 'utf-8' | 'utf-16le' | 'utf-16be';

/**
 * Detects the encoding of text; null if the bytes aren't text. UTF-16 is recognized by its byte order mark, or by the zero bytes of ASCII
 * letters.
 */
export function textEncoding(bytes: Uint8Array, complete: boolean): TextEncoding | null {
  const wide = wideEncoding(bytes);
  if (wide !== null) return isWideText(bytes, wide) ? wide : null;
  return isText(bytes, complete) ? 'utf-8' : null;
}

function wideEncoding(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  const pairs = Math.min(bytes.length, 1_024) >> 1;
  if (pairs < 4) return null;
  let little = 0;
  let big = 0;
  for (let at = 0; at < 2 * pairs; at += 2) {
    const [first, second] = [bytes[at] as number, bytes[at + 1] as number];
    if (isLetter(first) && second === 0) little++;
    if (first === 0 && isLetter(second)) big++;
  }
  if (little > pairs * 0.9) return 'utf-16le';
  return big > pairs * 0.9 ? 'utf-16be' : null;
}

const isLetter = (byte: number): boolean => (byte >= 0x20 && byte < 0x7f) || byte === 0x09 || byte === 0x0a || byte === 0x0d;

/** Whether bytes are UTF-16 with few control characters. The last character may be cut off. */
function isWideText(bytes: Uint8Array, encoding: 'utf-16le' | 'utf-16be'): boolean {
  const head = bytes.subarray(0, Math.min(bytes.length, 65_536) & ~1);
  let text: string;
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(head, { stream: true });
  } catch {
    return false;
  }
  let odd = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0 || code === 0xfffe || code === 0xffff) return false;
    if (code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d && code !== 0x0c && code !== 0x1b) odd++;
  }
  return odd <= text.length / 50;
}

const ARCHIVES: readonly { readonly at: number; readonly magic: readonly number[] }[] = [
  { at: 0, magic: [0x1f, 0x8b] },
  { at: 0, magic: [0x28, 0xb5, 0x2f, 0xfd] },
  { at: 0, magic: [0x50, 0x4b, 0x03, 0x04] },
  { at: 257, magic: [0x75, 0x73, 0x74, 0x61, 0x72] },
];

/** Whether the first bytes look like a tar, a ZIP file, or compressed data that may contain a tar. */
export function mayBeArchive(bytes: Uint8Array): boolean {
  return ARCHIVES.some(({ at, magic }) => magic.every((byte, i) => bytes[at + i] === byte));
}

/** Whether bytes are UTF-8 without NUL and with few control characters. Unless they are `complete`, the last character may be cut off. */
function isText(bytes: Uint8Array, complete: boolean): boolean {
  const head = bytes.subarray(0, 65_536);
  let odd = 0;
  for (const byte of head) {
    if (byte === 0) return false;
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d && byte !== 0x0c && byte !== 0x1b) odd++;
  }
  if (odd > head.length / 50) return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: !complete || head.length < bytes.length });
    return true;
  } catch {
    return false;
  }
}

export interface TextLine {
  /** Line number from 1; null for the continuation of a long line. */
  readonly number: number | null;
  readonly text: string;
}

/** Maximum length of a line. Longer lines are broken into several, so that even a huge line can be shown. */
export const LINE_COLUMNS = 1_000;

/**
 * Returns the lines of text with control and bidi characters escaped; tabs are kept. Bytes that aren't valid in the encoding become U+FFFD.
 */
export function textLines(bytes: Uint8Array): readonly TextLine[] {
  const encoding = wideEncoding(bytes) ?? 'utf-8';
  // UTF-8's byte order mark is shown, because it breaks programs. UTF-16's isn't: every such file has one.
  const text = new TextDecoder(encoding, { ignoreBOM: encoding === 'utf-8' }).decode(bytes);
  const lines: TextLine[] = [];
  let number = 0;
  for (const raw of text.split('\n')) {
    number++;
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    if (line.length <= LINE_COLUMNS) {
      lines.push({ number, text: safe(line) });
      continue;
    }
    for (let at = 0; at < line.length; at += LINE_COLUMNS) {
      lines.push({ number: at === 0 ? number : null, text: safe(line.slice(at, at + LINE_COLUMNS)) });
    }
  }
  const last = lines.at(-1);
  if (lines.length > 1 && last?.text === '') lines.pop();
  return lines;
}

function safe(line: string): string {
  return line.includes('\t') ? line.split('\t').map(displayText).join('\t') : displayText(line);
}

export interface HexLine {
  readonly offset: string;
  readonly hex: string;
  readonly text: string;
}

/** The layout of a dump's lines. */
export interface HexShape {
  /** Bytes per line. */
  readonly columns: number;
  /** Bytes printed without a space between them. */
  readonly group: number;
  /** Digits per offset. */
  readonly digits: number;
}

/** Layouts, widest first. Where there is no space to separate individual bytes, they are in pairs, as `xxd` prints them. */
const SHAPES = [
  { columns: 16, group: 1 },
  { columns: 8, group: 1 },
  { columns: 8, group: 2 },
  { columns: 4, group: 1 },
] as const;

/**
 * Returns the widest layout whose lines fit into `room` characters, not counting gaps between the parts. `end`: the highest offset.
 * `sides`: the number of files whose bytes are on one line.
 */
export function hexShape(room: number, end: number, sides = 1): HexShape {
  const least = Math.max(4, end.toString(16).length);
  for (const { columns, group } of SHAPES) {
    const spaces = columns / group - 1 + (columns > 8 ? 1 : 0);
    const digits = room - sides * (3 * columns + spaces);
    if (digits >= least) return { columns, group, digits: Math.max(least, Math.min(8, digits)) };
  }
  return { columns: 4, group: 2, digits: least };
}

/** Formats one line of a dump: offset, bytes in hex with a gap after eight, printable ASCII. */
export function hexLine(bytes: Uint8Array, line: number, { columns, group, digits }: HexShape, base = 0): HexLine {
  const start = line * columns;
  let hex = '';
  let text = '';
  for (let i = 0; i < columns; i++) {
    if (i > 0 && i % group === 0) hex += i % 8 === 0 ? '  ' : ' ';
    const byte = bytes[start + i];
    hex += byte === undefined ? '  ' : byte.toString(16).padStart(2, '0');
    if (byte !== undefined) text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·';
  }
  return { offset: (base + start).toString(16).padStart(digits, '0'), hex, text };
}
