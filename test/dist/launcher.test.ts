// The packages' command, with stand-ins for the window and the command line that write their arguments.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';

const assets = path.resolve(import.meta.dirname, '..', '..', 'assets', 'linux');
const skip = process.platform === 'linux' ? false : 'the command of the packages for Linux';
const IS_ROOT = process.getuid?.() === 0;

interface Installed {
  readonly app: string;
  /** Runs the command through a link, as from /usr/bin. Returns what started, with its arguments one per line, and its error output. */
  call(args: readonly string[], env?: Readonly<Record<string, string>>): { code: number | null; started: string; said: string };
}

function install(t: TestContext): Installed {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope launcher-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const app = path.join(folder, 'lib', 'layerscope');
  mkdirSync(path.join(app, 'bin'), { recursive: true });
  mkdirSync(path.join(app, 'resources', 'cli'), { recursive: true });
  mkdirSync(path.join(folder, 'bin'));
  copyFileSync(path.join(assets, 'layerscope'), path.join(app, 'bin', 'layerscope'));
  const log = path.join(folder, 'started');
  for (const [name, file] of Object.entries({ window: 'layerscope', cli: path.join('resources', 'cli', 'node') })) {
    writeFileSync(path.join(app, file), `#!/bin/sh\nprintf '%s\\n' ${name} "$@" >'${log}'\n`);
    chmodSync(path.join(app, file), 0o755);
  }
  const link = path.join(folder, 'bin', 'layerscope');
  symlinkSync('../lib/layerscope/bin/layerscope', link);
  return {
    app,
    call(args, env = { DISPLAY: ':0' }) {
      rmSync(log, { force: true });
      const { status, stderr } = spawnSync(link, [...args], { encoding: 'utf8', env: { PATH: '/usr/bin:/bin', ...env } });
      return { code: status, started: existsSync(log) ? readFileSync(log, 'utf8') : '', said: stderr };
    },
  };
}

test('commands go to the command line, argument by argument', { skip }, (t) => {
  const { app, call } = install(t);
  const cli = path.join(app, 'resources', 'cli', 'dist', 'cli.js');
  for (const args of [
    ['inspect', '/tmp/a b.tar', '--json'],
    ['--help'],
    ['--version'],
    ['-h'],
    ['ls', '', '*'],
    ['open', 'app:1'],
    ['nonsense'],
  ])
    assert.deepEqual(call(args, {}), { code: 0, started: ['cli', cli, ...args, ''].join('\n'), said: '' }, args.join(' '));
});

test('no arguments, files and the window’s switches open the window', { skip }, (t) => {
  const { call } = install(t);
  for (const args of [[], ['/tmp/a b.tar', '/tmp/c.tar'], ['./a.tar'], ['--image-name=app:1'], ['--user-data-dir=/tmp/x']]) {
    // Root needs --no-sandbox. It comes last, so that the first argument still decides what is opened.
    const all = IS_ROOT ? [...(args.length === 0 ? [] : args), '--no-sandbox'] : args;
    assert.deepEqual(call(all, { DISPLAY: ':0' }), { code: 0, started: ['window', ...all, ''].join('\n'), said: '' }, args.join(' '));
    assert.equal(call(all, { WAYLAND_DISPLAY: 'wayland-0' }).code, 0);
  }
});

test('without a display, the window is refused in one line, and the command line works', { skip }, (t) => {
  const { call } = install(t);
  for (const args of [[], ['/tmp/a.tar']]) {
    const { code, started, said } = call(args, {});
    assert.deepEqual([code, started], [3, '']);
    assert.match(said, /^layerscope: UNSUPPORTED: there is no display [^\n]*layerscope serve[^\n]*\n$/);
  }
});

test('root is refused a window without a sandbox unless it asks for one', { skip: skip || (IS_ROOT ? false : 'only as root') }, (t) => {
  const { call } = install(t);
  const { code, started, said } = call([]);
  assert.deepEqual([code, started], [2, '']);
  assert.match(said, /^layerscope: USAGE: root gets no sandbox [^\n]*--no-sandbox[^\n]*\n$/);
});

/** Makes a stand-in for ldd that lists libraries, first on the PATH. Returns the PATH. */
function linked(app: string, lines: readonly string[]): string {
  const folder = path.join(app, 'stand-ins');
  mkdirSync(folder, { recursive: true });
  const list = path.join(folder, 'list');
  writeFileSync(list, lines.map((line) => `\t${line}\n`).join(''));
  writeFileSync(path.join(folder, 'ldd'), `#!/bin/sh\ncat '${list}'\n`);
  chmodSync(path.join(folder, 'ldd'), 0o755);
  return `${folder}:/usr/bin:/bin`;
}

test('a window with missing libraries is refused in one line that names them, including those it loads by name', { skip }, (t) => {
  const { app, call } = install(t);
  const there = 'libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f0000000000)';
  const x11 = path.join(app, 'x11');
  mkdirSync(x11);
  const has = `libX11.so.6 => ${x11}/libX11.so.6 (0x00007f0000000000)`;
  const window = IS_ROOT ? ['--no-sandbox'] : [];
  const say = (lines: readonly string[]) => call(window, { DISPLAY: ':0', PATH: linked(app, lines) });
  for (const [lines, names] of [
    [['libgtk-3.so.0 => not found', there, 'libnss3.so => not found', 'libgtk-3.so.0 => not found'], 'libgtk-3.so.0 libnss3.so'],
    [[there, has], 'libX11-xcb.so.1'],
  ] as const) {
    const { code, started, said } = say(lines);
    assert.deepEqual([code, started], [3, ''], said);
    assert.match(said, /^layerscope: UNSUPPORTED: the window needs libraries [^\n]*layerscope serve[^\n]*\n$/);
    assert.ok(said.includes(`: ${names};`), said);
  }
  writeFileSync(path.join(x11, 'libX11-xcb.so.1'), '');
  assert.equal(say([there, has]).code, 0);
  // If ldd can't read the program, starting it gives a better error.
  assert.equal(say([]).code, 0);
});

test('the desktop file offers the program for archives and starts it by its command', () => {
  const text = readFileSync(path.join(assets, 'layerscope.desktop'), 'utf8');
  const [entry = ''] = text.split('\n[Desktop Action ');
  const fields = new Map(
    entry
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => line.split(/=(.*)/s) as [string, string]),
  );
  assert.equal(fields.get('Exec'), 'layerscope %F');
  assert.equal(fields.get('MimeType'), 'application/x-tar;application/gzip;application/zstd;');
});
