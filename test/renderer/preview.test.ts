import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findText } from '../../renderer/state/details/find-text.ts';
import { previewKind, textEncoding, textLines } from '../../renderer/state/details/preview.ts';

const wide = (text: string, big = false) => {
  const bytes = Buffer.from(text, 'utf16le');
  return Uint8Array.from(big ? bytes.swap16() : bytes);
};

const TEXT = '[Version]\r\nSignature="$WINDOWS NT$"\r\nName=Größe 寸法\r\n';

for (const [name, bytes, encoding] of [
  ['UTF-16 LE with a mark', wide(`\ufeff${TEXT}`), 'utf-16le'],
  ['UTF-16 BE with a mark', wide(`\ufeff${TEXT}`, true), 'utf-16be'],
  ['UTF-16 LE without a mark', wide('Windows Registry Editor Version 5.00\r\n'), 'utf-16le'],
  ['UTF-8', new TextEncoder().encode(TEXT), 'utf-8'],
] as const) {
  test(`text is recognized: ${name}`, () => {
    assert.equal(previewKind(bytes, true), 'text');
    assert.equal(textEncoding(bytes, true), encoding);
  });
}

test('lines of UTF-16 text equal those in UTF-8, without the byte order mark', () => {
  const plain = textLines(new TextEncoder().encode(TEXT));
  assert.deepEqual(textLines(wide(`\ufeff${TEXT}`)), plain);
  assert.deepEqual(textLines(wide(`\ufeff${TEXT}`, true)), plain);
});

test('UTF-16 text that is cut within a character is still text', () => {
  const bytes = wide(`\ufeff${'a😀'.repeat(40_000)}`);
  for (const length of [65_535, 65_536, 65_537, 65_538]) assert.equal(previewKind(bytes.subarray(0, length), false), 'text', `${length}`);
});

for (const [name, bytes] of [
  ['zeros', new Uint8Array(64)],
  ['UTF-32 LE', Uint8Array.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0, 0x62, 0, 0, 0])],
  ['16-bit numbers', Uint8Array.from({ length: 512 }, (_, at) => (at % 2 === 0 ? (at * 7) & 255 : 0))],
  ['a mark before an unpaired surrogate', Uint8Array.from([0xff, 0xfe, 0x00, 0xdc, 0x61, 0x00])],
] as const) {
  test(`bytes that are not text are shown as bytes: ${name}`, () => assert.equal(previewKind(bytes, true), 'hex'));
}

test('a search finds lines ignoring case, and none for empty text', () => {
  const lines = textLines(new TextEncoder().encode('Port = 80\nhost\nPORT\n'));
  assert.deepEqual(findText(lines, 'port'), [0, 2]);
  assert.deepEqual(findText(lines, ''), []);
});
