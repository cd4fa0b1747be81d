// Layer calls made through koffi on the stand-in for vmcompute.dll: arguments exactly as hcsshim passes them, complete errors, and no
// leaked memory.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { LayerscopeError } from '#model';
import { NativeError } from '../../../src/driver/windows/native-error.ts';
import { buildStandIn } from '../../native/build.ts';
import { StandIn } from '../../native/stand-in.ts';

const system = process.platform === 'win32' ? 'windows' : 'linux';
const standIn = new StandIn(process.env.LAYERSCOPE_STAND_IN ?? buildStandIn({ system }));
const { layers } = standIn;
const driver = { flavour: 1, home: '' } as const;

test('each call passes the same arguments as hcsshim, byte for byte', async () => {
  const vector = path.resolve('test', 'fixtures', 'vectors', 'hcsshim-calls.txt');
  standIn.reset();
  standIn.logOnly();
  assert.equal(await layers.layerExists(driver, 'C:\\layers\\yes'), true);
  await layers.layerMountPath(driver, 'C:\\layers\\a');
  await layers.nameToGuid('parent');
  await layers.createLayer(driver, 'C:\\layers\\l', 'p');
  await layers.createSandboxLayer(driver, 'C:\\layers\\sandbox', ['C:\\layers\\p1', 'C:\\layers\\é2']);
  await layers.createSandboxLayer(driver, 'C:\\layers\\sandbox', []);
  await layers.activateLayer(driver, 'C:\\layers\\sandbox');
  await layers.prepareLayer(driver, 'C:\\layers\\sandbox', ['C:\\layers\\p1']);
  await layers.unprepareLayer(driver, 'C:\\layers\\sandbox');
  await layers.deactivateLayer(driver, 'C:\\layers\\sandbox');
  await layers.importLayer(driver, 'C:\\layers\\l', 'C:\\tmp\\imp', ['C:\\layers\\p1']);
  await layers.exportLayer(driver, 'C:\\layers\\l', 'C:\\tmp\\exp', ['C:\\layers\\p1']);
  await layers.destroyLayer(driver, 'nonexist');
  assert.deepEqual(standIn.log(), readFileSync(vector, 'utf8').trimEnd().split('\n'));
});

test('a failed call’s error has the call’s name, subject, code and kind', async () => {
  standIn.reset();
  standIn.logOnly();
  for (const [hresult, code, win32] of [
    [0x80070005, 'PERMISSION', 5],
    [0x80070002, 'NOT_FOUND', 2],
    [0x800700b7, 'EXISTS', 183],
    [0xc0370103, 'IO', 0xc0370103],
  ] as const) {
    standIn.failAt(0, false, hresult | 0);
    await assert.rejects(layers.activateLayer(driver, 'C:\\x'), (error: unknown) => {
      assert.ok(error instanceof NativeError && error instanceof LayerscopeError);
      assert.equal(error.code, code);
      assert.equal(error.win32, win32);
      assert.equal(error.call, 'ActivateLayer');
      assert.match(error.message, /^ActivateLayer of C:\\x failed/);
      return true;
    });
  }
});

test('a string with U+0000 is refused before the call', async () => {
  standIn.reset();
  await assert.rejects(layers.activateLayer(driver, 'C:\\x\0y'), { code: 'NAME_REFUSED' });
  await assert.rejects(layers.activateLayer({ flavour: 1, home: '\0' }, 'C:\\x'), { code: 'NAME_REFUSED' });
  await assert.rejects(layers.importLayer(driver, 'C:\\x', 'C:\\y', ['C:\\p\0']), { code: 'NAME_REFUSED' });
  assert.deepEqual(standIn.log(), []);
});

test('the list of base images is read and freed', async () => {
  standIn.reset();
  const before = standIn.held;
  const json = JSON.stringify({ Images: [{ Name: 'Grüße 漢字 😀', Path: 'C:\\x'.repeat(1000) }] });
  standIn.setBaseImages(json);
  assert.equal(await layers.baseImages(), json);
  if (process.platform !== 'win32') assert.equal(standIn.held, before, 'freed by CoTaskMemFree');
  standIn.setBaseImages('{"Images":[]}');
});

test('a missing library export is detected', () => {
  assert.equal(layers.has('HNSCall'), true);
  const old = new StandIn(process.env.LAYERSCOPE_STAND_IN_TP4 ?? buildStandIn({ system, tp4: true }));
  assert.equal(old.layers.has('HNSCall'), false);
  assert.equal(old.layers.has('ImportLayer'), true);
});
