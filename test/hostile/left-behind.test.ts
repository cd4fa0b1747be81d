// What the program leaves alone: other files in a folder used as the cache, and homes without a store.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { createBench, MAIN } from '../cli/run-cli.ts';
import { dockerArchive } from '../support/docker-archive.ts';
import { file, tar } from '../support/tar-builder.ts';
import { until } from '../support/waiting.ts';

const image = dockerArchive({ name: 'app:1', layers: [tar(file('a', 'one'))] });

test('a cache in a folder with other files removes none of them, and leaves the folder accessible', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', image);
  const shared = path.join(bench.folder, 'shared');
  const names = ['run-2024-results', 'run-notes', `run-${'1-2-01234567'}-longer-name`];
  for (const name of names) mkdirSync(path.join(shared, name), { recursive: true });
  writeFileSync(path.join(shared, names[0] ?? '', 'thesis.txt'), 'precious');
  for (const name of names) utimesSync(path.join(shared, name), 1e9, 1e9);
  for (const mode of [0o755, 0o1777]) {
    chmodSync(shared, mode);
    for (const argv of [
      ['inspect', 'image.tar'],
      ['inspect', '-'],
    ]) {
      const { code, stderr } = await bench.cli(argv, { env: { LAYERSCOPE_CACHE: shared }, stdin: image });
      assert.deepEqual([code, stderr], [0, '']);
    }
    assert.equal(statSync(shared).mode & 0o7777, mode);
    assert.deepEqual(readdirSync(shared).sort(), ['layerscope', ...names].sort());
    assert.equal(statSync(path.join(shared, 'layerscope')).mode & 0o777, 0o700);
  }
  assert.ok(existsSync(path.join(shared, names[0] ?? '', 'thesis.txt')));
});

test('reading a store that doesn’t exist doesn’t create it', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', image);
  const home = path.join(bench.folder, 'typo', 'deep');
  for (const argv of [['list'], ['list', '--json'], ['verify'], ['cleanup'], ['base-images']]) {
    const { code, stdout, stderr } = await bench.cli(['store', ...argv, '--home', home]);
    assert.deepEqual([code, stdout], [0, ''], argv.join(' '));
    const said = argv.includes('--json') ? '' : `layerscope: no store in ${home}: layerscope store import creates one\n`;
    assert.equal(stderr, said, argv.join(' '));
  }
  for (const argv of [
    ['ls', 'store:x'],
    ['store', 'size', 'x'],
    ['store', 'mount', 'x'],
    ['store', 'remove', 'x'],
    ['store', 'export', 'x', '--to', 'y'],
  ]) {
    const { code, stderr } = await bench.cli([...argv, '--home', home]);
    assert.equal(code, 3, argv.join(' '));
    assert.match(stderr, /^layerscope: NOT_FOUND: no store in /);
  }
  assert.deepEqual(readdirSync(bench.folder).includes('typo'), false);
  assert.equal((await bench.cli(['store', 'import', 'image.tar', '--home', home])).code, 0);
  assert.match((await bench.cli(['store', 'list', '--home', home])).stdout, /app:1/);
});

const noPipes = process.platform === 'win32' && 'Windows has no pipes among its files';

test('a signal ends the program even while it waits for a pipe that nothing writes to', { skip: noPipes }, async (t) => {
  const bench = createBench(t);
  const pipe = path.join(bench.folder, 'pipe');
  assert.equal(await new Promise((resolve) => spawn('mkfifo', [pipe]).on('close', resolve)), 0);
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    const child = spawn(process.execPath, [MAIN, 'inspect', pipe], {
      env: { ...process.env, LAYERSCOPE_CACHE: path.join(bench.folder, 'c') },
    });
    // The process is reading once its folder for the input exists.
    while (!existsSync(path.join(bench.folder, 'c')) || !readdirSync(path.join(bench.folder, 'c')).some((name) => name.startsWith('run-')))
      await new Promise((resolve) => setTimeout(resolve, 10));
    child.kill(signal);
    assert.equal(await new Promise((resolve) => child.on('close', resolve)), code, signal);
  }
  // A pipe that is written to later is read in the same way as standard input.
  const child = spawn(process.execPath, [MAIN, 'inspect', pipe, '--no-cache']);
  let stdout = '';
  child.stdout.on('data', (bytes: Buffer) => {
    stdout += bytes.toString();
  });
  writeFileSync(pipe, image);
  await new Promise((resolve) => child.on('close', resolve));
  assert.match(stdout, /app:1/);
});

test('the next run removes what a killed process unpacked, even if the cache can’t be used', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', image);
  const temporary = path.join(bench.folder, 'tmp');
  mkdirSync(temporary);
  // The cache's folder can't be created below a file.
  const env = { LAYERSCOPE_CACHE: path.join(bench.folder, 'image.tar', 'cache'), TMPDIR: temporary };
  mkdirSync(path.join(temporary, 'layerscope-notes'));
  const child = spawn(process.execPath, [MAIN, 'inspect', '-'], { env: { ...process.env, ...env }, stdio: ['pipe', 'ignore', 'ignore'] });
  child.stdin?.on('error', () => {});
  child.stdin?.write(image.subarray(0, 1024));
  await until(() => readdirSync(temporary).some((name) => /^layerscope-\d/.test(name)), 'a folder for what comes in');
  const other = spawn(process.execPath, [MAIN, 'inspect', '-'], { env: { ...process.env, ...env }, stdio: ['pipe', 'ignore', 'ignore'] });
  await until(() => readdirSync(temporary).length === 3, 'a second one');
  child.kill('SIGKILL');
  await new Promise((resolve) => child.on('close', resolve));
  assert.equal((await bench.cli(['inspect', '-'], { env, stdin: image })).code, 0);
  // The other process is still running, so its folder stays.
  assert.deepEqual(
    readdirSync(temporary).filter((name) => !/^layerscope-\d/.test(name)),
    ['layerscope-notes'],
  );
  assert.equal(readdirSync(temporary).length, 2);
  other.kill('SIGTERM');
  await new Promise((resolve) => other.on('close', resolve));
  assert.deepEqual(readdirSync(temporary), ['layerscope-notes']);
});
