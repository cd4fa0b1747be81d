// Specs about Electron: run only in the project `electron` (playwright.config.ts).
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { ElectronApplication } from '@playwright/test';
import { complaintsOf } from '../support/axe.ts';
import { dockerArchive, WEB_API } from '../support/images.ts';
import { expect, test } from '../support/window.ts';

/** Returns the items of the menu by label, and whether they are enabled. */
function menuItems(app: ElectronApplication): Promise<Readonly<Record<string, boolean>>> {
  return app.evaluate(({ Menu }) => {
    const all: Record<string, boolean> = {};
    for (const { submenu } of Menu.getApplicationMenu()?.items ?? [])
      for (const { label, enabled } of submenu?.items ?? []) if (label !== '') all[label] = enabled;
    return all;
  });
}

async function chooseInMenu(app: ElectronApplication, label: string): Promise<void> {
  await app.evaluate(({ Menu, BrowserWindow }, wanted) => {
    for (const { submenu } of Menu.getApplicationMenu()?.items ?? [])
      for (const item of submenu?.items ?? [])
        if (item.label === wanted) item.click(undefined, BrowserWindow.getAllWindows()[0], undefined);
  }, label);
}

test('the menu has the window’s commands and does what their keys do', async ({ win }) => {
  const { page, electron } = win;
  if (electron === null) throw new Error('this spec is about Electron');
  expect(await menuItems(electron)).toMatchObject({
    'Open…': true,
    'Keyboard shortcuts': true,
    'Command palette': true,
    'Toggle treemap': false,
    Waste: false,
  });
  await win.drop(await win.write('web-api.tar', dockerArchive(WEB_API, { name: 'acme/web-api:1.8' })));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await expect.poll(async () => (await menuItems(electron)).Waste).toBe(true);
  await chooseInMenu(electron, 'Filesystem at the layer');
  await expect(page.getByRole('radio', { name: 'Filesystem' })).toBeChecked();
  await chooseInMenu(electron, 'Back');
  await expect(page.getByRole('radio', { name: 'Image' })).toBeChecked();
  await chooseInMenu(electron, 'Keyboard shortcuts');
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
  // An overlay blocks the menu's commands, as it blocks keys.
  await chooseInMenu(electron, 'Filesystem at the layer');
  await page.waitForTimeout(300); // the menu's messages take a different route from keys, and may arrive later
  await page.keyboard.press('Escape');
  await expect(page.getByRole('radio', { name: 'Image' })).toBeChecked();
});

/** Answers the folder dialog. */
async function answerFolder(app: ElectronApplication, folder: string | null): Promise<void> {
  await app.evaluate(({ dialog }, chosen) => {
    dialog.showOpenDialog = async () => ({ canceled: chosen === null, filePaths: chosen === null ? [] : [chosen] });
  }, folder);
}

test('folders are added as stores, homes of Windows layers read-only; they are remembered until removed', async ({ win }) => {
  const { page, electron } = win;
  if (electron === null) throw new Error('this spec is about Electron');
  const note = await win.write('windowsfilter/base/layerchain.json', 'null');
  await win.write('windowsfilter/top/layerchain.json', JSON.stringify(['C:\\ProgramData\\docker\\windowsfilter\\base']));
  await win.write('windowsfilter/gone-removing/Files/x', 'x');
  const home = path.dirname(path.dirname(note));
  const add = page.getByRole('button', { name: 'Add store…' });
  await answerFolder(electron, null);
  await add.click();
  await answerFolder(electron, home);
  await add.click();
  const store = page.getByRole('region', { name: 'windowsfilter', exact: true });
  await expect(store).toContainText('Read-only');
  await expect(store.getByRole('listitem')).toHaveCount(3);
  await expect(store.getByRole('listitem').nth(1)).toContainText('on 1 layer');
  await expect(store.getByRole('listitem').nth(2)).toContainText('the rest of gone, whose removal was interrupted');
  expect(await complaintsOf(page)).toEqual([]);

  // A folder that isn't a store is refused with the reason; an empty one becomes a store with the first import.
  await answerFolder(electron, path.dirname(home));
  await add.click();
  await expect(page.getByText(/is not a store: neither/)).toBeVisible();
  const empty = path.join(path.dirname(home), 'second');
  await mkdir(empty);
  await answerFolder(electron, empty);
  await add.click();
  await expect(page.getByRole('region', { name: 'second' })).toContainText('Empty');
  await win.drop(await win.write('web-api.tar', dockerArchive(WEB_API, { name: 'acme/web-api:1.8' })));
  await page.getByRole('button', { name: 'Import to store…' }).click();
  await page.getByRole('menuitem', { name: /second/ }).click();
  await expect(page.getByRole('region', { name: 'second' }).getByRole('listitem')).toHaveCount(1);

  await page.reload();
  await expect(store).toBeVisible();
  await page.getByRole('button', { name: 'Actions for windowsfilter' }).click();
  await page.getByRole('menuitem', { name: /Remove from list/ }).click();
  await expect(store).toHaveCount(0);
});

