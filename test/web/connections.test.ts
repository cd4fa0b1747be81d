// Other users of this machine can connect too, but must not be able to lock the browser out.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import test, { type TestContext } from 'node:test';
import { envelopeOf, send, startFakeWeb } from '../support/web-client.ts';

/** Opens a connection that starts a request and never finishes it. */
async function slowRequest(t: TestContext, port: number, text: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => {}); // the host closes it
  socket.resume();
  await once(socket, 'connect');
  socket.write(text);
  return socket;
}

const HALF_A_HEAD = 'GET / HTTP/1.1\r\nHost: 127';

function ended(socket: Socket): Promise<void> {
  return new Promise((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())));
}

test('six hundred connections with unfinished requests don’t lock a browser out', async (t) => {
  await using web = await startFakeWeb();
  const headers = await web.signIn();
  await Promise.all(Array.from({ length: 600 }, () => slowRequest(t, web.port, HALF_A_HEAD)));
  assert.equal(envelopeOf(await web.call('app.info', {}, headers)).ok, true);
  assert.equal((await send(web.port, { path: '/' })).status, 200);
  assert.equal(envelopeOf(await web.call('app.info', {}, await web.signIn())).ok, true);
});

const SLOW: readonly { readonly what: string; readonly begin: (port: number) => string; readonly drip: string }[] = [
  { what: 'silence', begin: () => '', drip: '' },
  { what: 'a head that never ends', begin: () => HALF_A_HEAD, drip: 'x' },
  {
    what: 'a token that arrives a byte at a time',
    begin: (port) => {
      const origin = `Host: 127.0.0.1:${port}\r\nOrigin: http://127.0.0.1:${port}\r\n`;
      return `POST /session HTTP/1.1\r\n${origin}Content-Type: application/json\r\nContent-Length: 99999\r\n\r\n{`;
    },
    drip: ' ',
  },
  { what: 'a page already fetched', begin: (port) => `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`, drip: '' },
];

for (const { what, begin, drip } of SLOW) {
  test(`a connection without a session is soon closed: ${what}`, async (t) => {
    await using web = await startFakeWeb({ limits: { strangerMs: 200 } });
    const socket = await slowRequest(t, web.port, begin(web.port));
    const dripping = setInterval(() => socket.write(drip), 20); // must not extend the connection's life
    t.after(() => clearInterval(dripping));
    await ended(socket);
  });
}

test('a session’s connections stay open: a stream, and a slow upload', async (t) => {
  await using web = await startFakeWeb({ limits: { strangerMs: 100, strangers: 2 } });
  const headers = await web.signIn();
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = (line: string): string => `${line} HTTP/1.1\r\nHost: 127.0.0.1:${web.port}\r\n${lines.join('')}`;
  const stream = await slowRequest(t, web.port, `${head('GET /topics/jobs')}\r\n`);
  await once(stream, 'data');
  const grant = envelopeOf(await web.call('files.expect', { name: 'a', sizeBytes: 2 }, headers)) as { value: { grant: string } };
  const type = 'Content-Type: application/octet-stream\r\nContent-Length: 2\r\n\r\n';
  const upload = await slowRequest(t, web.port, head(`PUT /uploads/${grant.value.grant}`).replace(/content-type:.*\r\n/, '') + type);
  upload.write('a');
  // Let several of the other clients' connections be closed, one after another.
  for (let i = 0; i < 3; i++) {
    const round = await Promise.all(Array.from({ length: 4 }, () => slowRequest(t, web.port, HALF_A_HEAD)));
    await Promise.all(round.map(ended));
  }
  upload.write('b');
  const [reply] = (await once(upload, 'data')) as [Buffer];
  assert.match(reply.toString(), /^HTTP\/1\.1 200 /);
  assert.equal(stream.closed, false);
});

test('requests whose connections end at once leave no file open', { skip: process.platform !== 'linux' && 'counts in /proc' }, async () => {
  await using web = await startFakeWeb();
  const open = (): string[] =>
    readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/self/fd/${fd}`)];
      } catch {
        return []; // closed in the meantime
      }
    });
  for (let i = 0; i < 200; i++) {
    const socket = connect(web.port, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(`GET /${i % 2 === 0 ? '' : 'assets/app-1a2b.js'} HTTP/1.1\r\nHost: 127.0.0.1:${web.port}\r\n\r\n`);
    socket.resetAndDestroy();
    await once(socket, 'close');
  }
  // The last reply shows that all requests before it were handled.
  assert.equal((await send(web.port, { path: '/' })).status, 200);
  assert.deepEqual(
    open().filter((file) => file.includes('/renderer/')),
    [],
  );
});
