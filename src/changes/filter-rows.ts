/**
 * Filters rows. Imported as `#changes/filter`, not through index.ts, because the regular expression engine is slow to load and no command
 * needs it at startup.
 */
import { compareBytes, decodeUtf8, encodeUtf8, escapePath, type RowTable, rowName, unescapePath } from '#model';
import { compileExpression } from './expression.ts';
import { LongText } from './long-text.ts';
import { globPattern, type PathPattern, step, textPattern } from './path-pattern.ts';
import { criteriaTest, type RowCriteria } from './row-criteria.ts';

export interface RowFilter extends RowCriteria {
  /**
   * - Empty: every row.
   * - `/…/`, optionally followed by flags i, m, s, u: a regular expression on the path, without backreferences and lookaround.
   * - With `*`, `?` or `[`: a glob (see globPattern), matched against the name if it has no `/`; also the row with exactly that path.
   * - Anything else, and a glob without a match: the text anywhere in the path, typed plainly or with the escapes used for printing; the
   *   case of A to Z is ignored. If no path contains it, and `scattered` isn't false: rows with its characters in that order, possibly with
   *   others in between.
   */
  readonly text: string;
  readonly scattered?: boolean;
  /** Types to include, as bits `1 << TYPE`; 0: all. */
  readonly types: number;
}

export interface RowMatches {
  /** By row: 1 matches, 2 leads to a row that does, 0 neither. Null if the filter lets everything through. */
  readonly matches: Uint8Array<ArrayBuffer> | null;
  /** Number of rows that match. */
  readonly count: number;
  /** Why the text is ignored, for example an invalid regular expression. One line, safe to show. */
  readonly problem: string | null;
  /** Whether no path contains the text, and the matches are rows with its characters in that order, possibly with others in between. */
  readonly isScattered: boolean;
}

const SLASH = 0x2f;
const BACKSLASH = 0x5c;

