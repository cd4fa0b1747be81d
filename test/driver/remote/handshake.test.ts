import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { LayerscopeError } from '#model';
import { encodeFrame, encodeJson, FRAME } from '../../../src/driver/remote/frames.ts';
import { encodeHello, newNonce } from '../../../src/driver/remote/handshake.ts';
import { connectDriver, type ServeOptions, serveDriver } from '../../../src/driver/remote/index.ts';
import { RawPeer } from '../../support/raw-peer.ts';
import { Exchange } from '../../support/remote-bench.ts';
import { scriptedDriver } from '../../support/scripted-driver.ts';

let exchange: Exchange;
before(async () => {
  exchange = await Exchange.open();
});
after(() => exchange[Symbol.asyncDispose]());

const secret = randomBytes(32);

/** Serves a raw peer and records the driver's calls. */
async function serveRaw(options: Partial<ServeOptions> = {}) {
  const asked: string[] = [];
  const driver = scriptedDriver({
    status: async () => {
      asked.push('status');
      return [];
    },
  });
  const line = await exchange.join();
  const served = serveDriver(driver, line.server, { secret, ...options });
  return { peer: new RawPeer(line.client), served, asked };
}

/** Checks that the server ended the connection for the given reason and did nothing for the peer. */
async function refused(
  { peer, served, asked }: Awaited<ReturnType<typeof serveRaw>>,
  code: LayerscopeError['code'],
  message: RegExp,
): Promise<void> {
  const error = await served.ended;
  assert.equal(error?.code, code);
  assert.match(error?.message ?? '', message);
  await peer.closed();
  assert.deepEqual(asked, []);
  assert.equal(
    peer.frames.some(({ type }) => type === FRAME.reply || type === FRAME.error),
    false,
  );
}

test('a client that knows the secret is served', async () => {
  const { peer, served, asked } = await serveRaw();
  await peer.shake(secret);
  peer.request(1, 'status', {});
  assert.deepEqual(await peer.answer(1), []);
  assert.deepEqual(asked, ['status']);
  await served[Symbol.asyncDispose]();
});

test('a client with a wrong secret is refused', async () => {
  const raw = await serveRaw();
  await raw.peer.shake(randomBytes(32));
  raw.peer.request(1, 'status', {});
  await refused(raw, 'FORBIDDEN', /the client does not know the secret/);
});

test('a client refuses a server with a wrong secret and sends the server no request', async () => {
  const { client, server } = await exchange.join();
  const peer = new RawPeer(server);
  const connected = connectDriver(client, { secret });
  await peer.shake(randomBytes(32), { role: 'server' });
  await assert.rejects(connected, { code: 'FORBIDDEN', message: 'the server does not know the secret' });
  await peer.closed();
  assert.equal(
    peer.frames.some(({ type }) => type === FRAME.request),
    false,
  );
});

test('a client and a server with different secrets refuse each other', async () => {
  const { client, server } = await exchange.join();
  const served = serveDriver(scriptedDriver(), server, { secret: randomBytes(32) });
  await assert.rejects(connectDriver(client, { secret }), { code: 'FORBIDDEN' });
  assert.notEqual(await served.ended, null);
});

test('either side refuses a peer with a different protocol version', async () => {
  const raw = await serveRaw();
  await raw.peer.shake(secret, { version: 2 });
  await refused(raw, 'UNSUPPORTED', /the client speaks version 2/);

  const { client, server } = await exchange.join();
  const peer = new RawPeer(server);
  const connected = connectDriver(client, { secret });
  peer.send(FRAME.hello, 0, encodeHello(newNonce(), 7));
  await assert.rejects(connected, { code: 'UNSUPPORTED' });
});

test('a proof replayed from another connection is refused', async () => {
  const heard = await serveRaw();
  const sent: Uint8Array[] = [];
  const write = heard.peer.socket.write.bind(heard.peer.socket);
  heard.peer.socket.write = (bytes: Uint8Array | string) => {
    sent.push(Buffer.from(bytes));
    return write(bytes);
  };
  await heard.peer.shake(secret);
  heard.peer.request(1, 'status', {});
  await heard.peer.answer(1);
  await heard.served[Symbol.asyncDispose]();
  assert.equal(sent.length, 3);

  const replayed = await serveRaw();
  for (const bytes of sent) replayed.peer.socket.write(bytes);
  await refused(replayed, 'FORBIDDEN', /does not know the secret/);
});

