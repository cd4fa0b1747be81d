// Streams that can't be images are refused by their first bytes, because they may never end.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { hasCode } from '../support/asserts.ts';
import { pack } from '../support/image-builder.ts';
import { directory, file, tar, utf8, zeros } from '../support/tar-builder.ts';
import { testReader } from '../support/workbench.ts';

const LIMIT = 5 * 1024 * 1024;

/** Yields a piece again and again, and fails the test if more is pulled than a reader may need. */
async function* endless(piece: () => Uint8Array): AsyncGenerator<Uint8Array> {
  for (let sent = 0; ; ) {
    const bytes = piece();
    sent += bytes.length;
    assert.ok(sent <= LIMIT + bytes.length, 'the stream is read endlessly');
    yield bytes;
  }
}

for (const [name, piece] of [
  ['random bytes', () => randomBytes(65_536)],
  ['text', () => utf8('y\n'.repeat(1000))],
  ['one byte at a time', () => utf8('x')],
  ['zeros', () => zeros(65_536)],
  ['a damaged header', () => tar(file('a', 'x')).map((byte, at) => (at === 0 ? byte ^ 1 : byte))],
] as const) {
  test(`an endless stream is refused: ${name}`, async (t) => {
    await assert.rejects(testReader(t).openStream(endless(piece), 'it', { isDevice: name === 'zeros' }), hasCode('NOT_AN_IMAGE'));
  });
}

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

test('a stream that is an image is read to its end, however it arrives', async (t) => {
  const layer = tar(directory('d/'), file('d/f', 'x'.repeat(3000)));
  const inputs = [layer, pack(layer, 'gzip'), pack(layer, 'zstd'), zeros(10_240)];
  for (const [index, bytes] of inputs.entries()) {
    for (const size of [1, 100, 511, 512, 513, 100_000]) {
      const { findings, format } = await testReader(t).openStream(inPieces(bytes, size), 'it');
      assert.deepEqual([format, findings], ['layer', []], `${index} ${size}`);
    }
  }
});
