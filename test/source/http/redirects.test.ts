import assert from 'node:assert/strict';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { requestFollowing } from '../../../src/source/http/follow.ts';
import { hasCode } from '../../support/asserts.ts';
import { listen, serveBytes, standInRegistry } from '../../support/registry.ts';
import { TEST_CERTIFICATE, TEST_KEY } from '../../support/test-certificate.ts';
import { bytesOf, sampleImage, testClient, testHttp } from '../registry/bench.ts';

const ME = { username: 'me', password: 'secret', identityToken: null };

/** Starts a server that redirects everything to `location`. Returns its address and the headers that it receives. */
async function redirector(t: TestContext, location: (path: string) => string, isTls = false) {
  const got: http.IncomingHttpHeaders[] = [];
  const answer: http.RequestListener = ({ headers, url }, response) => {
    got.push(headers);
    response.writeHead(307, { location: location(url ?? '') }).end();
  };
  const server = isTls ? https.createServer({ key: TEST_KEY, cert: TEST_CERTIFICATE }, answer) : http.createServer(answer);
  await listen(t, server);
  return { address: `${isTls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`, got };
}

test('a blob may come from another server, which gets no credentials', async (t) => {
  const { files, image } = sampleImage();
  const layer = image.layers[1];
  assert.ok(layer !== undefined);
  for (const scheme of ['basic', 'bearer'] as const) {
    const asked: http.IncomingHttpHeaders[] = [];
    const store = http.createServer((request, response) => {
      asked.push(request.headers);
      const digest = (request.url ?? '').replace(/^.*(sha256:[0-9a-f]{64}).*$/, '$1');
      serveBytes(request, response, files.map.get(`blobs/${digest.replace(':', '/')}`) ?? new Uint8Array(0));
    });
    await listen(t, store);
    const registry = await standInRegistry(t);
    registry.add('app', files, { '1': image.digest });
    registry.auth = { scheme, user: 'me', password: 'secret' };
    registry.faults.blobsAt = `http://127.0.0.1:${(store.address() as AddressInfo).port}/signed`;
    const client = testClient(t, registry.host, { credentials: ME });
    assert.equal((await bytesOf(client.blob(layer.digest, layer.size))).length, layer.size);
    assert.ok(registry.log.some(({ authorization }) => authorization !== null));
    assert.deepEqual(
      asked.map(({ authorization }) => authorization),
      [undefined],
    );
  }
});

test('credentials stay with their scheme, host and port through a chain of redirects, and are not sent again after leaving', async (t) => {
  const got: (string | undefined)[] = [];
  const end = http.createServer(({ headers, url }, response) => {
    got.push(headers.authorization);
    if (url === '/start') response.writeHead(302, { location: '/same-place' }).end();
    else if (url === '/same-place') response.writeHead(302, { location: away.address }).end();
    else response.end();
  });
  await listen(t, end);
  const origin = `http://127.0.0.1:${(end.address() as AddressInfo).port}`;
  const away = await redirector(t, () => `${origin}/back`);
  const reply = await requestFollowing(testHttp(t), new URL(`${origin}/start`), { headers: { Authorization: 'Basic x' } });
  reply.discard();
  assert.deepEqual(got, ['Basic x', 'Basic x', undefined]);
  assert.deepEqual(
    away.got.map(({ authorization }) => authorization),
    [undefined],
  );
});

test('redirects are refused after five, in cycles, to another scheme, with a password, or to nowhere', async (t) => {
  const registry = await standInRegistry(t);
  registry.faults.circles = true;
  await assert.rejects(testClient(t, registry.host).manifest('1'), hasCode('UNREACHABLE'));
  // The extra request is an attempt at TLS, which this registry doesn't support.
  assert.equal(registry.log.length, 6);
  for (const location of ['file:///etc/passwd', 'ftp://x', 'unix:/x', 'http://me:secret@127.0.0.1/', 'http://[', 'javascript:1']) {
    const { address, got } = await redirector(t, () => location);
    await assert.rejects(requestFollowing(testHttp(t), new URL(address)), (error: Error) => {
      assert.match(error.message, /a redirect (to|away)/);
      assert.doesNotMatch(error.message, /secret/);
      return hasCode('UNREACHABLE')(error);
    });
    assert.equal(got.length, 1);
  }
});

test('https is never redirected to http', async (t) => {
  const plain = await standInRegistry(t);
  const { address } = await redirector(t, () => `${plain.address}/v2/`, true);
  const client = testHttp(t, { isUnchecked: true });
  await assert.rejects(requestFollowing(client, new URL(address)), (error: Error) => {
    assert.match(error.message, /from https to http/);
    return hasCode('UNREACHABLE')(error);
  });
  assert.deepEqual(plain.log, []);
});

test('a signed address never appears in an error', async (t) => {
  const { files, image } = sampleImage();
  const layer = image.layers[1];
  assert.ok(layer !== undefined);
  const store = http.createServer((_request, response) => response.writeHead(403).end('<Error>signature-secret</Error>'));
  await listen(t, store);
  const registry = await standInRegistry(t);
  registry.add('app', files, {});
  for (const at of [`http://127.0.0.1:${(store.address() as AddressInfo).port}`, 'http://127.0.0.1:1', 'http://169.254.1.1']) {
    registry.faults.blobsAt = `${at}/x?X-Amz-Signature=signature-secret`;
    await assert.rejects(bytesOf(testClient(t, registry.host).blob(layer.digest, layer.size)), (error: Error) => {
      assert.doesNotMatch(`${error.message} ${error.stack}`, /signature-secret/);
      return true;
    });
  }
});

test('a blob server’s 401 is not answered with credentials', async (t) => {
  const { files, image } = sampleImage();
  const layer = image.layers[1];
  assert.ok(layer !== undefined);
  const store = await standInRegistry(t);
  store.auth = { scheme: 'bearer', user: 'me', password: 'secret' };
  const registry = await standInRegistry(t);
  registry.add('app', files, {});
  registry.faults.blobsAt = `${store.address}/v2/app/blobs`;
  await assert.rejects(bytesOf(testClient(t, registry.host, { credentials: ME }).blob(layer.digest, layer.size)), hasCode('UNAUTHORIZED'));
  assert.deepEqual(
    store.log.map(({ authorization, path }) => [authorization, path.startsWith('/token')]),
    [[null, false]],
  );
});
