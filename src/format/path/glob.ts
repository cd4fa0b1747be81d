/**
 * Glob patterns for paths of an image. `*` matches any characters of a name, `?` one character, `[a-z]` and `[!a-z]` one of a class, and
 * `**` between slashes any number of folders. A pattern without a `/` (except at its end) matches a name anywhere, any other pattern the
 * whole path, with or without a leading `/`. Everything below a matching folder matches too; with a `/` at the end of the pattern, only
 * that does. A backslash escapes the next character; `\xE4`, `\u202E` and the other escapes of printed paths are understood.
 *
 * Matches byte by byte, without a regular expression, so that the time is bounded by pattern length times path length.
 */
import { decodeUtf8, encodeUtf8, unescapePath } from '#model';
import { splitPath } from './image-path.ts';

const BACKSLASH = '\\';
const MOST_SEGMENTS = 100;

/** Pairs of code points, first and last. */
type Ranges = readonly (readonly [number, number])[];
type Piece =
  | { readonly kind: 'byte'; readonly byte: number }
  | { readonly kind: 'any' }
  | { readonly kind: 'star' }
  | { readonly kind: 'class'; readonly inverse: boolean; readonly ranges: Ranges };
/** The pieces of a name, or any number of folders. */
type Segment = readonly Piece[] | 'folders';

interface Glob {
  readonly segments: readonly Segment[];
  readonly foldersOnly: boolean;
}

const PRINTED = /\\(?:x[\da-fA-F]{2}|u[\da-fA-F]{4}(?:\\u[dD][c-fC-F][\da-fA-F]{2})?|u\{[\da-fA-F]+\})/y;

/** The length of the escape or character at `at` in a pattern, and the bytes that it stands for. */
function literalAt(text: string, at: number): { readonly length: number; readonly bytes: Uint8Array } {
  PRINTED.lastIndex = at;
  const printed = PRINTED.exec(text)?.[0];
  if (printed !== undefined) return { length: printed.length, bytes: unescapePath(printed) };
  const skip = text[at] === BACKSLASH && at + 1 < text.length ? 1 : 0;
  const letter = String.fromCodePoint(text.codePointAt(at + skip) as number);
  return { length: skip + letter.length, bytes: encodeUtf8(letter) };
}

/** The class that begins with the `[` at `at`; null if no `]` closes it, so that the bracket stands for itself. */
function classAt(text: string, at: number): { readonly length: number; readonly piece: Piece } | null {
  let next = at + 1;
  const inverse = text[next] === '!' || text[next] === '^';
  if (inverse) next++;
  const ranges: [number, number][] = [];
  for (let first = true; first || text[next] !== ']'; first = false) {
    if (next >= text.length) return null;
    const from = literalAt(text, next);
    next += from.length;
    let to = from;
    if (text[next] === '-' && next + 1 < text.length && text[next + 1] !== ']') {
      to = literalAt(text, next + 1);
      next += 1 + to.length;
    }
    ranges.push([charAt(from.bytes, 0).point, charAt(to.bytes, 0).point]);
  }
  return { length: next + 1 - at, piece: { kind: 'class', inverse, ranges } };
}

function parseSegment(text: string): Segment {
  if (text === '**') return 'folders';
  const pieces: Piece[] = [];
  for (let at = 0; at < text.length; ) {
    const bracket = text[at] === '[' ? classAt(text, at) : null;
    if (text[at] === '*') {
      if (pieces.at(-1)?.kind !== 'star') pieces.push({ kind: 'star' });
      at++;
    } else if (text[at] === '?') {
      pieces.push({ kind: 'any' });
      at++;
    } else if (bracket !== null) {
      pieces.push(bracket.piece);
      at += bracket.length;
    } else {
      const { length, bytes } = literalAt(text, at);
      for (const byte of bytes) pieces.push({ kind: 'byte', byte });
      at += length;
    }
  }
  return pieces;
}

