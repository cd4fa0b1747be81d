// Messages to the main process. Whether they come from the page, from a page that broke out of its context, or from other windows or
// frames, they can do no more than the window's own page may. Run only in the project `electron`; electron-strangers.spec.ts has the rest.
import { dockerArchive, WEB_API } from '../support/images.ts';
import { type Attacked, expectAtWork, giveRaw, inForeignWindow, mainOf, type Reply } from '../support/strangers.ts';
import { expect, test } from '../support/window.ts';

test.use({ startWith: { 'web-api.tar': dockerArchive(WEB_API, { name: 'web-api:1.4' }) } });

test('the page is given five functions, which it can neither change nor inspect', async ({ win }) => {
  const given = await win.page.evaluate(async () => {
    const { layerscope } = window as unknown as { layerscope: Record<string, unknown> };
    const before = layerscope.request;
    try {
      layerscope.request = () => 'mine';
    } catch {
      // The bridge is frozen.
    }
    // The page can't change what the preload uses.
    const { get } = Map.prototype;
    Map.prototype.get = () => () => 'mine';
    const states: unknown[] = [];
    const end = (window as unknown as Attacked).layerscope.subscribe('library', (state) => states.push(state));
    for (let tries = 0; tries < 100 && states.length === 0; tries++) await new Promise((resolve) => setTimeout(resolve, 50));
    Map.prototype.get = get;
    end();
    return { names: Object.keys(layerscope).sort(), isSame: layerscope.request === before, states: states.length };
  });
  expect(given).toMatchObject({ names: ['cancel', 'grantDropped', 'onCommand', 'request', 'subscribe'], isSame: true });
  expect(given.states).toBeGreaterThan(0);
});

test('the main process listens on five channels and ignores messages on others', async ({ win }) => {
  const channels = await mainOf(win).evaluate(({ ipcMain }) => {
    const handlers = (ipcMain as unknown as { _invokeHandlers?: Map<string, unknown> })._invokeHandlers;
    const heard = ipcMain.eventNames().map(String);
    return [...(handlers?.keys() ?? ['layerscope:grant', 'layerscope:request']), ...heard.filter((name) => name !== 'error')].sort();
  });
  expect(channels).toEqual([
    'layerscope:cancel',
    'layerscope:grant',
    'layerscope:request',
    'layerscope:subscribe',
    'layerscope:unsubscribe',
  ]);
  await giveRaw(win);
  const results = await win.page.evaluate(async () => {
    const { raw } = window as unknown as Attacked;
    const all: string[] = [];
    for (const channel of ['layerscope:nothing', 'layerscope:command', 'ondragstart', 'shell:openExternal', '__proto__', 'constructor']) {
      raw.send(channel, '/etc/passwd');
      all.push(
        await raw.invoke(channel, '/etc/passwd').then(
          (value) => `answered: ${String(value)}`,
          (error: Error) => (/No handler registered/.test(error.message) ? 'no handler' : error.message),
        ),
      );
    }
    return [...new Set(all)];
  });
  expect(results).toEqual(['no handler']);
  await expectAtWork(win);
});

