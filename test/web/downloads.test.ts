import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import type { ExportStarted } from '#contract';
import { sendDownload } from '../../src/web/replies.ts';
import { listen } from '../support/registry.ts';
import { envelopeOf, send, startFakeWeb } from '../support/web-client.ts';

const image = { archiveId: 'a1', image: 0 };
const side = { ...image, layer: 0 };

async function start(web: Awaited<ReturnType<typeof startFakeWeb>>, headers: Record<string, string>, input: object): Promise<string> {
  const envelope = envelopeOf(await web.call('export.start', input, headers));
  assert.ok(envelope.ok);
  return `/downloads/${(envelope.value as ExportStarted).download}`;
}

test('a download works once, as a file to save, for anyone who knows its name', async () => {
  await using web = await startFakeWeb();
  const path = await start(web, await web.signIn(), { what: 'entry', ...side, pathHex: '61' });
  for (const [headers, status] of [
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ 'sec-fetch-site': 'same-site' }, 403],
    [{ host: 'evil.example' }, 421],
    [{ origin: 'http://evil.example' }, 403],
  ] as const) {
    assert.equal((await send(web.port, { path, headers })).status, status);
  }
  const reply = await send(web.port, { path, headers: { 'sec-fetch-site': 'same-origin' } });
  assert.equal(reply.status, 200);
  assert.equal(reply.body.toString(), 'exported');
  assert.equal(reply.headers['content-disposition'], "attachment; filename*=UTF-8''a%20%27name%27.tar");
  assert.equal(reply.headers['content-type'], 'application/octet-stream');
  assert.equal(reply.headers['content-length'], '8');
  assert.equal(reply.headers['x-content-type-options'], 'nosniff');
  assert.equal((await send(web.port, { path })).status, 400);
  for (const odd of ['/downloads/', '/downloads/x', `/downloads/${'f'.repeat(32)}`, '/downloads/toString']) {
    assert.equal((await send(web.port, { path: odd })).status, 400);
  }
});

test('a read error before the first byte is reported, and a later one closes the connection', async () => {
  await using web = await startFakeWeb();
  const headers = await web.signIn();
  const report = await start(web, headers, { what: 'report', archiveId: 'a1' });
  const refused = await send(web.port, { path: report });
  assert.equal(refused.status, 400);
  assert.deepEqual(envelopeOf(refused), { ok: false, error: { code: 'DAMAGED', message: 'the layer is damaged' } });
  const half = await start(web, headers, { what: 'comparison', a: side, b: side });
  await assert.rejects(send(web.port, { path: half }), { code: 'ECONNRESET' });
});

test('a name that ends in a lone surrogate is sent with a replacement character, and the file is complete', async (t) => {
  const server = createServer((_request, response) => {
    void sendDownload(response, {
      name: 'a\ud835',
      totalBytes: 2,
      leftOut: 0,
      async *bytes() {
        yield Buffer.from('hi');
      },
    }).catch(() => response.destroy());
  });
  await listen(t, server);
  const { headers, body } = await send((server.address() as AddressInfo).port, { path: '/' });
  assert.equal(headers['content-disposition'], "attachment; filename*=UTF-8''a%EF%BF%BD");
  assert.equal(body.toString(), 'hi');
});
