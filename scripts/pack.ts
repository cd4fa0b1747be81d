// `npm run pack [-- --check] [-- --release]`: makes electron-builder's unpacked folder for this system, in out/packed: the window, the
// command line with its Node, licences and SBOM. With ELECTRON_OVERRIDE_DIST_PATH, uses that runtime, without a download. `--check` reads
// the fuses back, starts the program and examines its window. `--release`: also for the other processors in electron-builder.yml.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { layOutCli, product } from './dist/cli-folder.ts';
import { refuse, run } from './dist/commands.ts';
import { listComponents } from './dist/components.ts';
import { licencesPage } from './dist/licences.ts';
import { addNode, nodeVersion } from './dist/node-runtime.ts';
import { sbom } from './dist/sbom.ts';
import { openDisplay, openSample, startWindow } from './dist/window-check.ts';
import { builderConfig, compareFuses, readFuses } from './fuses.ts';
import { checkKoffiPart, koffiPart, koffiPartFolder, packagedArchs } from './koffi-parts.ts';
import { electronRuntime } from './runtime.ts';
import { buildIfStale, outFolder, type Target } from './stale.ts';

const root = path.dirname(import.meta.dirname);
const { values } = parseArgs({ options: { check: { type: 'boolean', default: false }, release: { type: 'boolean', default: false } } });
const archs = values.release ? packagedArchs() : [process.arch];
const runtime = findRuntime();
const { target } = runtime;