/** Finds the rows that match, and the folders that lead to them. Rows below a match are not included. */
export function filterRows(table: RowTable, filter: RowFilter): RowMatches {
  const steps = filterSteps(table, filter);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** {@link filterRows} in steps of a few milliseconds, for a thread that also draws a window. The table must not change between steps. */
export function* filterSteps(table: RowTable, filter: RowFilter): Generator<undefined, RowMatches> {
  const { length } = table;
  const { matches: text, problem, isScattered = false } = yield* matchText(table, filter.text, filter.scattered ?? true);
  yield;
  const { types } = filter;
  const meets = criteriaTest(table, filter);
  if (text === null && types === 0 && meets === null) return { matches: null, count: length, problem, isScattered };
  const matches = new Uint8Array(length);
  let count = 0;
  for (let row = length - 1; row >= 0; row--) {
    const isMatch =
      (text === null || text[row] === 1) &&
      (types === 0 || ((types >>> (table.type[row] as number)) & 1) === 1) &&
      (meets === null || meets(row));
    if (isMatch) {
      matches[row] = 1;
      count++;
    }
    const above = table.parent[row] as number;
    if (above >= 0 && matches[row] !== 0) matches[above] = 2;
    if (row % (4 * STEP_ROWS) === 0) yield;
  }
  return { matches, count, problem, isScattered };
}

interface TextMatches {
  readonly matches: Uint8Array | null;
  readonly problem: string | null;
  readonly isScattered?: boolean;
}

type Steps<T> = Generator<undefined, T>;

const STEP_ROWS = 65_536;

function* matchText(table: RowTable, text: string, mayScatter: boolean): Steps<TextMatches> {
  if (text === '') return { matches: null, problem: null };
  const expression = /^\/(.+)\/([imsu]*)$/s.exec(text);
  if (expression !== null) return yield* matchExpression(table, expression[1] as string, expression[2] as string);
  const isGlob = /[*?[]/.test(text);
  const glob = isGlob ? globPattern(encodeUtf8(text)) : null;
  const globbed = glob === null ? null : yield* matchPattern(table, glob);
  // The text may be a path as printed: undo its escapes, take glob characters literally, allow a `/` after a folder.
  const printed = unescapePath(text);
  if (globbed?.includes(1)) {
    const row = rowOf(table, printed);
    if (row >= 0) globbed[row] = 1;
    return { matches: globbed, problem: null };
  }
  const forms = [
    printed,
    ...(text.includes('\\') ? [encodeUtf8(text)] : []),
    ...(printed.length > 1 && printed.at(-1) === SLASH ? [printed.subarray(0, -1)] : []),
  ];
  for (const form of forms) {
    const matches = yield* matchLetters(table, form);
    if (matches.includes(1)) return { matches, problem: null };
  }
  if (isGlob) return glob === null ? { matches: null, problem: 'the pattern is too long' } : { matches: globbed, problem: null };
  const scattered = mayScatter ? textPattern(printed, true) : null;
  if (scattered === null) return { matches: new Uint8Array(table.length), problem: null };
  return { matches: yield* matchPattern(table, scattered), problem: null, isScattered: true };
}

/** Returns the row of a full path; -1 if there is none. */
function rowOf(table: RowTable, path: Uint8Array): number {
  let row = -1;
  let end = table.length;
  for (let at = path[0] === SLASH ? 1 : 0; at < path.length; ) {
    const slash = path.indexOf(SLASH, at);
    const name = path.subarray(at, slash < 0 ? path.length : slash);
    let child = row + 1;
    while (child < end && compareBytes(rowName(table, child), name) !== 0) child = table.subtreeEnd[child] as number;
    if (child >= end) return -1;
    row = child;
    end = table.subtreeEnd[row] as number;
    at += name.length + 1;
  }
  return row;
}

/** Finds rows with the text anywhere in their path, ignoring the case of A to Z. */
function* matchLetters(table: RowTable, text: Uint8Array): Steps<Uint8Array> {
  const pattern = textPattern(text, false);
  if (pattern !== null) return yield* matchPattern(table, pattern);
  return yield* matchLongText(table, new LongText(text));
}

function* matchLongText(table: RowTable, text: LongText): Steps<Uint8Array> {
  const { length, parent, names, nameStart } = table;
  const matches = new Uint8Array(length);
  // By row: the state after the row's path and a `/`. The top level begins with the state after a `/`, so that text that begins with `/`
  // matches at the beginning of a path.
  const states = new Uint32Array(length);
  const top = text.step(0, SLASH);
  for (let row = 0; row < length; row++) {
    const above = parent[row] as number;
    let state = above < 0 ? top : (states[above] as number);
    const end = nameStart[row + 1] as number;
    for (let at = nameStart[row] as number; at < end; at++) state = text.step(state, names[at] as number);
    if (state === text.found) matches[row] = 1;
    states[row] = text.step(state, SLASH);
    if (row % STEP_ROWS === STEP_ROWS - 1) yield;
  }
  return matches;
}

function* matchPattern(table: RowTable, pattern: PathPattern): Steps<Uint8Array> {
  const { length } = table;
  const matches = new Uint8Array(length);
  // By row: the state after the row's path and a `/`.
  const states = new Int32Array(length);
  for (let from = 0; from < length; from += STEP_ROWS) {
    matchPart(table, pattern, matches, states, from, Math.min(from + STEP_ROWS, length));
    yield;
  }
  return matches;
}

function matchPart(table: RowTable, pattern: PathPattern, matches: Uint8Array, states: Int32Array, from: number, to: number): void {
  const { parent, names, nameStart } = table;
  const { nameOnly, start, accept } = pattern;
  // The state after a `/`, so that text that begins with `/` matches at the beginning of a path.
  const top = nameOnly || ((pattern.stay[0x2f] as number) & 1) === 0 ? start : step(pattern, start, 0x2f);
  for (let row = from; row < to; row++) {
    const above = parent[row] as number;
    let state = nameOnly ? start : above < 0 ? top : (states[above] as number);
    const end = nameStart[row + 1] as number;
    for (let at = nameStart[row] as number; at < end && state !== 0; at++) state = step(pattern, state, names[at] as number);
    if ((state & accept) !== 0) matches[row] = 1;
    states[row] = step(pattern, state, 0x2f);
  }
}

/** Number of path bytes to decode at once. */
const CHUNK_BYTES = 1 << 16;

function* matchExpression(table: RowTable, source: string, flags: string): Steps<TextMatches> {
  const compiled = compileExpression(source, flags);
  if ('problem' in compiled) return { matches: null, problem: compiled.problem };
  const { expression } = compiled;
  const matches = new Uint8Array(table.length);
  yield* forEachPath(table, (row, path) => {
    if (expression.test(path)) matches[row] = 1;
  });
  return { matches, problem: null };
}

/** Visits paths as printed (escapePath), in row order. Decodes many at once if none needs an escape. */
function* forEachPath(table: RowTable, visit: (row: number, path: string) => void): Steps<void> {
  const { length, parent } = table;
  // `path` holds the current row's path, which begins with the paths of its folders; `pathEnd` is the length of each row's path.
  let path = new Uint8Array(1024);
  const pathEnd = new Uint32Array(length);
  let chunk = new Uint8Array(CHUNK_BYTES);
  let used = 0;
  let first = 0;
  let isAscii = true;
  const ends: number[] = [];
  const flush = (): void => {
    const whole = isAscii ? decodeUtf8(chunk.subarray(0, used)) : null;
    let start = 0;
    ends.forEach((end, i) => {
      visit(first + i, whole === null ? escapePath(chunk.subarray(start, end)) : whole.slice(start, end));
      start = end;
    });
    first += ends.length;
    ends.length = 0;
    used = 0;
    isAscii = true;
  };
  for (let row = 0; row < length; row++) {
    const above = parent[row] as number;
    let end = above < 0 ? 0 : (pathEnd[above] as number);
    const name = rowName(table, row);
    if (end + name.length + 1 > path.length) {
      const longer = new Uint8Array((end + name.length + 1) * 2);
      longer.set(path);
      path = longer;
    }
    if (above >= 0) path[end++] = 0x2f;
    for (let i = 0; i < name.length; i++) {
      const byte = name[i] as number;
      path[end++] = byte;
    }
    pathEnd[row] = end;
    if (used + end > chunk.length) {
      flush();
      yield;
      if (end > chunk.length) chunk = new Uint8Array(end * 2);
    }
    for (let i = 0; i < end; i++) {
      const byte = path[i] as number;
      if (byte >= 0x80 || byte === BACKSLASH) isAscii = false;
      chunk[used + i] = byte;
    }
    used += end;
    ends.push(used);
  }
  flush();
}
