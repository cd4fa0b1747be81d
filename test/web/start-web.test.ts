import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Client, createWebClient, type Job, SESSION_HEADER, type UploadRequest } from '#contract';
import { rowPath } from '#model';
import type { ImageSource } from '#source';
import { startWeb, type Web } from '#web';
import { hasCode } from '../support/asserts.ts';
import { dockerArchive } from '../support/docker-archive.ts';
import { file, tar } from '../support/tar-builder.ts';
import { send } from '../support/web-client.ts';

const image = dockerArchive({ name: 'web:1', layers: [tar(file('a', 'one')), tar(file('a', 'three'), file('b', ''))] });

/** Creates a source that has an archive under every name. */
function sourceOf(archive: string): ImageSource {
  return {
    kind: 'docker',
    engine: 'docker',
    place: '/folder',
    answers: () => true,
    list: async () => [],
    platforms: async () => [],
    open: (_word, { reader }) => reader.open(archive),
  };
}

/** Starts the complete program, like `serve`, in a separate folder. */
async function startAll(options: { files?: (folder: string) => string[]; sample?: boolean; names?: string[] } = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), 'layerscope-test-'));
  await writeFile(path.join(folder, 'index.html'), '<title>the window</title>');
  await writeFile(path.join(folder, 'image.tar'), image);
  const web = await startWeb({
    files: options.files?.(folder) ?? [],
    ...(options.names === undefined ? {} : { names: options.names, findSources: () => [sourceOf(path.join(folder, 'image.tar'))] }),
    rendererFolder: folder,
    sampleFile: options.sample ? path.join(folder, 'image.tar') : path.join(folder, 'nothing.tar'),
    version: '1.2.3',
    cacheFolder: null,
    storeHome: path.join(folder, 'store'),
    workers: 0,
    temporaryFolder: folder,
  });
  return {
    web,
    folder,
    async [Symbol.asyncDispose]() {
      await web.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Creates the page's client, with Node's counterparts of browser APIs. */
async function signIn({ port, url }: Web): Promise<{ client: Client; end(): void }> {
  const origin = `http://127.0.0.1:${port}`;
  const token = new URLSearchParams(new URL(url).hash.slice(1)).get('token');
  const session = await fetch(`${origin}/session`, {
    method: 'POST',
    headers: { origin, 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  const { value } = (await session.json()) as { value: { secret: string } };
  const headers = { origin, [SESSION_HEADER]: value.secret };
  const streams = new AbortController();

  class Upload implements UploadRequest {
    readonly upload = { addEventListener: () => {} };
    responseText = '';
    #address = '';
    readonly #listeners = new Map<string, () => void>();
    open(_method: string, address: string): void {
      this.#address = address;
    }
    setRequestHeader(): void {}
    addEventListener(type: string, listener: () => void): void {
      this.#listeners.set(type, listener);
    }
    abort(): void {}
    send(body: { bytes: Uint8Array }): void {
      const all = { ...headers, 'content-type': 'application/octet-stream' };
      void send(port, { method: 'PUT', path: this.#address, headers: all, body: Buffer.from(body.bytes) }).then((reply) => {
        this.responseText = reply.body.toString();
        this.#listeners.get('load')?.();
      });
    }
  }

  const client = createWebClient({
    secret: value.secret,
    fetch: (address, init) => fetch(origin + address, { ...init, headers: { ...headers, ...init.headers }, signal: streams.signal }),
    wait: (milliseconds) => delay(milliseconds, undefined, { ref: false }),
    XMLHttpRequest: Upload,
  });
  return { client, end: () => streams.abort() };
}

function whenEnded(client: Client, jobId: string): Promise<Job> {
  return new Promise((resolve) => {
    const end = client.subscribe('jobs', ({ jobs }) => {
      const job = jobs.find((each) => each.jobId === jobId);
      if (job === undefined || job.state === 'queued' || job.state === 'running') return;
      setTimeout(() => end());
      resolve(job);
    });
  });
}

test('a file dropped on the page is opened, read, and removed when its archive is closed', async () => {
  await using it = await startAll();
  const { client, end } = await signIn(it.web);
  const { grant, name } = await client.grantFile({ name: 'dropped.tar', size: image.length, bytes: image });
  assert.equal(name, 'dropped.tar');
  const { jobId } = await client.call('archive.open', { grant });
  const { state, archiveId } = await whenEnded(client, jobId);
  assert.equal(state, 'done');
  const ref = { archiveId: archiveId ?? '', image: 0 };
  const { title, images } = await client.call('archive.summary', { archiveId: ref.archiveId });
  assert.deepEqual([title, images[0]?.names, images[0]?.loaded], ['dropped.tar', ['web:1'], true]);
  const { rows } = await client.call('image.changes', { ...ref, from: 1, to: 1, start: 0, count: 10 });
  assert.deepEqual([Buffer.from(rowPath(rows, 0)).toString(), Buffer.from(rowPath(rows, 1)).toString()], ['a', 'b']);
  const content = await client.call('entry.content', { ...ref, layer: 1, pathHex: '61', offset: 1, length: 3 });
  assert.deepEqual([content.totalBytes, Buffer.from(content.bytes).toString()], [5, 'hre']);
  const raw = await client.call('entry.raw', { ...ref, layer: 0, pathHex: '61' });
  assert.equal(raw.bytes.length, 512);
  await client.call('archive.close', { archiveId: ref.archiveId });
  const [uploads] = (await readdir(it.folder)).filter((each) => each.startsWith('layerscope-uploads-'));
  assert.deepEqual(await readdir(path.join(it.folder, uploads ?? '')), []);
  end();
  await it.web.close();
  assert.deepEqual((await readdir(it.folder)).sort(), ['image.tar', 'index.html']);
});

test('files given at startup are opened, and a missing one is a failed job', async () => {
  await using it = await startAll({ files: (folder) => [path.join(folder, 'image.tar'), path.join(folder, 'missing.tar')] });
  const { client, end } = await signIn(it.web);
  assert.equal((await whenEnded(client, 'j1')).state, 'done');
  const missing = await whenEnded(client, 'j2');
  assert.deepEqual([missing.state, missing.title, missing.error?.code], ['failed', 'missing.tar', 'NOT_FOUND']);
  end();
});

test('images named at startup are opened, and the page knows that it can open more', async () => {
  await using it = await startAll({ names: ['docker:web:1'] });
  const { client, end } = await signIn(it.web);
  const job = await whenEnded(client, 'j1');
  assert.deepEqual([job.state, job.title], ['done', 'docker:web:1']);
  assert.equal((await client.call('app.info', {})).opensNames, true);
  end();
});

test('the sample can be opened if it is installed', async () => {
  await using it = await startAll({ sample: true });
  const { client, end } = await signIn(it.web);
  const { elevated, ...info } = await client.call('app.info', {});
  assert.deepEqual(info, { version: '1.2.3', host: 'web', system: process.platform, sample: 'image.tar', opensNames: false });
  assert.equal(elevated, process.getuid?.() === 0);
  const { grant } = await client.call('app.sample', {});
  const { jobId } = await client.call('archive.open', { grant });
  assert.equal((await whenEnded(client, jobId)).state, 'done');
  end();
  await using without = await startAll();
  assert.equal((await (await signIn(without.web)).client.call('app.info', {})).sample, null);
});

test('without a built window, or if the port is taken, starting fails and leaves nothing behind', async () => {
  await using it = await startAll();
  const common = { sampleFile: null, version: '1', cacheFolder: null, storeHome: null, workers: 0, temporaryFolder: it.folder };
  await assert.rejects(startWeb({ ...common, rendererFolder: path.join(it.folder, 'nothing') }), hasCode('NOT_FOUND'));
  await assert.rejects(startWeb({ ...common, rendererFolder: it.folder, port: it.web.port }), hasCode('IO'));
  assert.deepEqual((await readdir(it.folder)).sort(), ['image.tar', 'index.html']);
});

for (const form of ['stored', 'plain', 'gzip', 'zstd'] as const) {
  test(`a download that the browser aborts at once lets its archive be closed: ${form}`, async () => {
    await using it = await startAll();
    const { client, end } = await signIn(it.web);
    const bytes = dockerArchive({ name: 'big:1', layers: [tar(file('noise', randomBytes(8_000_000)))] });
    const { grant } = await client.grantFile({ name: 'big.tar', size: bytes.length, bytes });
    const { archiveId } = await whenEnded(client, (await client.call('archive.open', { grant })).jobId);
    const ref = { archiveId: archiveId ?? '', image: 0 };
    for (let i = 0; i < 5; i++) {
      const { download } = await client.call('export.start', { what: 'layer', form, ...ref, layer: 0 });
      const socket = connect(it.web.port, '127.0.0.1');
      socket.on('error', () => {});
      await once(socket, 'connect');
      socket.write(`GET /downloads/${download} HTTP/1.1\r\nHost: 127.0.0.1:${it.web.port}\r\n\r\n`);
      if (i > 2) await once(socket, 'data');
      socket.resetAndDestroy();
    }
    await client.call('archive.close', { archiveId: ref.archiveId });
    end();
  });
}
