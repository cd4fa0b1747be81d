// `npm run test:ui [-- --project web|electron|docs] [--all] [SPEC…]`: the specs in Chromium against the loopback host, and in Electron if
// its runtime is available; those of the documentation's site (`docs`) in Chromium. Reports what couldn't run and why; with
// LAYERSCOPE_REQUIRE_ELECTRON=1 that is a failure. If both run, specs tagged
// @page run only in Chromium, and those tagged @window only in Electron, unless `--all` or specs are given.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildStandIn, hasCompiler } from '../test/native/build.ts';
import { buildStandInWorker } from '../test/ui/support/build-stand-in-worker.ts';
import { ensureChromium } from './browser.ts';
import { isDisplayed } from './display.ts';
import { electronRuntime } from './runtime.ts';
import { buildIfStale, outFolder, type Target } from './stale.ts';

const root = path.dirname(import.meta.dirname);
const { values, positionals } = parseArgs({
  options: { project: { type: 'string', multiple: true }, all: { type: 'boolean', default: false } },
  allowPositionals: true,
  strict: false,
});
// Specs given as arguments are always specs of the window, not of the site.
const usual = positionals.length === 0 ? ['docs', 'web', 'electron'] : ['web', 'electron'];
const projects = new Set((values.project as string[] | undefined) ?? usual);

function hasXvfb(): boolean {
  return spawnSync('xvfb-run', ['--help'], { stdio: 'ignore' }).status === 0;
}

function playwright(names: readonly string[], env: Record<string, string>, underXvfb: boolean): boolean {
  const cli = createRequire(import.meta.url).resolve('@playwright/test/cli');
  const args = [cli, 'test', '-c', 'test/ui/playwright.config.ts', ...names.map((name) => `--project=${name}`), ...positionals];
  const command: [string, string[]] = underXvfb ? ['xvfb-run', ['-a', process.execPath, ...args]] : [process.execPath, args];
  const { status } = spawnSync(command[0], command[1], { stdio: 'inherit', cwd: root, env: { ...process.env, ...env } });
  return status === 0;
}

/** Returns environment variables for the specs of the Windows drivers: the stand-in for vmcompute.dll, and a store thread that uses it. */
async function standIn(target: Target): Promise<Record<string, string>> {
  if (process.platform !== 'linux' || !hasCompiler('linux')) {
    console.log('not run: the specs of windowsfilter on the stand-in: no gcc (Debian: gcc, libc6-dev), or not on Linux');
    if (process.env.LAYERSCOPE_REQUIRE_NATIVE === '1') passed = false;
    return {};
  }
  return { LAYERSCOPE_STAND_IN: buildStandIn({ system: 'linux' }), LAYERSCOPE_STAND_IN_WORKER: await buildStandInWorker(target) };
}

let passed = true;
const runtime = projects.has('electron') ? electronRuntime() : null;
const canShow = isDisplayed() || hasXvfb();
const isShared = projects.has('web') && runtime !== null && canShow && values.all !== true && positionals.length === 0;
const all = { LAYERSCOPE_ALL_SPECS: isShared ? '' : '1' };
if (isShared) console.log('specs tagged @page run in Chromium only, those tagged @window in Electron only; --all runs all in both');
const inChromium = ['docs', 'web'].filter((project) => projects.has(project));
if (inChromium.length > 0) {
  if (projects.has('docs'))
    passed = spawnSync(process.execPath, [path.join('scripts', 'docs.ts')], { stdio: 'inherit', cwd: root }).status === 0 && passed;
  if (projects.has('web')) buildIfStale('current');
  const env = { ...(projects.has('web') ? { ...all, ...(await standIn('current')) } : {}), LAYERSCOPE_OUT: outFolder('current') };
  passed = playwright(inChromium, { ...env, LAYERSCOPE_CHROMIUM: ensureChromium() }, false) && passed;
}
if (projects.has('electron')) {
  const missing = 'no Electron runtime (npx install-electron fetches it, or name a folder with one in ELECTRON_OVERRIDE_DIST_PATH)';
  if (runtime === null || !canShow) {
    console.log(`not run: the Electron specs: ${runtime === null ? missing : 'no display, and no xvfb-run'}`);
    if (process.env.LAYERSCOPE_REQUIRE_ELECTRON === '1') passed = false;
  } else {
    buildIfStale(runtime.target);
    const out = { LAYERSCOPE_ELECTRON: runtime.executable, LAYERSCOPE_OUT: outFolder(runtime.target) };
    passed = playwright(['electron'], { ...all, ...(await standIn(runtime.target)), ...out }, !isDisplayed()) && passed;
  }
}
process.exitCode = passed ? 0 : 1;
