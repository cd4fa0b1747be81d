import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import test from 'node:test';
import { SESSION_HEADER } from '#contract';
import { envelopeOf, type Reply, send, startFakeWeb } from '../support/web-client.ts';

function refusal(reply: Reply): [number, string] {
  const envelope = envelopeOf(reply);
  return [reply.status, envelope.ok ? 'ok' : envelope.error.code];
}

test('a session can call operations', async () => {
  await using web = await startFakeWeb();
  const reply = await web.call('app.info', {}, await web.signIn());
  assert.equal(reply.status, 200);
  const envelope = envelopeOf(reply);
  assert.ok(envelope.ok);
  assert.deepEqual(envelope.value, {
    version: '1.2.3',
    host: 'web',
    system: 'linux',
    elevated: false,
    sample: 'sample.tar',
    opensNames: false,
  });
});

test('the host listens only on the loopback address', async () => {
  await using web = await startFakeWeb();
  const others = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  for (const { address } of others.filter(({ family, internal }) => family === 'IPv4' && !internal)) {
    const socket = connect(web.port, address);
    const [error] = await once(socket, 'error').catch((thrown: unknown) => [thrown]);
    assert.equal((error as NodeJS.ErrnoException).code, 'ECONNREFUSED');
  }
});

test('a request for another host is refused, even for the page', async () => {
  await using web = await startFakeWeb();
  const headers = await web.signIn();
  const hosts = [
    'evil.example',
    `evil.example:${web.port}`,
    '127.0.0.1',
    '127.0.0.1:1',
    `127.0.0.1.nip.io:${web.port}`,
    `[::1]:${web.port}`,
  ];
  for (const host of hosts) {
    assert.deepEqual(refusal(await send(web.port, { path: '/', headers: { host } })), [421, 'FORBIDDEN'], host);
    assert.deepEqual(refusal(await web.call('app.info', {}, { ...headers, host, origin: `http://${host}` })), [421, 'FORBIDDEN'], host);
  }
  assert.deepEqual(refusal(await send(web.port, { path: '/', setHost: false })), [421, 'FORBIDDEN']);
  const local = `localhost:${web.port}`;
  assert.equal((await web.call('app.info', {}, { ...headers, host: local, origin: `http://${local}` })).status, 200);
});

test('requests from another origin are refused, as are requests that write without an origin', async () => {
  await using web = await startFakeWeb();
  const headers = await web.signIn();
  const { origin: _, ...without } = headers;
  for (const origin of [
    'http://evil.example',
    'null',
    `https://127.0.0.1:${web.port}`,
    `http://localhost:${web.port}`,
    'http://127.0.0.1',
  ]) {
    assert.deepEqual(refusal(await web.call('app.info', {}, { ...headers, origin })), [403, 'FORBIDDEN'], origin);
    assert.deepEqual(refusal(await send(web.port, { path: '/topics/jobs', headers: { ...headers, origin } })), [403, 'FORBIDDEN'], origin);
  }
  assert.deepEqual(refusal(await web.call('app.info', {}, without)), [403, 'FORBIDDEN']);
  assert.deepEqual(refusal(await send(web.port, { method: 'PUT', path: '/uploads/x', headers: without })), [403, 'FORBIDDEN']);
});

test('requests that the browser marks as cross-site are refused', async () => {
  await using web = await startFakeWeb();
  const headers = { ...(await web.signIn()), 'sec-fetch-site': 'cross-site' };
  assert.deepEqual(refusal(await web.call('app.info', {}, headers)), [403, 'FORBIDDEN']);
  assert.deepEqual(refusal(await send(web.port, { path: '/topics/jobs', headers })), [403, 'FORBIDDEN']);
  assert.deepEqual(refusal(await send(web.port, { path: '/assets/app-1a2b.js', headers })), [403, 'FORBIDDEN']);
  assert.equal((await send(web.port, { path: '/', headers })).status, 200); // a link to the page
});

test('requests without the secret, with a wrong one, or with the secret anywhere else, are refused', async () => {
  await using web = await startFakeWeb();
  const { [SESSION_HEADER]: secret, ...without } = await web.signIn();
  for (const wrong of [
    {},
    { [SESSION_HEADER]: '' },
    { [SESSION_HEADER]: '0'.repeat(64) },
    { [SESSION_HEADER]: `${secret}, ${secret}` },
    { [SESSION_HEADER]: [secret, secret] },
    { cookie: `layerscope-${web.port}=${secret}` },
    { cookie: `${SESSION_HEADER}=${secret}` },
    { authorization: `Bearer ${secret}` },
  ]) {
    const headers = { ...without, ...wrong } as Record<string, string>;
    assert.deepEqual(refusal(await web.call('app.info', {}, headers)), [401, 'FORBIDDEN']);
    assert.deepEqual(refusal(await send(web.port, { path: '/topics/jobs', headers })), [401, 'FORBIDDEN']);
    assert.deepEqual(refusal(await send(web.port, { path: `/topics/jobs?${SESSION_HEADER}=${secret}`, headers })), [401, 'FORBIDDEN']);
    assert.deepEqual(refusal(await send(web.port, { path: '/session', headers })), [401, 'FORBIDDEN']);
    const put = { ...headers, 'content-type': 'application/octet-stream' };
    assert.deepEqual(refusal(await send(web.port, { method: 'PUT', path: `/uploads/${'a'.repeat(32)}`, headers: put })), [
      401,
      'FORBIDDEN',
    ]);
  }
});

