import assert from 'node:assert/strict';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { Proxies } from '../../../src/source/http/proxies.ts';
import { hasCode } from '../../support/asserts.ts';
import { listen } from '../../support/registry.ts';
import { TEST_CERTIFICATE, TEST_KEY } from '../../support/test-certificate.ts';
import { testHttp } from '../registry/bench.ts';

function proxyFor(env: Record<string, string>, address: string): string | null {
  return new Proxies(env).for(new URL(address))?.href ?? null;
}

test('proxy variables are read as curl and Go read them: lower case first, exceptions by host, domain, port, address and subnet', () => {
  const env = { https_proxy: 'http://lower:1', HTTPS_PROXY: 'http://upper:1', HTTP_PROXY: 'upper:2' };
  assert.equal(proxyFor(env, 'https://x.test/'), 'http://lower:1/');
  assert.equal(proxyFor(env, 'http://x.test/'), 'http://upper:2/');
  assert.equal(proxyFor({}, 'https://x.test/'), null);
  const exempt: [string, string, boolean][] = [
    ['x.test', 'https://x.test', true],
    ['x.test', 'https://a.x.test', true],
    ['.x.test', 'https://a.x.test', true],
    ['*.x.test', 'https://a.x.test', true],
    ['x.test', 'https://ax.test', false],
    ['x.test:8443', 'https://x.test:8443', true],
    ['x.test:8443', 'https://x.test', false],
    ['x.test:443', 'https://x.test', true],
    ['*', 'https://x.test', true],
    ['a.test, x.test', 'https://X.TEST', true],
    ['10.0.0.0/8', 'https://10.1.2.3', true],
    ['10.0.0.0/8', 'https://11.1.2.3', false],
    ['10.0.0.0/99', 'https://10.1.2.3', false],
    ['fd00::/8', 'https://[fd12::1]', true],
    ['fd12::1', 'https://[fd12::1]', true],
    ['1.2.3.4', 'https://1.2.3.4', true],
    ['', 'https://x.test', false],
    [',,', 'https://x.test', false],
  ];
  for (const [no_proxy, address, isExempt] of exempt) {
    assert.equal(proxyFor({ https_proxy: 'p:1', no_proxy }, address) === null, isExempt, `${no_proxy} ${address}`);
  }
});

test('this machine is never contacted through a proxy', () => {
  for (const host of ['localhost', '127.0.0.1:5000', '[::1]:5000', 'a.localhost', '127.9.9.9']) {
    assert.equal(proxyFor({ http_proxy: 'p:1', https_proxy: 'p:1' }, `http://${host}/`), null, host);
  }
});

test('an invalid proxy address is refused without being quoted, because it may contain a password', () => {
  for (const text of ['socks5://me:secret@x', 'http://me:secret@[', 'http://']) {
    assert.throws(
      () => proxyFor({ https_proxy: text }, 'https://x.test'),
      (error: Error) => !/secret/.test(error.message) && hasCode('USAGE')(error),
    );
  }
});

/** Starts a proxy that connects every name to one port on this machine. `asked` lists its requests. */
async function testProxy(t: TestContext, targetPort: number, status = '200 OK') {
  const asked: { readonly line: string; readonly authorization: string | undefined }[] = [];
  const note = ({ method, url, headers }: http.IncomingMessage): void => {
    asked.push({ line: `${method} ${url}`, authorization: headers['proxy-authorization'] });
  };
  const proxy = http.createServer((request, response) => {
    note(request);
    const { pathname } = new URL(request.url ?? '');
    http.get({ port: targetPort, path: pathname }, (answer) => answer.pipe(response.writeHead(answer.statusCode ?? 0)));
  });
  proxy.on('connect', (request: http.IncomingMessage, socket: net.Socket) => {
    note(request);
    socket.write(`HTTP/1.1 ${status}\r\n\r\n`);
    const target = net.connect(targetPort, '127.0.0.1');
    target.on('error', () => socket.destroy());
    socket.on('error', () => target.destroy());
    socket.pipe(target).pipe(socket);
    socket.on('close', () => target.destroy());
  });
  await listen(t, proxy);
  return { address: `127.0.0.1:${(proxy.address() as AddressInfo).port}`, asked };
}

test('https goes through a tunnel, with the proxy’s own password, and the host’s certificate is checked as usual', async (t) => {
  const server = https.createServer({ key: TEST_KEY, cert: TEST_CERTIFICATE }, ({ headers }, response) =>
    response.end(headers['proxy-authorization'] ?? 'hello'),
  );
  await listen(t, server);
  const { address, asked } = await testProxy(t, (server.address() as AddressInfo).port);
  const env = { https_proxy: `http://me:se%40cret@${address}` };
  const client = testHttp(t, { env, isUnchecked: true });
  for (let count = 0; count < 2; count++) {
    const reply = await client.request(new URL('https://registry.test/x'));
    assert.equal(Buffer.from(await reply.bytes(100)).toString(), 'hello');
  }
  const authorization = `Basic ${Buffer.from('me:se@cret').toString('base64')}`;
  assert.deepEqual(asked, [{ line: 'CONNECT registry.test:443', authorization }]);
  await assert.rejects(testHttp(t, { env }).request(new URL('https://registry.test/x')), hasCode('UNREACHABLE'));
});

