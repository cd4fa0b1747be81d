import assert from 'node:assert/strict';
import test from 'node:test';
import {
  createClient,
  createElectronClient,
  createWebClient,
  encodeWire,
  SESSION_HEADER,
  type Transport,
  type UploadRequest,
  type WebRequest,
  type WebSurroundings,
} from '#contract';
import { hasCode } from '../support/asserts.ts';

function clientThatAnswers(answer: unknown) {
  const transport: Transport = {
    request: async () => answer,
    subscribe: () => () => {},
    grantFile: async () => ({ grant: '', name: '' }),
  };
  return createClient(transport);
}

test('a call returns the envelope’s value', async () => {
  assert.deepEqual(await clientThatAnswers({ ok: true, value: { jobId: 'j1' } }).call('image.load', { archiveId: 'a1', image: 0 }), {
    jobId: 'j1',
  });
});

test('a call fails with the envelope’s code, or INTERNAL if the code is unknown', async () => {
  const fail = (error: unknown) => clientThatAnswers({ ok: false, error }).call('app.info', {});
  await assert.rejects(
    fail({ code: 'NOT_FOUND', message: 'no such archive' }),
    (error: unknown) => hasCode('NOT_FOUND')(error) && (error as Error).message === 'no such archive',
  );
  await assert.rejects(fail({ code: 'toString', message: 'x' }), hasCode('INTERNAL'));
  await assert.rejects(fail(undefined), hasCode('INTERNAL'));
  for (const answer of [null, undefined, 7, 'ok', {}, { ok: 1 }])
    await assert.rejects(clientThatAnswers(answer).call('app.info', {}), hasCode('INTERNAL'));
});

test('an aborted call ends at once and removes its listener', async () => {
  const client = createClient({
    request: () => new Promise(() => {}),
    subscribe: () => () => {},
    grantFile: async () => ({ grant: '', name: '' }),
  });
  const controller = new AbortController();
  const call = client.call('app.info', {}, { signal: controller.signal });
  controller.abort();
  await assert.rejects(call, hasCode('CANCELLED'));
  await assert.rejects(client.call('app.info', {}, { signal: controller.signal }), hasCode('CANCELLED'));
});

test('the Electron client passes files to the preload and opens its envelope', async () => {
  const client = createElectronClient({
    request: async (name, input) => ({ ok: true, value: { name, input } }),
    cancel: () => assert.fail('nothing to cancel'),
    subscribe: () => () => {},
    grantDropped: async (file) =>
      file === 'file' ? { ok: true, value: { grant: 'g', name: 'n' } } : { ok: false, error: { code: 'BAD_REQUEST', message: 'no path' } },
  });
  assert.deepEqual(await client.grantFile('file'), { grant: 'g', name: 'n' });
  await assert.rejects(client.grantFile('other'), hasCode('BAD_REQUEST'));
  assert.deepEqual(await client.call('app.info', {}), { name: 'app.info', input: {} });
});

test('an aborted call is cancelled over the bridge, by its own number and only while it is pending', async () => {
  const cancelled: (number | undefined)[] = [];
  const asked: { name: string; call: number | undefined; answer: (value: unknown) => void }[] = [];
  const client = createElectronClient({
    request: (name, _input, call) => new Promise((answer) => asked.push({ name, call, answer })),
    cancel: (call) => cancelled.push(call),
    subscribe: () => () => {},
    grantDropped: async () => null,
  });
  const [first, second] = [new AbortController(), new AbortController()];
  const one = client.call('app.info', {}, { signal: first.signal });
  const two = client.call('files.recent', {}, { signal: second.signal });
  second.abort();
  await assert.rejects(two, hasCode('CANCELLED'));
  assert.deepEqual(cancelled, [asked[1]?.call]);
  asked[0]?.answer({ ok: true, value: {} });
  await one;
  first.abort();
  await assert.rejects(client.call('app.info', {}, { signal: first.signal }), hasCode('CANCELLED'));
  assert.equal(cancelled.length, 1);
  assert.equal(asked.length, 2, 'a call aborted beforehand is not sent');
  assert.notEqual(asked[0]?.call, asked[1]?.call);
});

class NoUpload implements UploadRequest {
  readonly upload = { addEventListener: () => {} };
  readonly responseText = '';
  open(): void {}
  setRequestHeader(): void {}
  addEventListener(): void {}
  send(): void {}
  abort(): void {}
}

const secret = 'a'.repeat(64);

function webClient(reply: (url: string, init: WebRequest) => Promise<Response>, more: Partial<WebSurroundings> = {}) {
  return createWebClient({ secret, fetch: reply, wait: () => new Promise(() => {}), XMLHttpRequest: NoUpload, ...more });
}