test('unknown names and malformed inputs are refused with a code, and aren’t echoed', async ({ win }) => {
  const replies = await win.page.evaluate(async () => {
    const { layerscope } = window as unknown as Attacked;
    const deep = JSON.parse(`${'['.repeat(500)}${']'.repeat(500)}`) as unknown;
    const all: [string, Reply | string][] = [];
    const tried = async (what: string, name: unknown, input: unknown): Promise<void> => {
      all.push([what, await layerscope.request(name, input).catch((error: Error) => `not sent: ${error.name}`)]);
    };
    for (const name of [
      undefined,
      null,
      7,
      {},
      [],
      '',
      'no.such',
      '__proto__',
      'constructor',
      'toString',
      ['app.info'],
      deep,
      { toString: 1, valueOf: 1 },
    ])
      await tried(`name ${typeof name}`, name, {});
    for (const input of [undefined, null, 7, 'x', [], [{}], { more: 'SECRET' }, deep, new Uint8Array(9)])
      await tried('input of app.info', 'app.info', input);
    for (const archiveId of [undefined, null, 7, '', '../x', 'a'.repeat(65), '__proto__', { toString: 'a1' }, 'SECRET/../../etc/passwd'])
      await tried('archive.close', 'archive.close', { archiveId });
    for (const start of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '0'])
      await tried('image.view', 'image.view', { archiveId: 'a1', image: 0, layer: 0, start, count: 10 });
    for (const count of [0, -1, 1e9]) await tried('image.view', 'image.view', { archiveId: 'a1', image: 0, layer: 0, start: 0, count });
    await tried('a function', 'app.info', { x: () => 1 });
    await tried('a symbol', 'app.info', Symbol('x'));
    return all;
  });
  expect(replies.length).toBeGreaterThan(40);
  const notSent = replies.filter(([, reply]) => typeof reply === 'string').map(([what]) => what);
  expect(notSent).toEqual(['a function', 'a symbol']);
  for (const [what, reply] of replies) {
    if (typeof reply === 'string') expect(reply, what).toMatch(/^not sent: /);
    else {
      expect(reply.ok, what).toBe(false);
      expect(reply.error?.code, what).toBe('BAD_REQUEST');
      expect(reply.error?.message, what).not.toMatch(/SECRET|passwd|\n/);
    }
  }
  await expectAtWork(win);
});

test('messages of several megabytes are refused, and the window keeps working', async ({ win }) => {
  const codes = await win.page.evaluate(async () => {
    const { layerscope } = window as unknown as Attacked;
    const long = 'x'.repeat(2_000_000);
    const all: (string | undefined)[] = [];
    for (const [name, input] of [
      [long, {}],
      ['archive.close', { archiveId: long }],
      ['archive.open', { grant: long }],
      ['app.info', { [long]: 1 }],
      ['entry.details', { archiveId: 'a1', image: 0, layer: 0, pathHex: long }],
      ['image.search', { archiveId: 'a1', image: 0, text: long, limit: 10 }],
      ['files.again', { index: 0, name: long }],
    ] as const)
      all.push((await layerscope.request(name, input)).error?.code);
    return all;
  });
  expect(codes).toEqual(Array<string>(7).fill('BAD_REQUEST'));
  await expectAtWork(win);
});

test('subscriptions to unknown topics, with invalid numbers or beyond 64 are refused, and ending one doesn’t end another', async ({
  win,
}) => {
  await giveRaw(win);
  await win.page.evaluate(async () => {
    const { raw, layerscope } = window as unknown as Attacked;
    for (const topic of ['none', '', '__proto__', 7, null, {}, ['jobs'], 'x'.repeat(10_000_000)])
      raw.send('layerscope:subscribe', topic, 1e6);
    for (const number of ['1', 0.5, null, {}, Number.NaN, 2 ** 60, undefined]) raw.send('layerscope:subscribe', 'jobs', number);
    for (const number of ['1', null, {}, -1, 'x']) raw.send('layerscope:unsubscribe', number);
    for (let number = 1_000_001; number <= 1_000_200; number++) raw.send('layerscope:subscribe', 'jobs', number);
    await layerscope.request('app.info', {});
  });
  // Counts the messages about subscriptions 1,000,001 to 1,000,200, and about 2 ** 60, which is invalid. They arrive on different channels
  // from replies, so perhaps later.
  const heard = (): Promise<{ readonly states: number; readonly refused: number }> =>
    win.page.evaluate(() => {
      const { raw } = window as unknown as Attacked;
      const of = (wanted: string): number =>
        raw.heard().filter(([channel, number]) => channel === wanted && typeof number === 'number' && number > 1e6).length;
      return { states: of('layerscope:state'), refused: of('layerscope:refused') };
    });
  await expect.poll(async () => Object.values(await heard()).reduce((a, b) => a + b)).toBe(201);
  const { states, refused } = await heard();
  expect(states).toBeGreaterThan(0);
  expect(states).toBeLessThanOrEqual(64);
  expect(refused).toBe(201 - states);
  await win.page.reload();
  await expectAtWork(win);
});

