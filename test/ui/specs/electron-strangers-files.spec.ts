// Files and the window: what app:// serves, what can be dropped, and what can be saved. Run only in the project `electron`.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { dockerArchive, WEB_API } from '../support/images.ts';
import { expectAtWork, listen, mainOf, shown } from '../support/strangers.ts';
import { expect, test } from '../support/window.ts';

test.use({ startWith: { 'web-api.tar': dockerArchive(WEB_API, { name: 'web-api:1.4' }) } });

/** The window's page. */
const PAGE = /^app:\/\/layerscope\/(#|$)/;

test('app:// serves the window’s own files and nothing else on disk', async ({ win }) => {
  const main = mainOf(win);
  const preload = await main.evaluate(({ app }) => app.getAppPath());
  const own = await win.page.evaluate(async () => (await fetch('app://layerscope/')).status);
  expect(own).toBe(200);
  const statuses = await win.page.evaluate(async (appPath) => {
    const all: Record<string, string> = {};
    for (const address of [
      '/../main.cjs',
      '/..%2felectron%2fmain.cjs',
      '/%2e%2e/electron/main.cjs',
      '/%2e%2e%2f%2e%2e%2fetc/passwd',
      '/..\\electron\\main.cjs',
      '/..%5celectron%5cmain.cjs',
      '/assets/../../electron/main.cjs',
      '/assets/%2e%2e/%2e%2e/electron/preload.cjs',
      '//etc/passwd',
      '/file:///etc/passwd',
      `/${appPath}/package.json`,
      `/${encodeURIComponent(appPath)}`,
      '/etc/passwd',
      '/C:/Windows/win.ini',
      '/%00',
      '/index.html%00.png',
      '/INDEX.HTML',
      '/index.html/',
      '/__proto__',
      '/constructor',
    ]) {
      const reply = await fetch(`app://layerscope${address}`).catch((error: Error) => error.name);
      all[address] = typeof reply === 'string' ? reply : `${reply.status} ${(await reply.text()).slice(0, 40)}`;
    }
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const reply = await fetch('app://layerscope/', { method }).catch((error: Error) => error.name);
      all[method] = typeof reply === 'string' ? reply : `${reply.status} ${(await reply.text()).slice(0, 40)}`;
    }
    return all;
  }, preload);
  for (const [what, result] of Object.entries(statuses)) expect(result, what).toMatch(/^(404 not found|TypeError)$/);
  // No other host exists in the scheme, not even for main.
  const others = await main.evaluate(async ({ BrowserWindow }) => {
    const all: string[] = [];
    for (const url of ['app://other/', 'app://layerscope.example/', 'app://layerscope:80/../../etc/passwd', 'app://layerscope@other/']) {
      const window = new BrowserWindow({ show: false });
      await window.loadURL(url).catch(() => {});
      all.push((await window.webContents.executeJavaScript('document.body.innerText')) as string);
      window.destroy();
    }
    return all;
  });
  for (const text of others) expect(text).toMatch(/^(not found)?$/);
});

test('what is dropped opens as an image or not at all, never as a page or address, and nothing can be dragged out of the window', async ({
  win,
}) => {
  const { page } = win;
  await using ears = await listen();
  const html = await win.write('evil.html', `<script>location = 'http://127.0.0.1:${ears.port}/'</script>`);
  await expectAtWork(win);
  await win.drop(await win.write('second.tar', dockerArchive(WEB_API, { name: 'second:2' })));
  await expect.poll(async () => (await shown(win)).text).toContain('second:2');
  await win.drop(html);
  const session = await page.context().newCDPSession(page);
  for (const [mimeType, data] of [
    ['text/uri-list', 'file:///etc/passwd'],
    ['text/uri-list', `http://127.0.0.1:${ears.port}/`],
    ['text/html', '<img src=x onerror="location=1">'],
    ['text/plain', 'https://example.com/'],
  ] as const)
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
      await session.send('Input.dispatchDragEvent', { type, x: 400, y: 300, data: { items: [{ mimeType, data }], dragOperationsMask: 1 } });
  await expectAtWork(win);
  expect((await shown(win)).url).toMatch(PAGE);
  expect(ears.heard).toEqual([]);
  // Nothing in the page can be dragged out of it, and the program never starts dragging a file.
  expect(await page.locator('[draggable=true]').count()).toBe(0);
  expect(
    await mainOf(win).evaluate(({ ipcMain }) =>
      ipcMain
        .eventNames()
        .map(String)
        .filter((name) => /drag/.test(name)),
    ),
  ).toEqual([]);
});

test('nothing is downloaded: saving from the page is refused', async ({ win }) => {
  const main = mainOf(win);
  const folder = path.dirname(await win.write('downloads/here', ''));
  await main.evaluate(({ app, session }, place) => {
    app.setPath('downloads', place);
    const ends: string[] = [];
    Object.assign(globalThis, { ends });
    session.defaultSession.on('will-download', (event, item) => {
      ends.push(`asked ${event.defaultPrevented}`);
      item.once('done', (_done, state) => ends.push(state));
    });
  }, folder);
  await win.page.evaluate(() => {
    for (const href of [URL.createObjectURL(new Blob(['x'])), 'data:application/octet-stream,x', 'app://layerscope/']) {
      const link = document.createElement('a');
      Object.assign(link, { href, download: 'evil.desktop' });
      document.body.append(link);
      link.click();
    }
  });
  const ends = (): Promise<readonly string[]> => main.evaluate(() => (globalThis as unknown as { ends: string[] }).ends);
  await expect.poll(async () => (await ends()).filter((end) => end === 'asked true').length).toBe(3);
  expect(await ends()).not.toContain('completed');
  expect(readdirSync(folder)).toEqual(['here']);
  await expectAtWork(win);
});