test('the web client calls by name in JSON and reads both forms of reply', async () => {
  const asked: [string, WebRequest][] = [];
  const client = webClient(async (url, init) => {
    asked.push([url, init]);
    return url.endsWith('info')
      ? new Response(encodeWire({ ok: true, value: { version: '1' } }), { headers: { 'content-type': 'application/octet-stream' } })
      : Response.json({ ok: false, error: { code: 'FORBIDDEN', message: 'no session' } }, { status: 401 });
  });
  assert.deepEqual(await client.call('app.info', {}), { version: '1' });
  await assert.rejects(client.call('app.sample', {}), hasCode('FORBIDDEN'));
  assert.deepEqual(asked[0], [
    '/call/app.info',
    { method: 'POST', headers: { [SESSION_HEADER]: secret, 'content-type': 'application/json' }, body: '{}' },
  ]);
});

test('a host that doesn’t respond is an error with code IO', async () => {
  const client = webClient(async () => {
    throw new TypeError('fetch failed');
  });
  await assert.rejects(client.call('app.info', {}), hasCode('IO'));
});

/** Creates the host's end of a topic stream. */
function topicServer() {
  const streams: { url: string; headers: Record<string, string>; push(text: string | Uint8Array): void; end(): void; isLeft: boolean }[] =
    [];
  const reply = async (url: string, { headers }: WebRequest): Promise<Response> => {
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    const stream = {
      url,
      headers,
      isLeft: false,
      push: (text: string | Uint8Array) => controller?.enqueue(Buffer.from(text as string)),
      end: () => controller?.close(),
    };
    streams.push(stream);
    const body = new ReadableStream<Uint8Array>({
      start: (each) => {
        controller = each;
      },
      cancel: () => {
        stream.isLeft = true;
      },
    });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  };
  return { streams, reply };
}

/** Resolves once the listeners have received what was read. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

test('all topics share one stream, late listeners get the latest state, and the last one to unsubscribe closes it', async () => {
  const { streams, reply } = topicServer();
  const client = webClient(reply);
  const first: unknown[] = [];
  const second: unknown[] = [];
  const endFirst = client.subscribe('jobs', (state) => first.push(state));
  const endLibrary = client.subscribe('library', () => {});
  const [stream] = streams;
  assert.ok(stream !== undefined && streams.length === 1);
  assert.equal(stream.url, '/topics/jobs,library,catalogs,requests');
  assert.equal(stream.headers[SESSION_HEADER], secret);
  const events = 'retry: 1000\n\n:\n\nevent: jobs\ndata: {"jobs":[]}\n\nevent: other\ndata: {}\n\n';
  await settled();
  stream.push(events);
  await settled();
  const endSecond = client.subscribe('jobs', (state) => second.push(state));
  assert.deepEqual([first, second], [[{ jobs: [] }], [{ jobs: [] }]]);
  endFirst();
  stream.push(events);
  await settled();
  assert.deepEqual([first.length, second.length], [1, 2]);
  endSecond();
  assert.equal(stream.isLeft, false);
  endLibrary();
  await settled();
  assert.equal(stream.isLeft, true);
});

test('a state that arrives in pieces, split within characters, is joined', async () => {
  const { streams, reply } = topicServer();
  const states: unknown[] = [];
  webClient(reply).subscribe('jobs', (state) => states.push(state));
  await settled();
  for (const byte of Buffer.from('event: jobs\ndata: {"jobs":["ü中😀"]}\n\n')) streams[0]?.push(Uint8Array.of(byte));
  await settled();
  await settled();
  assert.deepEqual(states, [{ jobs: ['ü中😀'] }]);
});

test('the client reconnects when a stream ends or is refused, and notifies the page', async () => {
  const { streams, reply } = topicServer();
  const heard: boolean[] = [];
  const waits: (() => void)[] = [];
  let refuses = false;
  const client = webClient((url, init) => (refuses ? Promise.resolve(new Response('{}', { status: 401 })) : reply(url, init)), {
    onConnection: (connected) => heard.push(connected),
    wait: () => new Promise((resolve) => waits.push(resolve)),
  });
  const end = client.subscribe('jobs', () => {});
  await settled();
  refuses = true;
  streams[0]?.end();
  await settled();
  waits.pop()?.();
  await settled();
  refuses = false;
  waits.pop()?.();
  await settled();
  assert.deepEqual(heard, [true, false, false, true]);
  end();
  await settled();
  assert.deepEqual([waits.length, streams.length], [0, 2]);
});
