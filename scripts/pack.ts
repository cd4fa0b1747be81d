// `npm run pack [-- --check]`: electron-builder's unpacked folder for this system, in out/packed. With ELECTRON_OVERRIDE_DIST_PATH it is
// built from that runtime, without a download. `--check` reads its fuses back, starts it and examines its window.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { builderConfig, compareFuses, readFuses } from './fuses.ts';
import { electronRuntime } from './runtime.ts';
import { buildIfStale, outFolder, type Target } from './stale.ts';

const root = path.dirname(import.meta.dirname);
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const runtime = process.env.ELECTRON_OVERRIDE_DIST_PATH === undefined ? null : electronRuntime();
const target: Target = runtime?.target ?? 'current';

/** A runtime older than the product's own is for checks only: the specs' shims, loaded before main, add what it lacks. */
function addShims(folder: string): void {
  for (const name of ['electron22-shim.cjs', 'electron22-preload.cjs', 'node16-shim.cjs'])
    cpSync(path.join(root, 'test', 'ui', name), path.join(folder, name));
  renameSync(path.join(folder, 'main.cjs'), path.join(folder, 'product.cjs'));
  writeFileSync(path.join(folder, 'main.cjs'), "require('./electron22-shim.cjs');\nrequire('./product.cjs');\n");
}

/** Collects the files to pack. Source maps are left out: they are twice as large as the code, and a release publishes them separately. */
function stage(): void {
  const folder = path.join(root, 'out', 'stage');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const part of ['electron', 'renderer'])
    cpSync(path.join(outFolder(target), part), path.join(folder, 'dist', part), {
      recursive: true,
      filter: (file) => !file.endsWith('.map'),
    });
  for (const file of ['LICENSE', 'NOTICE']) cpSync(path.join(root, file), path.join(folder, file));
  if (target !== 'current') addShims(path.join(folder, 'dist', 'electron'));
  // Everything else is bundled; koffi has a native part.
  for (const name of ['koffi', '@koromix'])
    cpSync(path.join(root, 'node_modules', name), path.join(folder, 'node_modules', name), { recursive: true });
  const { name, version, description, license, author, main, dependencies } = JSON.parse(
    readFileSync(path.join(root, 'package.json'), 'utf8'),
  );
  const needed = { koffi: dependencies.koffi };
  writeFileSync(
    path.join(folder, 'package.json'),
    JSON.stringify({ name, version, description, license, author, main, dependencies: needed }, null, 2),
  );
}

/** The configuration without fuses that the stand-in runtime lacks, which electron-builder would refuse to set. */
async function configFor(executable: string): Promise<string> {
  const config = builderConfig();
  const { missing } = compareFuses(await readFuses(executable), config.electronFuses);
  const absent = new Set(missing.map((name) => name.toLowerCase()));
  const electronFuses = Object.fromEntries(Object.entries(config.electronFuses).filter(([name]) => !absent.has(name.toLowerCase())));
  const file = path.join(root, 'out', 'electron-builder.json');
  writeFileSync(file, JSON.stringify({ ...config, electronFuses }, null, 2));
  return file;
}

async function pack(): Promise<string> {
  rmSync(path.join(root, 'out', 'packed'), { recursive: true, force: true });
  const args = [createRequire(import.meta.url).resolve('electron-builder/cli.js'), '--dir', '--publish=never'];
  if (runtime !== null) {
    args.push(`-c.electronDist=${path.dirname(runtime.executable)}`, `-c.electronVersion=${runtime.version}`, '-c.npmRebuild=false');
    if (target !== 'current') args.push(`--config=${path.relative(root, await configFor(runtime.executable))}`);
  }
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit', cwd: root });
  if (status !== 0) process.exit(status ?? 1);
  const packed = readdirSync(path.join(root, 'out', 'packed')).find((name) => /unpacked$|^mac/.test(name));
  if (packed === undefined) throw new Error('electron-builder made no unpacked folder');
  return path.join(root, 'out', 'packed', packed);
}

const EXECUTABLES: Partial<Record<NodeJS.Platform, string>> = { darwin: 'Layerscope.app', win32: 'Layerscope.exe' };

