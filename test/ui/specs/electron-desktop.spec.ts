// What the desktop app does with the system's own features: menus, recent files, launches by other programs, taskbar, log, diagnostics.
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { _electron, type ElectronApplication } from '@playwright/test';
import { dockerArchive, WEB_API } from '../support/images.ts';
import { expect, test } from '../support/window.ts';

const root = path.resolve(import.meta.dirname, '..', '..', '..');
const IMAGE = dockerArchive(WEB_API, { name: 'acme/web-api:1.8' });

/** Chooses an item from a menu or a submenu. */
async function chooseInMenu(app: ElectronApplication, ...labels: string[]): Promise<void> {
  await app.evaluate(({ Menu, BrowserWindow }, wanted) => {
    let items = Menu.getApplicationMenu()?.items ?? [];
    let found: Electron.MenuItem | undefined;
    for (const label of wanted) {
      found = items.find((item) => item.label === label);
      items = found?.submenu?.items ?? [];
    }
    if (found === undefined) throw new Error(`no item ${wanted.join(' › ')}`);
    found.click(undefined, BrowserWindow.getAllWindows()[0], undefined);
  }, labels);
}

/** Returns the labels in a menu or a submenu, without separators. */
function labelsOf(app: ElectronApplication, ...labels: string[]): Promise<readonly string[]> {
  return app.evaluate(({ Menu }, wanted) => {
    let items = Menu.getApplicationMenu()?.items ?? [];
    for (const label of wanted) items = items.find((item) => item.label === label)?.submenu?.items ?? [];
    return items.filter(({ type }) => type !== 'separator').map(({ label }) => label);
  }, labels);
}

test('recent files are in the menu by name, open again from there, and can be cleared', async ({ win }) => {
  const { page, electron } = win;
  if (electron === null) throw new Error('this spec is about Electron');
  await win.drop(await win.write('a & b.tar', IMAGE));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await expect.poll(() => labelsOf(electron, 'File', 'Open Recent')).toEqual(['a && b.tar', 'Clear Recent Files']);
  await page.getByRole('button', { name: 'Close a & b.tar' }).click();
  await expect(page.getByRole('treegrid')).toHaveCount(0);
  await chooseInMenu(electron, 'File', 'Open Recent', 'a && b.tar');
  await expect(page.getByRole('treegrid')).toBeVisible();
  await chooseInMenu(electron, 'File', 'Open Recent', 'Clear Recent Files');
  await expect.poll(() => labelsOf(electron, 'File', 'Open Recent')).toEqual(['Clear Recent Files']);
});

test('the View menu has every mode and layout of the title bar', async ({ win: { electron } }) => {
  if (electron === null) throw new Error('this spec is about Electron');
  expect((await labelsOf(electron, 'View')).slice(0, 9)).toEqual([
    'Whole image',
    'Changes of the layer',
    'Filesystem at the layer',
    'Compare with another layer or image',
    'Swap sides',
    'Toggle treemap',
    'Toggle breakdown',
    'Toggle packages',
    'Toggle registry',
  ]);
});

test('settings, the log, diagnostics and About are where this system’s users look for them', async ({ win: { page, electron } }) => {
  if (electron === null) throw new Error('this spec is about Electron');
  // On macOS, Settings and About are in the application menu.
  const own = process.platform === 'darwin' ? 'Layerscope' : null;
  await chooseInMenu(electron, own ?? 'File', 'Settings…');
  await expect(page.getByRole('dialog', { name: 'Settings' })).toBeVisible();
  await page.keyboard.press('Escape');
  expect(await labelsOf(electron, 'Help')).toEqual([
    'Keyboard shortcuts',
    'Licences',
    'Show Logs',
    'Copy Diagnostics',
    ...(own === null ? ['About Layerscope'] : []),
  ]);
  expect(await labelsOf(electron, own ?? 'Help')).toContain('About Layerscope');
});

test('a job shows its progress on the taskbar until it ends', async ({ win }) => {
  const { page, electron } = win;
  if (electron === null) throw new Error('this spec is about Electron');
  await electron.evaluate(({ BrowserWindow }) => {
    const values: number[] = [];
    (globalThis as unknown as { shown: number[] }).shown = values;
    for (const window of BrowserWindow.getAllWindows()) window.setProgressBar = (value) => void values.push(value);
  });
  const shown = () => electron.evaluate(() => (globalThis as unknown as { shown: number[] }).shown);
  await win.drop(await win.write('web-api.tar', IMAGE));
  await expect(page.getByRole('treegrid')).toBeVisible();
  await expect.poll(async () => (await shown()).at(-1)).toBe(-1);
  expect((await shown()).some((value) => value >= 0)).toBe(true);
});

test('diagnostics and the log contain versions and the last errors, but no file names', async ({ win }) => {
  const { page, electron } = win;
  if (electron === null) throw new Error('this spec is about Electron');
  const logs = await electron.evaluate(({ app }) => app.getPath('logs'));
  await win.drop(await win.write('secret-name.tar', 'not an archive'));
  const log = () => readFile(path.join(logs, 'layerscope.log'), 'utf8');
  await expect.poll(log).toMatch(/job open: [A-Z_]+$/m);
  await electron.evaluate(({ clipboard }) => clipboard.clear());
  await chooseInMenu(electron, 'Help', 'Copy Diagnostics');
  await expect(page.getByText('Diagnostics copied')).toBeVisible();
  const text = await electron.evaluate(({ clipboard }) => clipboard.readText());
  expect(text).toMatch(/^Layerscope \S+, electron\nElectron \S+\nChromium \S+\nNode \S+\nSystem \S+/);
  expect(text).toMatch(/Last errors:\n {2}\S+ job open: [A-Z_]+\n/);
  expect(text).toMatch(/Settings theme=auto/);
  expect(await log()).toMatch(/^\S+Z start, \S+, Electron /m);
  for (const told of [text, await log()]) expect(told).not.toMatch(/secret-name|layerscope-ui-/);
  if (process.platform !== 'win32') expect((await stat(path.join(logs, 'layerscope.log'))).mode & 0o777).toBe(0o600);
});

test('another launch of the app can open the dialog for images by name', async () => {
  const profile = await mkdtemp(path.join(tmpdir(), 'layerscope-start-'));
  const executablePath = process.env.LAYERSCOPE_ELECTRON;
  if (executablePath === undefined) throw new Error('LAYERSCOPE_ELECTRON names no runtime: run npm run test:ui');
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const out = process.env.LAYERSCOPE_OUT ?? path.join(root, 'dist');
  const shim = path.join(import.meta.dirname, '..', 'electron22-shim.cjs');
  const app = await _electron.launch({
    executablePath,
    args: [...sandbox, '-r', shim, path.join(out, 'electron', 'main.cjs'), '--command=open-name'],
    env: { ...(process.env as Record<string, string>), XDG_CACHE_HOME: profile, XDG_DATA_HOME: profile, LAYERSCOPE_TEST_PROFILE: profile },
  });
  try {
    const page = await app.firstWindow();
    await expect(page.getByRole('dialog', { name: /name/i })).toBeVisible();
  } finally {
    await app.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 3 });
  }
});