test('a token is exchanged once, for a secret that is not in a cookie', async () => {
  await using web = await startFakeWeb();
  const url = web.web.issueUrl();
  assert.match(url, new RegExp(`^${web.origin}/#token=[0-9a-f]{64}$`));
  const first = await web.exchange(url);
  assert.equal(first.status, 200);
  assert.match(first.body.toString(), /^\{"ok":true,"value":\{"secret":"[0-9a-f]{64}"\}\}$/);
  assert.equal(first.headers['set-cookie'], undefined);
  const again = await web.exchange(url);
  assert.deepEqual(refusal(again), [403, 'FORBIDDEN']);
  for (const token of [null, 7, '', [], 'f'.repeat(64)]) {
    const headers = { origin: web.origin, 'content-type': 'application/json' };
    const reply = await send(web.port, { method: 'POST', path: '/session', headers, body: JSON.stringify({ token }) });
    assert.deepEqual(refusal(reply), [403, 'FORBIDDEN']);
  }
});

test('filling the browser with other programs’ cookies locks nobody out', async () => {
  await using web = await startFakeWeb();
  const cookie = Array.from({ length: 180 }, (_, i) => `c${i}=${'x'.repeat(4_000)}`).join('; ');
  assert.equal((await send(web.port, { path: '/', headers: { cookie } })).status, 200);
  assert.equal((await web.call('app.info', {}, { ...(await web.signIn()), cookie })).status, 200);
});

test('a call must have the JSON content type and be valid JSON', async () => {
  await using web = await startFakeWeb();
  const headers = await web.signIn();
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'text/json', '']) {
    assert.deepEqual(refusal(await web.call('app.info', {}, { ...headers, 'content-type': type })), [415, 'BAD_REQUEST'], type);
  }
  assert.equal((await web.call('app.info', {}, { ...headers, 'content-type': 'Application/JSON; charset=utf-8' })).status, 200);
  for (const body of ['', '{', '{"a":1}x', Buffer.from([0x22, 0xff, 0x22])]) {
    const reply = await send(web.port, { method: 'POST', path: '/call/app.info', headers, body });
    assert.deepEqual(refusal(reply), [400, 'BAD_REQUEST']);
  }
});

test('a long body is refused before it is read, or cut off if its length was not announced', async () => {
  await using web = await startFakeWeb();
  const headers = await web.signIn();
  const body = JSON.stringify({ a: 'x'.repeat(300_000) });
  const announced = await send(web.port, {
    method: 'POST',
    path: '/call/app.info',
    headers: { ...headers, 'content-length': '300000' },
    body: '{',
  });
  assert.deepEqual(refusal(announced), [413, 'TOO_LARGE']); // replied before the body was sent
  const chunked = await send(web.port, {
    method: 'POST',
    path: '/call/app.info',
    headers: { ...headers, 'transfer-encoding': 'chunked' },
    body,
  });
  assert.deepEqual(refusal(chunked), [413, 'TOO_LARGE']);
});

test('no address escapes the window’s folder', async () => {
  await using web = await startFakeWeb();
  const headers = await web.signIn();
  const addresses = [
    '/../outside.js',
    '/..%2foutside.js',
    '/%2e%2e/outside.js',
    '/assets/../../outside.js',
    '/assets/..\\..\\outside.js',
    '//outside.js',
    '/notes.secret',
  ];
  for (const path of [
    ...addresses,
    '/assets/',
    '/assets',
    '/constructor',
    '/__proto__',
    '/nothing',
    '/call/app.info',
    `${web.origin}/outside.js`,
  ]) {
    assert.deepEqual(refusal(await send(web.port, { path, headers })), [404, 'NOT_FOUND'], path);
  }
});

test('every response has the security headers, and no header that lets other sites read it', async () => {
  await using web = await startFakeWeb();
  const headers = await web.signIn();
  const replies = [
    await send(web.port, { path: '/', headers }),
    await send(web.port, { path: '/no-session' }),
    await send(web.port, { path: '/assets/app-1a2b.js', headers }),
    await send(web.port, { path: '/nothing', headers }),
    await send(web.port, { path: '/', headers: { host: 'evil.example' } }),
    await send(web.port, { method: 'OPTIONS', path: '/call/app.info', headers: { ...headers, 'access-control-request-method': 'POST' } }),
    await web.call('app.info', {}, headers),
    await web.call('no.such', {}, headers),
    await web.call('app.info', {}, { ...headers, origin: 'http://evil.example' }),
  ];
  for (const reply of replies) {
    assert.match(String(reply.headers['content-security-policy']), /^default-src 'none'; script-src 'self'; .*frame-ancestors 'none'/);
    assert.equal(reply.headers['x-content-type-options'], 'nosniff');
    assert.equal(reply.headers['referrer-policy'], 'no-referrer');
    assert.equal(reply.headers['x-frame-options'], 'DENY');
    assert.deepEqual(
      Object.keys(reply.headers).filter((name) => name.startsWith('access-control')),
      [],
    );
  }
  const caching = replies.map((reply) => reply.headers['cache-control']);
  assert.deepEqual(caching.slice(0, 4), ['no-cache', 'no-store', 'private, max-age=31536000, immutable', 'no-store']);
});

test('unsupported methods are refused', async () => {
  await using web = await startFakeWeb();
  const headers = await web.signIn();
  for (const method of ['DELETE', 'PATCH', 'OPTIONS', 'TRACE']) {
    assert.deepEqual(refusal(await send(web.port, { method, path: '/', headers })), [405, 'BAD_REQUEST'], method);
  }
  assert.deepEqual(refusal(await send(web.port, { method: 'POST', path: '/', headers })), [404, 'NOT_FOUND']);
  const head = await send(web.port, { method: 'HEAD', path: '/', headers });
  assert.deepEqual([head.status, head.headers['content-length'], head.body.length], [200, '25', 0]);
});
