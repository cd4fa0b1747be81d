// Devices, pipes, sockets and terminals where an image or a hive is expected. Every reading command answers: it doesn't wait for input that
// never comes, or read input that never ends.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { test } from 'node:test';
import { runCommand } from '../support/command-line.ts';
import { file, tar } from '../support/tar-builder.ts';
import { testFile, testFolder } from '../support/workbench.ts';
import { createBench, MAIN } from './run-cli.ts';

const LAYER = tar(file('a', 'x'.repeat(100_000)));

/** Returns every command that reads an image, with its arguments. */
function reading(at: string): readonly (readonly string[])[] {
  return [
    ...['inspect', 'ls', 'waste', 'breakdown', 'packages', 'config', 'hive', 'check'].map((name) => [name, at]),
    ['changes', at, '--layer', '0'],
    ['raw', at, '--layer', '0'],
    ['cat', at, '/a'],
    ['why', at, '/a'],
    ['diff', at, at],
    ['hive', at, 'SYSTEM'],
  ];
}

const skip = process.platform === 'win32';

async function refuses(at: string, message: RegExp): Promise<void> {
  const all = await Promise.all(reading(at).map(async (argv) => ({ argv, ...(await runCommand(argv)) })));
  for (const { argv, code, stderr } of all) {
    assert.equal(code, 3, `${argv.join(' ')}: ${stderr}`);
    assert.match(stderr, message, argv.join(' '));
  }
}

for (const [device, message] of [
  ['/dev/zero', /^layerscope: NOT_AN_IMAGE: zero has nothing but zeros in its first 4\.2 MB\n$/],
  ['/dev/urandom', /^layerscope: NOT_AN_IMAGE: urandom is neither an image archive nor a layer tar\n$/],
  ['/dev/null', /^layerscope: NOT_AN_IMAGE: null is empty: it has 0 bytes\n$/],
  ['/dev/ptmx', /^layerscope: NOT_AN_IMAGE: \/dev\/ptmx is a terminal, not a file or folder\n$/],
] as const) {
  test(`${device} is not an image`, { skip: skip || !existsSync(device), timeout: 120_000 }, () => refuses(device, message));
}

test('a pipe that nothing writes to is not an image', { skip, timeout: 120_000 }, async (t) => {
  const pipe = path.join(testFolder(t), 'pipe');
  execFileSync('mkfifo', [pipe]);
  await refuses(pipe, /^layerscope: IO: .*pipe is a pipe that nothing writes to\n$/);
});

test('a socket is not an image', { skip, timeout: 120_000 }, async (t) => {
  const at = path.join(testFolder(t), 'socket');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(at, resolve));
  t.after(() => server.close());
  await refuses(at, /^layerscope: NOT_AN_IMAGE: .*socket is a socket, not a file or folder\n$/);
});

test('every command that reads streams reads a pipe with a writer', { skip, timeout: 120_000 }, async (t) => {
  const source = testFile(t, LAYER);
  for (const argv of [['ls'], ['inspect'], ['waste'], ['packages'], ['hive']]) {
    const pipe = path.join(testFolder(t), 'pipe');
    execFileSync('mkfifo', [pipe]);
    const writing = pipeline(createReadStream(source), createWriteStream(pipe));
    const { code, stderr } = await runCommand([...argv, pipe]);
    await writing;
    assert.equal(code, 0, `${argv.join(' ')}: ${stderr}`);
  }
});

test('standard input that never ends is refused by its first bytes', { skip, timeout: 120_000 }, async (t) => {
  const { cli, folder } = createBench(t);
  const neither = /NOT_AN_IMAGE: standard input is neither an image archive nor a layer tar/;
  for (const [feed, message] of [
    ['"$0" "$@" < /dev/zero', /NOT_AN_IMAGE: standard input has nothing but zeros/],
    ['"$0" "$@" < /dev/urandom', neither],
    ['cat /dev/urandom | "$0" "$@"', neither],
    ['yes | "$0" "$@"', neither],
  ] as const) {
    const run = spawnSync('sh', ['-c', feed, process.execPath, MAIN, 'ls', '-', '--no-cache'], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 60_000,
    });
    assert.equal(run.status, 3, `${feed}: ${run.stderr}`);
    assert.match(run.stderr, message, feed);
  }
  assert.equal((await cli(['ls', '-'], { stdin: LAYER })).code, 0);
});
