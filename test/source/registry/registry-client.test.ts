import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode } from '../../support/asserts.ts';
import { digestOf, Files, json } from '../../support/image-builder.ts';
import { rawServer, standInRegistry } from '../../support/registry.ts';
import { bytesOf, sampleImage, testClient } from './bench.ts';

test('a manifest is fetched by tag and by digest, and its bytes are hashed', async (t) => {
  const registry = await standInRegistry(t);
  const { files, image } = sampleImage();
  registry.add('app', files, { '1': image.digest });
  const client = testClient(t, registry.host);
  assert.equal(await client.tagDigest('1'), image.digest);
  for (const reference of ['1', image.digest]) assert.equal((await client.manifest(reference)).digest, image.digest);
  registry.faults.manifest = 'changed';
  await assert.rejects(client.manifest(image.digest), hasCode('DIGEST_MISMATCH'));
  assert.notEqual((await client.manifest('1')).digest, image.digest);
});

test('a document that is missing, too large or in schema 1 is refused with an error that names it', async (t) => {
  const registry = await standInRegistry(t);
  const { files, image } = sampleImage();
  registry.add('app', files, { '1': image.digest });
  const client = testClient(t, registry.host);
  await assert.rejects(client.manifest('none'), hasCode('NOT_FOUND'));
  await assert.rejects(client.tagDigest('none'), hasCode('NOT_FOUND'));
  await assert.rejects(testClient(t, registry.host, { name: 'other' }).manifest('1'), hasCode('NOT_FOUND'));
  registry.faults.manifest = 'schema1';
  await assert.rejects(client.manifest('1'), hasCode('UNSUPPORTED'));
  registry.faults.manifest = 'huge';
  await assert.rejects(client.manifest('1'), hasCode('TOO_LARGE'));
  registry.faults.manifest = 'no-head';
  assert.equal(await client.tagDigest('1'), null);
});

test('a blob arrives completely even if its connection breaks, whether or not the server supports ranges', async (t) => {
  const registry = await standInRegistry(t);
  const { files, image } = sampleImage();
  registry.add('app', files, {});
  const layer = image.layers[1];
  assert.ok(layer !== undefined);
  const client = testClient(t, registry.host);
  for (const fault of [undefined, 'broken-off'] as const) {
    if (fault !== undefined) registry.faults.blob = fault;
    const bytes = await bytesOf(client.blob(layer.digest, layer.size));
    assert.equal(digestOf(bytes), layer.digest);
  }
  assert.deepEqual(
    registry.log.map(({ range }) => range),
    [null, null, `bytes=${Math.floor(layer.size / 2)}-${layer.size - 1}`],
  );
});

test('a blob that is short, long, endless, changed, encoded or missing is never accepted', async (t) => {
  const { files, image } = sampleImage();
  const layer = image.layers[1];
  assert.ok(layer !== undefined);
  const expected = {
    short: 'UNREACHABLE',
    long: 'DIGEST_MISMATCH',
    endless: 'DIGEST_MISMATCH',
    changed: 'DIGEST_MISMATCH',
    encoded: 'UNSUPPORTED',
    missing: 'BLOB_MISSING',
  } as const;
  for (const [fault, code] of Object.entries(expected)) {
    const registry = await standInRegistry(t);
    registry.add('app', files, {});
    registry.faults.blob = fault as keyof typeof expected;
    let count = 0;
    const read = async (): Promise<void> => {
      for await (const piece of testClient(t, registry.host).blob(layer.digest, layer.size)) count += piece.length;
    };
    await assert.rejects(read(), hasCode(code), fault);
    assert.ok(count <= layer.size, `${fault}: ${count} of ${layer.size} bytes`);
  }
});

test('the response to a request for the rest of a blob is used from the right offset, or not at all', async (t) => {
  const { files, image } = sampleImage();
  const layer = image.layers[1];
  assert.ok(layer !== undefined);
  for (const [fault, code] of [
    ['whole', null],
    ['wrong-range', 'UNREACHABLE'],
    ['no-range', 'UNREACHABLE'],
    ['changed', 'DIGEST_MISMATCH'],
  ] as const) {
    const registry = await standInRegistry(t);
    registry.add('app', files, {});
    registry.faults.blob = 'broken-off';
    registry.faults.range = fault;
    const read = bytesOf(testClient(t, registry.host).blob(layer.digest, layer.size));
    if (code === null) assert.equal(digestOf(await read), layer.digest);
    else
      await assert.rejects(read, (error: Error) => {
        if (fault === 'wrong-range') assert.match(error.message, /a different range/);
        return hasCode(code)(error);
      });
  }
});

