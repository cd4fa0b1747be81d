import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { Socket } from 'node:net';
import path from 'node:path';
import { Readable } from 'node:stream';
import test from 'node:test';
import type { FileGrant } from '#contract';
import { PROCESS_MARK, processBegan } from '#files';
import { createUploads } from '#web';
import { fakeHost } from '../support/fake-services.ts';
import { until } from '../support/waiting.ts';
import { envelopeOf, type Reply, send, startFakeWeb } from '../support/web-client.ts';
import { testFolder } from '../support/workbench.ts';

type Web = Awaited<ReturnType<typeof startFakeWeb>>;
type Headers = Awaited<ReturnType<Web['signIn']>>;

function codeOf(reply: Reply): string {
  const envelope = envelopeOf(reply);
  return envelope.ok ? 'ok' : envelope.error.code;
}

async function expectUpload(web: Web, headers: Headers, sizeBytes: number): Promise<string> {
  const envelope = envelopeOf(await web.call('files.expect', { name: 'image.tar', sizeBytes }, headers));
  assert.ok(envelope.ok);
  return (envelope.value as FileGrant).grant;
}

function put(web: Web, headers: Headers, grant: string, body: Buffer, more: Record<string, string> = {}): Promise<Reply> {
  const all = { ...headers, 'content-type': 'application/octet-stream', ...more };
  return send(web.port, { method: 'PUT', path: `/uploads/${grant}`, headers: all, body });
}

test('an upload is opened by its grant, and removed when released', async () => {
  await using web = await startFakeWeb();
  const headers = await web.signIn();
  const body = Buffer.alloc(200_000, 'layer');
  const grant = await expectUpload(web, headers, body.length);
  assert.equal(codeOf(await web.call('archive.open', { grant }, headers)), 'FORBIDDEN'); // not uploaded yet
  assert.equal(codeOf(await put(web, headers, grant, body)), 'ok');
  assert.equal(codeOf(await web.call('archive.open', { grant }, headers)), 'ok');
  const [opened] = web.library.opened;
  assert.equal(opened?.title, 'image.tar');
  assert.deepEqual(await readFile(opened?.path ?? ''), body);
  await opened?.release?.();
  assert.deepEqual(await web.uploaded(), []);
});

test('an upload longer than announced is refused and leaves nothing behind', async () => {
  await using web = await startFakeWeb();
  const headers = await web.signIn();
  const announced = await expectUpload(web, headers, 1_000);
  assert.equal(codeOf(await put(web, headers, announced, Buffer.alloc(1_001))), 'TOO_LARGE');
  const chunked = await expectUpload(web, headers, 1_000);
  assert.equal(codeOf(await put(web, headers, chunked, Buffer.alloc(5_000), { 'transfer-encoding': 'chunked' })), 'TOO_LARGE');
  assert.deepEqual(await web.uploaded(), []);
  assert.equal(codeOf(await web.call('archive.open', { grant: chunked }, headers)), 'FORBIDDEN');
});

test('an upload shorter than announced is refused and leaves nothing behind', async () => {
  await using web = await startFakeWeb();
  const headers = await web.signIn();
  const grant = await expectUpload(web, headers, 1_000);
  assert.equal(codeOf(await put(web, headers, grant, Buffer.alloc(999))), 'BAD_REQUEST');
  assert.deepEqual(await web.uploaded(), []);
});

test('an interrupted upload leaves nothing behind', async () => {
  await using web = await startFakeWeb();
  const headers = await web.signIn();
  const grant = await expectUpload(web, headers, 1_000_000);
  const sent = request({
    host: '127.0.0.1',
    port: web.port,
    method: 'PUT',
    path: `/uploads/${grant}`,
    headers: { ...headers, 'content-type': 'application/octet-stream', 'content-length': 1_000_000 },
  });
  sent.on('error', () => {}); // destroyed below
  sent.write(Buffer.alloc(100_000));
  await until(async () => (await web.uploaded()).length > 0, 'the upload has begun');
  sent.destroy();
  await until(async () => (await web.uploaded()).length === 0, 'the upload is removed');
  assert.equal(codeOf(await web.call('archive.open', { grant }, headers)), 'FORBIDDEN');
});

test('a grant accepts one upload, from its own session, of the right type', async () => {
  await using web = await startFakeWeb();
  const [owner, thief] = [await web.signIn(), await web.signIn()];
  const grant = await expectUpload(web, owner, 3);
  assert.equal(codeOf(await put(web, thief, grant, Buffer.from('abc'))), 'FORBIDDEN');
  assert.equal(codeOf(await put(web, owner, grant, Buffer.from('abc'), { 'content-type': 'application/json' })), 'BAD_REQUEST');
  assert.equal(codeOf(await put(web, owner, grant, Buffer.from('abc'), { 'content-encoding': 'gzip' })), 'BAD_REQUEST');
  assert.equal(codeOf(await put(web, owner, grant, Buffer.from('abc'))), 'ok');
  assert.equal(codeOf(await put(web, owner, grant, Buffer.from('abc'))), 'FORBIDDEN');
  for (const other of ['..', 'a/b', '%2e%2e', 'f'.repeat(32), ''])
    assert.notEqual(codeOf(await put(web, owner, other, Buffer.from('abc'))), 'ok');
});

test('an upload too large for the disk is refused before it starts', async () => {
  await using web = await startFakeWeb();
  const reply = await web.call('files.expect', { name: 'image.tar', sizeBytes: 2 ** 52 }, await web.signIn());
  assert.equal(codeOf(reply), 'TOO_LARGE');
});

test('an empty file can be uploaded', async () => {
  await using web = await startFakeWeb();
  const headers = await web.signIn();
  assert.equal(codeOf(await put(web, headers, await expectUpload(web, headers, 0), Buffer.alloc(0))), 'ok');
});

test('closing the host removes unopened uploads', async () => {
  const web = await startFakeWeb();
  const headers = await web.signIn();
  await put(web, headers, await expectUpload(web, headers, 3), Buffer.from('abc'));
  assert.equal((await web.uploaded()).length, 1);
  await web[Symbol.asyncDispose]();
  await assert.rejects(web.uploaded(), { code: 'ENOENT' });
});

test('a killed server’s folder is removed by the next server that needs one; a running server’s stays', async (t) => {
  const under = testFolder(t);
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
  await once(child, 'spawn');
  const place = PROCESS_MARK.split('-')[2];
  const dead = `layerscope-uploads-${child.pid}-${processBegan(child.pid as number) ?? '0'}-${place}-AAAAAA`;
  child.kill('SIGKILL');
  await once(child, 'exit');
  const living = `layerscope-uploads-${process.ppid}-${processBegan(process.ppid) ?? '0'}-${place}-BBBBBB`;
  for (const name of [dead, living, 'layerscope-uploads-mine']) {
    mkdirSync(path.join(under, name));
    writeFileSync(path.join(under, name, 'upload'), 'x');
  }
  const fake = fakeHost({});
  const sender = fake.host.admit();
  await using uploads = createUploads({ grants: fake.host.grants, under });
  const { grant } = await uploads.expect(sender, { name: 'a', sizeBytes: 1 });
  const request = Object.assign(Readable.from([Buffer.from('a')]), { headers: { 'content-type': 'application/octet-stream' } });
  await uploads.receive(sender, grant, Object.assign(request, { socket: new Socket() }) as unknown as IncomingMessage);
  assert.deepEqual(
    readdirSync(under)
      .filter((name) => !name.includes(`-${process.pid}-`))
      .sort(),
    [living, 'layerscope-uploads-mine'].sort(),
  );
});
