import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { changedPart, type DiffRun, diffLines, pairedLines, partnerOf, unifiedLines } from '../../renderer/state/details/line-diff.ts';

const lines = (text: string) => text.split('');

/** Formats a diff on one line: `a-b+c`. */
function merged(a: readonly string[], b: readonly string[], runs: readonly DiffRun[]): string {
  return runs
    .map(({ same, aFrom, aTo, bFrom, bTo }) =>
      same ? a.slice(aFrom, aTo).join('') : `[${a.slice(aFrom, aTo).join('')}>${b.slice(bFrom, bTo).join('')}]`,
    )
    .join('');
}

const diff = (a: string, b: string) => merged(lines(a), lines(b), diffLines(lines(a), lines(b)));

test('equal lines are unchanged, with the changes between them', () => {
  assert.equal(diff('abcabba', 'abxabba'), 'ab[c>x]abba');
  assert.equal(diff('abc', 'abc'), 'abc');
  assert.equal(diffLines([], []).length, 0);
  assert.equal(diff('ac', 'abc'), 'a[>b]c');
  assert.equal(diff('abc', 'ac'), 'a[b>]c');
  assert.equal(diff('aaXbbYcc', 'aaQbbcc'), 'aa[X>Q]bb[Y>]cc');
});

test('a diff’s runs cover both files in order, and differences are minimal', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 24 });
  fc.assert(
    fc.property(text, text, (a, b) => {
      const runs = diffLines(a, b);
      let [atA, atB] = [0, 0];
      let edits = 0;
      runs.forEach((run, i) => {
        assert.equal(run.aFrom, atA);
        assert.equal(run.bFrom, atB);
        assert.notEqual(run.same, runs[i - 1]?.same);
        if (run.same) assert.deepEqual(a.slice(run.aFrom, run.aTo), b.slice(run.bFrom, run.bTo));
        else edits += run.aTo - run.aFrom + run.bTo - run.bFrom;
        [atA, atB] = [run.aTo, run.bTo];
      });
      assert.deepEqual([atA, atB], [a.length, b.length]);
      assert.equal(edits, a.length + b.length - 2 * longest(a, b));
    }),
  );
});

/** Returns the length of the longest common subsequence. */
function longest(a: readonly string[], b: readonly string[]): number {
  let row = Array<number>(b.length + 1).fill(0);
  for (const each of a) {
    const next = [0];
    b.forEach((other, j) => {
      next.push(each === other ? (row[j] as number) + 1 : Math.max(row[j + 1] as number, next[j] as number));
    });
    row = next;
  }
  return row.at(-1) as number;
}

test('files with nothing in common are one change, found without comparing each line with every other', () => {
  // Comparing every pair of lines would take 160,000,000,000 comparisons, and this test would never end.
  const a = Array.from({ length: 400_000 }, (_, i) => `a${i}`);
  const b = Array.from({ length: 400_000 }, (_, i) => `b${i}`);
  assert.equal(diffLines(a, b).length, 1);
});

test('long runs of equal lines are folded until opened', () => {
  const a = lines('abcdefghijklmnop');
  const b = lines('Abcdefghijklmnop');
  const runs = diffLines(a, b);
  assert.deepEqual(
    unifiedLines(runs, new Set()).map(({ kind }) => kind),
    ['removed', 'added', 'same', 'same', 'same', 'fold'],
  );
  assert.equal(unifiedLines(runs, new Set([1])).length, 17);
  assert.deepEqual(pairedLines(runs, new Set())[0], { kind: 'both', a: 1, b: 1 });
});

test('whole words that changed in a line are marked, or none if the lines have little in common', () => {
  const marked = (line: string, other: string) => {
    const part = changedPart(line, other);
    return part === null ? null : `${line.slice(0, part[0])}[${line.slice(...part)}]${line.slice(part[1])}`;
  };
  assert.equal(marked('port = 8080', 'port = 80'), 'port = [8080]');
  assert.equal(marked('port = 80', 'port = 8080'), 'port = [80]');
  assert.equal(marked('"a": "1.2.3",', '"a": "1.2.30",'), '"a": "1.2.[3]",');
  assert.equal(marked('one two three', 'one three'), 'one [two ]three');
  assert.equal(marked('one three', 'one two three'), 'one []three');
  assert.equal(marked('aaaa aaaa x', 'aaaa x'), 'aaaa [aaaa ]x');
  assert.equal(marked('  all else', '  nothing'), null);
  assert.equal(marked('x completely other words', 'x something'), null);
  assert.equal(marked('say 😀 now', 'say 😁 now'), 'say [😀] now');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (line, other) => {
      const [a, b] = [changedPart(line, other), changedPart(other, line)];
      if (a === null || b === null) return;
      assert.equal(line.slice(0, a[0]), other.slice(0, b[0]));
      assert.equal(line.slice(a[1]), other.slice(b[1]));
      assert.ok(a[0] <= a[1] && b[0] <= b[1]);
    }),
  );
});

test('a changed line is paired with the line at its position', () => {
  // a[bc>xyz]d[e>]
  const runs = diffLines(lines('abcde'), lines('axyzd'));
  const partners = (side: 'a' | 'b') => [0, 1, 2, 3, 4, 5].map((line) => partnerOf(runs, side, line));
  assert.deepEqual(partners('a'), [-1, 1, 2, -1, -1, -1]);
  assert.deepEqual(partners('b'), [-1, 1, 2, -1, -1, -1]);
  assert.equal(partnerOf([], 'a', 0), -1);
});
