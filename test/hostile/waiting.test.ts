// Locks held by other processes, and mounts left by processes that have ended.
import assert from 'node:assert/strict';

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { PortableDriver } from '../../src/driver/portable/index.ts';
import { lockForWriting } from '../../src/driver/portable/writer-lock.ts';
import { createBench, MAIN } from '../cli/run-cli.ts';
import { file, tar } from '../support/tar-builder.ts';
import { testFolder } from '../support/workbench.ts';

test('waiting for a lock held by a live process times out with an error that names the process', async (t) => {
  const home = path.join(testFolder(t), 'home');
  const driver = await PortableDriver.open(home, { waitMs: 60 });
  const lock = path.join(home, 'lock');
  const year = 365 * 24 * 3600;
  for (const [text, time] of [
    [JSON.stringify({ pid: process.ppid, began: null, token: 'x' }), 0],
    [JSON.stringify({ pid: process.ppid, began: null, token: 'x' }), year],
    ['{"pid":', year],
    ['', year],
  ] as const) {
    writeFileSync(lock, text);
    utimesSync(lock, Date.now() / 1000 + time, Date.now() / 1000 + time);
    await assert.rejects(driver.create('a', null), ({ code, message }: { code: string; message: string }) => {
      assert.equal(code, 'IO');
      assert.match(message, /is locked by (process \d+( \(.*\))?|an unknown process), which shows no sign of work: .*remove .*lock$/);
      return true;
    });
    assert.equal(readFileSync(lock, 'utf8'), text, 'the lock of another process stays');
    assert.deepEqual(
      readdirSync(home).filter((name) => name.startsWith('lock')),
      ['lock'],
    );
  }
  const said: string[] = [];
  await assert.rejects(lockForWriting(home, { waitMs: 60, noticeMs: 0, onWaiting: (message) => said.push(message) }));
  assert.equal(said.length, 1);
  assert.match(said[0] ?? '', /^waiting for /);
});

test('store release unmounts what a dead process left mounted, but not what a live one holds', async (t) => {
  const bench = createBench(t);
  const home = path.join(bench.folder, 'home');
  const layer = bench.write('layer.tar', tar(file('f', 'x')));
  const store = (...args: string[]) => bench.cli(['store', ...args, '--home', home]);
  assert.equal((await store('import', layer, '--id', 'one')).code, 0);
  const { stdout } = await store('mount', 'one', '--as-is');
  assert.ok(existsSync(path.join(stdout.trim(), 'f')));
  assert.deepEqual((await store('release', 'one')).stdout, 'one\n');
  assert.ok(!existsSync(stdout.trim()));
  const none = await store('release', 'one');
  assert.equal(none.code, 3);
  assert.match(none.stderr, /^layerscope: NOT_FOUND: layer one is not mounted\n$/);
  const driver = await PortableDriver.open(home);
  await using mount = await driver.mount('one');
  const held = await store('release', 'one');
  assert.equal(held.code, 3);
  assert.match(held.stderr, /EXISTS: layer one is mounted by process \d+/);
  assert.ok(existsSync(mount.path));
});

const otherNamespace = ['--pid', '--fork', '--mount-proc', '--kill-child'];
const hasNamespaces = spawnSync('unshare', [...otherNamespace, 'true']).status === 0;

test('another container’s mount and lock stay, because their process may still run', {
  skip: !hasNamespaces && 'needs root',
}, async (t) => {
  const bench = createBench(t);
  const home = path.join(bench.folder, 'home');
  const layer = bench.write('layer.tar', tar(file('f', 'x')));
  const store = (...args: string[]) => bench.cli(['store', ...args, '--home', home]);
  assert.equal((await store('import', layer, '--id', 'one')).code, 0);
  const environment = { ...process.env, LAYERSCOPE_CACHE: path.join(bench.folder, 'cache') };
  const held = spawn('unshare', [...otherNamespace, process.execPath, MAIN, 'store', 'mount', 'one', '--wait', '--home', home], {
    env: environment,
  });
  t.after(() => held.kill('SIGKILL')); // unshare ignores SIGTERM while its child runs
  const [line] = (await once(held.stdout, 'data')) as [Buffer];
  const root = line.toString().trim();
  assert.ok(existsSync(path.join(root, 'f')));
  assert.deepEqual((await store('cleanup')).stdout, '');
  const released = await store('release', 'one');
  assert.equal(released.code, 3);
  assert.match(released.stderr, /EXISTS: layer one is mounted by process \d+ of another container or machine: .* remove .*\/mounts\/one-/);
  const removed = await store('remove', 'one');
  assert.equal(removed.code, 3);
  assert.ok(existsSync(path.join(root, 'f')));
  // Six writers, each in its own namespace, wait their turn.
  const files = Array.from({ length: 6 }, (_, i) => bench.write(`layer${i}.tar`, tar(file('f', `${i}`))));
  const ends = files.map(async (each, i) => {
    const child = spawn('unshare', [...otherNamespace, process.execPath, MAIN, 'store', 'import', each, '--id', `n${i}`, '--home', home], {
      env: environment,
    });
    const said: Buffer[] = [];
    child.stderr.on('data', (bytes: Buffer) => said.push(bytes));
    const [code] = (await once(child, 'close')) as [number];
    return [
      code,
      Buffer.concat(said)
        .toString()
        .replace(/^.*waiting for process.*\n/gm, ''),
    ];
  });
  assert.deepEqual(
    await Promise.all(ends),
    files.map(() => [0, '']),
  );
});
