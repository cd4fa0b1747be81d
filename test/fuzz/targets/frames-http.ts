// Raw HTTP requests to the loopback host: it never answers 500 (a defect), never leaves an unhandled rejection, and keeps working. In an
// input, {PORT} is the host's port, {SECRET} a session's secret, {GRANT} an expected upload's grant.
import { connect } from 'node:net';
import { SESSION_HEADER } from '#contract';
import { envelopeOf, startFakeWeb } from '../../support/web-client.ts';
import { mutateBytes, textTokens } from '../engine/mutate.ts';
import { mutateJson } from '../engine/mutate-json.ts';
import type { Random } from '../engine/random.ts';
import type { Session, Target } from '../engine/target.ts';

/** How long, in ms, to wait for the end of a response before giving up on the input. */
const PATIENCE_MS = 1_500;
/** Operations in which the fake library throws on purpose. */
const STANDS_IN = /archive\.summary|entry\.(?:details|raw)/;

/** Sends a request and returns everything received until the connection ends. */
function exchange(port: number, request: Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    const batches: Buffer[] = [];
    const socket = connect(port, '127.0.0.1');
    const timer = setTimeout(() => socket.destroy(), PATIENCE_MS);
    socket.on('data', (batch) => {
      batches.push(batch);
      // A topic's stream never ends.
      if (batch.includes('text/event-stream')) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(batches).toString('latin1'));
    });
    socket.end(request);
  });
}

async function open(): Promise<Session> {
  const web = await startFakeWeb();
  const headers = await web.signIn();
  let grant = '';
  const expectUpload = async (): Promise<void> => {
    const envelope = envelopeOf(await web.call('files.expect', { name: 'x', sizeBytes: 4 }, headers));
    if (!envelope.ok) throw new Error(`the host stopped working: ${envelope.error.message}`);
    grant = (envelope.value as { grant: string }).grant;
  };
  let count = 0;
  await expectUpload();
  return {
    async run(input) {
      if (++count % 16 === 0) await expectUpload();
      const text = Buffer.from(input)
        .toString('latin1')
        .replaceAll('{PORT}', String(web.port))
        .replaceAll('{SECRET}', headers[SESSION_HEADER])
        .replaceAll('{GRANT}', grant);
      const answer = await exchange(web.port, Buffer.from(text, 'latin1'));
      for (const [, status] of answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)) {
        if (status === '500' && !STANDS_IN.test(text)) throw new Error(`answered with 500: ${answer.slice(0, 300)}`);
      }
      if (/\n {4}at |\/src\/|node:internal/.test(answer)) throw new Error('an answer has a stack trace');
      if (web.logged.some((line) => !/a defect with a|not here/.test(line)))
        throw new Error(`a defect: ${web.logged.join(' ').slice(0, 600)}`);
      web.logged.length = 0;
      web.library.asked.length = 0;
    },
    [Symbol.asyncDispose]: () => web[Symbol.asyncDispose](),
  };
}

function request(line: string, headers: Readonly<Record<string, string>> = {}, body = ''): Uint8Array {
  const all = { host: '127.0.0.1:{PORT}', ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return new Uint8Array(Buffer.from(`${line} HTTP/1.1\r\n${lines.join('')}\r\n${body}`, 'latin1'));
}

const SIGNED = { origin: 'http://127.0.0.1:{PORT}', [SESSION_HEADER]: '{SECRET}' };

function call(name: string, input: unknown): Uint8Array {
  const body = JSON.stringify(input);
  return request(`POST /call/${name}`, { ...SIGNED, 'content-type': 'application/json', 'content-length': String(body.length) }, body);
}

const HEADERS = [
  'content-length: 5',
  'content-length: -1',
  'content-length: 9999999999',
  'transfer-encoding: chunked',
  'content-encoding: gzip',
  'expect: 100-continue',
  'connection: upgrade',
  'upgrade: websocket',
  'host: evil.example',
  'origin: null',
  'sec-fetch-site: cross-site',
  'range: bytes=0-',
  `${SESSION_HEADER}: x`,
  'content-type: text/plain',
  'content-type: application/json; charset=utf-16',
];
const PATHS = [
  '/',
  '/..',
  '/%2e%2e/outside.js',
  '//',
  '/assets/../../outside.js',
  '/assets/app-1a2b.js',
  '/call/',
  '/call/app.info',
  '/call/__proto__',
  '/topics/jobs',
  '/topics/jobs,library',
  '/topics/%',
  '/uploads/{GRANT}',
  '/uploads/x',
  '/downloads/x',
  '/session',
  '/no-session',
  '*',
  'http://x/',
  '/\\',
  '/call/app.info?x#y',
];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'PATCH', 'get', 'M-SEARCH'];

