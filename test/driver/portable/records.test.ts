// Layer records that are damaged, form a cycle, or were written by a newer version.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { PortableDriver } from '../../../src/driver/portable/portable-driver.ts';

test('a layer whose parent is itself or has a damaged record is broken, and a newer version’s record makes listing fail', async (t) => {
  const home = mkdtempSync(path.join(tmpdir(), 'layerscope-records-'));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  await using driver = await PortableDriver.open(home);
  await driver.create('a', null);
  await driver.create('b', 'a');
  const record = path.join(home, 'layers', 'a.json');
  const whole = readFileSync(record, 'utf8');
  const listed = async () => (await driver.list()).map(({ id, state, problem }) => [id, state, problem ?? null]);
  assert.deepEqual(await listed(), [
    ['a', 'ready', null],
    ['b', 'ready', null],
  ]);
  writeFileSync(record, '{');
  assert.deepEqual((await listed())[1], ['b', 'broken', 'its parent a is broken']);
  writeFileSync(record, whole.replace('"parent":null', '"parent":"b"'));
  assert.deepEqual(await listed(), [
    ['a', 'broken', 'a is below itself'],
    ['b', 'broken', 'a is below itself'],
  ]);
  writeFileSync(record, JSON.stringify({ version: 2 }));
  await assert.rejects(driver.list(), { code: 'UNSUPPORTED' });
});
