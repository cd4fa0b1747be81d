// Finds the differences between the lines of two files with the algorithm of Myers, An O(ND) Difference Algorithm (1986), after removing a
// common beginning and end.

/** Consecutive lines that are the same in both files, or a change. Line indexes; `aTo` and `bTo` are exclusive. */
export interface DiffRun {
  readonly same: boolean;
  readonly aFrom: number;
  readonly aTo: number;
  readonly bFrom: number;
  readonly bTo: number;
}

/** Number of edits after which the rest becomes a single change, because the time grows quadratically. */
const MOST_EDITS = 1_500;

/** Returns the runs, in order. Equal and changed runs alternate. */
export function diffLines(a: readonly string[], b: readonly string[]): readonly DiffRun[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const runs: DiffRun[] = [];
  const push = (same: boolean, aFrom: number, aTo: number, bFrom: number, bTo: number): void => {
    if (aFrom === aTo && bFrom === bTo) return;
    const last = runs.at(-1);
    if (last?.same === same) runs[runs.length - 1] = { ...last, aTo, bTo };
    else runs.push({ same, aFrom, aTo, bFrom, bTo });
  };
  push(true, 0, head, 0, head);
  const aEnd = a.length - tail;
  const bEnd = b.length - tail;
  const matches = matchLines(a, b, head, aEnd, bEnd);
  let atA = head;
  let atB = head;
  for (const [inA, inB] of matches) {
    push(false, atA, inA, atB, inB);
    push(true, inA, inA + 1, inB, inB + 1);
    atA = inA + 1;
    atB = inB + 1;
  }
  push(false, atA, aEnd, atB, bEnd);
  push(true, aEnd, a.length, bEnd, b.length);
  return runs;
}

/** Returns pairs of equal lines, in order; empty if the two files differ too much. */
function matchLines(
  a: readonly string[],
  b: readonly string[],
  from: number,
  aEnd: number,
  bEnd: number,
): readonly (readonly [number, number])[] {
  const n = aEnd - from;
  const m = bEnd - from;
  if (n === 0 || m === 0) return [];
  const most = Math.min(n + m, MOST_EDITS);
  const center = most + 1;
  const reach = new Int32Array(2 * most + 3);
  const trace: Int32Array[] = [];
  for (let edits = 0; edits <= most; edits++) {
    trace.push(reach.slice(center - edits - 1, center + edits + 2));
    for (let k = -edits; k <= edits; k += 2) {
      const down = k === -edits || (k !== edits && (reach[center + k - 1] as number) < (reach[center + k + 1] as number));
      let x = down ? (reach[center + k + 1] as number) : (reach[center + k - 1] as number) + 1;
      let y = x - k;
      while (x < n && y < m && a[from + x] === b[from + y]) {
        x++;
        y++;
      }
      reach[center + k] = x;
      if (x >= n && y >= m) return backtrack(trace, n, m, edits, from);
    }
  }
  return [];
}

function backtrack(
  trace: readonly Int32Array[],
  n: number,
  m: number,
  edits: number,
  from: number,
): readonly (readonly [number, number])[] {
  const pairs: (readonly [number, number])[] = [];
  let x = n;
  let y = m;
  for (let d = edits; d >= 0; d--) {
    // How far each diagonal had reached before this edit. Diagonal 0 is in the middle.
    const reach = trace[d] as Int32Array;
    const at = (k: number): number => reach[k + d + 1] as number;
    const k = x - y;
    const down = k === -d || (k !== d && at(k - 1) < at(k + 1));
    const before = down ? k + 1 : k - 1;
    const startX = d === 0 ? 0 : at(before);
    const startY = d === 0 ? 0 : startX - before;
    const snakeX = d === 0 ? 0 : down ? startX : startX + 1;
    while (x > snakeX && y > snakeX - k) {
      x--;
      y--;
      pairs.push([from + x, from + y]);
    }
    x = startX;
    y = startY;
  }
  return pairs.reverse();
}

/** A line of a diff; line numbers start at 1. A `fold` stands for `count` equal lines. */
export type DiffLine =
  | { readonly kind: 'same'; readonly a: number; readonly b: number }
  | { readonly kind: 'removed'; readonly a: number; readonly b: null }
  | { readonly kind: 'added'; readonly a: null; readonly b: number }
  | { readonly kind: 'both'; readonly a: number; readonly b: number }
  | { readonly kind: 'fold'; readonly run: number; readonly count: number };

const CONTEXT = 3;

