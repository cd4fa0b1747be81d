// Locks held by other processes, and mounts left by processes that have ended.
import assert from 'node:assert/strict';

import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { PortableDriver } from '../../src/driver/portable/index.ts';
import { lockForWriting } from '../../src/driver/portable/writer-lock.ts';
import { createBench } from '../cli/run-cli.ts';
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

test('store release unmounts what a dead process left, but not what a live one holds', async (t) => {
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
