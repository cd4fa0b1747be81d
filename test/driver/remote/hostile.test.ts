// A client that knows the secret but misbehaves: invalid requests are refused, and protocol violations end the connection.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { finding, LayerscopeError } from '#model';
import type { GraphDriver } from '../../../src/driver/driver.ts';
import { WINDOW_BYTES } from '../../../src/driver/remote/flow.ts';
import { encodeCount, encodeJson, FRAME } from '../../../src/driver/remote/frames.ts';
import { connectDriver, serveDriver } from '../../../src/driver/remote/index.ts';
import { RawPeer } from '../../support/raw-peer.ts';
import { Exchange } from '../../support/remote-bench.ts';
import { scriptedDriver } from '../../support/scripted-driver.ts';

let exchange: Exchange;
before(async () => {
  exchange = await Exchange.open();
});
after(() => exchange[Symbol.asyncDispose]());

const secret = randomBytes(32);

async function serveRaw(methods: Partial<GraphDriver> = {}) {
  const line = await exchange.join();
  const served = serveDriver(scriptedDriver({ status: async () => [], ...methods }), line.server, { secret });
  const peer = new RawPeer(line.client);
  await peer.shake(secret);
  return { peer, served };
}

/** Returns a driver whose applyDiff reads the tar and never returns. */
function stuckDriver(): Partial<GraphDriver> {
  return {
    applyDiff: async (_id, tar, { signal } = {}) => {
      for await (const _ of tar);
      await new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('stopped'))));
      return { sizeBytes: 0 };
    },
  };
}

test('an invalid request gets an error, never reaches the driver, and leaves the connection open', async () => {
  const { peer, served } = await serveRaw();
  const layer = { id: 'a' };
  const cases: readonly (readonly [string, unknown, string, RegExp])[] = [
    ['images', {}, 'BAD_REQUEST', /unknown method/],
    ['applyBlob', { id: 'a', file: '/etc/passwd' }, 'BAD_REQUEST', /unknown method/],
    ['writeBlob', { id: 'a', file: '/etc/passwd' }, 'BAD_REQUEST', /unknown method/],
    ['addLayer', layer, 'BAD_REQUEST', /unknown method/],
    ['blob', layer, 'BAD_REQUEST', /unknown method/],
    ['constructor', {}, 'BAD_REQUEST', /unknown method/],
    ['__proto__', {}, 'BAD_REQUEST', /unknown method/],
    ['toString', {}, 'BAD_REQUEST', /unknown method/],
    ['x'.repeat(1000), {}, 'BAD_REQUEST', /request.method has more than 100/],
    ['list', { home: '/' }, 'BAD_REQUEST', /list has an unknown key/],
    ['list', null, 'BAD_REQUEST', /list is not an object/],
    ['list', [], 'BAD_REQUEST', /list is not an object/],
    ['create', { id: 'a', parent: null, path: '/' }, 'BAD_REQUEST', /create has an unknown key/],
    ['create', { id: 'a' }, 'BAD_REQUEST', /create.parent is missing/],
    ['create', { id: 1, parent: null }, 'BAD_REQUEST', /create.id is not a string/],
    ['create', { id: ['a'], parent: null }, 'BAD_REQUEST', /create.id is not a string/],
    ['createReadWrite', { id: 'a', parent: 'b', sizeBytes: -1 }, 'BAD_REQUEST', /sizeBytes is not a count/],
    ['createReadWrite', { id: 'a', parent: 'b', sizeBytes: 1.5 }, 'BAD_REQUEST', /sizeBytes is not a count/],
    ['createReadWrite', { id: 'a', parent: 'b', sizeBytes: 1e300 }, 'BAD_REQUEST', /sizeBytes is not a count/],
    ['openFile', { handle: 1, name: 'x' }, 'NOT_FOUND', /no open layer has that number/],
    ['openFile', { handle: 1, name: 'x'.repeat(70_000) }, 'BAD_REQUEST', /name has more than/],
    ['release', { handle: 1 }, 'NOT_FOUND', /no mount and no open layer has that number/],
    ['release', { handle: '1' }, 'BAD_REQUEST', /handle is not a count/],
  ];
  const methods = ['exists', 'remove', 'mount', 'diff', 'changes', 'applyDiff', 'diffSize', 'chain', 'metadata', 'files', 'adoptBaseImage'];
  const ids = ['a/b', 'a\\b', '..', '.', '', '/etc', 'C:', 'a:stream', 'a\0', 'a\n', 'x'.repeat(256)];
  const paths = methods.flatMap((method) => ids.map((id) => [method, { id }, 'NAME_REFUSED', /not a layer id/] as const));
  const parents = ids.map((parent) => ['create', { id: 'a', parent }, 'NAME_REFUSED', /not a layer id/] as const);
  let call = 0;
  for (const [method, input, code, message] of [...cases, ...paths, ...parents]) {
    peer.request(++call, method, input);
    const answer = (await peer.answer(call)) as { code: string; message: string };
    assert.equal(answer.code, code, `${method} ${JSON.stringify(input).slice(0, 100)}: ${answer.message}`);
    assert.match(answer.message, message);
  }
  for (const message of [null, [], 'status', {}, { method: 'status', input: {} }, { method: 1, input: {}, isCancelled: false }]) {
    peer.send(FRAME.request, ++call, encodeJson(message));
    assert.equal(((await peer.answer(call)) as { code: string }).code, 'BAD_REQUEST');
  }
  peer.request(++call, 'status', {}, { secret: '' });
  assert.deepEqual(await peer.answer(call), { code: 'BAD_REQUEST', message: 'request has an unknown key' });
  peer.request(++call, 'status', {});
  assert.deepEqual(await peer.answer(call), []);
  await served[Symbol.asyncDispose]();
});