test('a mount can be shown in the file manager', async ({ win }) => {
  const { page, electron } = win;
  if (electron === null) throw new Error('this spec is about Electron');
  await electron.evaluate(({ shell }) => {
    shell.openPath = async (opened) => {
      (globalThis as { opened?: string }).opened = opened;
      return '';
    };
  });
  await win.drop(await win.write('web-api.tar', dockerArchive(WEB_API, { name: 'acme/web-api:1.8' })));
  await page.getByRole('region', { name: 'Import to store' }).getByRole('button', { name: 'Import' }).click();
  await page.getByRole('button', { name: 'Actions for acme/web-api:1.8' }).click();
  await page.getByRole('menuitem', { name: 'Mount as folder' }).click();
  const said = page.getByTitle(/^acme\/web-api:1\.8\n\//).first();
  const at = ((await said.getAttribute('title')) ?? '').split('\n').at(-1) ?? '';
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await expect.poll(() => electron.evaluate(() => (globalThis as { opened?: string }).opened)).toBe(at);
});

test.describe('a Windows store without administrator rights', () => {
  test.use({ withWindows: 'unelevated' });
  test.skip(
    process.env.LAYERSCOPE_STAND_IN === undefined,
    'needs the stand-in for vmcompute.dll, which a C compiler on Linux makes; CI requires it',
  );

  test('a Windows store is read-only until the user starts the elevated process and consents; declining isn’t an error', async ({
    win,
  }) => {
    const { page } = win;
    const store = page.getByRole('region', { name: 'windowsfilter', exact: true });
    await expect(store).toContainText('Read-only: changing Windows layers needs administrator rights');
    const shield = store.getByRole('button', { name: 'Run as administrator…' });
    await shield.click();
    const sheet = page.getByRole('dialog', { name: 'Run as administrator' });
    await expect(sheet).toContainText('Starts a second process, without a window');
    await expect(sheet.getByRole('list', { name: 'Requirements' })).toContainText('missing: Windows: windowsfilter');
    expect(await complaintsOf(page)).toEqual([]);
    if (process.env.LAYERSCOPE_SHOTS !== undefined) await page.screenshot({ path: path.join(process.env.LAYERSCOPE_SHOTS, 'elevate.png') });
    await page.keyboard.press('Enter');
    await expect(sheet).toHaveCount(0);
    await shield.click();
    await sheet.getByRole('button', { name: 'Continue' }).click();
    await expect(page.getByText('Elevation declined; nothing changed')).toBeVisible();
    await shield.click();
    await sheet.getByRole('button', { name: 'Continue' }).click();
    await expect(page.getByText('The driver now runs as administrator')).toBeVisible();
    await expect(store).toContainText('windowsfilter, elevated · ');
    await expect(store).not.toContainText('Read-only');
    await page.getByRole('region', { name: 'Base images' }).getByRole('button', { name: 'Adopt' }).click();
    await expect(store.getByRole('listitem')).toContainText('NanoServer');
    expect(win.complaints).toEqual([]);
  });
});

interface Bridge {
  request(name: string, input: unknown, call?: number): Promise<{ ok: boolean; error?: { code: string } }>;
  cancel(call: number): void;
  grantDropped(file: File): Promise<{ ok: boolean; error?: { code: string } }>;
}

test('a file made up by the page gets no grant, and a made-up grant opens nothing', async ({ win: { page } }) => {
  const codes = await page.evaluate(async () => {
    const { layerscope } = window as unknown as { layerscope: Bridge };
    const file = await layerscope.grantDropped(new File(['x'], '/etc/passwd'));
    const opened = await layerscope.request('archive.open', { grant: '/etc/passwd' });
    return { file: file.error?.code, opened: opened.ok };
  });
  expect(codes).toEqual({ file: 'BAD_REQUEST', opened: false });
});

test('calls that the page cancels, or that a closed page leaves behind, are stopped in the main process', async ({ win }) => {
  const { page, electron } = win;
  if (electron === null) throw new Error('this spec is about Electron');
  // Calls that end only when aborted: the dialog is never answered.
  await electron.evaluate(({ dialog }) => {
    const main = globalThis as unknown as { opened: number; aborted: number };
    Object.assign(main, { opened: 0, aborted: 0 });
    dialog.showOpenDialog = () => {
      main.opened++;
      return new Promise(() => {});
    };
    const { abort } = AbortController.prototype;
    AbortController.prototype.abort = function (reason?: unknown) {
      main.aborted++;
      return abort.call(this, reason);
    };
  });
  const counts = (): Promise<{ opened: number; aborted: number }> =>
    electron.evaluate(() => {
      const { opened, aborted } = globalThis as unknown as { opened: number; aborted: number };
      return { opened, aborted };
    });
  const again = await page.evaluate(async () => {
    const { layerscope } = window as unknown as { layerscope: Bridge };
    void layerscope.request('files.choose', { what: 'files' }, 1_000_001);
    void layerscope.request('files.choose', { what: 'files' }, 1_000_002);
    return (await layerscope.request('files.choose', { what: 'files' }, 1_000_002)).error?.code;
  });
  expect(again).toBe('BAD_REQUEST');
  await expect.poll(counts).toEqual({ opened: 2, aborted: 0 });
  await page.evaluate(() => {
    const { layerscope } = window as unknown as { layerscope: Bridge };
    layerscope.cancel(1_000_001);
    layerscope.cancel(7);
  });
  await expect.poll(counts).toEqual({ opened: 2, aborted: 1 });
  await page.reload();
  await expect.poll(async () => (await counts()).aborted).toBeGreaterThanOrEqual(2);
});

test('other windows, other pages and permissions are denied, and the policy allows nothing unsafe', async ({ win: { page } }) => {
  const address = page.url();
  const seen = await page.evaluate(async () => {
    const opened = window.open('https://example.com/');
    window.location.href = 'https://example.com/';
    const { state } = await navigator.permissions.query({ name: 'geolocation' });
    const notifications = await Notification.requestPermission();
    const policy = (await fetch(window.location.href)).headers.get('content-security-policy') ?? '';
    return { opened: opened !== null, state, notifications, policy };
  });
  expect(seen).toMatchObject({ opened: false, state: 'denied', notifications: 'denied' });
  expect(seen.policy).toContain("default-src 'none'");
  expect(seen.policy).not.toContain('unsafe-');
  expect(page.url()).toBe(address);
});

test('recent files are offered when nothing is open, and can be cleared', async ({ win }) => {
  const { page } = win;
  const file = await win.write('web-api.tar', dockerArchive(WEB_API, { name: 'acme/web-api:1.8' }));
  await win.drop(file);
  await expect(page.getByRole('treegrid')).toBeVisible();
  await page.getByRole('button', { name: 'Close web-api.tar' }).click();
  const recent = page.getByRole('region', { name: 'Recent' });
  await recent.getByRole('button', { name: /web-api\.tar/ }).click();
  await expect(page.getByRole('treegrid')).toBeVisible();
  await page.keyboard.press('Control+k');
  await page.keyboard.type('clear recent');
  await page.keyboard.press('Enter');
  await expect(page.getByText('Recent files cleared')).toBeVisible();
  await page.getByRole('button', { name: 'Close web-api.tar' }).click();
  await expect(page.getByRole('button', { name: 'Open…' }).first()).toBeVisible();
  await expect(recent).toHaveCount(0);
});