/** Finds the runtime to pack, which the `electron` npm package downloads on first use. Ends the process with a one-line message if there is none. */
function findRuntime(): NonNullable<ReturnType<typeof electronRuntime>> {
  const found = electronRuntime();
  if (found !== null) return found;
  const folder = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  if (folder !== undefined) refuse(`no Electron runtime in ${folder}, which ELECTRON_OVERRIDE_DIST_PATH names`);
  const script = path.join(path.dirname(createRequire(import.meta.url).resolve('electron/package.json')), 'install.js');
  const { stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'], timeout: 600_000 });
  const downloaded = electronRuntime();
  if (downloaded !== null) return downloaded;
  const why = /^.*(?:Error|failed).*$/m.exec(stderr)?.[0].trim() ?? 'no reason given';
  return refuse(
    `no Electron runtime, and its download failed (${why}): connect to the network, or name a folder with a runtime in ELECTRON_OVERRIDE_DIST_PATH`,
  );
}

/** Adds the specs' shims, which are loaded before main. They are for an older runtime that lacks some APIs and is used only in checks. */
function addShims(folder: string): void {
  for (const name of ['electron22-shim.cjs', 'electron22-preload.cjs', 'node16-shim.cjs'])
    cpSync(path.join(root, 'test', 'ui', name), path.join(folder, name));
  // The shims are required by main.cjs itself, not by a wrapper around it, because main's chunks require main.cjs by name.
  const main = path.join(folder, 'main.cjs');
  writeFileSync(main, `require('./electron22-shim.cjs');\n${readFileSync(main, 'utf8')}`);
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
  // Everything but koffi is bundled. koffi has a native part for each processor, and electron-builder includes only the one for the
  // package.
  const modules = path.join(folder, 'node_modules');
  // The documentation and C++ sources make up most of koffi, so they are left out.
  cpSync(path.join(root, 'node_modules', 'koffi'), path.join(modules, 'koffi'), {
    recursive: true,
    filter: (file) => statSync(file).isDirectory() || /(?:\.c?js|package\.json|LICENSE\.txt)$/.test(file),
  });
  for (const arch of archs)
    cpSync(koffiPartFolder(arch), path.join(modules, '@koromix', koffiPart(arch)), {
      recursive: true,
      filter: (file) => !path.basename(file).startsWith('musl_'), // there is no Electron for musl
    });
  const { name, version, description, license, author, main, dependencies } = product();
  const needed = { koffi: dependencies.koffi };
  writeFileSync(
    path.join(folder, 'package.json'),
    JSON.stringify({ name, version, description, license, author, main, dependencies: needed }, null, 2),
  );
}

/** Lays out the command line for each processor, with the Node that runs it. */
function stageCli(): void {
  for (const arch of archs) {
    const folder = path.join(root, 'out', `stage-cli-${arch}`);
    layOutCli(folder);
    addNode(folder, arch);
    // Node is started with this file as its argument. The file isn't executable, because its `#!` line might find another Node.
    chmodSync(path.join(folder, 'dist', 'cli.js'), 0o644);
  }
}

/** Writes the documents about the package's contents: the licences and the SBOM. */
function stageDocuments(): void {
  const folder = path.join(root, 'out', 'stage-documents');
  mkdirSync(folder, { recursive: true });
  const { version } = product();
  const components = listComponents(runtime.executable, outFolder('current'));
  writeFileSync(path.join(folder, 'licenses.html'), licencesPage(version, readFileSync(path.join(root, 'LICENSE'), 'utf8'), components));
  writeFileSync(path.join(folder, 'sbom.cdx.json'), sbom({ name: 'layerscope', version, licence: 'Apache-2.0' }, components));
}

/** Returns the configuration without fuses that a stand-in runtime lacks, because electron-builder would refuse to set them. */
async function configFor(executable: string): Promise<string> {
  const config = builderConfig();
  const { missing } = compareFuses(await readFuses(executable), config.electronFuses);
  const absent = new Set(missing.map((name) => name.toLowerCase()));
  const electronFuses = Object.fromEntries(Object.entries(config.electronFuses).filter(([name]) => !absent.has(name.toLowerCase())));
  const file = path.join(root, 'out', 'electron-builder.json');
  writeFileSync(file, JSON.stringify({ ...config, electronFuses }, null, 2));
  return file;
}

/** Returns the runtime's folder, as downloaded. */
function runtimeFolder(): string {
  return process.env.ELECTRON_OVERRIDE_DIST_PATH ?? path.join(root, 'node_modules', 'electron', 'dist');
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
  // With several processors, electron-builder downloads a runtime for each.
  if (archs.length === 1) args.push(`-c.electronDist=${runtimeFolder()}`);
  args.push(`-c.electronVersion=${runtime.version}`, '-c.npmRebuild=false');
  if (target !== 'current') args.push(`--config=${path.relative(root, await configFor(runtime.executable))}`);
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit', cwd: root });
  if (status !== 0) process.exit(status ?? 1);
  const made = readdirSync(path.join(root, 'out', 'packed')).filter((name) => /unpacked$|^mac/.test(name));
  const folders = new Map<string, string>();
  for (const arch of archs) {
    // electron-builder names the processor unless it is x64.
    const name = made.find((each) => (/-(arm64|armv7l|ia32)\b/.exec(each)?.[1] ?? 'x64') === arch);
    if (name === undefined) throw new Error(`electron-builder made no unpacked folder for ${arch}`);
    folders.set(arch, path.join(root, 'out', 'packed', name));
    // Electron's default app, which starts if there is no other.
    rmSync(path.join(root, 'out', 'packed', name, 'resources', 'default_app.asar'), { force: true });
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
  const lacking = missing.length === 0 ? '' : `; this runtime, ${runtime.version}, has no ${missing.join(' and no ')}`;
  const words = [...states].filter(([, state]) => state === 'on' || state === 'off').map(([name, state]) => `${name} ${state}`);
  console.log(`the packed app's fuses are set: ${words.join(', ')}${lacking}`);
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
 * Starts the packed app as a user would and opens the sample image, to check that layers are read in the package. Also lists a windowsfilter
 * home, which loads koffi.
 */
async function check(folder: string): Promise<void> {
  const executable = path.join(folder, 'layerscope');
  if (!existsSync(executable)) throw new Error(`no program ${path.relative(root, executable)}`);
  const profile = mkdtempSync(path.join(tmpdir(), 'layerscope-pack-'));
  try {
    const home = path.join(profile, 'windowsfilter');
    mkdirSync(home);
    writeFileSync(path.join(profile, 'stores.json'), JSON.stringify([{ driver: 'windowsfilter', home }]));
    const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    await using display = await openDisplay();
    await using window = startWindow([executable, ...sandbox], { profile, env: { ...process.env, ...display.env } });
    await openSample(window);
    if (process.platform !== 'win32')
      await window.until(
        'the reason of a Windows driver',
        "/vmcompute|Windows/.test(document.querySelector('[aria-label=windowsfilter]')?.textContent ?? '') && !/koffi/.test(document.body.textContent)",
      );
    console.log('the packed app starts, draws its window and reads the sample image');
  } finally {
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

/** Runs the packed command line with the Node in the package. */
function checkCli(resources: string): void {
  const cli = path.join(resources, 'cli');
  const node = path.join(cli, process.platform === 'win32' ? 'node.exe' : 'node');
  const told = run(node, [path.join(cli, 'dist', 'cli.js'), '--version']).trim();
  if (told !== product().version) throw new Error(`the packed command line says that it is version ${told}`);
  const { images } = JSON.parse(run(node, [path.join(cli, 'dist', 'cli.js'), 'inspect', path.join(resources, 'sample.tar'), '--json'])) as {
    readonly images: readonly unknown[];
  };
  if (images.length === 0) throw new Error('the packed command line finds no image in the sample');
  console.log(`the packed command line reads the sample image, on Node ${nodeVersion()}`);
}

for (const each of new Set<Target>(['current', target])) buildIfStale(each);
stage();
stageCli();
stageDocuments();
const folders = await pack();
for (const [arch, made] of folders) {
  console.log(`packed: ${path.relative(root, made)}`);
  const resources = path.join(made, process.platform === 'darwin' ? 'Layerscope.app/Contents/Resources' : 'resources');
  if (values.check) console.log(`its part of koffi is for ${arch}: ${checkKoffiPart(resources, arch).join(', ')}`);
}
const folder = folders.get(process.arch) ?? '';
if (values.check) await checkFuses(folder);
if (values.check) checkKoffi(folder, runtime.executable);
if (values.check) checkCli(path.join(folder, process.platform === 'darwin' ? 'Layerscope.app/Contents/Resources' : 'resources'));
if (values.check) await check(folder);
process.exit(0);
