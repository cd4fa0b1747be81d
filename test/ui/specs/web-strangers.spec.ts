// A page of another program, on this machine or the network, can do nothing to the loopback host from the user's own browser.
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { BrowserContext, Page } from '@playwright/test';
import { dockerArchive, WEB_API } from '../support/images.ts';
import { expect, type LayerscopeWindow, test } from '../support/window.ts';

const executablePath = process.env.LAYERSCOPE_CHROMIUM;

// Names that resolve to this machine, as an attacker's name server could arrange.
test.use({
  launchOptions: {
    chromiumSandbox: process.getuid?.() !== 0,
    args: ['--host-resolver-rules=MAP *.example 127.0.0.1'],
    ...(executablePath === undefined ? {} : { executablePath }),
  },
  startWith: { 'web-api.tar': dockerArchive(WEB_API, { name: 'web-api:1.4' }) },
});

/** Starts another program's server on this machine, which records everything sent to it. */
async function startStranger(): Promise<{ server: Server; port: number; heard: string[] }> {
  const heard: string[] = [];
  const server = createServer((request, response) => {
    heard.push(`${request.url} ${JSON.stringify(request.headers)}`);
    response.end('<title>a stranger</title>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port, heard };
}

/** Checks that the user's window still works and shows the same image. */
async function expectAtWork({ page }: LayerscopeWindow): Promise<void> {
  await page.reload();
  await expect(page.getByRole('treegrid', { name: 'Files' })).toBeVisible();
  await expect(page.getByText('web-api:1.4').first()).toBeVisible();
}

function contextOf(win: LayerscopeWindow): BrowserContext {
  return win.page.context();
}

/** Tries everything that a script can do without the secret, and returns the results. */
async function attack(page: Page, target: string): Promise<Record<string, string>> {
  return page.evaluate(async (host) => {
    const results: Record<string, string> = {};
    const tried = async (what: string, work: () => Promise<unknown>): Promise<void> => {
      const late = new Promise((resolve) => setTimeout(() => resolve('nothing came'), 3_000));
      try {
        results[what] = String(await Promise.race([work(), late]));
      } catch (error) {
        results[what] = `refused: ${(error as Error).name}`;
      }
    };
    const status = async (path: string, init: RequestInit = {}): Promise<string> => {
      const reply = await fetch(host + path, { credentials: 'include', ...init });
      return reply.type === 'opaque' ? 'opaque' : `${reply.status} ${await reply.text()}`;
    };
    const json = { 'content-type': 'application/json' };
    const guess = { 'x-layerscope-session': '0'.repeat(64) };
    const plain = { method: 'POST', body: '{"archiveId":"a1"}', headers: { 'content-type': 'text/plain' } };
    for (const path of ['/', '/session', '/topics/jobs,library,requests', `/downloads/${'0'.repeat(32)}`, '/icon.svg']) {
      await tried(`GET ${path}`, () => status(path));
      await tried(`GET ${path}, unread`, () => status(path, { mode: 'no-cors' }));
    }
    for (const path of ['/call/app.info', '/call/archive.close', '/session']) {
      await tried(`POST ${path}`, () => status(path, { method: 'POST', body: '{}', headers: json }));
      await tried(`POST ${path}, a guess`, () => status(path, { method: 'POST', body: '{}', headers: { ...json, ...guess } }));
      await tried(`POST ${path}, as a form`, () => status(path, plain));
      await tried(`POST ${path}, as a form, unread`, () => status(path, { ...plain, mode: 'no-cors' }));
      await tried(`beacon ${path}`, async () => navigator.sendBeacon(host + path, '{"archiveId":"a1"}') && 'sent');
    }
    await tried('PUT', () => status(`/uploads/${'0'.repeat(32)}`, { method: 'PUT', body: 'x' }));
    await tried('EventSource', () => {
      const source = new EventSource(`${host}/topics/jobs`, { withCredentials: true });
      return new Promise((resolve, reject) => {
        source.onopen = () => resolve('open');
        source.onerror = () => {
          source.close();
          reject(new Error('error'));
        };
      });
    });
    for (const path of ['/', '/topics/jobs', '/call/app.info'])
      await tried(`WebSocket ${path}`, () => {
        const socket = new WebSocket(host.replace('http', 'ws') + path);
        return new Promise((resolve, reject) => {
          socket.onopen = () => resolve('open');
          socket.onerror = () => reject(new Error('error'));
        });
      });
    await tried('asking its tabs', () => {
      const channel = new BroadcastChannel('layerscope-session');
      channel.postMessage('who has a session?');
      return new Promise((resolve) => {
        channel.onmessage = ({ data }) => resolve(JSON.stringify(data));
      });
    });
    await tried('what is kept', async () => JSON.stringify({ ...sessionStorage, ...localStorage, cookie: document.cookie }));
    await tried('a script of it', () => {
      const script = document.createElement('script');
      script.src = `${host}/assets/index.js`;
      document.body.append(script);
      return new Promise((resolve, reject) => {
        script.onload = () => resolve('ran');
        script.onerror = () => reject(new Error('error'));
      });
    });
    return results;
  }, target);
}

for (const name of ['127.0.0.1', 'localhost', 'evil.example']) {
  test(`a page of another program, at ${name}, gets nothing from the host and changes nothing`, async ({ win }) => {
    await expectAtWork(win);
    const target = new URL(win.page.url()).origin;
    const stranger = await startStranger();
    const page = await contextOf(win).newPage();
    await page.goto(`http://${name}:${stranger.port}/`);
    const results = await attack(page, target);
    for (const [what, result] of Object.entries(results)) {
      expect(result, what).toMatch(/^(refused|opaque$|sent$|nothing came$|\{"cookie":""\}$)/);
      if (!/unread|beacon|tabs|kept/.test(what)) expect(result, what).toMatch(/^refused/);
    }
    expect(stranger.heard.join('\n')).not.toMatch(/[0-9a-f]{64}|layerscope/);

    await page.close();
    stranger.server.close();
    await expectAtWork(win);
  });

  test(`a page of another program, at ${name}, can’t frame the window or control one that it opens`, async ({ win }) => {
    await expectAtWork(win);
    const target = new URL(win.page.url()).origin;
    const stranger = await startStranger();
    const page = await contextOf(win).newPage();
    await page.goto(`http://${name}:${stranger.port}/`);
    await page.evaluate((host) => {
      for (const path of ['/', '/no-session', '/session']) {
        const frame = document.createElement('iframe');
        frame.src = host + path;
        document.body.append(frame);
      }
      for (const path of ['/session', '/call/archive.close']) {
        const frame = document.createElement('iframe');
        frame.name = path;
        const form = document.createElement('form');
        Object.assign(form, { method: 'POST', enctype: 'text/plain', action: host + path, target: path });
        const field = document.createElement('input');
        Object.assign(field, { name: '{"archiveId":"a1","x":"', value: '"}' });
        form.append(field);
        document.body.append(frame, form);
        form.submit();
      }
    }, target);
    await expect.poll(() => page.frames().length).toBe(6);
    for (const frame of page.frames().slice(1)) {
      await expect.poll(() => frame.evaluate(() => document.querySelector('#root, #state, main') === null)).toBe(true);
      await expect.poll(() => frame.url()).not.toBe('about:blank');
      expect(await frame.evaluate(() => window.origin)).not.toBe(target);
    }

    const [popup, seen] = await Promise.all([
      contextOf(win).waitForEvent('page'),
      page.evaluate(async (host) => {
        const opened = window.open(`${host}/#token=${'0'.repeat(64)}`);
        const look = (): string => {
          try {
            return opened === null || opened.closed ? 'cut off' : String(opened.document.body.innerHTML);
          } catch (error) {
            return (error as Error).name;
          }
        };
        for (let i = 0; i < 40 && look() !== 'cut off' && look() !== 'SecurityError'; i++)
          await new Promise((resolve) => setTimeout(resolve, 50));
        opened?.postMessage({ secret: '1' }, '*');
        return look();
      }, target),
    ]);
    expect(seen).toMatch(/cut off|SecurityError/);
    await expect(popup.getByText('to get a new address')).toBeVisible();
    expect(await popup.evaluate(() => window.opener)).toBe(null);
    expect(await popup.evaluate(() => window.location.hash)).not.toContain('token');
    await popup.close();
    await page.close();
    stranger.server.close();
    await expectAtWork(win);
  });
}

/** Duplicates the tab like the browser's own command, with its storage. */
async function duplicateOf(win: LayerscopeWindow): Promise<Page> {
  const [page] = await Promise.all([contextOf(win).waitForEvent('page'), win.page.evaluate(() => void window.open(window.location.href))]);
  return page;
}

test('a DNS name rebound to this address doesn’t give access', async ({ win }) => {
  await expectAtWork(win);
  const { port } = new URL(win.page.url());
  const page = await contextOf(win).newPage();
  for (const host of ['evil.example', '127.0.0.1.evil.example', 'localhost.example']) {
    const reply = await page.goto(`http://${host}:${port}/`);
    expect(reply?.status()).toBe(421);
    expect(await page.evaluate(() => fetch('/session').then(({ status }) => status))).toBe(421);
  }
  await page.close();
});

test('reloads and duplicated tabs work; another tab, another browser, an old address and a made-up token do not', async ({
  win,
  chromium,
}) => {
  await expectAtWork(win);
  const { origin, href } = new URL(win.page.url());
  expect(await contextOf(win).cookies()).toEqual([]);
  expect(href).not.toContain('token');
  const second = await duplicateOf(win);
  await expect(second.getByText('web-api:1.4').first()).toBeVisible();
  await second.reload();
  await expect(second.getByText('web-api:1.4').first()).toBeVisible();
  await second.goto(`${origin}/#token=${'0'.repeat(64)}`);
  await expect(second.getByText('web-api:1.4').first()).toBeVisible();

  // A page of this origin may belong to another program that had the same port before: that page gets nothing, whatever it requests.
  const left = await contextOf(win).newPage();
  await left.goto(`${origin}/session.css`);
  const answer = await left.evaluate(() => {
    const channel = new BroadcastChannel('layerscope-session');
    channel.postMessage('who has a session?');
    return new Promise((resolve) => {
      channel.onmessage = ({ data }) => resolve(data);
      setTimeout(() => resolve('nothing'), 500);
    });
  });
  expect(answer).toBe('nothing');
  await left.goto(`${origin}/`);
  await expect(left.getByText('to get a new address')).toBeVisible();

  const other = await chromium?.newContext();
  if (other === undefined) throw new Error('no browser');
  const stranger = await other.newPage();
  for (const address of [`${origin}/`, `${origin}/#token=${'0'.repeat(64)}`]) {
    await stranger.goto(address);
    await expect(stranger.getByText('to get a new address')).toBeVisible();
  }
  await other.close();
});

test('cookies of other programs, and connections that never end, do not lock the user out', async ({ win }) => {
  await expectAtWork(win);
  const { port } = new URL(win.page.url());
  const stranger = await startStranger();
  const page = await contextOf(win).newPage();
  await page.goto(`http://127.0.0.1:${stranger.port}/`);
  await page.evaluate(() => {
    // biome-ignore lint/suspicious/noDocumentCookie: the classic API that any page may use
    for (let i = 0; i < 180; i++) document.cookie = `c${i}=${'x'.repeat(4_000)}; path=/`;
  });
  await page.close();
  const sockets: Socket[] = [];
  for (let i = 0; i < 400; i++) {
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => {}); // the host closes the connection
    socket.write('GET / HTTP/1.1\r\nHost: ');
    sockets.push(socket);
  }
  await expectAtWork(win);
  const second = await duplicateOf(win);
  await expect(second.getByText('web-api:1.4').first()).toBeVisible();
  const layer = await win.write('layer.tar', dockerArchive(WEB_API, { name: 'uploaded:1' }));
  await win.drop(layer);
  await expect(win.page.getByText('uploaded:1').first()).toBeVisible();
  for (const socket of sockets) socket.destroy();
  stranger.server.close();
});