/** Returns the lines of a unified diff, removed before added. Long runs of equal lines are folded unless listed in `opened`. */
export function unifiedLines(runs: readonly DiffRun[], opened: ReadonlySet<number>): readonly DiffLine[] {
  return shownLines(runs, opened, (run, push) => {
    for (let at = run.aFrom; at < run.aTo; at++) push({ kind: 'removed', a: at + 1, b: null });
    for (let at = run.bFrom; at < run.bTo; at++) push({ kind: 'added', a: null, b: at + 1 });
  });
}

/** Returns the lines of a side-by-side diff, pairing those at the same position in a change. */
export function pairedLines(runs: readonly DiffRun[], opened: ReadonlySet<number>): readonly DiffLine[] {
  return shownLines(runs, opened, (run, push) => {
    const aCount = run.aTo - run.aFrom;
    const bCount = run.bTo - run.bFrom;
    for (let i = 0; i < Math.max(aCount, bCount); i++) {
      const a = run.aFrom + i + 1;
      const b = run.bFrom + i + 1;
      if (i >= aCount) push({ kind: 'added', a: null, b });
      else if (i >= bCount) push({ kind: 'removed', a, b: null });
      else push({ kind: 'both', a, b });
    }
  });
}

function shownLines(
  runs: readonly DiffRun[],
  opened: ReadonlySet<number>,
  changed: (run: DiffRun, push: (line: DiffLine) => void) => void,
): readonly DiffLine[] {
  const lines: DiffLine[] = [];
  runs.forEach((run, index) => {
    if (!run.same) {
      changed(run, (line) => lines.push(line));
      return;
    }
    const count = run.aTo - run.aFrom;
    const before = index === 0 ? 0 : CONTEXT;
    const after = index === runs.length - 1 ? 0 : CONTEXT;
    const same = (from: number, to: number) => {
      for (let i = from; i < to; i++) lines.push({ kind: 'same', a: run.aFrom + i + 1, b: run.bFrom + i + 1 });
    };
    if (opened.has(index) || count <= before + after + 2) {
      same(0, count);
      return;
    }
    same(0, before);
    lines.push({ kind: 'fold', run: index, count: count - before - after });
    same(count - after, count);
  });
  return lines;
}

/** Returns the index of the other side's line at the same position in a change, or -1. */
export function partnerOf(runs: readonly DiffRun[], side: 'a' | 'b', line: number): number {
  let low = 0;
  let high = runs.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const { same, aFrom, aTo, bFrom, bTo } = runs[middle] as DiffRun;
    const [from, to, otherFrom, otherTo] = side === 'a' ? [aFrom, aTo, bFrom, bTo] : [bFrom, bTo, aFrom, aTo];
    if (line < from) high = middle - 1;
    else if (line >= to) low = middle + 1;
    else return !same && otherFrom + line - from < otherTo ? otherFrom + line - from : -1;
  }
  return -1;
}

const WORD = /[\p{L}\p{N}_]/u;

/**
 * Returns the part of `line` that differs from `other`, in whole words: first index and end (exclusive). Null if marking wouldn't help,
 * because the lines have less than a quarter in common, or only blanks.
 */
export function changedPart(line: string, other: string): readonly [number, number] | null {
  const shorter = Math.min(line.length, other.length);
  let from = 0;
  // Don't split a word or a surrogate pair.
  const isInside = (text: string, at: number) => at > 0 && at < text.length && isWord(text, at - 1) && isWord(text, at);
  while (from < shorter && line[from] === other[from]) from++;
  while (from > 0 && (isInside(line, from) || isInside(other, from))) from--;
  let tail = 0;
  while (tail < shorter - from && line[line.length - 1 - tail] === other[other.length - 1 - tail]) tail++;
  while (tail > 0 && (isInside(line, line.length - tail) || isInside(other, other.length - tail))) tail--;
  const end = line.length - tail;
  const common = line.slice(0, from).trim().length + line.slice(end).trim().length;
  return common === 0 || common * 4 < line.length ? null : [from, end];
}

/** Maximum length of a line in a diff; a browser takes seconds to lay out one of a megabyte. */
const MOST_COLUMNS = 4_000;
/** How many characters of a longer line are shown before its first difference. */
const COLUMNS_BEFORE = 200;

/** Returns which part of a line of `length` characters is shown: its start, or the surroundings of its changed part. */
export function shownPart(length: number, changed: readonly [number, number] | null): readonly [number, number] {
  const first = changed === null ? 0 : changed[0] - COLUMNS_BEFORE;
  const from = Math.max(0, Math.min(first, length - MOST_COLUMNS));
  return [from, Math.min(length, from + MOST_COLUMNS)];
}

function isWord(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return (unit & 0xf800) === 0xd800 || WORD.test(text[at] as string);
}