test('a grant opens its file once and in its own window; made-up or reused grants open nothing', async ({ win }) => {
  const { page } = win;
  await giveRaw(win);
  const answers = await page.evaluate(async () => {
    const { layerscope, raw } = window as unknown as Attacked;
    const code = async (name: string, input: unknown): Promise<string> => {
      const reply = await layerscope.request(name, input);
      return reply.ok ? 'ok' : (reply.error?.code ?? '');
    };
    const all: Record<string, unknown> = {};
    all.madeUp = await layerscope.grantDropped(new File(['x'], '/etc/passwd')).then(({ error }) => error?.code);
    for (const file of [null, 7, '/etc/passwd', {}, { path: '/etc/passwd' }])
      all[`no file ${JSON.stringify(file)}`] = await layerscope.grantDropped(file).then(
        ({ ok }) => ok,
        () => false,
      );
    for (const file of ['', 'relative', '../x', 'file:///etc/passwd', null, 7, {}, ['/etc/passwd'], undefined])
      all[`raw ${JSON.stringify(file)}`] = ((await raw.invoke('layerscope:grant', file)) as Reply).ok;
    all.guesses = [
      await code('archive.open', { grant: '0'.repeat(32) }),
      await code('archive.open', { grant: 'f'.repeat(32) }),
      await code('archive.open', { grant: '/etc/passwd' }),
      await code('archive.open', { grant: ['0'.repeat(32)] }),
    ];
    const sample = await layerscope.request('app.sample', {});
    const { grant } = sample.value as { grant: string };
    all.first = await code('archive.open', { grant });
    all.again = await code('archive.open', { grant });
    return all;
  });
  const { madeUp, guesses, first, again, ...rest } = answers;
  expect({ madeUp, guesses, first, again }).toEqual({
    madeUp: 'BAD_REQUEST',
    guesses: ['FORBIDDEN', 'FORBIDDEN', 'BAD_REQUEST', 'BAD_REQUEST'],
    first: 'ok',
    again: 'FORBIDDEN',
  });
  for (const [what, result] of Object.entries(rest)) expect(result, what).toBe(false);
});

/** Script for a page with the raw ipcRenderer: tries every channel, and returns the codes of the replies and anything else received. */
const ALL_CHANNELS = `(async () => {
  const codes = [];
  for (const [channel, ...args] of [
    ['layerscope:request', 'app.info', {}], ['layerscope:request', 'store.report', {}], ['layerscope:request', 'files.recent', {}],
    ['layerscope:request', 'archive.close', { archiveId: 'a1' }], ['layerscope:grant', '/etc/passwd'], ['layerscope:grant', '/'],
  ]) codes.push((await raw.invoke(channel, ...args)).error?.code);
  for (const topic of ['library', 'jobs', 'requests']) raw.send('layerscope:subscribe', topic, 1);
  for (const number of [1, 2, 3]) raw.send('layerscope:unsubscribe', number);
  for (let tries = 0; tries < 100 && raw.heard().length < 3; tries++) await new Promise((resolve) => setTimeout(resolve, 50));
  // The app's own page subscribes too, so there may be more than three.
  return { codes, heard: raw.heard().map(([channel]) => channel).slice(0, 3) };
})()`;

const ALL_REFUSED = { codes: Array<string>(6).fill('FORBIDDEN'), heard: Array<string>(3).fill('layerscope:refused') };

for (const url of ['about:blank', 'data:text/html,<title>x</title>', 'app://layerscope/', 'app://layerscope/#/image/a1']) {
  test(`another window is not accepted as a sender, whatever its page: ${url}`, async ({ win }) => {
    await expectAtWork(win);
    expect(await inForeignWindow(win, url, ALL_CHANNELS)).toEqual(ALL_REFUSED);
    await expectAtWork(win);
  });
}