test("the server's own proof, reflected to it, is refused", async () => {
  const raw = await serveRaw();
  const hello = await raw.peer.frame(FRAME.hello);
  raw.peer.send(FRAME.hello, 0, hello.payload);
  raw.peer.send(FRAME.proof, 0, (await raw.peer.frame(FRAME.proof)).payload);
  await refused(raw, 'FORBIDDEN', /does not know the secret/);

  const other = await serveRaw();
  await other.peer.shake(secret, { proveAs: 'server' });
  await refused(other, 'FORBIDDEN', /does not know the secret/);
});

test('a request before the handshake, or between hello and proof, ends the connection', async () => {
  const first = await serveRaw();
  first.peer.request(1, 'exists', { id: 'x'.repeat(64) });
  // Longer than any frame of the handshake, so it isn't even read.
  await refused(first, 'BAD_REQUEST', /a frame of \d+ bytes/);

  const short = await serveRaw();
  short.peer.send(FRAME.request, 1, encodeJson({ method: 'status' }));
  await refused(short, 'FORBIDDEN', /before it had proven itself/);

  const between = await serveRaw();
  between.peer.send(FRAME.hello, 0, encodeHello(newNonce()));
  between.peer.send(FRAME.cancel, 1);
  await refused(between, 'FORBIDDEN', /before it had proven itself/);

  const twice = await serveRaw();
  twice.peer.send(FRAME.hello, 0, encodeHello(newNonce()));
  twice.peer.send(FRAME.hello, 0, encodeHello(newNonce()));
  await refused(twice, 'FORBIDDEN', /before it had proven itself/);
});

test('a proof or a hello of the wrong length is refused', async () => {
  for (const length of [0, 31, 33]) {
    const raw = await serveRaw();
    raw.peer.send(FRAME.hello, 0, encodeHello(newNonce()));
    raw.peer.send(FRAME.proof, 0, new Uint8Array(length));
    await refused(raw, 'FORBIDDEN', /does not know the secret/);
  }
  for (const hello of [new Uint8Array(), encodeHello(new Uint8Array(31)), encodeHello(new Uint8Array(0))]) {
    const raw = await serveRaw();
    raw.peer.send(FRAME.hello, 0, hello);
    await refused(raw, 'FORBIDDEN', /malformed hello/);
  }
});

test('garbage, or a gigabyte-long frame, ends the connection', async () => {
  const garbage = await serveRaw();
  garbage.peer.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await refused(garbage, 'BAD_REQUEST', /a frame of \d+ bytes/);

  const long = await serveRaw();
  long.peer.socket.write(Buffer.from('00000040', 'hex'));
  await refused(long, 'BAD_REQUEST', /1073741824 bytes/);
});

test('either side refuses a peer that doesn’t finish the handshake in time', async () => {
  const raw = await serveRaw({ handshakeMs: 50 });
  raw.peer.send(FRAME.hello, 0, encodeHello(newNonce()));
  await refused(raw, 'IO', /in 50 ms/);

  const { client, server } = await exchange.join();
  const peer = new RawPeer(server);
  await assert.rejects(connectDriver(client, { secret, handshakeMs: 50 }), { code: 'IO' });
  await peer.closed();
});

test('a client that disconnects, even inside a frame, is reported', async () => {
  const gone = await serveRaw();
  gone.peer.socket.end();
  await refused(gone, 'IO', /ended the connection/);

  const half = await serveRaw();
  half.peer.socket.end(encodeFrame(FRAME.hello, 0, encodeHello(newNonce())).subarray(0, 20));
  await refused(half, 'IO', /inside a frame/);
});

test('a secret of the wrong length is refused', async () => {
  const { client, server } = await exchange.join();
  const served = serveDriver(scriptedDriver(), server, { secret: new Uint8Array(16) });
  assert.equal((await served.ended)?.code, 'BAD_REQUEST');
  await assert.rejects(connectDriver(client, { secret: new Uint8Array() }), { code: 'BAD_REQUEST' });
});
