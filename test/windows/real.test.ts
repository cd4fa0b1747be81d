// The Windows driver on Windows' own layer calls: see scripts/test-windows.ts. Under Wine it runs on the stand-in (LAYERSCOPE_STAND_IN),
// with small layers of its own.
import assert from 'node:assert/strict';
import { createReadStream, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { toHex } from '#model';
import type { TarSource } from '../../src/driver/driver.ts';
import { openNative } from '../../src/driver/windows/ffi/open-native.ts';
import { WindowsDriver } from '../../src/driver/windows/windows-driver.ts';
import { filterTar } from '../support/windows-tars.ts';

const standIn = process.env.LAYERSCOPE_STAND_IN;
const files = (process.env.LAYERSCOPE_LAYERS ?? '').split(path.delimiter).filter((file) => file !== '');
const real = openNative(standIn === undefined ? {} : { vmcompute: standIn, backup: standIn });
// Wine's user holds no privileges, and the stand-in needs none.
const native = standIn === undefined ? real : { ...real, enablePrivileges: () => {} };
const work = mkdtempSync(path.join(tmpdir(), 'layerscope-real-'));
const home = path.join(work, 'windowsfilter');
mkdirSync(home);
after(() => rmSync(work, { recursive: true, force: true }));

/** Layers, the base first. */
const layers: (() => TarSource | Promise<TarSource>)[] =
  files.length > 0
    ? files.map((file) => () => createReadStream(file))
    : [
        async () => [await filterTar({ files: { 'a.txt': 'a' } }, true)],
        async () => [await filterTar({ files: { 'b.txt': 'b' }, removed: ['a.txt'] }, false)],
      ];

const driver = new WindowsDriver('windowsfilter', home, native);

test('layer names have the GUIDs that public logs show', {
  skip: standIn !== undefined && 'the stand-in has GUIDs of its own',
}, async () => {
  for (const [name, guid] of [
    ['4e3c0eecb91d8fc28eda07ff06c6910a592b0ce4539476fb943b48e6934e9976', 'cd22d128-903e-550a-9d8f-aa8134ca1c9b'],
    ['e2a46135ff011a2ef9f193590ccddde95806850a0cdd7638b913e003c28e7fd0', '8f9dd02a-0f67-598e-921b-59884f08b5af'],
    ['CN=Microsoft_WindowsServerCore_10.0.10586.0', '84ea5d62-64ed-574d-a0b6-2d19ec831a27'],
  ] as const) {
    const bytes = await native.layers.nameToGuid(name);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
    const text = [
      hex(view.getUint32(0, true), 8),
      hex(view.getUint16(4, true), 4),
      hex(view.getUint16(6, true), 4),
      toHex(bytes.subarray(8, 10)),
      toHex(bytes.subarray(10)),
    ].join('-');
    assert.equal(text, guid, name);
  }
});

test('the shared base images are listed', async () => {
  for (const image of await driver.baseImages()) assert.match(image.id, /^[0-9a-f]{64}$/);
});

test('layers are imported on top of each other and exported again', async () => {
  for (const [index, open] of layers.entries()) {
    await driver.create(`layer${index}`, index === 0 ? null : `layer${index - 1}`);
    const { sizeBytes } = await driver.applyDiff(`layer${index}`, await open());
    assert.ok(sizeBytes > 0);
    let entries = 0;
    for await (const change of driver.changes(`layer${index}`)) {
      entries++;
      assert.match(change.path, /^(Files|Hives|UtilityVM)(\/|$)/);
    }
    assert.ok(entries > 0);
    let bytes = 0;
    for await (const piece of driver.diff(`layer${index}`)) bytes += piece.length;
    assert.equal(bytes % 512, 0);
    assert.ok(bytes > 1024);
  }
});

test('a read-write layer is mounted and written to, and its changes list what was written', async () => {
  await driver.createReadWrite('run', `layer${layers.length - 1}`);
  {
    await using mount = await driver.mount('run');
    writeFileSync(path.join(mount.path, 'layerscope.txt'), 'written through the mount');
    assert.ok(readdirSync(mount.path).length > 0);
    assert.equal(readFileSync(path.join(mount.path, 'layerscope.txt'), 'utf8'), 'written through the mount');
  }
  const paths: string[] = [];
  for await (const change of driver.changes('run')) paths.push(change.path);
  assert.ok(paths.includes('Files/layerscope.txt'), paths.join(', '));
  await driver.remove('run');
});

test('all layers are removed, and nothing is left in the home', async () => {
  for (let index = layers.length - 1; index >= 0; index--) await driver.remove(`layer${index}`);
  assert.deepEqual(readdirSync(home), []);
  await driver[Symbol.asyncDispose]();
});
