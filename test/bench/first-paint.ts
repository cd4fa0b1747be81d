// `npm run bench:first-paint [IMAGE]`: how long a user waits from the start of the program until its window shows something, compared with
// an Electron program that opens an empty window. The two are run alternately, on the Electron that the UI specs use, with existing
// profiles. Needs a display or xvfb-run. There is no pass/fail limit.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { isDisplayed } from '../../scripts/display.ts';
import { electronRuntime } from '../../scripts/runtime.ts';
import { buildIfStale, outFolder } from '../../scripts/stale.ts';
import { median } from './measure.ts';

const RUNS = Number(process.env.LAYERSCOPE_BENCH_RUNS ?? 9);

/**
 * Loaded into the main process before the program. Prints when the program's page first painted and, for ours, when the page's content
 * appeared, in milliseconds since 1970. Then ends the program.
 */
const HOOK = `'use strict';
const { app } = require('electron');
if (process.env.LAYERSCOPE_TEST_PROFILE) app.setPath('userData', process.env.LAYERSCOPE_TEST_PROFILE);
const PAINT = \`new Promise((resolve) => new PerformanceObserver((list) => {
  const [paint] = list.getEntriesByName('first-contentful-paint');
  if (paint !== undefined) resolve(performance.timeOrigin + paint.startTime);
}).observe({ type: 'paint', buffered: true })).then(async (painted) => {
  if (location.protocol !== 'app:') return painted;
  while (document.querySelector('[data-width]') === null) await new Promise(requestAnimationFrame);
  return painted + ' ' + (performance.timeOrigin + performance.now());
})\`;
app.on('browser-window-created', (_event, window) => {
  window.webContents.once('dom-ready', async () => {
    process.stdout.write('painted ' + (await window.webContents.executeJavaScript(PAINT)) + '\\n', () => app.exit(0));
  });
});`;

const EMPTY = `'use strict';
const { app, BrowserWindow } = require('electron');
app.whenReady().then(() => new BrowserWindow({ width: 1320, height: 860 }).loadURL('data:text/html,<p>empty</p>'));`;

interface Times {
  readonly painted: number;
  /** NaN if the page isn't ours. */
  readonly drawn: number;
}

async function timesOf(command: readonly string[], profile: string): Promise<Times> {
  const [program = '', ...args] = command;
  const start = Date.now();
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, LAYERSCOPE_TEST_PROFILE: profile, XDG_CACHE_HOME: path.join(profile, 'cache') },
  });
  let text = '';
  for await (const chunk of child.stdout) text += chunk;
  const [, painted, drawn] = /painted ([\d.]+)(?: ([\d.]+))?/.exec(text) ?? [];
  if (painted === undefined) throw new Error(`no paint from ${args.at(-1)}`);
  return { painted: Number(painted) - start, drawn: Number(drawn) - start };
}

if (!isDisplayed()) {
  // All runs share one display, so that starting it isn't measured.
  const { status } = spawnSync('xvfb-run', ['-a', process.execPath, ...process.argv.slice(1)], { stdio: 'inherit' });
  process.exit(status ?? 1);
}
const runtime = electronRuntime();
if (runtime === null) throw new Error('no Electron runtime: npx install-electron fetches it');
buildIfStale(runtime.target);
const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-paint-'));
try {
  const file = (name: string, text: string): string => {
    writeFileSync(path.join(folder, name), text);
    return path.join(folder, name);
  };
  const hook = file('hook.cjs', HOOK);
  const shim = path.join(import.meta.dirname, '..', 'ui', 'electron22-shim.cjs');
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const start = [runtime.executable, ...sandbox, '-r', hook, '-r', shim];
  const programs = {
    empty: [...start, file('empty.cjs', EMPTY)],
    ours: [...start, path.join(outFolder(runtime.target), 'electron', 'main.cjs'), ...process.argv.slice(2)],
  };
  const once = async (name: keyof typeof programs): Promise<Times> => {
    const profile = path.join(folder, name);
    mkdirSync(profile, { recursive: true });
    return timesOf(programs[name], profile);
  };
  await once('empty');
  await once('ours');
  const pairs: { empty: Times; ours: Times }[] = [];
  for (let i = 0; i < RUNS; i++) pairs.push({ empty: await once('empty'), ours: await once('ours') });
  const ms = (values: readonly number[]): string => `${median(values).toFixed(0)} ms`;
  console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores`);
  console.log(`first paint of an empty Electron window    ${ms(pairs.map(({ empty }) => empty.painted))}`);
  const ratio = median(pairs.map(({ ours, empty }) => ours.painted / empty.painted));
  console.log(`first paint of ours    ${ms(pairs.map(({ ours }) => ours.painted))}    ${ratio.toFixed(2)} ×   target ≤ 1.3`);
  console.log(`our window stands    ${ms(pairs.map(({ ours }) => ours.drawn))}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
