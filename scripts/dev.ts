// `npm run dev [-- --web] [FILE…]`: the window during development. Styles and components are updated in the open page; a change to the host
// or to Electron's side restarts it, and the page follows. Uses Electron if its runtime and a display are available, else (or with --web) a
// browser.
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { mkdirSync, watch, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { build } from 'vite';
import { electronBundles } from './bundles.ts';
import { startPage } from './dev/page.ts';
import { isDisplayed } from './display.ts';
import { electronRuntime } from './runtime.ts';

const root = path.dirname(import.meta.dirname);
const OUT = path.join('out', 'dev', 'electron');
/** How long to wait after the last change, in ms: editors save several files, each in several steps. */
const SETTLE_MS = 100;

const given = process.argv.slice(2);
const files = given.filter((word) => !word.startsWith('-')).map((file) => path.resolve(process.env.INIT_CWD ?? '.', file));
/** Switches for Chromium. */
const switches = given.filter((word) => word.startsWith('-') && word !== '--web');
let child: ChildProcess | null = null;
let isEnding = false;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

/** Calls `act` after changes in the folders, one call at a time. */
function onChange(folders: readonly string[], act: () => Promise<void>): void {
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  for (const folder of folders)
    watch(path.join(root, folder), { recursive: true }, () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        running = running.then(act).catch((error: unknown) => console.error(error instanceof Error ? error.message : error));
      }, SETTLE_MS);
    });
}

async function endChild(): Promise<void> {
  const ending = child;
  child = null;
  if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return;
  const ended = new Promise((resolve) => ending.once('exit', resolve));
  ending.kill('SIGTERM');
  await ended;
}

/** Starts the host and resolves with its address. */
function startHost(port: number): Promise<{ url: string; port: number }> {
  const host = fork(path.join(root, 'scripts', 'dev', 'host.ts'), [String(port), ...files], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child = host;
  return new Promise((resolve, reject) => {
    host.once('message', (address) => resolve(address as { url: string; port: number }));
    host.once('exit', (code) => reject(new Error(`the host ended with ${code}; it restarts when a file changes`)));
  });
}

async function inBrowser(): Promise<void> {
  const first = await startHost(0);
  const page = await startPage({ port: await freePort(), hostPort: first.port, target: 'chrome138' });
  const addressOf = (url: string): string => url.replace(`:${first.port}/`, `:${page.port}/`);
  console.log(`${addressOf(first.url)}\nstyles and components update in the open page; a change in src/ restarts the host`);
  onChange(['src'], async () => {
    await endChild();
    if (isEnding) return;
    const { url } = await startHost(first.port);
    page.show(addressOf(url));
    console.log(`the host was restarted: ${addressOf(url)}`);
  });
  atEnd(() => page.server.close());
}

async function inElectron({ executable, target }: NonNullable<ReturnType<typeof electronRuntime>>): Promise<void> {
  const old = target === 'chrome108';
  const page = await startPage({ port: await freePort(), hostPort: null, target: old ? 'chrome108' : 'chrome138' });
  const start = async (): Promise<void> => {
    for (const bundle of electronBundles(OUT, old ? 'node16' : 'node24')) await build(bundle);
    await endChild();
    if (isEnding) return;
    const hook = path.join(root, 'scripts', 'dev', 'electron-hook.cjs');
    const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []; // Chromium's sandbox refuses to run as root
    const window = spawn(executable, [...sandbox, ...switches, '-r', hook, path.join(root, OUT, 'main.cjs'), ...files], {
      stdio: 'inherit',
      env: { ...process.env, LAYERSCOPE_DEV_PORT: String(page.port) },
    });
    child = window;
    window.once('exit', () => {
      if (child === window) void end(); // closed by the user, not by a restart
    });
    console.log('the window is open; styles and components update in it, a change in src/ or electron/ reopens it');
  };
  atEnd(() => page.server.close());
  // Electron's main process lists the files of a built page, so that folder must exist. The hook then gets the real files from Vite.
  const unused = path.join(root, OUT, '..', 'renderer');
  mkdirSync(unused, { recursive: true });
  writeFileSync(path.join(unused, 'index.html'), 'Vite serves this page\n');
  await start();
  onChange(['src', 'electron'], start);
}

const endings: (() => Promise<void>)[] = [endChild];

function atEnd(act: () => Promise<void>): void {
  endings.push(act);
}

async function end(): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  for (const act of endings) await act();
  process.exit(0);
}

process.once('SIGINT', () => void end());
process.once('SIGTERM', () => void end());
const runtime = given.includes('--web') || !isDisplayed() ? null : electronRuntime();
if (runtime === null) await inBrowser();
else await inElectron(runtime);
