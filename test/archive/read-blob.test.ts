// Blobs as stored, read in pieces. Large blobs are hashed on a separate thread.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { type BlobSource, readBlob } from '#archive';
import { DigesterBeside } from '../../src/archive/blob/digest-beside.ts';
import { hasCode } from '../support/asserts.ts';
import { testFolder } from '../support/workbench.ts';

const LARGE = 65 * 1024 * 1024 + 3;

function largeBlob(t: TestContext, stated: (digest: string) => string): BlobSource {
  const file = path.join(testFolder(t), 'blob');
  writeFileSync(file, 'the start');
  truncateSync(file, LARGE);
  const hash = createHash('sha256').update('the start');
  hash.update(new Uint8Array(LARGE - 9));
  return {
    path: file,
    start: 0,
    length: LARGE,
    compression: 'none',
    cacheKey: '',
    identity: null,
    statedDigest: stated(`sha256:${hash.digest('hex')}`),
  };
}

test('a large blob arrives whole, and its digest is checked', async (t) => {
  let bytes = 0;
  const starts: string[] = [];
  for await (const piece of readBlob(largeBlob(t, (digest) => digest))) {
    if (bytes === 0) starts.push(Buffer.from(piece.subarray(0, 9)).toString());
    bytes += piece.length;
  }
  assert.deepEqual([bytes, starts], [LARGE, ['the start']]);
});

test('a large blob with different content is refused after its last piece', async (t) => {
  const blob = largeBlob(t, (digest) => digest.replace(/.$/, (last) => (last === '0' ? '1' : '0')));
  let bytes = 0;
  await assert.rejects(async () => {
    for await (const piece of readBlob(blob)) bytes += piece.length;
  }, hasCode('DIGEST_MISMATCH'));
  assert.equal(bytes, LARGE);
});

test('a reader that stops early ends its thread', { timeout: 30_000 }, async (t) => {
  const born = once(process, 'worker');
  for await (const piece of readBlob(largeBlob(t, (digest) => digest))) {
    assert.ok(piece.length > 0);
    break;
  }
  const [thread] = (await born) as [Worker];
  if (thread.threadId !== -1) await once(thread, 'exit');
});

test('a failing thread is an error, whether it fails between pieces or at the end', async () => {
  using digester = new DigesterBeside('sha0');
  await assert.rejects(async () => {
    for (;;) await digester.update(new Uint8Array(new SharedArrayBuffer(1)));
  }, hasCode('INTERNAL'));
  await assert.rejects(digester.finish(), hasCode('INTERNAL'));
});
