import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { _electron, type Browser, test as base, type CDPSession, type ElectronApplication, expect, type Page } from '@playwright/test';
import { type FakeEngine, fakeEngine } from '../../support/fake-engine.ts';
import { type Fleet, type FleetOptions, writeFleet } from '../../support/fleet.ts';
import { type StandInRegistry, standInRegistry } from '../../support/registry.ts';

const root = path.resolve(import.meta.dirname, '..', '..', '..');
const out = process.env.LAYERSCOPE_OUT ?? path.join(root, 'dist');

/** The program with its window, in Electron or in a browser. */
export interface LayerscopeWindow {
  readonly page: Page;
  readonly door: 'web' | 'electron';
  /** Writes a file into the spec's own folder; `name` may include folders. */
  write(name: string, bytes: Uint8Array | string): Promise<string>;
  /** Drops files from disk, starting with the drag entering. Uses CDP, because synthetic drops have no paths. */
  drop(...files: string[]): Promise<void>;
  /** Like {@link drop}, on the right half of the window. */
  dropRight(...files: string[]): Promise<void>;
  /** Drags files over the window without dropping them. */
  hover(...files: string[]): Promise<void>;
  /** Chooses files in the dialog that `press` opens. */
  choose(files: readonly string[], press: () => Promise<void>): Promise<void>;
  /** Chooses Open… and then files in the dialog. */
  open(...files: string[]): Promise<void>;
  /** Electron's main process; null in a browser. */
  readonly electron: ElectronApplication | null;
  /** Errors in the page's console, including violations of the content security policy. */
  readonly complaints: readonly string[];
}

interface Door {
  readonly page: Page;
  readonly electron: ElectronApplication | null;
  choose(files: readonly string[], press: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** Options of a spec's program. */
export interface Options {
  readonly startWith: Readonly<Record<string, Uint8Array>>;
  /**
   * Whether there is a windowsfilter home: `windowsfilter` in the spec's folder, with its driver on the stand-in. `unelevated`: as for a
   * user without administrator rights.
   */
  readonly withWindows: boolean | 'unelevated';
  /** A fleet of images whose catalog the program opens when it starts. */
  readonly withCatalog: (FleetOptions & { readonly broken?: boolean; readonly tagged?: number }) | null;
  /** Whether images can be opened by name, from a stand-in for Docker and a registry on loopback. */
  readonly withEngine: boolean;
}

/** The stand-ins from which images can be opened by name. */
export interface NamedImages {
  readonly engine: FakeEngine;
  readonly registry: StandInRegistry;
}

interface Sources extends NamedImages {
  readonly socket: string;
}

/** `chromium` is only for specs in a browser. Electron brings its own. */
export const test = base.extend<
  { win: LayerscopeWindow; sources: Sources | null; fleet: Fleet | null } & Options,
  { chromium: Browser | null }
>({
  startWith: [{}, { option: true }],
  withWindows: [false, { option: true }],
  withEngine: [false, { option: true }],
  withCatalog: [null, { option: true }],
  fleet: async ({ withCatalog }, use) => {
    if (withCatalog === null) {
      await use(null);
      return;
    }
    const folder = await mkdtemp(path.join(tmpdir(), 'layerscope-fleet-'));
    await use(await writeFleet(folder, withCatalog));
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  },
  sources: async ({ withEngine }, use) => {
    if (!withEngine) {
      await use(null);
      return;
    }
    const ends: (() => void | Promise<void>)[] = [];
    const context = { after: (end: () => void | Promise<void>) => ends.push(end) } as unknown as TestContext;
    await use({ ...(await fakeEngine(context)), registry: await standInRegistry(context) });
    for (const end of ends) await end();
  },
  chromium: [
    async ({ playwright, launchOptions }, use, info) => {
      const browser = info.project.name === 'electron' ? null : await playwright.chromium.launch(launchOptions);
      await use(browser);
      await browser?.close();
    },
    { scope: 'worker' },
  ],
  win: async ({ startWith, withWindows, sources, fleet, chromium, colorScheme, viewport, deviceScaleFactor }, use, info) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'layerscope-ui-'));
    const files: string[] = fleet === null ? [] : [fleet.catalog];
    for (const [name, bytes] of Object.entries(startWith)) {
      files.push(path.join(folder, name));
      await writeFile(path.join(folder, name), bytes);
    }
    const windows = withWindows === false ? null : await windowsHome(folder, withWindows === 'unelevated');
    const surroundings = { windows, named: sources === null ? null : namedEnvironment(folder, sources) };
    const door: LayerscopeWindow['door'] = info.project.name === 'electron' ? 'electron' : 'web';
    const complaints: string[] = [];
    const opened =
      chromium === null
        ? await openElectron(folder, files, colorScheme ?? 'light', surroundings)
        : await openWeb(folder, files, surroundings, () =>
            chromium.newContext({ colorScheme: colorScheme ?? 'light', viewport, deviceScaleFactor: deviceScaleFactor ?? 1 }),
          );
    const { page } = opened;
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    const drag = dragger(page);
    drawAfterResizing(page);
    await use({
      page,
      door,
      complaints,
      electron: opened.electron,
      async write(name, bytes) {
        const target = path.join(folder, name);
        await mkdir(path.dirname(target), { recursive: true });
        await writeFile(target, bytes);
        return target;
      },
      drop: (...dropped) => drag(dropped, ['dragEnter', 'dragOver', 'drop']),
      dropRight: (...dropped) => drag(dropped, ['dragEnter', 'dragOver', 'drop'], 1000),
      hover: (...dropped) => drag(dropped, ['dragEnter', 'dragOver']),
      choose: (chosen, press) => opened.choose(chosen, press),
      open: (...chosen) => opened.choose(chosen, () => page.getByRole('button', { name: 'Open…' }).first().click()),
    });
    await opened.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  },
});

