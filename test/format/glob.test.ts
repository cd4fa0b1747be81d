import assert from 'node:assert/strict';
import { test } from 'node:test';
import { invalidGlob, PathMatcher } from '#format/path';
import { encodeUtf8 } from '#model';
import { hasCode } from '../support/asserts.ts';
import { latin1 } from '../support/tar-builder.ts';

function matches(pattern: string, path: string | Uint8Array, ignoreCase = false): boolean {
  return new PathMatcher([pattern], { ignoreCase }).matches(typeof path === 'string' ? encodeUtf8(path) : path);
}

function assertMatches(pattern: string, yes: readonly string[], no: readonly string[]): void {
  for (const path of yes) assert.equal(matches(pattern, path), true, `${pattern} matches ${path}`);
  for (const path of no) assert.equal(matches(pattern, path), false, `${pattern} doesn't match ${path}`);
}

test('a pattern without a slash matches a name anywhere, and everything below it', () => {
  assertMatches('*.pyc', ['a.pyc', 'usr/lib/x.pyc', 'x.pyc/in/it', '.pyc'], ['a.py', 'pyc', 'a.pycx']);
  assertMatches('cache', ['cache', 'var/cache', 'var/cache/apt/x'], ['caches', 'var/xcache/y']);
  assertMatches('**', ['a', 'a/b'], []);
});

test('a pattern with a slash matches the whole path, with or without a leading slash', () => {
  for (const slash of ['', '/', './']) {
    assertMatches(`${slash}usr/share/doc`, ['usr/share/doc', 'usr/share/doc/x/y'], ['usr/share/docs', 'opt/usr/share/doc', 'usr/share']);
    assertMatches(`${slash}var/*/log`, ['var/x/log', 'var/x/log/y'], ['var/log', 'var/x/y/log']);
  }
  assertMatches('/tmp', ['tmp', 'tmp/x'], ['usr/tmp']);
});

test('two stars between slashes match any number of folders, even none', () => {
  assertMatches('usr/**/doc', ['usr/doc', 'usr/a/doc', 'usr/a/b/doc/x'], ['doc', 'usr/a/docs']);
  assertMatches('usr/**', ['usr/a', 'usr/a/b'], ['usr', 'usrx/a']);
  assertMatches('**/x/y', ['x/y', 'a/b/x/y'], ['x/z/y']);
  assertMatches('**/a/**/b/**', ['a/b/c', 'x/a/y/b/c'], ['a/b', 'b/a/c']);
});

test('a pattern with a slash at the end doesn’t match a file with that name', () => {
  assertMatches('logs/', ['logs/x', 'var/logs/x'], ['logs', 'var/logs']);
  assertMatches('/var/logs/', ['var/logs/x'], ['var/logs', 'x/var/logs/y']);
});

test('? matches one character, a class one of its characters', () => {
  assertMatches('a?c', ['abc', 'aäc', 'a😀c', 'a-c'], ['ac', 'abbc', 'a/c']);
  assertMatches('[a-c]x', ['ax', 'cx'], ['dx', 'Ax', 'x']);
  assertMatches('[!a-c]x', ['dx', 'äx'], ['ax', 'x']);
  assertMatches('[^a]x', ['bx'], ['ax']);
  assertMatches('[]-]x', [']x', '-x'], ['ax']);
  assertMatches('[ä-ö]', ['ä', 'ö'], ['a', 'z']);
  assertMatches('[ab', ['[ab'], ['a']);
  assertMatches('*[0-9]?', ['x12', '1a'], ['1', 'ab']);
  assertMatches('*??', ['文文', 'ab'], ['文', 'a']);
});

test('a backslash escapes a character, and the escapes of printed paths are understood', () => {
  assertMatches('\\*x', ['*x'], ['ax']);
  assertMatches('a\\[1\\]', ['a[1]'], ['a1']);
  assertMatches('back\\\\slash', ['back\\slash'], ['backslash']);
  assertMatches('*\\u202E*', ['bidi\u202etxt'], ['bidi']);
  assert.equal(matches('f\\xE4?', latin1('f\xE4\xF6')), true);
  assert.equal(matches('f\\xE4', 'fä'), false);
  assert.equal(matches('f?', latin1('f\xE4')), true);
});

test('matching is case-sensitive, except for Windows images', () => {
  assert.equal(matches('*.TXT', 'a.txt'), false);
  assert.equal(matches('files/*.TXT', 'Files/A.txt', true), true);
  assert.equal(matches('[A-C]', 'b', true), true);
});

test('a pattern of many stars takes at most as many steps as the pattern’s length times the path’s', () => {
  assert.equal(matches('*a'.repeat(200), `${'a'.repeat(50_000)}b`), false);
  assert.equal(matches(`${'**/'.repeat(90)}x`, `${'a/'.repeat(500)}b`), false);
});

test('a pattern that names nothing, points outside, or is too long is reported', () => {
  for (const pattern of ['', '/', './', '//']) assert.equal(invalidGlob(pattern), 'names nothing');
  assert.equal(invalidGlob('../x'), 'points outside the image');
  assert.equal(invalidGlob('a/'.repeat(200)), 'has too many folders');
  assert.equal(invalidGlob('/usr/**'), null);
});

test('patterns and names crafted to be slow are refused at the step limit', () => {
  const matcher = new PathMatcher(['**/*a'.repeat(60)], { ignoreCase: false, mostSteps: 100_000 });
  const path = encodeUtf8('a'.repeat(200).concat('/').repeat(200));
  assert.throws(() => {
    for (let i = 0; i < 100; i++) matcher.matches(path);
  }, hasCode('TOO_LARGE'));
});

test('matching many folders counts towards the step limit too, and consecutive ** count as one', () => {
  const deep = encodeUtf8('a/'.repeat(200));
  const rows = (pattern: string): PathMatcher =>
    new PathMatcher(Array<string>(150).fill(pattern), { ignoreCase: false, mostSteps: 10_000_000 });
  assert.throws(() => rows(`${'**/*/'.repeat(49)}b`).matches(deep), hasCode('TOO_LARGE'));
  assert.equal(rows(`${'**/'.repeat(98)}b`).matches(deep), false);
  assert.equal(matches('a/**/**/**/b', 'a/b'), true);
  assert.equal(matches('**/**/b/**/**', 'a/b/c'), true);
});
