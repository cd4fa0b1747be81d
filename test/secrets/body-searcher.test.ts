import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FindingCode } from '#model';
import { BodySearcher, type SecretHit, SecretScanner } from '#secrets';
import { checkedToken, randomText, SECRET_SAMPLES } from '../support/secret-samples.ts';

function hitsIn(bytes: Uint8Array, path = 'app/file', pieceBytes = Number.POSITIVE_INFINITY): readonly SecretHit[] {
  const searcher = new BodySearcher();
  searcher.begin(path);
  for (let at = 0; at < bytes.length; at += pieceBytes) searcher.push(bytes, at, Math.min(bytes.length, at + pieceBytes));
  return searcher.finish();
}

function scannedAsBytes(text: string, path: string): readonly SecretHit[] {
  const scanner = new SecretScanner();
  scanner.begin(path);
  scanner.push(Buffer.from(text));
  return scanner.finish();
}

const little = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le');
const big = (text: string): Buffer => Buffer.from(little(text)).swap16();

/** Codes that are found by the file's name alone, so that UTF-16 makes no difference. */
const BY_NAME: ReadonlySet<string> = new Set(['secret-key-store', 'secret-azure-credentials', 'secret-gcloud-credentials']);

for (const [code, sample] of Object.entries(SECRET_SAMPLES)) {
  test(`${code}: UTF-16 text in either byte order gives the same hits as in ASCII`, () => {
    const { path, text } = sample();
    const wanted = scannedAsBytes(text, path).map((hit) => (BY_NAME.has(hit.code) ? hit : { ...hit, at: 2 + 2 * hit.at }));
    for (const bytes of [little(text), big(text)]) {
      const hits = hitsIn(bytes, path).map((hit) => (BY_NAME.has(hit.code) ? { ...hit, line: 1 } : hit));
      assert.deepEqual(hits, wanted, code as FindingCode);
      for (const pieceBytes of [1, 2, 3, 7, 64]) assert.deepEqual(hitsIn(bytes, path, pieceBytes), hitsIn(bytes, path));
    }
  });
}

test('a registry export is searched, with the file’s lines and offsets', () => {
  const token = checkedToken('gh'.concat('p_'));
  const before = 'Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Grün]\r\n"Token"="';
  const bytes = little(`${before}${token}"\r\n`);
  const [hit, ...others] = hitsIn(bytes, 'Files/setup.reg');
  assert.deepEqual(others, []);
  assert.deepEqual([hit?.code, hit?.severity, hit?.line], ['secret-github-token', 'error', 4]);
  assert.equal(hit?.at, bytes.indexOf(Buffer.from(token, 'utf16le')));
});

test('UTF-16 units that aren’t ASCII are not part of a token, and text without a byte order mark isn’t treated as UTF-16', () => {
  const token = checkedToken('gh'.concat('p_'));
  assert.deepEqual(hitsIn(little([...token].join('\u0100'))), []);
  // The high byte of U+6700 is also the code of a letter, but the character must not be taken for that letter.
  assert.deepEqual(hitsIn(little(token.replaceAll(/./g, (letter) => String.fromCharCode(letter.charCodeAt(0) << 8)))), []);
  assert.deepEqual(hitsIn(little(token).subarray(2)), []);
  assert.equal(hitsIn(little(`é${token}é`)).length, 1);
});

test('a file that begins like a byte order mark but isn’t UTF-16 is searched too, as is the next file', () => {
  const token = checkedToken('gh'.concat('p_'));
  for (const mark of ['\xff\xfe', '\xfe\xff', '\xff', '\xfe\xfe', '\xff\xff'])
    assert.equal(hitsIn(Buffer.from(`${mark} ${token}`, 'latin1')).length, 1, Buffer.from(mark, 'latin1').toString('hex'));
  const searcher = new BodySearcher();
  for (const [bytes, count] of [
    [little(token), 1],
    [Buffer.from(token), 1],
    [little('nothing'), 0],
    [Buffer.from('nothing'), 0],
    [big(token), 1],
    [Buffer.alloc(0), 0],
    [Buffer.from([0xff]), 0],
  ] as const) {
    searcher.begin('app/file');
    searcher.push(bytes);
    assert.equal(searcher.finish().length, count);
  }
});

test('long text is searched to its end', () => {
  const token = checkedToken('gh'.concat('p_'));
  const bytes = little(`${`${randomText(60)}\n`.repeat(20_000)}${token}\n`);
  const [hit] = hitsIn(bytes, 'app/file', 10_001);
  assert.deepEqual([hit?.line, hit?.at], [20_001, bytes.indexOf(Buffer.from(token, 'utf16le'))]);
});
