import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { CONTENT_SECURITY_POLICY, SESSION_HEADER } from '#contract';

let folder: string;
let dev: ChildProcess;
let origin: string;
let token: string;

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'layerscope-dev-'));
  dev = spawn(process.execPath, [path.join(import.meta.dirname, '..', '..', 'scripts', 'dev.ts'), '--web'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, XDG_CACHE_HOME: folder, XDG_DATA_HOME: folder },
  });
  assert.ok(dev.stdout);
  for await (const line of createInterface({ input: dev.stdout })) {
    const found = /^(http:\/\/127\.0\.0\.1:\d+)\/#token=([0-9a-f]+)$/.exec(line);
    if (found === null) continue;
    [, origin = '', token = ''] = found;
    break;
  }
  dev.stdout.resume();
});

after(async () => {
  if (dev.exitCode === null && dev.signalCode === null) {
    const ended = once(dev, 'exit');
    dev.kill();
    await ended;
  }
  await rm(folder, { recursive: true, force: true });
});

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly policy: string;
}

function ask(method: string, address: string, headers: Record<string, string> = {}, body?: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const asked = request(`${origin}${address}`, { method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text, policy: String(response.headers['content-security-policy']) }),
      );
    });
    asked.on('error', reject).end(body);
  });
}

const json = (headers: Record<string, string>): Record<string, string> => ({ 'content-type': 'application/json', ...headers });

test('the page has the product’s policy, relaxed only by a nonce and for Vite’s socket', async () => {
  const { status, text, policy } = await ask('GET', '/');
  assert.equal(status, 200);
  const nonce = / 'nonce-([^']+)'/.exec(policy)?.[1] ?? '';
  assert.ok(nonce.length >= 22);
  assert.equal(policy.replaceAll(` 'nonce-${nonce}'`, '').replace(` ws${origin.slice(4)}`, ''), CONTENT_SECURITY_POLICY);
  for (const [tag] of text.matchAll(/<script[^>]*>/g)) assert.ok(tag.includes(`nonce="${nonce}"`), tag);
});

test('the host behind the page still requires a session, and accepts its token once', async () => {
  assert.equal((await ask('POST', '/call/app.info', json({ origin }), '{}')).status, 401);
  const exchanged = await ask('POST', '/session', json({ origin }), JSON.stringify({ token }));
  assert.equal(exchanged.status, 200);
  assert.equal((await ask('POST', '/session', json({ origin }), JSON.stringify({ token }))).status, 403);
  const { secret } = (JSON.parse(exchanged.text) as { value: { secret: string } }).value;
  assert.equal((await ask('POST', '/call/app.info', json({ origin, [SESSION_HEADER]: secret }), '{}')).status, 200);
});

test('other pages, and other names for this address, are refused', async () => {
  for (const other of ['http://127.0.0.1:1', 'http://example.org', 'null']) {
    const { status, text } = await ask('POST', '/call/app.info', json({ origin: other }), '{}');
    assert.equal(status, 403, other);
    assert.match(text, /comes from another page/);
  }
  const bent = { host: 'example.org', origin: 'http://example.org' };
  assert.equal((await ask('POST', '/call/app.info', json(bent), '{}')).status, 403);
  assert.equal((await ask('GET', '/', { host: 'example.org' })).status, 403);
});

test('files that don’t belong to the page are not served', async () => {
  const root = path.dirname(path.dirname(import.meta.dirname));
  for (const file of ['package.json', 'scripts/dev.ts'])
    assert.notEqual((await ask('GET', `/@fs${path.join(root, file)}`)).status, 200, file);
});

test('SIGTERM ends the server and its host', { timeout: 60_000 }, async () => {
  // Both processes write to the same pipe, which closes when the last of them ends.
  const closed = once(dev, 'close');
  dev.kill('SIGTERM');
  await closed;
});