/** Reads the fuses of the packed program back: each must be as in electron-builder.yml. Only a stand-in runtime may lack any. */
async function checkFuses(folder: string): Promise<void> {
  const states = await readFuses(path.join(folder, EXECUTABLES[process.platform] ?? 'layerscope'));
  const { wrong, missing } = compareFuses(states, builderConfig().electronFuses);
  if (target === 'current')
    for (const fuse of missing) wrong.push(`electron-builder.yml names ${fuse}, a fuse that the runtime doesn't have`);
  if (wrong.length > 0) throw new Error(`the packed app's fuses:\n  ${wrong.join('\n  ')}`);
  const lacking = missing.length === 0 ? '' : `; this runtime, ${runtime?.version ?? ''}, has no ${missing.join(' and no ')}`;
  const words = [...states].filter(([, state]) => state === 'on' || state === 'off').map(([name, state]) => `${name} ${state}`);
  console.log(`the packed app's fuses are set: ${words.join(', ')}${lacking}`);
}

const PORT = 9339;

/** Evaluates an expression in the app's page over the debugging port. */
async function evaluate(expression: string): Promise<unknown> {
  const pages = (await (await fetch(`http://127.0.0.1:${PORT}/json/list`)).json()) as { type: string; webSocketDebuggerUrl: string }[];
  const page = pages.find(({ type }) => type === 'page');
  if (page === undefined) throw new Error('no window');
  const socket = new WebSocket(page.webSocketDebuggerUrl);
  try {
    return await new Promise((resolve, reject) => {
      socket.onopen = () =>
        socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression, returnByValue: true, userGesture: true } }));
      socket.onmessage = ({ data }) =>
        resolve((JSON.parse(String(data)) as { result?: { result?: { value?: unknown } } }).result?.result?.value);
      socket.onerror = () => reject(new Error('the debugging port closed'));
      socket.onclose = () => reject(new Error('the window closed'));
    });
  } finally {
    socket.close();
  }
}

async function until(what: string, expression: string): Promise<void> {
  let last: unknown;
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
    try {
      if ((await evaluate(expression)) === true) return;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  throw new Error(`the packed app: ${what} did not appear`, { cause: last });
}

/** Loads koffi from the package in the runtime: the packed program itself doesn't allow it. */
function checkKoffi(folder: string, executable: string): void {
  const name = path.join(folder, 'resources', 'app.asar', 'node_modules', 'koffi');
  const script = `process.exit(require(${JSON.stringify(name)}).sizeof('int') === 4 ? 0 : 1)`;
  const { status, stderr } = spawnSync(executable, ['-e', script], {
    encoding: 'utf8',
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
  });
  if (status !== 0) throw new Error(`koffi doesn't work in the packed app: ${stderr}`);
}

/**
 * Starts the packed app as a user would, with a debugging port, and opens the sample image, whose layers are read in the package. Also
 * lists a windowsfilter home, so that koffi is loaded.
 */
async function check(folder: string): Promise<void> {
  const executable = path.join(folder, 'layerscope');
  if (!existsSync(executable)) throw new Error(`no program ${path.relative(root, executable)}`);
  const profile = mkdtempSync(path.join(tmpdir(), 'layerscope-pack-'));
  const home = path.join(profile, 'windowsfilter');
  mkdirSync(home);
  writeFileSync(path.join(profile, 'stores.json'), JSON.stringify([{ driver: 'windowsfilter', home }]));
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const args = [...sandbox, `--remote-debugging-port=${PORT}`, `--user-data-dir=${profile}`];
  const command = process.platform === 'linux' && !process.env.DISPLAY ? ['xvfb-run', '-a', executable, ...args] : [executable, ...args];
  const child = spawn(command[0] as string, command.slice(1), { stdio: 'ignore', detached: true });
  try {
    const button = "[...document.querySelectorAll('button')].find((button) => /sample image/i.test(button.textContent))";
    await until('the empty window', `${button} !== undefined`);
    await evaluate(`${button}.click()`);
    await until('a change list of the sample image', `document.querySelectorAll('[role=treegrid] [role=row]').length > 2`);
    if (process.platform !== 'win32')
      await until(
        'the reason of a Windows driver',
        "/vmcompute|Windows/.test(document.querySelector('[aria-label=windowsfilter]')?.textContent ?? '') && !/koffi/.test(document.body.textContent)",
      );
    console.log('the packed app starts, draws its window and reads the sample image');
  } finally {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

buildIfStale(target);
stage();
const folder = await pack();
console.log(`packed: ${path.relative(root, folder)}`);
if (values.check) await checkFuses(folder);
if (values.check && runtime !== null) checkKoffi(folder, runtime.executable);
if (values.check) await check(folder);
process.exit(0);
