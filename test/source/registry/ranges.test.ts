import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { hasCode } from '../../support/asserts.ts';
import { Files } from '../../support/image-builder.ts';
import { type BlobFault, listen, serveBytes, standInRegistry } from '../../support/registry.ts';
import { testClient } from './bench.ts';

const BYTES = Uint8Array.from({ length: 300_000 }, (_, at) => Math.imul(at + 1, 0x9e3779b1) >>> 24);

/** Starts a registry with one blob. */
async function withBlob(t: TestContext, fault?: BlobFault) {
  const registry = await standInRegistry(t);
  const files = new Files();
  const { digest, size } = files.add(BYTES, 'x');
  registry.add('app', files, {});
  if (fault !== undefined) registry.faults.blob = fault;
  return { registry, digest, size };
}

test('any part of a blob is read by an exact range, or from a complete response, reading no more of it than needed', async (t) => {
  for (const fault of [undefined, 'whole'] as const) {
    const { registry, digest, size } = await withBlob(t, fault);
    const client = testClient(t, registry.host);
    for (const [first, length] of [
      [0, 1],
      [1000, 5000],
      [size - 10, 10],
      [size - 10, 100],
      [size, 10],
      [0, size],
    ] as const) {
      const part = await client.range(digest, size, first, length);
      assert.deepEqual(Buffer.from(part), Buffer.from(BYTES.subarray(first, first + length)), `${fault} ${first} ${length}`);
    }
    assert.ok(registry.log.every(({ range }) => /^bytes=\d+-\d+$/.test(range ?? '')));
  }
});

test('if only pieces of a part arrive, the rest is requested until the part is complete', async (t) => {
  const { registry, digest, size } = await withBlob(t, 'short');
  const part = await testClient(t, registry.host).range(digest, size, 100, 1000);
  assert.deepEqual(Buffer.from(part), Buffer.from(BYTES.subarray(100, 1100)));
  assert.ok(registry.log.length > 1);
});

test('a wrong range, no range, or an encoded, missing or differently sized blob is an error', async (t) => {
  for (const [fault, code] of [
    ['wrong-range', 'UNREACHABLE'],
    ['no-range', 'UNREACHABLE'],
    ['missing', 'BLOB_MISSING'],
    ['encoded', 'UNSUPPORTED'],
  ] as const) {
    const { registry, digest, size } = await withBlob(t, fault);
    await assert.rejects(testClient(t, registry.host).range(digest, size, 5, 10), hasCode(code), fault);
  }
  const { registry, digest, size } = await withBlob(t);
  // The blob's size differs from its descriptor's.
  await assert.rejects(testClient(t, registry.host).range(digest, size + 1, 5, 10), hasCode('UNREACHABLE'));
});

test('a redirected blob’s server is looked up once, and again when the signature has expired', async (t) => {
  const { registry, digest, size } = await withBlob(t);
  let signature = 1;
  const asked: string[] = [];
  const store = http.createServer((request, response) => {
    asked.push(request.url ?? '');
    if (!(request.url ?? '').includes(`/signed-${signature}/`)) response.writeHead(403).end();
    else serveBytes(request, response, BYTES);
  });
  await listen(t, store);
  const address = `http://127.0.0.1:${(store.address() as AddressInfo).port}`;
  registry.faults.blobsAt = `${address}/signed-1`;
  const client = testClient(t, registry.host);
  for (const first of [0, 1000, 2000]) await client.range(digest, size, first, 10);
  assert.deepEqual([registry.log.length, asked.length], [1, 3]);
  signature = 2;
  registry.faults.blobsAt = `${address}/signed-2`;
  assert.deepEqual(Buffer.from(await client.range(digest, size, 3000, 10)), Buffer.from(BYTES.subarray(3000, 3010)));
  assert.deepEqual([registry.log.length, asked.length], [2, 5]);
  signature = 3;
  await assert.rejects(client.range(digest, size, 3000, 10), hasCode('UNAUTHORIZED'));
});
