// `npm start [-- FILE…]`: builds what is out of date and opens the window. Without an Electron runtime or a display, and for root, prints
// the reason in one line and serves the same interface on a loopback address. `npm start -- --no-sandbox` opens the window even for root.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { isDisplayed } from './display.ts';
import { electronRuntime } from './runtime.ts';
import { buildIfStale, outFolder, type Target } from './stale.ts';

const NO_SANDBOX = '--no-sandbox';

const root = path.dirname(import.meta.dirname);
const words = process.argv.slice(2).map((file) => (file.startsWith('-') ? file : path.resolve(process.env.INIT_CWD ?? '.', file)));
const noSandbox = words.includes(NO_SANDBOX);
const files = words.filter((word) => word !== NO_SANDBOX);

/** Fetches the runtime of the electron package, as its first launch would, because the package has no install script. */
function fetchRuntime(): void {
  const script = createRequire(import.meta.url).resolve('electron/install.js');
  console.log('fetching the Electron runtime, once');
  spawnSync(process.execPath, [script], { stdio: 'ignore', timeout: 300_000 });
}

function serve(why: string): number {
  buildIfStale('current');
  console.log(`${why}: serving the window on a loopback address instead`);
  const { status } = spawnSync(process.execPath, [path.join(root, 'dist', 'cli.js'), 'serve', ...files], { stdio: 'inherit' });
  return status ?? 130;
}

function open(executable: string, target: Target): number {
  buildIfStale(target);
  const main = path.join(outFolder(target), 'electron', 'main.cjs');
  const { status } = spawnSync(executable, [...(noSandbox ? [NO_SANDBOX] : []), main, ...files], { stdio: 'inherit' });
  return status ?? 130;
}

if (!isDisplayed()) {
  process.exitCode = serve('no display');
} else if (process.platform === 'linux' && process.getuid?.() === 0 && !noSandbox) {
  process.exitCode = serve('root gets no sandbox for the window (npm start -- --no-sandbox opens it without)');
} else {
  if (electronRuntime() === null) fetchRuntime();
  const runtime = electronRuntime();
  process.exitCode =
    runtime !== null && existsSync(runtime.executable)
      ? open(runtime.executable, runtime.target)
      : serve('no Electron runtime could be fetched');
}