export { expect };

/** Makes resizing wait until the page is drawn at its new size: panes get their widths one frame later, and specs measure them at once. */
function drawAfterResizing(page: Page): void {
  const resize = page.setViewportSize.bind(page);
  page.setViewportSize = async (size) => {
    await resize(size);
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  };
}

interface Surroundings {
  readonly windows: WindowsHome | null;
  /** Environment variables that point to the stand-ins instead of this machine's engines and credentials. */
  readonly named: Readonly<Record<string, string>> | null;
}

function namedEnvironment(folder: string, { socket }: Sources): Record<string, string> {
  return {
    HOME: folder,
    XDG_RUNTIME_DIR: path.join(folder, 'run'),
    XDG_CONFIG_HOME: path.join(folder, 'config'),
    DOCKER_HOST: `unix://${socket}`,
    CONTAINER_HOST: `unix://${path.join(folder, 'podman.sock')}`,
    CONTAINERS_STORAGE_CONF: path.join(folder, 'storage.conf'),
    CONTAINERS_REGISTRIES_CONF: path.join(folder, 'registries.conf'),
  };
}

interface WindowsHome {
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Creates a windowsfilter home in the spec's folder. */
async function windowsHome(folder: string, unelevated: boolean): Promise<WindowsHome> {
  const home = path.join(folder, 'windowsfilter');
  await mkdir(home);
  return { home, env: { LAYERSCOPE_STAND_IN_FOLDER: folder, ...(unelevated ? { LAYERSCOPE_STAND_IN_ELEVATION: '1' } : {}) } };
}

function named(windows: WindowsHome | null): readonly string[] {
  return windows === null ? [] : ['--driver', 'windowsfilter', '--home', windows.home];
}

function hook(windows: WindowsHome | null): readonly string[] {
  return windows === null ? [] : ['-r', path.join(import.meta.dirname, '..', 'stand-in-hook.cjs')];
}

type DragStep = 'dragEnter' | 'dragOver' | 'drop';

function dragger(page: Page): (files: string[], steps: DragStep[], x?: number) => Promise<void> {
  let session: CDPSession | undefined;
  return async (files, steps, x = 400) => {
    session ??= await page.context().newCDPSession(page);
    const data = { items: [], files, dragOperationsMask: 1 };
    for (const type of steps) await session.send('Input.dispatchDragEvent', { type, x, y: 300, data });
  };
}

/** Starts the built command line's `serve` and opens the printed address in the specs' browser. */
async function openWeb(
  folder: string,
  files: readonly string[],
  { windows, named: names }: Surroundings,
  newContext: () => ReturnType<Browser['newContext']>,
): Promise<Door> {
  const options = [...named(windows), ...(names === null ? [] : ['--allow-sources'])];
  const host = spawn(process.execPath, [...hook(windows), path.join(out, 'cli.js'), 'serve', ...options, ...files], {
    env: {
      // Each host has its own cache folder, so they share compiled code here.
      NODE_COMPILE_CACHE: path.join(root, 'out', 'compile-cache'),
      ...process.env,
      ...windows?.env,
      ...names,
      XDG_CACHE_HOME: path.join(folder, 'cache'),
      XDG_DATA_HOME: path.join(folder, 'data'),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const address = await firstAddress(host);
  const context = await newContext();
  const page = await context.newPage();
  await page.goto(address);
  await expect(page.locator('#root > :not(.first-frame)')).toBeVisible();
  return {
    page,
    electron: null,
    async choose(chosen, press) {
      const [chooser] = await Promise.all([page.waitForEvent('filechooser'), press()]);
      await chooser.setFiles([...chosen]);
    },
    async close() {
      await context.close();
      await ended(host);
    },
  };
}

function firstAddress(host: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const look = (chunk: Buffer) => {
      text += chunk.toString();
      const found = /http:\/\/\S+/.exec(text)?.[0];
      if (found !== undefined && text.includes('\n')) resolve(found);
    };
    host.stdout?.on('data', look);
    host.stderr?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    host.once('exit', (code) => reject(new Error(`the host ended with ${code}: ${text}`)));
  });
}

async function ended(host: ChildProcess): Promise<void> {
  if (host.exitCode !== null) return;
  const end = new Promise((resolve) => host.once('exit', resolve));
  host.kill('SIGTERM');
  await end;
}

/**
 * Starts Electron. Tries a second time if the first fails, because a virtual X server sometimes refuses a program when hundreds come and
 * go.
 */
async function launched(options: Parameters<typeof _electron.launch>[0]): Promise<ElectronApplication> {
  return _electron.launch(options).catch(() => _electron.launch(options));
}

async function openElectron(
  folder: string,
  files: readonly string[],
  colorScheme: string,
  { windows, named: names }: Surroundings,
): Promise<Door> {
  const executablePath = process.env.LAYERSCOPE_ELECTRON;
  if (executablePath === undefined) throw new Error('LAYERSCOPE_ELECTRON names no runtime: run npm run test:ui');
  const profile = path.join(folder, 'profile');
  await mkdir(profile);
  // Lists the home in the settings file for stores, as if it had been added before.
  if (windows !== null)
    await writeFile(path.join(profile, 'stores.json'), JSON.stringify([{ driver: 'windowsfilter', home: windows.home }]));
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const app = await launched({
    executablePath,
    args: [
      ...sandbox,
      // The virtual display has no GPU, and emulating one takes a twelfth of the CPU time of starting up.
      '--disable-gpu',
      ...hook(windows),
      '-r',
      path.join(import.meta.dirname, '..', 'electron22-shim.cjs'),
      path.join(out, 'electron', 'main.cjs'),
      ...files,
    ],
    env: {
      ...(process.env as Record<string, string>),
      ...windows?.env,
      ...names,
      XDG_CACHE_HOME: path.join(folder, 'cache'),
      XDG_DATA_HOME: path.join(folder, 'data'),
      LAYERSCOPE_TEST_PROFILE: profile,
    },
    colorScheme: colorScheme as 'light' | 'dark',
  });
  const page = await app.firstWindow();
  await expect(page.locator('#root > :not(.first-frame)')).toBeVisible();
  return {
    page,
    electron: app,
    async choose(chosen, press) {
      await app.evaluate(
        ({ dialog }, filePaths) => {
          dialog.showOpenDialog = async () => ({ canceled: false, filePaths });
        },
        [...chosen],
      );
      await press();
    },
    close: () => app.close(),
  };
}
