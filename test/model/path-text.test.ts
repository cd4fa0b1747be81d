import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareBytes, decodeUtf8, displayPath, encodeUtf8, escapePath, fromHex, toHex, unescapePath } from '#model';

test('a UTF-8 path is printed unchanged', () => {
  assert.equal(escapePath(encodeUtf8('usr/share/ä/文')), 'usr/share/ä/文');
});

test('bytes that are not UTF-8 are printed as \\xNN, all others unchanged', () => {
  assert.equal(escapePath(Uint8Array.of(0x66, 0xe4, 0x6f)), 'f\\xE4o');
  assert.equal(escapePath(Uint8Array.of(0xc3, 0xa4, 0xf6)), 'ä\\xF6');
});

test('a truncated, an overlong and a surrogate sequence are not UTF-8', () => {
  for (const bytes of [
    [0xe2, 0x82],
    [0xc0, 0xaf],
    [0xed, 0xa0, 0x80],
    [0xf5, 0x80, 0x80, 0x80],
  ]) {
    assert.equal(decodeUtf8(Uint8Array.from(bytes)), null);
    assert.match(escapePath(Uint8Array.from(bytes)), /^(\\x[0-9A-F]{2})+$/);
  }
});

test('a backslash is doubled', () => {
  assert.equal(escapePath(encodeUtf8('a\\b')), 'a\\\\b');
});

test('a displayed name contains no control or bidi characters', () => {
  assert.equal(displayPath(encodeUtf8('a\u001b[31mb\nc')), 'a\\x1B[31mb\\x0Ac');
  assert.equal(displayPath(encodeUtf8('exe\u202egpj')), 'exe\\u202Egpj');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be left
      assert.doesNotMatch(displayPath(bytes), /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
    }),
    { seed: 1 },
  );
});

test('a letter keeps its combining marks, but a pile of them is escaped', () => {
  for (const name of ['e\u0301', 'ก็้', '👩\u200d👩\u200d👧\u200d👦', `a${'\u0301'.repeat(12)}`])
    assert.equal(displayPath(encodeUtf8(name)), name);
  for (const mark of ['\u0301', '\u200d', '\u{1d165}', '\u{e0100}']) {
    const name = `a${mark.repeat(5_000)}b`;
    const shown = displayPath(encodeUtf8(name));
    assert.ok(shown.startsWith(`a${mark.repeat(12)}\\u`), mark);
    assert.equal([...shown].filter((character) => character === mark).length, 12);
    assert.deepEqual(unescapePath(shown), encodeUtf8(name));
  }
});

// Strings that make escapes likely: backslashes and what may follow them, control and bidi characters.
const PIECES = [
  '\\',
  'x',
  'u',
  '{',
  '}',
  'E4',
  '202E',
  'n',
  't',
  '"',
  '\n',
  '\t',
  '\u001b',
  '\u0085',
  '\u061c',
  '\u202e',
  '\ufeff',
  'ä',
  '😀',
  '/',
  ' ',
];
const oddPath = fc
  .array(fc.oneof(fc.constantFrom(...PIECES).map(encodeUtf8), fc.uint8Array({ minLength: 1, maxLength: 3 })), { maxLength: 30 })
  .map((pieces) => Uint8Array.from(pieces.flatMap((piece) => [...piece])));

test('a printed path can be parsed back byte for byte, in JSON and on a terminal', () => {
  fc.assert(
    fc.property(fc.oneof(oddPath, fc.uint8Array({ maxLength: 60 })), (bytes) => {
      assert.deepEqual(unescapePath(escapePath(bytes)), bytes);
      assert.deepEqual(unescapePath(displayPath(bytes)), bytes);
    }),
    { seed: 2, numRuns: 3000 },
  );
});

test('JSON escapes and typed escapes are understood, but not a lone surrogate', () => {
  const typed = (text: string): string => toHex(unescapePath(text));
  assert.equal(typed('bidi\\u202Etxt.exe'), typed('bidi\u202etxt.exe'));
  assert.equal(typed('\\u202e\\u{202E}\\u{00202e}'), 'e280ae'.repeat(3));
  assert.equal(typed('\\n\\t\\r\\b\\f\\"'), '0a090d080c22');
  assert.equal(typed('\\ud83d\\uDE00\\u{1f600}\\u{10FFFF}'), 'f09f9880f09f9880f48fbfbf');
  assert.equal(typed('\\xe4\\xE4\\x00'), 'e4e400');
  for (const text of ['\\ud83d', '\\uDE00', '\\u{d800}', '\\u{110000}', '\\u20', '\\u{}', '\\xZ1', '\\q', '\\T', '\\U202E', '\\'])
    assert.equal(typed(text), toHex(encodeUtf8(text)), text);
  assert.equal(typed('\\\\u202E\\\\n'), toHex(encodeUtf8('\\u202E\\n')));
});

test('bytes in hex are parsed back; anything else is null', () => {
  assert.deepEqual(fromHex(toHex(Uint8Array.of(0, 255, 16))), Uint8Array.of(0, 255, 16));
  assert.equal(fromHex('abc'), null);
  assert.equal(fromHex('zz'), null);
});

test('paths compare byte by byte as unsigned numbers, a shorter one before its continuations', () => {
  assert.equal(compareBytes(encodeUtf8('a-b'), encodeUtf8('a/b')), -1);
  assert.equal(compareBytes(Uint8Array.of(0xff), Uint8Array.of(0x01)), 1);
  assert.equal(compareBytes(encodeUtf8('a'), encodeUtf8('ab')), -1);
  assert.equal(compareBytes(encodeUtf8('a'), encodeUtf8('a')), 0);
});
