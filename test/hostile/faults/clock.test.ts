// A clock that is set forward or back: files then have dates in the future, or seem too old.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { createReader } from '#archive';
import { PortableDriver } from '../../../src/driver/portable/index.ts';
import { file, tar } from '../../support/tar-builder.ts';
import { readAll, testFile, testFolder } from '../../support/workbench.ts';

const HOUR = 3_600_000;

test('cache entries dated in the future are evicted first, unless used since', async (t: TestContext) => {
  const cacheFolder = testFolder(t);
  const inputs = ['a', 'b', 'c'].map((name) => testFile(t, tar(file(name, name))));
  const look = async (input: string, cacheBytes = 1e9) => {
    await using reader = createReader({ cacheFolder, workers: 0, cacheBytes });
    await readAll(reader, input);
  };
  for (const input of inputs) await look(input);
  const entries = () =>
    readdirSync(path.join(cacheFolder, 'index'))
      .filter((name) => name !== 'tables.key')
      .map((name) => path.join(cacheFolder, 'index', name));
  const size = Math.max(...entries().map((entry) => statSync(entry).size));
  const future = (Date.now() + 24 * HOUR) / 1000;
  for (const entry of entries()) utimesSync(entry, future, future);
  await look(inputs[1] ?? '');
  const used = entries().filter((entry) => statSync(entry).mtimeMs < Date.now() + HOUR);
  assert.equal(used.length, 1, 'using an entry sets its time to the current clock');
  // The cache has space for this new entry and one of the older ones.
  await look(testFile(t, tar(file('d', 'd'))), size * 2 + 100);
  const left = entries();
  assert.equal(left.length, 2);
  assert.ok(left.includes(used[0] ?? ''));
});

test('a clock that jumps while another writer takes the lock does not break the lock', async (t: TestContext) => {
  const home = path.join(testFolder(t), 'home');
  const driver = await PortableDriver.open(home, { waitMs: 60 });
  const lock = path.join(home, 'lock');
  for (const jump of [HOUR, -HOUR]) {
    // An empty lock, as on a file system without hard links, where the holder is written a moment after the lock is created.
    writeFileSync(lock, '');
    const now = Date.now;
    t.mock.method(Date, 'now', () => now() + jump);
    await assert.rejects(driver.create('a', null), { code: 'IO' });
    t.mock.restoreAll();
    assert.equal(readFileSync(lock, 'utf8'), '', 'the lock of another process stays');
  }
});

test('the private folder of a live process stays, however old it seems', async (t: TestContext) => {
  const cacheFolder = testFolder(t);
  await using first = createReader({ cacheFolder, workers: 0 });
  await readAll(first, testFile(t, tar(file('a', 'a'))));
  const [own = ''] = readdirSync(cacheFolder).filter((name) => name.startsWith('run-'));
  utimesSync(path.join(cacheFolder, own), 1, 1);
  await using second = createReader({ cacheFolder, workers: 0 });
  await readAll(second, testFile(t, tar(file('b', 'b'))));
  assert.ok(readdirSync(cacheFolder).includes(own));
});