/** Removes, adds or changes one line of the head, or changes the body and its length. */
function mutate(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return mutateBytes(bytes, random, other);
  const lines = text.slice(0, end).split('\r\n');
  let body = text.slice(end + 4);
  const at = random.int(lines.length);
  switch (random.int(6)) {
    case 0:
      lines.splice(Math.max(1, at), 1);
      break;
    case 1:
      lines.splice(1 + random.int(lines.length), 0, random.chance(0.8) ? random.pick(HEADERS) : (lines[at] ?? ''));
      break;
    case 2:
      lines[0] = `${random.pick(METHODS)} ${random.pick(PATHS)} HTTP/1.${random.pick(['1', '1', '1', '0', '2'])}`;
      break;
    case 3:
      lines[at] = Buffer.from(mutateBytes(Buffer.from(lines[at] ?? '', 'latin1'), random, other)).toString('latin1');
      break;
    default: {
      const from = Buffer.from(body, 'latin1');
      body = Buffer.from(random.chance(0.7) ? mutateJson(from, random, from) : mutateBytes(from, random, other)).toString('latin1');
      if (random.chance(0.9))
        for (const [index, line] of lines.entries()) if (/^content-length/i.test(line)) lines[index] = `content-length: ${body.length}`;
    }
  }
  return new Uint8Array(Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1'));
}

export const target: Target = {
  name: 'frames-http',
  seeds: () => [
    request('GET /'),
    request('HEAD /assets/app-1a2b.js'),
    request('GET /no-session'),
    request('GET /topics/jobs,library', SIGNED),
    request('GET /session', SIGNED),
    request('POST /session', { origin: SIGNED.origin, 'content-type': 'application/json', 'content-length': '11' }, '{"token":1}'),
    request('PUT /uploads/{GRANT}', { ...SIGNED, 'content-type': 'application/octet-stream', 'content-length': '4' }, 'abcd'),
    request(
      'PUT /uploads/{GRANT}',
      { ...SIGNED, 'content-type': 'application/octet-stream', 'transfer-encoding': 'chunked' },
      '4\r\nabcd\r\n0\r\n\r\n',
    ),
    request('GET /downloads/x'),
    call('app.info', {}),
    call('image.changes', { archiveId: 'a1', image: 0, from: 0, to: 1, start: 0, count: 10 }),
    call('entry.content', { archiveId: 'a1', image: 0, layer: 0, pathHex: '61', offset: 0, length: 10 }),
    call('export.start', { what: 'entry', archiveId: 'a1', image: 0, layer: 0, pathHex: '61' }),
    call('files.expect', { name: 'x', sizeBytes: 3 }),
  ],
  tokens: textTokens(
    '\r\n',
    '\r\n\r\n',
    'GET / HTTP/1.1\r\nhost: 127.0.0.1:{PORT}\r\n\r\n',
    ...HEADERS.map((line) => `${line}\r\n`),
    ...PATHS,
  ),
  mutate,
  maxBytes: 16_384,
  batch: 4,
  open,
};
