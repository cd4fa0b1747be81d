/**
 * Glob patterns for paths in an image. `*` matches any characters of a name, `?` one character, `[a-z]` and `[!a-z]` one character of a
 * class, and `**` between slashes any number of folders. A pattern without a `/` (except at its end) matches a name anywhere; any other
 * pattern matches the whole path, with or without a leading `/`. Everything below a matching folder matches too; if the pattern ends in
 * `/`, the folder itself doesn't match. A backslash escapes the next character; `\xE4`, `\u202E` and the other escapes of printed paths are
 * accepted.
 *
 * Matches byte by byte, without a regular expression: the time for a name is bounded by pattern length times name length, and the total
 * time by a number of steps.
 */
import { decodeUtf8, encodeUtf8, foldWindowsCase, LayerscopeError, unescapePath } from '#model';
import { splitPath } from './image-path.ts';

const BACKSLASH = '\\';
const MOST_SEGMENTS = 100;
/** Maximum number of steps, which take about half a minute. With an image of 80,000 files, 200 patterns need a hundredth of that. */
const MOST_STEPS = 4_000_000_000;
/** Number of steps that a position in a pattern costs for each name, in addition to those for matching. */
const POSITION_STEPS = 8;

/** Pairs of a first and a last code point. */
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

/** Returns the length of the escape or character at `at` in a pattern, and the bytes that it matches. */
function literalAt(text: string, at: number): { readonly length: number; readonly bytes: Uint8Array } {
  PRINTED.lastIndex = at;
  const printed = PRINTED.exec(text)?.[0];
  if (printed !== undefined) return { length: printed.length, bytes: unescapePath(printed) };
  const skip = text[at] === BACKSLASH && at + 1 < text.length ? 1 : 0;
  const letter = String.fromCodePoint(text.codePointAt(at + skip) as number);
  return { length: skip + letter.length, bytes: encodeUtf8(letter) };
}

/** Returns the class that begins with the `[` at `at`. Null if no `]` closes it; the bracket is then an ordinary character. */
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
  // `**/**` equals `**`.
  const segments = names.filter((name, index) => name !== '**' || names[index - 1] !== '**').map(parseSegment);
  // Everything below a match matches anyway, so `a/**` equals `a/*`.
  if (segments.at(-1) === 'folders') segments[segments.length - 1] = [{ kind: 'star' }];
  if (!text.replace(/\/$/, '').includes('/')) segments.unshift('folders');
  return { segments, foldersOnly };
}

/** Returns why a pattern can't match anything; null if it can. */
export function invalidGlob(text: string): string | null {
  const names = text.split('/').filter((name) => name !== '' && name !== '.');
  if (names.length === 0) return 'names nothing';
  if (names.includes('..')) return 'points outside the image';
  return names.length > MOST_SEGMENTS ? 'has too many folders' : null;
}

/** Returns the character at `at`. A byte that isn't UTF-8 becomes a separate character, beyond all code points. */
function charAt(bytes: Uint8Array, at: number): { readonly point: number; readonly length: number } {
  const first = bytes[at] as number;
  if (first < 0x80) return { point: first, length: 1 };
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  const text = decodeUtf8(bytes.subarray(at, at + length));
  return text === null ? { point: 0x110000 + first, length: 1 } : { point: text.codePointAt(0) as number, length };
}

/** Returns the number of bytes that the piece matches at `at`; 0 if it doesn't match. */
function taken(piece: Piece | undefined, name: Uint8Array, at: number): number {
  if (piece === undefined || at >= name.length || piece.kind === 'star') return 0;
  if (piece.kind === 'byte') return name[at] === piece.byte ? 1 : 0;
  const { point, length } = charAt(name, at);
  if (piece.kind === 'any') return length;
  return piece.ranges.some(([from, to]) => from <= point && point <= to) !== piece.inverse ? length : 0;
}

