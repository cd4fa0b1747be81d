// Images in a store, on the command line: imported, listed, read like any image, exported in each format, renamed, removed, and
// interrupted.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { dockerArchive } from '../support/docker-archive.ts';
import { directory, file, tar } from '../support/tar-builder.ts';
import { until } from '../support/waiting.ts';
import { createBench, MAIN } from './run-cli.ts';

const base = tar(directory('etc/'), file('etc/os', 'base'));
const image = dockerArchive({ name: 'app:1', layers: [base, tar(file('app', 'one'))] });

function createStore(t: TestContext) {
  const bench = createBench(t);
  const home = path.join(bench.folder, 'home');
  bench.write('image.tar', image);
  const cli = async (...argv: string[]) => {
    const done = await bench.cli([...argv, '--home', home]);
    assert.equal(done.code, 0, `${argv.join(' ')}: ${done.stderr}`);
    return done.stdout;
  };
  const refused = async (code: RegExp, ...argv: string[]) => {
    const done = await bench.cli([...argv, '--home', home]);
    assert.ok(done.code === 2 || done.code === 3, argv.join(' '));
    assert.match(done.stderr, code);
    assert.equal(done.stdout, '');
  };
  return { bench, home, cli, refused };
}

test('an imported image can be read by its name in every command, and exported with the same digests', async (t) => {
  const { bench, home, cli, refused } = createStore(t);
  const [stored] = JSON.parse(`[${await cli('store', 'import', 'image.tar', '--name', 'app:2', '--json')}]`) as Record<string, unknown>[];
  assert.ok(stored !== undefined);
  const [listed] = await bench.lines(['store', 'list', '--images', '--json', '--home', home]);
  assert.deepEqual(listed?.names, ['app:2']);
  assert.equal((await bench.lines(['store', 'list', '--json', '--home', home])).length, 2);

  assert.match(await cli('inspect', 'store:app:2'), /2 layers, 7 B/);
  assert.match(await cli('ls', 'store:app:2', 'etc'), /etc\/os/);
  assert.equal(await cli('cat', 'store:app:2', 'etc/os'), 'base');
  assert.match(await cli('changes', 'store:app:2', '--layer', '1'), /^\+ .* app$/m);
  assert.equal(await cli('diff', 'store:app:2', 'image.tar'), 'no difference\n');
  await refused(/NOT_FOUND/, 'inspect', 'store:lost');

  for (const [format, name] of [
    ['docker-archive', 'out-docker.tar'],
    ['oci-archive', 'out-oci.tar'],
    ['oci-layout', 'out-layout'],
  ] as const) {
    await cli('store', 'export', 'app:2', '--to', name, '--format', format);
    const [, report] = [name, JSON.parse((await bench.cli(['inspect', name, '--json'])).stdout)] as [string, Record<string, never>];
    const [out] = report.images as unknown as Record<string, unknown>[];
    for (const key of ['names', 'configDigest', 'manifestDigest']) assert.deepEqual(out?.[key], listed?.[key], `${format}: ${key}`);
    await refused(/EXISTS/, 'store', 'export', 'app:2', '--to', name, '--format', format);
  }
  await refused(/^layerscope: [^\n]*format/, 'store', 'export', 'app:2', '--to', 'x', '--format', 'zip');

  // A layer together with the layers below can be used as an image too.
  const ids = await bench.lines(['store', 'list', '--json', '--home', home]);
  const top = String(ids.find(({ chain }) => (chain as string[]).length === 1)?.id);
  await cli('store', 'export', top, '--to', 'chain.tar', '--format', 'docker-archive');
  assert.match(await cli('inspect', 'chain.tar'), /2 layers, 7 B/);
  assert.match(await cli('check', 'chain.tar'), /^(?!.*error)/);
  await refused(/archive/, 'store', 'export', top, '--to', 'y', '--format', 'oci-layout');

  // Adds a second name, then removes both: the image and its blobs are removed with the last name.
  await cli('store', 'import', 'image.tar');
  assert.equal((await bench.lines(['store', 'list', '--images', '--json', '--home', home])).length, 1, 'one image with two names');
  await cli('store', 'remove', 'app:2');
  assert.match(await cli('store', 'list', '--images'), /app:1/);
  const bottom = (await bench.lines(['store', 'list', '--json', '--home', home]))[0] as { id: string };
  await refused(/EXISTS/, 'store', 'remove', bottom.id);
  await cli('store', 'remove', 'app:1');
  assert.equal((await bench.lines(['store', 'list', '--json', '--home', home])).length, 0);
  assert.deepEqual(readdirSync(path.join(home, 'blobs', 'sha256')), []);
  assert.equal(await cli('store', 'cleanup'), '');
});

test('an interrupted import leaves nothing behind', { skip: process.platform === 'win32' && 'no signals on Windows' }, async (t) => {
  const { bench, home, cli } = createStore(t);
  await cli('store', 'import', 'image.tar');
  const before = readFileSync(path.join(home, 'index.json'), 'utf8');
  const blobs = readdirSync(path.join(home, 'blobs', 'sha256')).sort();
  const main = MAIN;
  // Standard input never ends, so the command is stopped while waiting.
  const child = spawn(process.execPath, [main, 'store', 'import', '-', '--id', 'half', '--home', home], {
    cwd: bench.folder,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  child.stdin.on('error', () => {});
  child.stdin.write(base.subarray(0, 700));
  // The import has begun once its unfinished file exists.
  const tmp = path.join(home, 'tmp');
  await until(() => {
    assert.equal(child.exitCode, null, 'the import ended early');
    return existsSync(tmp) && readdirSync(tmp).some((name) => name !== 'working');
  }, 'the import is writing');
  child.kill('SIGINT');
  assert.equal(await ended, 130);
  assert.equal(readFileSync(path.join(home, 'index.json'), 'utf8'), before);
  assert.deepEqual(readdirSync(path.join(home, 'blobs', 'sha256')).sort(), blobs);
  assert.deepEqual([...readdirSync(tmp), ...readdirSync(home).filter((name) => name.startsWith('lock'))], []);
  assert.equal((await bench.lines(['store', 'list', '--json', '--home', home])).length, 2);
});