test('an error from the driver is sent as its code and one line, without a stack', async () => {
  const { peer, served } = await serveRaw({
    status: async () => {
      throw new TypeError('a defect\n    at secret/place.ts:1');
    },
  });
  peer.request(1, 'status', {});
  assert.deepEqual(await peer.answer(1), { code: 'INTERNAL', message: 'a defect' });
  await served[Symbol.asyncDispose]();
});

const credit = (bytes: number): Uint8Array => encodeCount(bytes);
const violations: readonly (readonly [string, RegExp, (peer: RawPeer) => Promise<void> | void])[] = [
  ['a frame that is too long', /bytes: 5 to/, (peer) => void peer.socket.write(Buffer.from('01001000', 'hex'))],
  ['garbage', /a frame of|of type/, (peer) => void peer.socket.write(Buffer.from('this is no frame at all, and never was'))],
  ['a request that is not JSON', /not JSON/, (peer) => peer.send(FRAME.request, 2, Buffer.from('{"method"'))],
  ['a request that is not UTF-8', /not UTF-8/, (peer) => peer.send(FRAME.request, 2, Buffer.from('ff', 'hex'))],
  ['a call number that was used before', /number that was used/, (peer) => peer.request(1, 'status', {})],
  ['a frame for a call that was never started', /not begun/, (peer) => peer.send(FRAME.cancel, 9)],
  ["a server's frame", /does not have/, (peer) => peer.send(FRAME.reply, 1, encodeJson(null))],
  ['a hello in the middle', /not begun|does not have/, (peer) => peer.send(FRAME.hello, 1)],
  ['data before any was granted', /were granted/, (peer) => peer.send(FRAME.data, 1, Buffer.alloc(1))],
  [
    'one byte more than was granted',
    /received 1 bytes, but 0 were granted/,
    async (peer) => {
      // The driver stops after the first piece, so no more credit is granted.
      await peer.frame(FRAME.credit, 1);
      for (let sent = 0; sent < WINDOW_BYTES; sent += 65_536) peer.send(FRAME.data, 1, Buffer.alloc(65_536));
      peer.send(FRAME.data, 1, Buffer.alloc(1));
    },
  ],
  [
    'data without data',
    /without data/,
    async (peer) => {
      await peer.frame(FRAME.credit, 1);
      peer.send(FRAME.data, 1);
    },
  ],
  [
    'data after its end',
    /after its end/,
    async (peer) => {
      await peer.frame(FRAME.credit, 1);
      peer.send(FRAME.end, 1);
      peer.send(FRAME.data, 1, Buffer.alloc(1));
    },
  ],
  ['credit for a call that sends nothing', /does not have/, (peer) => peer.send(FRAME.credit, 1, credit(1))],
  [
    'endless credit',
    /too much credit/,
    (peer) => {
      peer.request(2, 'diff', { id: 'a' });
      peer.send(FRAME.credit, 2, credit(0xffff_ffff));
      peer.send(FRAME.credit, 2, credit(0xffff_ffff));
    },
  ],
  [
    'a credit of zero bytes',
    /invalid credit/,
    (peer) => {
      peer.request(2, 'diff', { id: 'a' });
      peer.send(FRAME.credit, 2, Buffer.alloc(4));
    },
  ],
];

for (const [what, message, violate] of violations) {
  // The driver grants credit by reading, so it must not read in this case.
  const reads = what !== 'data before any was granted';
  test(`${what} ends the connection and stops the running calls`, async () => {
    const stopped: string[] = [];
    const untilAborted = (what: string, signal: AbortSignal | undefined): Promise<void> =>
      new Promise((resolve) => {
        signal?.addEventListener('abort', () => {
          stopped.push(what);
          resolve();
        });
      });
    const { peer, served } = await serveRaw({
      applyDiff: async (_id, tar, { signal } = {}) => {
        const waiting = untilAborted('applyDiff', signal);
        if (reads) for await (const _ of tar) break;
        await waiting;
        return { sizeBytes: 0 };
      },
      diff: async function* (_id, { signal } = {}) {
        yield Buffer.alloc(1);
        await untilAborted('diff', signal);
      },
    });
    peer.request(1, 'applyDiff', { id: 'a' });
    await violate(peer);
    const error = await served.ended;
    assert.equal(error?.code, 'BAD_REQUEST', error?.message);
    assert.match(error?.message ?? '', message);
    await peer.closed();
    assert.ok(stopped.includes('applyDiff'));
  });
}