/** Counts the cost of matching, so that crafted patterns and names can't keep the program busy. */
class Work {
  readonly #most: number;
  #steps = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Throws TOO_LARGE once the patterns have taken too many steps. */
  add(steps: number): void {
    this.#steps += steps;
    if (this.#steps > this.#most)
      throw new LayerscopeError('TOO_LARGE', 'the patterns are too complex for these names: matching them would take too long');
  }
}

function matchesName(pieces: readonly Piece[], name: Uint8Array, work: Work): boolean {
  let piece = 0;
  let at = 0;
  // The most recent star, and the end of what it matches. After a mismatch, that star matches one more character; earlier stars needn't be
  // retried.
  let star = -1;
  let starEnd = 0;
  let steps = 1;
  let matches = true;
  while (at < name.length || piece < pieces.length) {
    steps++;
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
      if (star < 0 || starEnd >= name.length) {
        matches = false;
        break;
      }
      starEnd += charAt(name, starEnd).length;
      piece = star + 1;
      at = starEnd;
    }
  }
  work.add(steps);
  return matches;
}

/** How far the patterns match a path. */
export interface PathState {
  /** Whether a pattern matches the path itself. */
  readonly matches: boolean;
  /** Whether a pattern matches everything below the path. */
  readonly matchesBelow: boolean;
  /**
   * Where the patterns may continue: for each position, the pattern's index × {@link STRIDE} + the number of its segments that match the
   * path so far. In ascending order.
   */
  readonly active: readonly number[];
}

/** Greater than the number of segments in any pattern. */
const STRIDE = 256;
const BELOW_A_MATCH: PathState = { matches: true, matchesBelow: true, active: [] };

interface MatcherOptions {
  readonly ignoreCase: boolean;
  readonly mostSteps?: number;
}

/** Matches paths against patterns name by name, so that a folder is matched once for everything in it. */
export class PathMatcher {
  readonly #globs: readonly Glob[];
  readonly #ignoreCase: boolean;
  readonly #work: Work;
  /** The state of the root folder. */
  readonly root: PathState;

  /** `ignoreCase`: compare names as Windows does. */
  constructor(patterns: readonly string[], { ignoreCase, mostSteps = MOST_STEPS }: MatcherOptions) {
    this.#work = new Work(mostSteps);
    this.#globs = patterns.map((pattern) => parseGlob(ignoreCase ? foldWindowsCase(pattern) : pattern));
    this.#ignoreCase = ignoreCase;
    const active: number[] = [];
    for (const [index, glob] of this.#globs.entries()) reach(active, index * STRIDE, glob);
    this.root = { matches: false, matchesBelow: false, active };
  }

  /**
   * Returns the state of an entry (the raw bytes of its name) in a folder with the given state. Throws TOO_LARGE if the patterns took too
   * many steps.
   */
  enter(folder: PathState, name: Uint8Array): PathState {
    if (folder.matchesBelow) return BELOW_A_MATCH;
    const bytes = this.#ignoreCase ? folded(name) : name;
    this.#work.add(1 + POSITION_STEPS * folder.active.length);
    const active: number[] = [];
    let matches = false;
    let matchesBelow = false;
    for (const position of folder.active) {
      const glob = this.#globs[Math.floor(position / STRIDE)] as Glob;
      const segment = glob.segments[position % STRIDE] as Segment;
      if (segment === 'folders') reach(active, position, glob);
      else if (matchesName(segment, bytes, this.#work)) {
        if ((position % STRIDE) + 1 < glob.segments.length) reach(active, position + 1, glob);
        else {
          matchesBelow = true;
          matches ||= !glob.foldersOnly;
        }
      }
    }
    return { matches, matchesBelow, active };
  }

  /** Whether a pattern matches a path (raw bytes). */
  matches(path: Uint8Array): boolean {
    let state = this.root;
    for (const name of splitPath(path)) state = this.enter(state, name);
    return state.matches;
  }
}

/**
 * Adds a position, and also the next one if a `**` there may match no folder. Positions are added in ascending order, so one that isn't
 * greater than the last is there already.
 */
function reach(active: number[], position: number, { segments }: Glob): void {
  if (position > (active.at(-1) ?? -1)) active.push(position);
  if (segments[position % STRIDE] === 'folders' && position + 1 > (active.at(-1) ?? -1)) active.push(position + 1);
}

function folded(bytes: Uint8Array): Uint8Array {
  const text = decodeUtf8(bytes);
  return text === null ? bytes : encodeUtf8(foldWindowsCase(text));
}
