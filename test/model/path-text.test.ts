import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareBytes, decodeUtf8, displayPath, encodeUtf8, escapePath, fromHex, toHex, unescapePath } from '#model';

test('a path that is UTF-8 is printed as it is', () => {
  assert.equal(escapePath(encodeUtf8('usr/share/ä/文')), 'usr/share/ä/文');
});

test('bytes that are not UTF-8 are printed as \\xNN, the valid ones around them as they are', () => {
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

test('a backslash that was there is doubled', () => {
  assert.equal(escapePath(encodeUtf8('a\\b')), 'a\\\\b');
});

test('a name that is shown holds no control and no bidi character', () => {
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

test('what is escaped comes back byte for byte', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      assert.deepEqual(unescapePath(escapePath(bytes)), Uint8Array.from(bytes));
    }),
    { seed: 2, numRuns: 1000 },
  );
});

test('hex comes back, and what is no hex is null', () => {
  assert.deepEqual(fromHex(toHex(Uint8Array.of(0, 255, 16))), Uint8Array.of(0, 255, 16));
  assert.equal(fromHex('abc'), null);
  assert.equal(fromHex('zz'), null);
});

test('bytes compare as unsigned, the shorter first', () => {
  assert.equal(compareBytes(encodeUtf8('a-b'), encodeUtf8('a/b')), -1);
  assert.equal(compareBytes(Uint8Array.of(0xff), Uint8Array.of(0x01)), 1);
  assert.equal(compareBytes(encodeUtf8('a'), encodeUtf8('ab')), -1);
  assert.equal(compareBytes(encodeUtf8('a'), encodeUtf8('a')), 0);
});