test('frames for a call that has ended are ignored, because the client may not know yet', async () => {
  const { peer, served } = await serveRaw();
  peer.request(1, 'status', {});
  await peer.answer(1);
  peer.send(FRAME.cancel, 1);
  peer.send(FRAME.data, 1, Buffer.alloc(10));
  peer.send(FRAME.credit, 1, credit(10));
  peer.request(2, 'status', {});
  assert.deepEqual(await peer.answer(2), []);
  await served[Symbol.asyncDispose]();
});

test('running calls and held resources are limited', async () => {
  const { peer, served } = await serveRaw({
    ...stuckDriver(),
    files: async () => ({ open: () => scriptedDriver().diff('a'), [Symbol.asyncDispose]: async () => {} }),
  });
  let call = 0;
  for (let number = 0; number < 1_024; number++) {
    peer.request(++call, 'files', { id: 'a' });
    if (number % 128 === 127) await peer.answer(call);
  }
  peer.request(++call, 'files', { id: 'a' });
  assert.equal(((await peer.answer(call)) as { code: string }).code, 'TOO_LARGE');
  for (let number = 0; number < 256; number++) peer.request(++call, 'applyDiff', { id: 'a' });
  peer.request(++call, 'applyDiff', { id: 'a' });
  assert.equal(((await peer.answer(call)) as { code: string }).code, 'TOO_LARGE');
  await served[Symbol.asyncDispose]();
});

test('a client that doesn’t read its events is disconnected before memory fills up', async () => {
  let sent = 0;
  const { peer, served } = await serveRaw({
    mount: async (_id, { onFinding, signal } = {}) => {
      for (; signal?.aborted !== true && sent < 200; sent++) {
        onFinding?.(finding('odd-name', 'x'.repeat(900_000)));
        if (sent % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      throw new LayerscopeError('CANCELLED', 'cancelled');
    },
  });
  await peer.frame(FRAME.proof);
  peer.socket.pause();
  peer.request(1, 'mount', { id: 'a' });
  const error = await served.ended;
  assert.equal(error?.code, 'IO');
  assert.match(error?.message ?? '', /does not read/);
  assert.ok(sent < 60, `${sent} findings were buffered`);
});

test('the client disconnects from a server that breaks the protocol, and every call fails', async () => {
  const breaks: readonly ((peer: RawPeer, call: number) => void)[] = [
    (peer) => peer.send(FRAME.reply, 99, encodeJson(null)),
    (peer, call) => peer.send(FRAME.reply, call, Buffer.from('{')),
    (peer, call) => peer.send(FRAME.error, call, encodeJson({ code: 'NO_SUCH_CODE', message: '' })),
    (peer, call) => peer.send(FRAME.event, call, encodeJson({ finding: { code: 'none', message: '', severity: 'note' } })),
    (peer, call) => peer.send(FRAME.data, call, Buffer.alloc(WINDOW_BYTES + 1)),
    (peer) => void peer.socket.write('garbage that is no frame'),
  ];
  for (const breakIt of breaks) {
    const { client, server } = await exchange.join();
    const peer = new RawPeer(server);
    const connected = connectDriver(client, { secret });
    await peer.shake(secret, { role: 'server' });
    const { call } = await peer.frame(FRAME.request);
    peer.send(FRAME.reply, call, encodeJson({ name: 'windowsfilter', home: '/home' }));
    const driver = await connected;
    const failing = Promise.allSettled([driver.status(), collect(driver.diff('a'))]);
    const last = await peer.frame(FRAME.request, call + 2);
    breakIt(peer, last.call);
    for (const result of await failing) {
      assert.equal(result.status, 'rejected');
      assert.equal(result.reason.code, 'BAD_REQUEST', String(result.reason));
    }
    await assert.rejects(driver.status(), { code: 'BAD_REQUEST' });
    await peer.closed();
  }
});

test('a malformed reply is refused', async () => {
  const { client, server } = await exchange.join();
  const peer = new RawPeer(server);
  const connected = connectDriver(client, { secret });
  await peer.shake(secret, { role: 'server' });
  peer.send(FRAME.reply, (await peer.frame(FRAME.request)).call, encodeJson({ name: 'another', home: '/home' }));
  await assert.rejects(connected, { code: 'BAD_REQUEST', message: 'about.name is not an allowed value' });
  await peer.closed();
});

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const bytes of pieces) parts.push(bytes);
  return Buffer.concat(parts);
}