test('a frame in the page has no access to the program, and is not accepted as a sender if given access', async ({ win }) => {
  await expectAtWork(win);
  const seen = await win.page.evaluate(async () => {
    const all: string[] = [];
    for (const [name, value] of [
      ['src', 'about:blank'],
      ['srcdoc', '<p>x</p>'],
      ['src', 'app://layerscope/'],
    ] as const) {
      const frame = document.createElement('iframe');
      frame.setAttribute(name, value);
      document.body.append(frame);
      await new Promise((resolve) => setTimeout(resolve, 300)); // nothing reports a blocked frame
      let inside: string;
      try {
        const view = frame.contentWindow as unknown as { layerscope?: unknown; require?: unknown } | null;
        inside = `${typeof view?.layerscope} ${typeof view?.require}`;
      } catch (error) {
        inside = (error as Error).name;
      }
      all.push(inside);
    }
    return all;
  });
  expect(seen.slice(0, 2)).toEqual(['undefined undefined', 'undefined undefined']);
  expect(seen[2]).toMatch(/^(SecurityError|undefined undefined)$/);

  // Calls the main process's handlers as if the frame had the raw ipcRenderer.
  const codes = await mainOf(win).evaluate(async ({ ipcMain, BrowserWindow }) => {
    const contents = BrowserWindow.getAllWindows()[0]?.webContents;
    const frame = contents?.mainFrame.frames[0];
    if (contents === undefined || frame === undefined) throw new Error('no frame');
    const handlers = (ipcMain as unknown as { _invokeHandlers: Map<string, (event: object, ...args: unknown[]) => unknown> })
      ._invokeHandlers;
    const ask = async (senderFrame: unknown): Promise<unknown> => {
      let reply: unknown;
      const event = {
        sender: contents,
        senderFrame,
        _throw: () => {},
        _reply: (value: unknown) => {
          reply = value;
        },
      };
      // Older Electrons wrap handlers, which then reply through the event.
      const returned = await handlers.get('layerscope:request')?.(event, 'app.info', {});
      return ((returned ?? reply) as Reply | undefined)?.error?.code;
    };
    const gone = {
      get parent(): never {
        throw new Error('Render frame was disposed before WebFrameMain could be accessed');
      },
    };
    for (const senderFrame of [frame, null, gone]) ipcMain.emit('layerscope:unsubscribe', { sender: contents, senderFrame }, 1);
    return [await ask(frame), await ask(null), await ask(gone)];
  });
  expect(codes).toEqual(['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN']);
  await expectAtWork(win);
});

test('the window at another page is not accepted as a sender, and receives nothing that its page subscribed to', async ({ win }) => {
  await giveRaw(win);
  await win.page.evaluate(() => void (window as unknown as Attacked).layerscope.subscribe('library', () => {}));
  const seen = await mainOf(win).evaluate(async ({ BrowserWindow }, script) => {
    const window = BrowserWindow.getAllWindows()[0];
    if (window === undefined) throw new Error('no window');
    // Only the main process can load another page. Disable what would load the window's own page again.
    const back = window.webContents.listeners('did-navigate');
    window.loadURL = async () => {};
    await window.webContents.loadURL('data:text/html,<title>another</title>');
    const result = (await window.webContents.executeJavaScript(script)) as unknown;
    return { result, back: back.length > 0 };
  }, ALL_CHANNELS);
  expect(seen.result).toEqual(ALL_REFUSED);
});

test('a denied navigation doesn’t end the page’s subscriptions', async ({ win }) => {
  await expectAtWork(win);
  await win.page.evaluate(() => window.location.assign('https://example.com/'));
  const second = await win.write('second.tar', dockerArchive(WEB_API, { name: 'second:2' }));
  await mainOf(win).evaluate(({ app }, file) => void app.emit('open-file', { preventDefault: () => {} }, file), second);
  await expect
    .poll(() =>
      mainOf(win).evaluate(({ BrowserWindow }) =>
        BrowserWindow.getAllWindows()[0]?.webContents.executeJavaScript('document.body.innerText'),
      ),
    )
    .toContain('second:2');
});
