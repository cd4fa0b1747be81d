// Another user, who can rename things in a folder, may put a link there at any moment.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, lchownSync, lstatSync, mkdirSync, readdirSync, realpathSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { isPrivateFolder, makePrivateFolder } from '#archive/private-place';
import { isThroughForeignLink, makeWithoutForeignLinks, openWithoutForeignLinks } from '#files';
import { CatalogFolder } from '../../src/catalog/catalog-folder.ts';
import { PortableDriver } from '../../src/driver/portable/index.ts';
import { hasCode } from '../support/asserts.ts';
import { testFolder } from '../support/workbench.ts';

const NOBODY = 65534;
const REMOVALS = 100;
const noRoot = process.getuid?.() === 0 && process.platform === 'linux' ? false : 'needs root on Linux, to act as two users';

test('a path is resolved as the system resolves it', { skip: process.platform === 'win32' }, (t) => {
  const folder = realpathSync(testFolder(t));
  mkdirSync(path.join(folder, 'real', 'inner'), { recursive: true });
  symlinkSync('real/./inner/..//inner', path.join(folder, 'relative'));
  symlinkSync(path.join(folder, 'relative'), path.join(folder, 'absolute'));
  symlinkSync('../real/.', path.join(folder, 'real', 'up'));
  symlinkSync('loop', path.join(folder, 'loop'));
  for (const way of ['real', 'relative', 'absolute', 'real/up/up/inner']) {
    using held = openWithoutForeignLinks(path.join(folder, way));
    assert.equal(held?.path, realpathSync(path.join(folder, way)), way);
    assert.equal(isThroughForeignLink(path.join(folder, way)), false);
  }
  for (const way of ['loop', 'missing', 'real/missing/..x'])
    assert.throws(
      () => openWithoutForeignLinks(path.join(folder, way)),
      ({ code }: NodeJS.ErrnoException) => code === 'ELOOP' || code === 'ENOENT',
    );
});

test('nothing is created behind another user’s link', { skip: noRoot }, async (t) => {
  const folder = realpathSync(testFolder(t));
  mkdirSync(path.join(folder, 'real'));
  symlinkSync('real', path.join(folder, 'link'));
  lchownSync(path.join(folder, 'link'), NOBODY, NOBODY);
  const below = path.join(folder, 'link', 'a', 'b');
  await assert.rejects(PortableDriver.open(below), hasCode('PERMISSION'));
  assert.throws(() => CatalogFolder.create(below), hasCode('PERMISSION'));
  assert.equal(makePrivateFolder(below), false);
  assert.deepEqual(readdirSync(path.join(folder, 'real')), []);
  using made = makeWithoutForeignLinks(path.join(folder, 'real', 'a', 'b'), 0o700);
  assert.equal(made?.path, path.join(folder, 'real', 'a', 'b'));
});

test('a folder that can’t be created in /proc is an error at once', { skip: process.platform !== 'linux' }, async () => {
  const below = '/proc/self/none/a/b';
  await assert.rejects(PortableDriver.open(below), hasCode('NOT_FOUND'));
  assert.throws(() => CatalogFolder.create(below), hasCode('NOT_FOUND'));
  assert.equal(makePrivateFolder(below), false);
});

test('a link that comes and goes never redirects a store, a catalog or a cache', { skip: noRoot }, async (t) => {
  const folder = realpathSync(testFolder(t));
  chmodSync(folder, 0o755);
  const [shared, victim] = [path.join(folder, 'shared'), path.join(folder, 'victim')];
  const named = path.join(shared, 'named');
  for (const made of [shared, victim, named]) mkdirSync(made);
  chmodSync(shared, 0o777);
  for (const home of [victim, named]) {
    await using driver = await PortableDriver.open(home);
    for (let at = 0; at < REMOVALS; at++) await driver.create(`layer-${at}`, null);
  }
  symlinkSync(victim, path.join(shared, 'link'));
  lchownSync(path.join(shared, 'link'), NOBODY, NOBODY);
  // Exchanges the folder and the link as their owner could. AT_FDCWD is -100, RENAME_EXCHANGE 2; source: fcntl.h, linux/fs.h.
  const loop = `
    const exchange = require('koffi').load('libc.so.6').func('int renameat2(int, str, int, str, uint)');
    process.send('ready');
    process.on('disconnect', () => process.exit());
    (function swap() {
      for (let at = 0; at < 101; at++) if (exchange(-100, process.argv[1], -100, process.argv[2], 2) !== 0) throw new Error('not exchanged');
      setImmediate(swap);
    })();`;
  const root = path.resolve(import.meta.dirname, '..', '..');
  const swapping = spawn(process.execPath, ['-e', loop, named, path.join(shared, 'link')], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  t.after(() => swapping.kill('SIGKILL'));
  await new Promise((resolve) => swapping.once('message', resolve));
  const { ino } = lstatSync(victim);
  let opened = 0;
  for (let at = 0; at < 5000; at++) {
    try {
      using held = openWithoutForeignLinks(named);
      if (held === null) continue;
      opened++;
      assert.notEqual(held.stats().ino, ino);
    } catch (error) {
      throw new Error('the exchange is atomic', { cause: error });
    }
  }
  assert.ok(opened > 0, 'the folder was never opened');
  chmodSync(victim, 0o777);
  for (let at = 0; at < REMOVALS; at++) {
    const driver = await PortableDriver.open(named).catch(() => null);
    await driver?.remove(`layer-${at}`).catch(() => undefined);
    await driver?.[Symbol.asyncDispose]();
    isPrivateFolder(named);
    try {
      CatalogFolder.create(named)[Symbol.dispose]();
    } catch {
      // Refused, or not a catalog.
    }
  }
  const ended = new Promise((resolve) => swapping.once('exit', resolve));
  swapping.kill('SIGKILL');
  await ended;
  assert.equal(readdirSync(path.join(victim, 'layers')).length, REMOVALS, 'nothing is removed from another store');
  assert.equal(lstatSync(victim).mode & 0o777, 0o777, 'the mode of another folder isn’t restricted');
});
