// `open` and `npm start` with a fake runtime, which records its arguments.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { findPackagedWindow, packageFolder, sandboxSwitches } from '../../src/cli/electron-runtime.ts';
import { type Bench, createBench } from './run-cli.ts';

const IS_ROOT = process.getuid?.() === 0;
const root = packageFolder();
const isBuilt = existsSync(path.join(root, 'dist', 'electron', 'main.cjs'));
const onLinux = process.platform === 'linux' ? (isBuilt ? false : 'the window is not built: npm run build') : 'not on Linux';

test('only root on Linux can’t use the sandbox, and runs without it only on request', () => {
  assert.deepEqual(sandboxSwitches(false, 1000, 'linux'), []);
  assert.deepEqual(sandboxSwitches(false, 0, 'darwin'), []);
  assert.deepEqual(sandboxSwitches(false, null, 'win32'), []);
  assert.throws(() => sandboxSwitches(false, 0, 'linux'), { code: 'USAGE', message: /layerscope serve, .*--no-sandbox/ });
  for (const uid of [0, 1000]) assert.deepEqual(sandboxSwitches(true, uid, 'linux'), ['--no-sandbox']);
});

test('a package’s window is the program next to the command line; an AppImage’s is the AppImage itself', (t) => {
  const bench = createBench(t);
  const cli = path.join(bench.folder, 'app', 'resources', 'cli');
  bench.write('app/resources/cli/package.json', '{}');
  for (const system of ['linux', 'darwin', 'win32'] as const) assert.equal(findPackagedWindow(cli, {}, system), null);
  const linux = bench.write('app/bin/layerscope', '');
  assert.equal(findPackagedWindow(cli, {}, 'linux'), linux);
  assert.equal(findPackagedWindow(cli, {}, 'win32'), null);
  const windows = bench.write('app/Layerscope.exe', '');
  assert.equal(findPackagedWindow(cli, {}, 'win32'), windows);
  const image = bench.write('Layerscope.AppImage', '');
  assert.equal(findPackagedWindow(cli, { APPIMAGE: image }, 'linux'), image);
  assert.equal(findPackagedWindow(cli, { APPIMAGE: `${image}.gone` }, 'linux'), linux);
  // Elsewhere, such as in a checkout, a program with that name isn't the window.
  assert.equal(findPackagedWindow(path.join(bench.folder, 'app', 'resources'), {}, 'linux'), null);
});

/** Creates a runtime that writes its arguments to `started`, one per line. */
function fakeRuntime(bench: Bench): { readonly env: NodeJS.ProcessEnv; started(): readonly string[] | null } {
  const log = path.join(bench.folder, 'started');
  bench.write('runtime/version', '45.0.0');
  chmodSync(bench.write('runtime/electron', `#!/bin/sh\nprintf '%s\\n' "$@" >${JSON.stringify(log)}\n`), 0o755);
  return {
    env: { ELECTRON_OVERRIDE_DIST_PATH: path.join(bench.folder, 'runtime'), DISPLAY: ':0' },
    started: () => (existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : null),
  };
}

test(`open as ${IS_ROOT ? 'root starts nothing and explains what to do' : 'an ordinary user keeps the sandbox'}`, {
  skip: onLinux,
}, async (t) => {
  const bench = createBench(t);
  const runtime = fakeRuntime(bench);
  const { code, stderr } = await bench.cli(['open'], { env: runtime.env });
  if (IS_ROOT) {
    assert.equal(code, 2);
    assert.match(stderr, /^layerscope: USAGE: root gets no sandbox for the window: .*layerscope serve.*--no-sandbox/);
    assert.equal(runtime.started(), null);
  } else {
    assert.deepEqual([code, stderr], [0, '']);
    assert.deepEqual(runtime.started(), [path.join(root, 'dist', 'electron', 'main.cjs')]);
  }
});

test('open --no-sandbox starts the window without a sandbox; a file named --no-sandbox is opened as a file', {
  skip: onLinux,
}, async (t) => {
  const bench = createBench(t);
  const runtime = fakeRuntime(bench);
  const file = bench.write('--no-sandbox', 'x');
  const { code, stderr } = await bench.cli(['open', '--no-sandbox', '--', '--no-sandbox'], { env: runtime.env });
  assert.deepEqual([code, stderr], [0, '']);
  assert.deepEqual(runtime.started(), ['--no-sandbox', path.join(root, 'dist', 'electron', 'main.cjs'), file]);
});

test('npm start as root serves the window and gives the reason in one line', {
  skip: onLinux || (IS_ROOT ? false : 'needs root'),
}, async (t) => {
  const bench = createBench(t);
  const runtime = fakeRuntime(bench);
  const env = { ...process.env, ...runtime.env, XDG_CACHE_HOME: bench.folder, XDG_DATA_HOME: bench.folder };
  const child = spawn(process.execPath, [path.join(root, 'scripts', 'start.ts')], { env, cwd: bench.folder, detached: true });
  const ended = once(child, 'exit');
  let text = '';
  for await (const chunk of child.stdout) {
    text += String(chunk);
    if (/http:\S+\n/.test(text)) break;
  }
  process.kill(-(child.pid as number), 'SIGTERM');
  await ended;
  assert.match(
    text,
    /^root gets no sandbox for the window \(npm start -- --no-sandbox .*: serving the window on a loopback address instead$/m,
  );
  assert.equal(runtime.started(), null);
});