test('a server that stays silent is UNREACHABLE, and so is one whose response is not HTTP', async (t) => {
  const registry = await standInRegistry(t);
  const { files, image } = sampleImage();
  registry.add('app', files, {});
  const layer = image.layers[1];
  assert.ok(layer !== undefined);
  for (const fault of ['stalled', 'dripping'] as const) {
    registry.faults.blob = fault;
    const client = testClient(t, registry.host, { silenceMs: 50 });
    await assert.rejects(bytesOf(client.blob(layer.digest, layer.size)), hasCode('UNREACHABLE'), fault);
  }
  for (const answer of ['SSH-2.0-OpenSSH\r\n', '', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n']) {
    const host = await rawServer(t, answer);
    await assert.rejects(testClient(t, host).manifest('1'), hasCode('UNREACHABLE'), JSON.stringify(answer));
  }
});

test('a 429 response is retried once after a short wait, and is RATE_LIMITED otherwise', async (t) => {
  const registry = await standInRegistry(t);
  const { files, image } = sampleImage();
  registry.add('app', files, { '1': image.digest });
  const client = testClient(t, registry.host);
  registry.faults.limited = { times: 1, retryAfter: '0' };
  assert.equal((await client.manifest('1')).digest, image.digest);
  for (const retryAfter of [undefined, '11', 'Fri, 01 Jan 2200 00:00:00 GMT']) {
    registry.faults.limited = { times: 1, ...(retryAfter === undefined ? {} : { retryAfter }) };
    await assert.rejects(client.manifest('1'), hasCode('RATE_LIMITED'));
  }
  registry.faults.limited = { times: 2, retryAfter: '0' };
  await assert.rejects(client.manifest('1'), hasCode('RATE_LIMITED'));
});

test('tags come page by page, from the registry only, up to a limit', async (t) => {
  const registry = await standInRegistry(t);
  const { files, image } = sampleImage();
  registry.add('app', files, { a: image.digest, b: image.digest, c: image.digest, d: image.digest, e: image.digest });
  const client = testClient(t, registry.host);
  assert.deepEqual(await client.tags(), ['a', 'b', 'c', 'd', 'e']);
  const other = await standInRegistry(t);
  registry.faults.nextPageAt = `${other.address}/v2/app/tags/list`;
  await assert.rejects(client.tags(), hasCode('UNREACHABLE'));
  assert.deepEqual(other.log, []);
  delete registry.faults.nextPageAt;
  registry.faults.endlessPages = true;
  registry.log.length = 0;
  await assert.rejects(client.tags(), hasCode('TOO_LARGE'));
  assert.ok(registry.log.length <= 102, `${registry.log.length} pages`);
});

test('referrers come from the API, filtered again, or from the fallback tag', async (t) => {
  const registry = await standInRegistry(t);
  const { files, image } = sampleImage();
  const entry = (type: string, index: number) => ({
    digest: digestOf(json([type, index])),
    artifactType: type,
    subject: image.digest,
  });
  const entries = [entry('a', 0), entry('b', 1), entry('a', 2), entry('a', 3), entry('b', 4)];
  const wanted = entries.filter(({ artifactType }) => artifactType === 'a').map(({ digest }) => digest);
  const index = files.add(
    json({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: entries.map(({ digest, artifactType }) => ({ digest, artifactType, size: 2 })),
    }),
    'application/vnd.oci.image.index.v1+json',
  );
  registry.add('app', files, { [image.digest.replace(':', '-')]: index.digest });
  const client = testClient(t, registry.host);
  for (const referrers of [entries, null]) {
    registry.referrers = referrers;
    assert.deepEqual(
      (await client.referrers(image.digest, 'a')).map(({ digest }) => digest),
      wanted,
    );
    assert.equal((await client.referrers(image.digest, null)).length, 5);
  }
  registry.add('app', new Files(), {});
  assert.deepEqual(await client.referrers(image.digest, null), []);
  registry.referrers = entries;
  registry.faults.endlessPages = true;
  await assert.rejects(client.referrers(image.digest, null), hasCode('TOO_LARGE'));
});

test('only a referrer’s short annotations are kept, and all pages share one limit', async (t) => {
  const registry = await standInRegistry(t);
  const { files, image } = sampleImage();
  registry.add('app', files, {});
  const client = testClient(t, registry.host);
  const annotations = { short: 'x', list: Array(1000).fill({}), long: 'y'.repeat(10_000) };
  const entry = { digest: digestOf(json('a')), artifactType: 'a', subject: image.digest, annotations };
  registry.referrers = [entry];
  assert.deepEqual((await client.referrers(image.digest, null))[0]?.annotations, { short: 'x' });
  // 100 pages would be 300 MB.
  registry.referrers = Array.from({ length: 200 }, () => ({ ...entry, annotations: { long: 'y'.repeat(1_500_000) } }));
  const before = registry.log.length;
  await assert.rejects(client.referrers(image.digest, null), hasCode('TOO_LARGE'));
  assert.ok(registry.log.length - before <= 8, `${registry.log.length - before} pages`);
  // A caller that wants one referrer doesn't request a second page.
  const asked = registry.log.length;
  assert.ok((await client.referrers(image.digest, null, { most: 1 })).length >= 1);
  assert.equal(registry.log.length - asked, 1);
});

test('a mirror without the image is skipped, and the registry’s own error is reported', async (t) => {
  const [mirror, registry] = [await standInRegistry(t), await standInRegistry(t)];
  const { files, image } = sampleImage();
  registry.add('app', files, { '1': image.digest });
  const client = testClient(t, registry.host, { mirrors: [mirror.host] });
  assert.equal((await client.manifest('1')).digest, image.digest);
  assert.deepEqual([mirror.log.length, registry.log.length], [1, 1]);
  mirror.add('app', files, { '1': image.digest });
  await client.manifest('1');
  assert.deepEqual([mirror.log.length, registry.log.length], [2, 1]);
  mirror.faults.status = 500;
  await assert.rejects(client.manifest('none'), hasCode('NOT_FOUND'));
});

test('nothing is sent with --offline', async (t) => {
  const registry = await standInRegistry(t);
  await assert.rejects(testClient(t, registry.host, { offline: true }).manifest('1'), hasCode('UNREACHABLE'));
  assert.deepEqual(registry.log, []);
});
