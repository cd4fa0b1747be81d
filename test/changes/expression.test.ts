import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildStack, changesOf } from '#changes';
import { filterRows } from '#changes/filter';
import { compileExpression } from '../../src/changes/expression.ts';
import { expressionSize } from '../../src/changes/expression-size.ts';
import { dir, file, layer } from '../support/layer-fixture.ts';

function expressionOf(source: string, flags = ''): { test(text: string): boolean } {
  const compiled = compileExpression(source, flags);
  if ('problem' in compiled) throw new Error(`${source}: ${compiled.problem}`);
  return compiled.expression;
}

function problemOf(source: string, flags = ''): string | null {
  const compiled = compileExpression(source, flags);
  return 'problem' in compiled ? compiled.problem : null;
}

/** Expressions that a backtracking engine practically never finishes matching against a long string of these letters. */
const ENDLESS: readonly (readonly [source: string, letters: string])[] = [
  ['(a+)+$', 'a'],
  ['(a|aa)+$', 'a'],
  ['(a|a)*$', 'a'],
  ['^(([a-z])+.)+[A-Z]([a-z])+$', 'a'],
  ['(.*)*x$', 'a'],
  ['(.*.*)*b{3}$', 'a'],
  ['(x+x+)+y', 'x'],
  ['(?:a?){40}a{40}$', 'a'],
  ['([^/]+/?)+;', 'a'],
  ['(.*a){25}b', 'a'],
  ['(\\w|\\d)+!', '1'],
  ['((a{0,30}){0,30})$', 'a'],
];

for (const [source, letters] of ENDLESS) {
  test(`/${source}/ ends, even on a name of sixty thousand characters`, () => {
    const expression = expressionOf(source);
    assert.equal(typeof expression.test(`${letters.repeat(60_000)}\u0001`), 'boolean');
  });
}

test('filtering rows ends even with an expression that makes backtracking engines hang, with or without ignoring case', () => {
  const table = changesOf(buildStack([layer([dir('d'), file(`d/${'a'.repeat(200)}!`), file('aaa')])]), 0, 0);
  const { matches, count, problem } = filterRows(table, { text: '/(a+)+$/', kinds: 15, minBytes: 0, types: 0 });
  assert.deepEqual([matches?.length, count, problem], [3, 1, null]);
  assert.equal(filterRows(table, { text: '/(A+)+$/i', kinds: 15, minBytes: 0, types: 0 }).count, 1);
});

test('an invalid expression is reported, and the error names an unsupported construct', () => {
  for (const source of ['(', '[', 'a**', '*a', '\\', '(?<n>a)(?<n>b)', 'a{2,1}', '(?<', '(?'])
    assert.equal(problemOf(source), 'not a regular expression', source);
  assert.equal(problemOf('\\-', 'u'), 'not a regular expression');
  assert.equal(problemOf('a', 'ii'), 'not a regular expression');
  for (const source of ['(?=a)', 'x(?!a)', '(?<=a)b', '(?<!a)b', 'a(b(?=c))']) {
    assert.match(problemOf(source) ?? '', /^regular expressions cannot look ahead or behind here: \(\?<?[=!]…\)$/, source);
  }
  for (const source of ['(a)\\1', '(?<x>a)\\k<x>', '\\9']) {
    assert.match(problemOf(source) ?? '', /^regular expressions cannot refer back to a group here: \\[1-9k]$/, source);
  }
  assert.match(problemOf('a{1001}') ?? '', /repeats too much/);
  assert.match(problemOf('((a{100}){100}){100}') ?? '', /repeats too much/);
  assert.match(problemOf('('.repeat(1_500) + ')'.repeat(1_500)) ?? '', /nested too deeply/);
  assert.match(problemOf('a'.repeat(5_000)) ?? '', /too long/);
});

