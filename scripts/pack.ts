// `npm run pack [-- --check] [-- --release]`: makes electron-builder's unpacked folder for this system, in out/packed; with
// ELECTRON_OVERRIDE_DIST_PATH, from that runtime, without a download. `--check` reads the fuses back, starts the program and examines its
// window. `--release`: also for the other processors in electron-builder.yml.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { builderConfig, compareFuses, readFuses } from './fuses.ts';
import { checkKoffiPart, koffiPart, koffiPartFolder, packagedArchs } from './koffi-parts.ts';
import { electronRuntime } from './runtime.ts';
import { buildIfStale, outFolder, type Target } from './stale.ts';

const root = path.dirname(import.meta.dirname);
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false }, release: { type: 'boolean', default: false } } });
const archs = values.release ? packagedArchs() : [process.arch];
const runtime = process.env.ELECTRON_OVERRIDE_DIST_PATH === undefined ? null : electronRuntime();
const target: Target = runtime?.target ?? 'current';

/** Adds the specs' shims, loaded before main, for a runtime older than the product's own, which is for checks only and lacks some APIs. */
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
  // Everything else is bundled; koffi has a native part for each processor, and electron-builder includes only the one for the package.
  const modules = path.join(folder, 'node_modules');
  cpSync(path.join(root, 'node_modules', 'koffi'), path.join(modules, 'koffi'), { recursive: true });
  for (const arch of archs) cpSync(koffiPartFolder(arch), path.join(modules, '@koromix', koffiPart(arch)), { recursive: true });
  const { name, version, description, license, author, main, dependencies } = JSON.parse(
    readFileSync(path.join(root, 'package.json'), 'utf8'),
  );
  const needed = { koffi: dependencies.koffi };
  writeFileSync(
    path.join(folder, 'package.json'),
    JSON.stringify({ name, version, description, license, author, main, dependencies: needed }, null, 2),
  );
}

/** Returns the configuration without fuses that the stand-in runtime lacks, because electron-builder would refuse to set them. */
async function configFor(executable: string): Promise<string> {
  const config = builderConfig();
  const { missing } = compareFuses(await readFuses(executable), config.electronFuses);
  const absent = new Set(missing.map((name) => name.toLowerCase()));
  const electronFuses = Object.fromEntries(Object.entries(config.electronFuses).filter(([name]) => !absent.has(name.toLowerCase())));
  const file = path.join(root, 'out', 'electron-builder.json');
  writeFileSync(file, JSON.stringify({ ...config, electronFuses }, null, 2));
  return file;
}

/** Makes the unpacked folders. Returns them by processor. */
async function pack(): Promise<ReadonlyMap<string, string>> {
  rmSync(path.join(root, 'out', 'packed'), { recursive: true, force: true });
  const args = [
    createRequire(import.meta.url).resolve('electron-builder/cli.js'),
    '--dir',
    '--publish=never',
    ...archs.map((arch) => `--${arch}`),
  ];
  if (runtime !== null) {
    args.push(`-c.electronDist=${path.dirname(runtime.executable)}`, `-c.electronVersion=${runtime.version}`, '-c.npmRebuild=false');
    if (target !== 'current') args.push(`--config=${path.relative(root, await configFor(runtime.executable))}`);
  }
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit', cwd: root });
  if (status !== 0) process.exit(status ?? 1);
  const made = readdirSync(path.join(root, 'out', 'packed')).filter((name) => /unpacked$|^mac/.test(name));
  const folders = new Map<string, string>();
  for (const arch of archs) {
    // electron-builder names the processor unless it is x64.
    const name = made.find((each) => (/-(arm64|armv7l|ia32)\b/.exec(each)?.[1] ?? 'x64') === arch);
    if (name === undefined) throw new Error(`electron-builder made no unpacked folder for ${arch}`);
    folders.set(arch, path.join(root, 'out', 'packed', name));
  }
  return folders;
}

const EXECUTABLES: Partial<Record<NodeJS.Platform, string>> = { darwin: 'Layerscope.app', win32: 'Layerscope.exe' };

/** Checks that each fuse of the packed program is set as in electron-builder.yml. Only a stand-in runtime may lack some. */
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

/** Loads koffi from the package in the plain runtime, because the packed program doesn't allow that. */
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
 * Starts the packed app as a user would, with a debugging port, and opens the sample image, to check that layers are read in the package.
 * Also lists a windowsfilter home, which loads koffi.
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
const folders = await pack();
for (const [arch, made] of folders) {
  console.log(`packed: ${path.relative(root, made)}`);
  const resources = path.join(made, process.platform === 'darwin' ? 'Layerscope.app/Contents/Resources' : 'resources');
  if (values.check) console.log(`its part of koffi is for ${arch}: ${checkKoffiPart(resources, arch).join(', ')}`);
}
const folder = folders.get(process.arch) ?? '';
if (values.check) await checkFuses(folder);
if (values.check && runtime !== null) checkKoffi(folder, runtime.executable);
if (values.check) await check(folder);
process.exit(0);
