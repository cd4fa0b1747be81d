// `npm run pack [-- --check]`: electron-builder's unpacked folder for this system, in out/packed. With ELECTRON_OVERRIDE_DIST_PATH
// it is made of that runtime, without a download. `--check` starts it and looks at its window.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from '@playwright/test';
import { electronRuntime } from './runtime.ts';
import { buildIfStale, outFolder, type Target } from './stale.ts';

const root = path.dirname(import.meta.dirname);
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const runtime = process.env.ELECTRON_OVERRIDE_DIST_PATH === undefined ? null : electronRuntime();
const target: Target = runtime?.target ?? 'current';

function stage(): void {
  const folder = path.join(root, 'out', 'stage');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const part of ['electron', 'renderer'])
    cpSync(path.join(outFolder(target), part), path.join(folder, 'dist', part), { recursive: true });
  for (const file of ['LICENSE', 'NOTICE']) cpSync(path.join(root, file), path.join(folder, file));
  const { name, version, description, license, author, main } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ name, version, description, license, author, main }, null, 2));
}

function pack(): string {
  rmSync(path.join(root, 'out', 'packed'), { recursive: true, force: true });
  const args = [createRequire(import.meta.url).resolve('electron-builder/cli.js'), '--dir', '--publish=never'];
  if (runtime !== null) {
    args.push(`-c.electronDist=${path.dirname(runtime.executable)}`, `-c.electronVersion=${runtime.version}`, '-c.npmRebuild=false');
  }
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit', cwd: root });
  if (status !== 0) process.exit(status ?? 1);
  const packed = readdirSync(path.join(root, 'out', 'packed')).find((name) => /unpacked$|^mac/.test(name));
  if (packed === undefined) throw new Error('electron-builder made no unpacked folder');
  return path.join(root, 'out', 'packed', packed);
}

/** Starts the packed app as a user would, with a debugging port, and waits for what an empty window says. */
async function check(folder: string): Promise<void> {
  const executable = path.join(folder, 'layerscope');
  if (!existsSync(executable)) throw new Error(`no program ${path.relative(root, executable)}`);
  const profile = mkdtempSync(path.join(tmpdir(), 'layerscope-pack-'));
  const args = ['--no-sandbox', '--remote-debugging-port=9339', `--user-data-dir=${profile}`];
  const command = process.platform === 'linux' && !process.env.DISPLAY ? ['xvfb-run', '-a', executable, ...args] : [executable, ...args];
  const child = spawn(command[0] as string, command.slice(1), { stdio: 'ignore', detached: true });
  try {
    const deadline = Date.now() + 30_000;
    for (;;) {
      try {
        const browser = await chromium.connectOverCDP('http://127.0.0.1:9339');
        const page = browser.contexts()[0]?.pages()[0];
        if (page === undefined) throw new Error('no window yet');
        await page.getByRole('button', { name: /sample image/i }).waitFor({ timeout: 10_000 });
        await browser.close();
        break;
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
    }
    console.log('the packed app starts and draws its window');
  } finally {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

buildIfStale(target);
stage();
const folder = pack();
console.log(`packed: ${path.relative(root, folder)}`);
if (values.check) await check(folder);
process.exit(0);