test('an expression whose repetitions would take seconds to compile is refused by its size', () => {
  const refused = /repeats too much: written out, it has more than 5,000 parts/;
  const large = [
    `${'.{0,900}'.repeat(100)}Z`,
    '(?:[a-z]|\\d){0,999}'.repeat(200),
    '(a|b|c|d){900}'.repeat(3),
    '((((.{0,5}){0,5}){0,5}){0,5}){0,9}',
    '[^\\]]{900}'.repeat(6),
    '\\p{L}{0,900}'.repeat(20),
    '(x{9,}){900}',
  ];
  for (const source of large) assert.match(problemOf(source) ?? '', refused, source);
  for (const source of [
    '.{0,900}Z',
    'a'.repeat(4_096),
    '(a)'.repeat(1_365),
    'a?'.repeat(2_048),
    '[{9999}]',
    '\\{9999}',
    'a{9999',
    '[a-z0-9_.-]{1,100}/'.repeat(10),
  ])
    assert.equal(problemOf(source), null, source);
});

test('the size of an expression is not less than RE2’s number of states', () => {
  const sizes: Readonly<Record<string, readonly [least: number, most: number]>> = {
    '.{0,900}': [1_800, 1_803],
    'a{5}': [5, 6],
    '(ab){3}': [12, 17],
    '(a|b|c|d){900}': [2_700, 8_200],
    '(x{0,10}){0,100}': [2_300, 2_600],
    '[a-z\\]]{10}x': [11, 13],
  };
  for (const [source, [least, most]] of Object.entries(sizes)) {
    const size = expressionSize(source);
    assert.ok(size >= least && size <= most, `${source}: ${size}`);
  }
});

test('characters that are literal in JavaScript stay literal', () => {
  for (const [source, fits, other] of [
    ['\\Qa.b\\E', 'Qa-bE', 'a.b'],
    ['\\Abc', 'xAbc', 'bc'],
    ['end\\z', 'endz', 'end'],
    ['\\a', 'a', '\u0007'],
    ['[[:alpha:]]', 'a]', 'b'],
    ['[\\b]', '\b', 'b'],
    ['\\k', 'k', 'x'],
    ['[(?=]', '=', 'x'],
    ['\\(?=', '=', 'x'],
    ['[\\]]', ']', 'x'],
    ['\\/', '/', 'x'],
    ['\\u0041\\x42', 'AB', 'ab'],
    ['^[^]$', '\n', ''],
  ] as const) {
    assert.deepEqual([new RegExp(source).test(fits), new RegExp(source).test(other)], [true, false], source);
    assert.deepEqual([expressionOf(source).test(fits), expressionOf(source).test(other)], [true, false], source);
  }
});

test('four thousand random expressions match as in JavaScript', () => {
  let state = 20_261_128;
  const next = (bound: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
  const pick = <T>(all: readonly T[]): T => all[next(all.length)] as T;
  const ATOMS = [
    'a',
    'b',
    'so',
    '/',
    '\\.',
    '.',
    '[a-c]',
    '[^/]',
    '\\d',
    '\\w',
    '\\W',
    '(?:lib|usr)',
    '(a)',
    '\u00fc',
    '[\u4e00-\u4fff]',
    '\\b',
    '^',
    '$',
  ];
  const QUANTIFIERS = ['', '', '', '*', '+', '?', '{2}', '{1,3}', '*?', '+?'];
  const PATHS = ['usr/lib/libssl.so.3', 'a', 'app/\u00fcber.js', 'data/\u4e2d\u6587/b12', 'USR/LIB', 'ab/ba/aab', '', 'x y', 'a\\\\b'];
  let tried = 0;
  for (let i = 0; i < 4_000; i++) {
    const source = Array.from({ length: 1 + next(5) }, () => pick(ATOMS) + pick(QUANTIFIERS)).join(next(6) === 0 ? '|' : '');
    const flags = pick(['', 'i', 'm', 's', 'im', 'u']);
    const compiled = compileExpression(source, flags);
    let js: RegExp | null = null;
    try {
      js = new RegExp(source, flags);
    } catch {
      // Invalid in JavaScript, so compileExpression must refuse it too.
    }
    if ('problem' in compiled) {
      assert.equal(js === null, compiled.problem === 'not a regular expression', `/${source}/${flags}: ${compiled.problem}`);
      continue;
    }
    assert.ok(js !== null);
    tried++;
    for (const path of PATHS) assert.equal(compiled.expression.test(path), js.test(path), `/${source}/${flags} on ${path}`);
  }
  assert.ok(tried > 2_000, String(tried));
});
