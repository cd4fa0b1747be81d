// Windows Server 2016 TP4, recognized by a missing export: a layer's diff is its transport folder in an ordinary tar.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { LayerFiles } from '../../../src/driver/driver.ts';
import { buildStandIn } from '../../native/build.ts';
import { StandIn } from '../../native/stand-in.ts';
import { gather } from '../../support/random-chunks.ts';
import { directory, file, symlink, tar } from '../../support/tar-builder.ts';
import { WindowsBench } from '../../support/windows-bench.ts';

const system = process.platform === 'win32' ? 'windows' : 'linux';
const tp4 = new StandIn(process.env.LAYERSCOPE_STAND_IN_TP4 ?? buildStandIn({ system, tp4: true }));

/** Returns a file of a transport folder: its attributes, its data stream's header, and the data. */
function transportFile(content: string): Buffer {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0x20, 0);
  head.writeUInt32LE(1, 4);
  head.writeBigUInt64LE(BigInt(content.length), 12);
  return Buffer.concat([head, Buffer.from(content)]);
}

const FOLDER = [
  file('tombstones.txt', '\ufeffVersion 1.0\n'),
  directory('Files/'),
  file('Files/d.$wcidirs$', Buffer.from([0x10, 0, 0, 0])),
  directory('Files/d/'),
  file('Files/d/f.txt', transportFile('content')),
  directory('Hives/'),
  file('Hives/System_Delta', 'delta'),
];

async function onBase(bench: WindowsBench) {
  tp4.reset();
  const driver = await bench.open();
  await driver.create('base', null);
  mkdirSync(path.join(bench.home, 'base', 'Files'));
  writeFileSync(path.join(bench.home, 'base', 'Files', 'a.txt'), 'a');
  await driver.create('top', 'base');
  return driver;
}

test('a layer is imported and exported as its transport folder, file by file', async () => {
  await using bench = new WindowsBench('windowsfilter', tp4.layers, 10_586);
  const driver = await onBase(bench);
  assert.deepEqual(await driver.status(), [['Windows', 'TP4']]);
  await driver.applyDiff('top', [tar(...FOLDER)]);
  const parts: Uint8Array[] = [];
  for await (const bytes of driver.diff('top')) parts.push(Uint8Array.from(bytes));
  const out = Buffer.concat(parts).toString('latin1');
  for (const name of ['Files/', 'Files/d.$wcidirs$', 'Files/d/f.txt', 'Hives/System_Delta', 'tombstones.txt'])
    assert.ok(out.includes(`${name}\0`), name);
  assert.ok(out.includes(transportFile('content').toString('latin1')));
  assert.deepEqual(await bench.stray(), []);
  assert.equal(tp4.held, 0);
});

test('a tar that is truncated, has a link, or has a name that points outside never reaches ImportLayer, and no layer remains', async () => {
  for (const [bytes, code] of [
    [tar(...FOLDER, symlink('Files/l', '../..')), 'PATH_ESCAPE'],
    [tar(...FOLDER, file('../x', 'x')), 'PATH_ESCAPE'],
    [tar(...FOLDER).subarray(0, 3000), 'TRUNCATED'],
  ] as const) {
    await using bench = new WindowsBench('windowsfilter', tp4.layers, 10_586);
    const driver = await onBase(bench);
    tp4.log();
    await assert.rejects(driver.applyDiff('top', [bytes]), { code });
    assert.ok(tp4.log().every((line) => !line.startsWith('ImportLayer')));
    assert.equal(await driver.exists('top'), false);
    assert.deepEqual(await bench.stray(), []);
  }
});

test("a layer's files are read from an export, which is removed when they are closed", async () => {
  await using bench = new WindowsBench('windowsfilter', tp4.layers, 10_586);
  const driver = await onBase(bench);
  await driver.applyDiff('top', [tar(...FOLDER)]);
  const text = async (files: LayerFiles, name: string) => Buffer.from(await gather(files.open(name)));
  {
    await using files = await driver.files('top');
    assert.deepEqual(await text(files, 'Files/d/f.txt'), transportFile('content'));
    assert.match((await text(files, 'tombstones.txt')).toString(), /Version 1\.0/);
    await assert.rejects(text(files, '../base/Files/a.txt'), { code: 'PATH_ESCAPE' });
    await assert.rejects(text(files, 'Files/none'), { code: 'NOT_FOUND' });
  }
  await using base = await driver.files('base');
  assert.equal((await text(base, 'Files/a.txt')).toString(), 'a');
  tp4.failAt(0, false);
  await assert.rejects(driver.files('top'));
  tp4.failAt(-1, false);
  assert.equal(tp4.held, 0);
  await base[Symbol.asyncDispose]();
  assert.deepEqual(await bench.stray(), []);
});
