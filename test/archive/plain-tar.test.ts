import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { compressionOf, plainTarOf, readPlain } from '#archive';
import { testFile } from '../support/workbench.ts';

const CONTENT = Buffer.concat([randomBytes(700_000), Buffer.alloc(3_000_000, 'again and again')]);
const FORMS = {
  none: CONTENT,
  gzip: Buffer.concat([gzipSync(CONTENT.subarray(0, 1_000_000)), gzipSync(CONTENT.subarray(1_000_000))]),
  zstd: Buffer.concat([
    zstdCompressSync(CONTENT.subarray(0, 1_000_000)),
    Buffer.from('502a4d1803000000616263', 'hex'),
    zstdCompressSync(CONTENT.subarray(1_000_000)),
  ]),
} as const;

for (const [form, bytes] of Object.entries(FORMS)) {
  test(`a ${form} blob is read completely, by push or pull, and its packed bytes are passed on`, async (t) => {
    const file = testFile(t, bytes);
    assert.equal(compressionOf(file), form);
    for (const read of [
      async (take: (bytes: Uint8Array) => void, onPacked: (bytes: Uint8Array) => void) => readPlain(file, take, { onPacked }),
      async (take: (bytes: Uint8Array) => void, onPacked: (bytes: Uint8Array) => void) => {
        for await (const piece of plainTarOf(file, { onPacked })) {
          await new Promise((resolve) => setImmediate(resolve));
          take(piece);
        }
      },
    ]) {
      const [plain, packed] = [createHash('sha256'), createHash('sha256')];
      await read(
        (piece) => plain.update(piece),
        (piece) => packed.update(piece),
      );
      assert.equal(plain.digest('hex'), createHash('sha256').update(CONTENT).digest('hex'));
      assert.equal(packed.digest('hex'), createHash('sha256').update(bytes).digest('hex'));
    }
  });
}

test('reading a truncated or damaged blob throws only after returning everything readable, and a consumer may stop early', async (t) => {
  for (const [bytes, code] of [
    [FORMS.gzip.subarray(0, FORMS.gzip.length - 50_000), 'TRUNCATED'],
    [FORMS.zstd.subarray(0, FORMS.zstd.length - 1000), 'TRUNCATED'],
    [Buffer.concat([FORMS.gzip.subarray(0, 300_000), Buffer.alloc(1000, 1), FORMS.gzip.subarray(301_000)]), 'DAMAGED'],
  ] as const) {
    const file = testFile(t, bytes);
    let read = 0;
    await assert.rejects(
      async () => {
        for await (const piece of plainTarOf(file)) read += piece.length;
      },
      { code },
    );
    assert.ok(read > 100_000);
    await assert.rejects(
      readPlain(file, () => undefined),
      { code },
    );
    for await (const piece of plainTarOf(file)) {
      assert.ok(piece.length > 0);
      break;
    }
  }
  const signal = AbortSignal.abort();
  const whole = testFile(t, FORMS.gzip);
  await assert.rejects(
    readPlain(whole, () => undefined, { signal }),
    { code: 'CANCELLED' },
  );
});
