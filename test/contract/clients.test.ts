import assert from 'node:assert/strict';
import test from 'node:test';
import {
  createClient,
  createElectronClient,
  createWebClient,
  encodeWire,
  type Transport,
  type UploadRequest,
  type WebRequest,
} from '#contract';
import { LayerscopeError } from '#model';

const hasCode =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof LayerscopeError && error.code === code;

function clientThatAnswers(answer: unknown) {
  const transport: Transport = {
    request: async () => answer,
    subscribe: () => () => {},
    grantFile: async () => ({ grant: '', name: '' }),
  };
  return createClient(transport);
}

test('a call gives the value of the envelope', async () => {
  assert.deepEqual(await clientThatAnswers({ ok: true, value: { jobId: 'j1' } }).call('image.load', { archiveId: 'a1', image: 0 }), {
    jobId: 'j1',
  });
});

test('a call fails with the code of the envelope, and with INTERNAL where it is none of ours', async () => {
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

test('an aborted call ends at once, and listens no more', async () => {
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

test('the Electron client hands files to the preload and opens its envelope', async () => {
  const client = createElectronClient({
    request: async (name, input) => ({ ok: true, value: { name, input } }),
    subscribe: () => () => {},
    grantDropped: async (file) =>
      file === 'file' ? { ok: true, value: { grant: 'g', name: 'n' } } : { ok: false, error: { code: 'BAD_REQUEST', message: 'no path' } },
  });
  assert.deepEqual(await client.grantFile('file'), { grant: 'g', name: 'n' });
  await assert.rejects(client.grantFile('other'), hasCode('BAD_REQUEST'));
  assert.deepEqual(await client.call('app.info', {}), { name: 'app.info', input: {} });
});

class FakeSource {
  static made: FakeSource[] = [];
  readonly listeners = new Map<string, (event: never) => void>();
  readonly url: string;
  isClosed = false;
  constructor(url: string) {
    this.url = url;
    FakeSource.made.push(this);
  }
  addEventListener(type: string, listener: (event: never) => void): void {
    this.listeners.set(type, listener);
  }
  close(): void {
    this.isClosed = true;
  }
  tell(type: string, state: unknown): void {
    this.listeners.get(type)?.({ data: JSON.stringify(state) } as never);
  }
}

class NoUpload implements UploadRequest {
  readonly upload = { addEventListener: () => {} };
  readonly responseText = '';
  open(): void {}
  setRequestHeader(): void {}
  addEventListener(): void {}
  send(): void {}
  abort(): void {}
}

function webClient(reply: (url: string, init: WebRequest) => Promise<Response>) {
  return createWebClient({ fetch: reply, EventSource: FakeSource, XMLHttpRequest: NoUpload });
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
  assert.deepEqual(asked[0], ['/call/app.info', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }]);
});

test('a host that does not answer is an error of code IO', async () => {
  const client = webClient(async () => {
    throw new TypeError('fetch failed');
  });
  await assert.rejects(client.call('app.info', {}), hasCode('IO'));
});

test('all topics share one stream, late listeners get the latest state, and the last one to go closes it', () => {
  FakeSource.made = [];
  const client = webClient(async () => new Response());
  const first: unknown[] = [];
  const second: unknown[] = [];
  const endFirst = client.subscribe('jobs', (state) => first.push(state));
  const endLibrary = client.subscribe('library', () => {});
  const [source] = FakeSource.made;
  assert.equal(FakeSource.made.length, 1);
  assert.equal(source?.url, '/topics/jobs,library,requests');
  source?.tell('jobs', { jobs: [] });
  const endSecond = client.subscribe('jobs', (state) => second.push(state));
  assert.deepEqual([first, second], [[{ jobs: [] }], [{ jobs: [] }]]);
  endFirst();
  source?.tell('jobs', { jobs: [] });
  assert.deepEqual([first.length, second.length], [1, 2]);
  endSecond();
  assert.equal(source?.isClosed, false);
  endLibrary();
  assert.equal(source?.isClosed, true);
});