test('a proxy that sends its reply to CONNECT byte by byte is given up, and the wait can be cancelled', async (t) => {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    const drip = setInterval(() => socket.write('H'), 20);
    socket.on('close', () => clearInterval(drip));
  });
  await listen(t, server);
  const env = { https_proxy: `127.0.0.1:${(server.address() as AddressInfo).port}` };
  const url = new URL('https://registry.test/x');
  await assert.rejects(testHttp(t, { env, silenceMs: 300 }).request(url), hasCode('UNREACHABLE'));
  const control = new AbortController();
  const cancelled = testHttp(t, { env }).request(url, { signal: control.signal });
  server.once('connection', () => control.abort());
  await assert.rejects(cancelled, hasCode('CANCELLED'));
});

test('plain http is requested from the proxy by its full address', async (t) => {
  const server = http.createServer(({ url }, response) => response.end(url));
  await listen(t, server);
  const { address, asked } = await testProxy(t, (server.address() as AddressInfo).port);
  const reply = await testHttp(t, { env: { http_proxy: address } }).request(new URL('http://registry.test/x'));
  assert.equal(Buffer.from(await reply.bytes(100)).toString(), '/x');
  assert.deepEqual(
    asked.map(({ line }) => line),
    ['GET http://registry.test/x'],
  );
});

test('the error names a proxy that refuses or is missing', async (t) => {
  const { address } = await testProxy(t, 1, '403 Forbidden');
  for (const at of [address, '127.0.0.1:1']) {
    await assert.rejects(
      testHttp(t, { env: { https_proxy: `http://me:secret@${at}` } }).request(new URL('https://registry.test/')),
      (error: Error) => {
        assert.match(error.message, /the proxy 127\.0\.0\.1/);
        assert.doesNotMatch(error.message, /secret/);
        return hasCode('UNREACHABLE')(error);
      },
    );
  }
});

test('without a proxy variable, the system is asked for a proxy: once per origin, and never for this machine', async () => {
  const asked: string[] = [];
  const answers: Readonly<Record<string, string>> = {
    'https://a.test/': 'PROXY p.test:3128; DIRECT',
    'https://b.test:8443/': 'DIRECT',
    'http://a.test/': 'HTTPS q.test:443',
    'https://c.test/': 'SOCKS5 s.test:1080; PROXY p.test:3129',
    'https://d.test/': '',
  };
  const system = async (address: string): Promise<string> => {
    asked.push(address);
    return answers[address] ?? 'PROXY wrong:1';
  };
  const proxies = new Proxies({ no_proxy: 'near.test' }, system);
  for (const [address, expected] of [
    ['https://a.test/v2/x?secret', 'http://p.test:3128/'],
    ['https://a.test/v2/y', 'http://p.test:3128/'],
    ['https://b.test:8443/', null],
    ['http://a.test/', 'https://q.test/'],
    ['https://c.test/', 'http://p.test:3129/'],
    ['https://d.test/', null],
    ['https://near.test/', null],
    ['http://localhost:5000/', null],
    ['http://127.0.0.1/', null],
  ] as const) {
    await proxies.prepare(new URL(address));
    assert.equal(proxies.for(new URL(address))?.href ?? null, expected, address);
  }
  assert.deepEqual(
    asked,
    Object.keys(answers).sort((a, b) => asked.indexOf(a) - asked.indexOf(b)),
  );
  // With an unsupported proxy, the first request fails and says so.
  const socks = new Proxies({}, async () => 'SOCKS5 s.test:1080');
  await assert.rejects(socks.prepare(new URL('https://a.test/')), hasCode('UNSUPPORTED'));
  // If a proxy variable is set, for whichever scheme, the system isn't asked.
  for (const env of [{ https_proxy: 'http://own:1' }, { HTTP_PROXY: 'own:1' }]) {
    const own = new Proxies(env, async () => assert.fail('the system is not asked'));
    await own.prepare(new URL('https://a.test/'));
    assert.equal(own.for(new URL('https://a.test/'))?.href ?? null, 'https_proxy' in env ? 'http://own:1/' : null);
  }
});

test('requests go through the system’s proxy, but the system isn’t asked for one when offline', async (t) => {
  const server = https.createServer({ key: TEST_KEY, cert: TEST_CERTIFICATE }, (_request, response) => response.end('hello'));
  await listen(t, server);
  const { address, asked } = await testProxy(t, (server.address() as AddressInfo).port);
  const client = testHttp(t, { isUnchecked: true, systemProxy: async () => `PROXY ${address}` });
  assert.equal(Buffer.from(await (await client.request(new URL('https://registry.test/x'))).bytes(100)).toString(), 'hello');
  assert.deepEqual(
    asked.map(({ line }) => line),
    ['CONNECT registry.test:443'],
  );
  const offline = testHttp(t, { offline: true, systemProxy: async () => assert.fail('the system is not asked') });
  await assert.rejects(offline.request(new URL('https://registry.test/x')), hasCode('UNREACHABLE'));
});
