// Layers that are half-made, empty or made by another process: no layer can be based on one, and none is destroyed by mistake.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { LayerCalls } from '../../../src/driver/windows/native.ts';
import { ReadOnlyWindowsHome } from '../../../src/driver/windows/read-only-home.ts';
import type { WindowsDriver } from '../../../src/driver/windows/windows-driver.ts';
import { gather } from '../../support/random-chunks.ts';
import { standIn, WindowsBench } from '../../support/windows-bench.ts';
import { filterTar } from '../../support/windows-tars.ts';

const BASE = await filterTar({ files: { 'etc/motd': 'hello' } }, true);
const TOP = await filterTar({ files: { 'etc/motd': 'changed' } }, false);

/** Returns the stand-in's layer calls with some replaced. */
function layersWith(replaced: Partial<LayerCalls>): LayerCalls {
  return new Proxy(standIn.layers, {
    get(target, name) {
      const own = Reflect.get(replaced, name);
      if (own !== undefined) return own;
      const method: unknown = Reflect.get(target, name, target);
      return typeof method === 'function' ? method.bind(target) : method;
    },
  });
}

async function withBase(bench: WindowsBench): Promise<WindowsDriver> {
  const driver = await bench.open();
  await driver.create('base', null);
  await driver.applyDiff('base', [BASE]);
  return driver;
}

/** Checks that another process sees a layer whose import hasn't ended, but can't use that layer. */
async function isUnfinished(bench: WindowsBench, id: string): Promise<void> {
  for (const driver of [await bench.open(), await ReadOnlyWindowsHome.open('windowsfilter', bench.home)]) {
    const layer = (await driver.list()).find((listed) => listed.id === id);
    assert.equal(layer?.state, 'broken');
    assert.match(layer?.problem ?? '', /import was interrupted/);
    await assert.rejects(driver.chain(id), { code: 'IO', message: /import was interrupted/ });
  }
  const other = await bench.open();
  const broken = { code: 'IO', message: /import was interrupted/ };
  await assert.rejects(other.create('child', id), broken);
  await assert.rejects(other.createReadWrite('child', id), broken);
  await assert.rejects(other.mount(id), broken);
  await assert.rejects(gather(other.diff(id)), broken);
  await assert.rejects(other.applyDiff(id, [BASE]), broken);
  assert.equal(existsSync(path.join(bench.home, 'child')), false);
}

test('other processes see a layer as broken after each piece of its tar, and as complete once its import has ended', async () => {
  await using bench = new WindowsBench('windowsfilter');
  const driver = await withBase(bench);
  await driver.create('top', 'base');
  await driver.create('second', null);
  for (const [id, tar] of [
    ['top', TOP],
    ['second', BASE],
  ] as const) {
    const pieces = async function* (): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < tar.length; at += 2048) {
        yield tar.subarray(at, at + 2048);
        await isUnfinished(bench, id);
      }
    };
    await driver.applyDiff(id, pieces());
    assert.equal((await driver.list()).find((layer) => layer.id === id)?.state, 'ready');
    assert.ok((await gather(driver.diff(id))).length > 0);
    assert.equal(readdirSync(path.join(bench.home, id)).includes('layerscope-importing'), false);
  }
});

test('a layer is unfinished until the steps after ImportLayer are done, and one left by a killed process can be removed', async () => {
  let look: () => Promise<void> = async () => {};
  await using bench = new WindowsBench(
    'windowsfilter',
    layersWith({
      async importLayer(...args) {
        await standIn.layers.importLayer(...args);
        await look();
      },
    }),
  );
  const driver = await withBase(bench);
  await driver.create('top', 'base');
  let looked = 0;
  look = async () => {
    looked++;
    await isUnfinished(bench, 'top');
  };
  await driver.applyDiff('top', [TOP]);
  assert.equal(looked, 1);
  writeFileSync(path.join(bench.home, 'top', 'layerscope-importing'), '');
  const after = await bench.open();
  await assert.rejects(after.remove('base'), { code: 'EXISTS', message: /top/ });
  await after.remove('top');
  assert.deepEqual(
    (await after.list()).map(({ id, state }) => [id, state]),
    [['base', 'ready']],
  );
});