function parseGlob(text: string): Glob {
  const names = text.split('/').filter((name) => name !== '' && name !== '.');
  const foldersOnly = text.endsWith('/');
  const segments = names.map(parseSegment);
  // Everything below a match matches anyway, so `a/**` is the same as `a/*`.
  if (segments.at(-1) === 'folders') segments[segments.length - 1] = [{ kind: 'star' }];
  if (!text.replace(/\/$/, '').includes('/')) segments.unshift('folders');
  return { segments, foldersOnly };
}

/** Why a pattern can't match anything, or null if it can. */
export function invalidGlob(text: string): string | null {
  const names = text.split('/').filter((name) => name !== '' && name !== '.');
  if (names.length === 0) return 'names nothing';
  if (names.includes('..')) return 'leads out of the image';
  return names.length > MOST_SEGMENTS ? 'has too many folders' : null;
}

/** The character at `at`; a byte that isn't UTF-8 is a character of its own, beyond all code points. */
function charAt(bytes: Uint8Array, at: number): { readonly point: number; readonly length: number } {
  const first = bytes[at] as number;
  if (first < 0x80) return { point: first, length: 1 };
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  const text = decodeUtf8(bytes.subarray(at, at + length));
  return text === null ? { point: 0x110000 + first, length: 1 } : { point: text.codePointAt(0) as number, length };
}

/** The number of bytes that the piece matches at `at`, or 0. */
function taken(piece: Piece | undefined, name: Uint8Array, at: number): number {
  if (piece === undefined || at >= name.length || piece.kind === 'star') return 0;
  if (piece.kind === 'byte') return name[at] === piece.byte ? 1 : 0;
  const { point, length } = charAt(name, at);
  if (piece.kind === 'any') return length;
  return piece.ranges.some(([from, to]) => from <= point && point <= to) !== piece.inverse ? length : 0;
}

function matchesName(pieces: readonly Piece[], name: Uint8Array): boolean {
  let piece = 0;
  let at = 0;
  // The last star, and the end of what it matches: after a mismatch it takes one more character. Earlier stars needn't be tried again.
  let star = -1;
  let starEnd = 0;
  while (at < name.length || piece < pieces.length) {
    if (pieces[piece]?.kind === 'star') {
      star = piece++;
      starEnd = at;
      continue;
    }
    const length = taken(pieces[piece], name, at);
    if (length > 0) {
      piece++;
      at += length;
    } else {
      if (star < 0 || starEnd >= name.length) return false;
      starEnd += charAt(name, starEnd).length;
      piece = star + 1;
      at = starEnd;
    }
  }
  return true;
}

function matchesPath({ segments, foldersOnly }: Glob, names: readonly Uint8Array[]): boolean {
  const end = segments.length;
  // states[n] is 1 if the first n segments can match the names so far.
  let states = new Uint8Array(end + 1);
  states[0] = 1;
  for (const [index, name] of names.entries()) {
    const next = new Uint8Array(end + 1);
    for (let at = 0; at < end; at++) {
      if (states[at] !== 1) continue;
      const segment = segments[at] as Segment;
      if (segment === 'folders') {
        next[at] = 1;
        states[at + 1] = 1;
      } else if (matchesName(segment, name)) next[at + 1] = 1;
    }
    if (next[end] === 1 && !(foldersOnly && index === names.length - 1)) return true;
    states = next;
  }
  return false;
}

function folded(bytes: Uint8Array): Uint8Array {
  const text = decodeUtf8(bytes);
  return text === null ? bytes : encodeUtf8(text.toLowerCase());
}

/** Returns a function that says whether any of the patterns matches a path (raw bytes). `ignoreCase`: compares names as Windows does. */
export function createPathMatcher(
  patterns: readonly string[],
  { ignoreCase }: { readonly ignoreCase: boolean },
): (path: Uint8Array) => boolean {
  const globs = patterns.map((pattern) => parseGlob(ignoreCase ? pattern.toLowerCase() : pattern));
  return (path) => {
    const names = splitPath(ignoreCase ? folded(path) : path);
    return globs.some((glob) => matchesPath(glob, names));
  };
}
