// Layers crafted to keep the search for secrets busy: each search ends, in bounded memory, with a limited number of findings.
import assert from 'node:assert/strict';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { member, writePieces } from '../support/hostile-inputs.ts';
import { measureCommand } from '../support/peak-memory.ts';
import { randomText } from '../support/secret-samples.ts';
import { END_MARKER, utf8 } from '../support/tar-builder.ts';
import { testFolder } from '../support/workbench.ts';

const MOST_RESIDENT_BYTES = 400 * 1024 * 1024;
const MiB = 1024 * 1024;

/** Yields a gzip layer with a file that repeats `text`, about `mebibytes` long. */
async function* layerOf(name: string, text: string, mebibytes: number): AsyncGenerator<Uint8Array> {
  const piece = utf8(text.repeat(Math.ceil(MiB / text.length)));
  function* pieces(): Generator<Uint8Array> {
    for (let at = 0; at < mebibytes; at++) yield piece;
  }
  yield* member(name, piece.length * mebibytes, pieces());
  yield END_MARKER;
}

async function check(t: TestContext, name: string, text: string, mebibytes: number): Promise<void> {
  const folder = testFolder(t);
  const file = path.join(folder, 'layer');
  await writePieces(file, layerOf(name, text, mebibytes), 'gzip');
  const { code, peakBytes, outBytes, stderr } = await measureCommand(folder, ['inspect', file, '--scan', '--json'], { signal: t.signal });
  t.diagnostic(`${Math.round(peakBytes / 1e6)} MB`);
  assert.equal(code, 0, stderr);
  assert.ok(peakBytes > 0 && peakBytes < MOST_RESIDENT_BYTES, `${peakBytes} bytes`);
  assert.ok(outBytes < 10_000);
}

const elsewhere = process.platform === 'linux' ? false : 'peak memory is read from Linux’s /proc';

test('a search of a gigabyte of one repeated letter ends', { skip: elsewhere }, (t) => check(t, 'big', 'A', 1024));
test('a search of one 100 MB line ends', { skip: elsewhere }, (t) => check(t, '.npmrc', '_authToken=x;', 100));
test('a search of nothing but hyphens ends', { skip: elsewhere }, (t) => check(t, 'big', '-', 100));
test('a search of a million tokens with wrong check digits ends', { skip: elsewhere }, (t) =>
  check(t, 'big', `${'gh'.concat('p_', randomText(36))}\n`, 50),
);
test('a search of two million access key ids without a secret ends', { skip: elsewhere }, (t) =>
  check(t, 'big', 'AKI'.concat('AQYLPMN5HHHFPZAM2 '), 50),
);
test('a search of a million key headers ends', { skip: elsewhere }, (t) => check(t, 'big', '-----BEGIN RSA PRIVATE KEY-----\n', 50));
test('a search of a million encrypted keys ends', { skip: elsewhere }, (t) =>
  check(t, 'big', `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${randomText(48)}\n`, 50),
);