test('an empty layer can’t be a parent or be mounted, but can still be filled', async () => {
  await using bench = new WindowsBench('windowsfilter');
  const driver = await bench.open();
  await driver.create('base', null);
  const empty = { code: 'UNSUPPORTED', message: /base is empty/ };
  await assert.rejects(driver.create('top', 'base'), empty);
  await assert.rejects(driver.createReadWrite('run', 'base'), empty);
  await assert.rejects(driver.mount('base'), empty);
  assert.deepEqual(readdirSync(bench.home), ['base']);
  // Simulates a platform that creates the folder itself.
  mkdirSync(path.join(bench.home, 'base', 'Files'));
  await driver.applyDiff('base', [BASE]);
  await assert.rejects(driver.applyDiff('base', [Buffer.from('no tar')]), { code: 'EXISTS', message: /base is already filled/ });
  await driver.create('top', 'base');
  await assert.rejects(driver.create('over', 'top'), { code: 'UNSUPPORTED', message: /top is empty/ });
  await driver.applyDiff('top', [TOP]);
  await driver.create('over', 'top');
});

test('Windows itself refuses to create or import a layer on an empty one', async () => {
  await using bench = new WindowsBench('windowsfilter');
  const driver = await bench.open();
  await driver.create('base', null);
  await driver.create('other', null);
  const [base, other] = ['base', 'other'].map((id) => path.join(bench.home, id)) as [string, string];
  const info = { flavour: 1, home: '' } as const;
  await assert.rejects(standIn.layers.createSandboxLayer(info, path.join(bench.home, 'run'), [base]), { code: 'NOT_FOUND' });
  const folder = path.join(bench.temporary, 'transport');
  mkdirSync(path.join(folder, 'Files'), { recursive: true });
  await assert.rejects(standIn.layers.importLayer(info, other, folder, [base]), { code: 'NOT_FOUND' });
  await driver.applyDiff('base', [BASE]);
  await standIn.layers.importLayer(info, other, folder, [base]);
});

test('a layer that another process created in the meantime is not destroyed', async () => {
  const made: string[] = [];
  const first = async (folder: string): Promise<void> => {
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'mine'), '');
    made.push(path.basename(folder));
  };
  await using bench = new WindowsBench(
    'windowsfilter',
    layersWith({
      async createLayer(info, id, parent) {
        if (id.endsWith('taken')) await first(id);
        await standIn.layers.createLayer(info, id, parent);
      },
      async createSandboxLayer(info, id, parents) {
        if (id.endsWith('taken')) await first(id);
        await standIn.layers.createSandboxLayer(info, id, parents);
      },
    }),
  );
  const driver = await withBase(bench);
  await assert.rejects(driver.create('a taken', 'base'), { code: 'EXISTS' });
  await assert.rejects(driver.createReadWrite('b taken', 'base'), { code: 'EXISTS' });
  assert.deepEqual(made, ['a taken', 'b taken']);
  for (const id of made) assert.deepEqual(readdirSync(path.join(bench.home, id)), ['mine']);
});

test('a name with the suffix of a removed layer is not an id, whatever its case, and removing a layer doesn’t touch any other', async () => {
  await using bench = new WindowsBench('windowsfilter');
  const driver = await withBase(bench);
  for (const id of ['x-removing', 'x-REMOVING', 'base-Removing']) {
    await assert.rejects(driver.create(id, null), { code: 'NAME_REFUSED' });
    await assert.rejects(driver.createReadWrite(id, 'base'), { code: 'NAME_REFUSED' });
    await assert.rejects(driver.create('y', id), { code: 'NOT_FOUND' });
  }
  assert.deepEqual(readdirSync(bench.home), ['base']);
  await driver.create('-removing', null);
  await driver.remove('-removing');
  assert.equal(readFileSync(path.join(bench.home, 'base', 'Files', 'etc', 'motd'), 'utf8'), 'hello');
});
