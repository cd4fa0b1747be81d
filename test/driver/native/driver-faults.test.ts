// Regressions: faults once found in the Windows drivers, and similar faults, on the stand-in for vmcompute.dll.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { LayerCalls, Privilege } from '../../../src/driver/windows/native.ts';
import { NativeError } from '../../../src/driver/windows/native-error.ts';
import { WindowsDriver } from '../../../src/driver/windows/windows-driver.ts';
import { gather } from '../../support/random-chunks.ts';
import { standIn, WindowsBench } from '../../support/windows-bench.ts';
import { filterTar, windowsTar } from '../../support/windows-tars.ts';

const BASE = await filterTar({ files: { 'etc/motd': 'hello' } }, true);

/** Creates a store with a base layer and a read-write layer `run` on it. */
async function withRun(bench: WindowsBench): Promise<WindowsDriver> {
  const driver = await bench.open();
  await driver.create('base', null);
  await driver.applyDiff('base', [BASE]);
  await driver.createReadWrite('run', 'base');
  return driver;
}

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

const failure = (call: string, win32: number): NativeError => new NativeError(call, win32, 'made to fail', 'run');
/** Returns the names of the calls in the stand-in's log, except those that turn names into ids. */
const calls = (): string[] =>
  standIn
    .log()
    .map((line) => line.split(' ', 1)[0] ?? '')
    .filter((name) => name !== 'NameToGuid');

test('no layer can be based on a read-write layer, mounted or not, and no volume path is stored', async () => {
  await using bench = new WindowsBench('windowsfilter');
  const driver = await withRun(bench);
  const refused = async (): Promise<void> => {
    await assert.rejects(driver.create('child', 'run'), { code: 'UNSUPPORTED', message: /run is read-write/ });
    await assert.rejects(driver.createReadWrite('child', 'run'), { code: 'UNSUPPORTED' });
  };
  await refused();
  {
    await using _mount = await driver.mount('run');
    await refused();
  }
  assert.deepEqual(readdirSync(bench.home).sort(), ['base', 'run']);
  const volume = '\\\\?\\Volume{00000000-0000-0000-0000-000000000001}';
  await using other = new WindowsBench('windowsfilter', layersWith({ layerMountPath: async () => volume }));
  const mounted = await other.open();
  await mounted.create('base', null);
  await mounted.applyDiff('base', [BASE]);
  await mounted.create('top', 'base');
  assert.deepEqual(JSON.parse(readFileSync(path.join(other.home, 'top', 'layerchain.json'), 'utf8')), [path.join(other.home, 'base')]);
});

test('a read-write layer’s disk is 127 GiB unless a size is given; an old system that can’t grow it leaves it at its original size', async () => {
  await using bench = new WindowsBench('windowsfilter');
  const driver = await bench.open();
  await driver.create('base', null);
  await driver.applyDiff('base', [BASE]);
  const sizes = () => standIn.log().flatMap((line) => /^ExpandSandboxSize .* size=(\d+)$/.exec(line)?.[1] ?? []);
  sizes();
  await driver.createReadWrite('run', 'base');
  assert.deepEqual(sizes(), ['136365211648']);
  await driver.createReadWrite('small', 'base', { sizeBytes: 20 * 2 ** 30 });
  assert.deepEqual(sizes(), ['21474836480']);
  await driver.createReadWrite('own', 'base', { sizeBytes: 0 });
  assert.deepEqual(sizes(), []);
  await using old = new WindowsBench('windowsfilter', layersWith({ has: (name) => name !== 'ExpandSandboxSize' }));
  const before = await old.open();
  await before.create('base', null);
  await before.applyDiff('base', [BASE]);
  await before.createReadWrite('run', 'base');
  assert.deepEqual(sizes(), []);
});

test('a mount that another process left is released by its id, and both steps run even if one fails', async () => {
  for (const crashed of ['prepared', 'activated'] as const) {
    await using bench = new WindowsBench('windowsfilter');
    await (await withRun(bench)).mount('run');
    if (crashed === 'activated') await standIn.layers.unprepareLayer({ flavour: 1, home: '' }, path.join(bench.home, 'run'));
    const later = await bench.open();
    await later.releaseLeft('run');
    assert.equal(standIn.held, 0);
    await assert.rejects(later.releaseLeft('run'), { code: 'NOT_FOUND', message: /layer run is not mounted/ });
    await assert.rejects(later.releaseLeft('base'), { code: 'NOT_FOUND' });
    await assert.rejects(later.releaseLeft('none'), { code: 'NOT_FOUND' });
    {
      await using _mount = await later.mount('run');
      await assert.rejects(later.releaseLeft('run'), { code: 'EXISTS' });
    }
    await later.remove('run');
  }
});

test("backups of system files aren't a layer; they are removed with their layer, or by a cleanup if the layer is lost", async () => {
  await using bench = new WindowsBench('windowsfilter');
  const driver = await withRun(bench);
  for (const id of ['base', 'run', 'lost']) {
    mkdirSync(path.join(bench.home, 'sysfile-backups', id), { recursive: true });
    writeFileSync(path.join(bench.home, 'sysfile-backups', id, 'file'), 'x');
  }
  assert.deepEqual(
    (await driver.list()).map(({ id, state }) => [id, state]),
    [
      ['base', 'ready'],
      ['run', 'ready'],
    ],
  );
  for (const id of ['sysfile-backups', 'SYSFILE-backups']) await assert.rejects(driver.create(id, null), { code: 'NAME_REFUSED' });
  await driver.remove('run');
  assert.deepEqual(readdirSync(path.join(bench.home, 'sysfile-backups')).sort(), ['base', 'lost']);
  const lost = path.join('sysfile-backups', 'lost');
  assert.deepEqual(await driver.leftovers(), [lost]);
  assert.deepEqual(await driver.cleanup(), [lost]);
  assert.deepEqual(readdirSync(path.join(bench.home, 'sysfile-backups')), ['base']);
});

test('a base layer is mounted as its folder, without a disk to prepare; other read-only layers are refused', async () => {
  await using bench = new WindowsBench('windowsfilter');
  const driver = await withRun(bench);
  await driver.create('top', 'base');
  standIn.log();
  {
    await using mount = await driver.mount('base');
    assert.equal(mount.path, path.join(bench.home, 'base', 'Files'));
    assert.ok(readdirSync(mount.path).includes('etc'));
    await assert.rejects(driver.remove('base'), { code: 'EXISTS' });
    assert.ok((await gather(driver.diff('base'))).length > 1024, 'it can be exported while mounted');
  }
  await assert.rejects(driver.mount('top'), { code: 'UNSUPPORTED', message: /top is read-only/ });
  assert.deepEqual(
    calls().filter((name) => /Prepare|Activate/i.test(name)),
    [],
  );
});

test("a volume's path ends in a separator, and a volume is mounted at a folder until it is released", async () => {
  const volume = '\\\\?\\Volume{00000000-0000-0000-0000-000000000001}';
  await using bench = new WindowsBench('windowsfilter', layersWith({ layerMountPath: async () => volume }));
  const driver = await withRun(bench);
  {
    await using mount = await driver.mount('run');
    assert.equal(mount.path, `${volume}\\`);
  }
  bench.volumes.calls.length = 0;
  {
    await using mount = await driver.mount('run', { at: 'C:\\mnt' });
    assert.equal(mount.path, 'C:\\mnt');
    await assert.rejects(driver.mount('run', { at: 'D:\\mnt' }), { code: 'EXISTS' });
  }
  assert.deepEqual(bench.volumes.calls, [`mountAt C:\\mnt ${volume}\\`, `unmountEverywhere ${volume}\\`]);
  await driver.mount('run', { at: 'C:\\mnt' });
  bench.volumes.calls.length = 0;
  await (await bench.open()).releaseLeft('run');
  assert.deepEqual(bench.volumes.calls, [`unmountEverywhere ${volume}\\`]);
  assert.equal(standIn.held, 0);
});

test('a failed mount at a folder undoes the mount', async () => {
  await using bench = new WindowsBench('windowsfilter', layersWith({ layerMountPath: async () => '\\\\?\\Volume{1}' }));
  const driver = await withRun(bench);
  bench.volumes.mountAt = async () => {
    throw failure('SetVolumeMountPointW', 145);
  };
  await assert.rejects(driver.mount('run', { at: 'C:\\full' }), { code: 'EXISTS' });
  assert.equal(standIn.held, 0);
});

test('activating and preparing are retried only while a disk is not ready, and at most five times', async () => {
  for (const [code, times, works] of [
    [21, 5, true],
    [1167, 1, true],
    [5, 6, false],
    [32, 6, false],
    [31, 1, false],
  ] as const) {
    let left: number = times;
    let asked = 0;
    const layers = layersWith({
      prepareLayer: async (...parameters) => {
        asked++;
        if (left-- > 0) throw failure('PrepareLayer', code);
        await standIn.layers.prepareLayer(...parameters);
      },
    });
    await using bench = new WindowsBench('windowsfilter', layers);
    const driver = await withRun(bench);
    if (works) await (await driver.mount('run'))[Symbol.asyncDispose]();
    else await assert.rejects(driver.mount('run'), (error: unknown) => error instanceof NativeError && error.win32 === code);
    assert.equal(asked, works ? times + 1 : code === 31 ? 1 : 6);
    assert.equal(standIn.held, 0);
  }
});

test('a signal stops the retries', async () => {
  const abort = new AbortController();
  let asked = 0;
  const layers = layersWith({
    activateLayer: async () => {
      asked++;
      abort.abort();
      throw failure('ActivateLayer', 21);
    },
  });
  await using bench = new WindowsBench('windowsfilter', layers);
  const driver = await withRun(bench);
  await assert.rejects(driver.mount('run', { signal: abort.signal }), { code: 'CANCELLED' });
  assert.equal(asked, 1);
});

test('a disk that a crash left attached is detached, and the layer removed', async (t) => {
  for (const code of [5, 32]) {
    await using bench = new WindowsBench('windowsfilter');
    const files = bench.nodeFiles;
    if (files === null) {
      t.diagnostic('not run: the file calls here are those of Windows');
      return;
    }
    await (await withRun(bench)).mount('run');
    const driver = await bench.open();
    let attached = true;
    bench.volumes.onDetach = () => {
      attached = false;
    };
    const rename = files.rename.bind(files);
    files.rename = async (from, to) => {
      if (attached) throw failure('MoveFileExW', code);
      await rename(from, to);
    };
    standIn.log();
    await driver.remove('run');
    assert.deepEqual(bench.volumes.calls, [`detachDisk ${path.join(bench.home, 'run', 'sandbox.vhdx')}`]);
    assert.deepEqual(
      calls().filter((name) => name !== 'GetLayerMountPath'),
      ['UnprepareLayer', 'DeactivateLayer', 'DestroyLayer'],
    );
    assert.equal(existsSync(path.join(bench.home, 'run')), false);
    assert.equal(standIn.held, 0);
    // A read-only layer has no disk that could be attached, so the error is thrown.
    attached = true;
    await assert.rejects(driver.remove('base'), (error: unknown) => error instanceof NativeError && error.win32 === code);
  }
});

test('SeBackup and SeRestore are enabled before every DestroyLayer, and without them nothing is renamed', async () => {
  await using bench = new WindowsBench('windowsfilter');
  const enabled = new Set<Privilege>();
  const missing: { at: number } = { at: 0 };
  const needed: readonly Privilege[] = ['SeBackupPrivilege', 'SeRestorePrivilege'];
  const layers = layersWith({
    destroyLayer: async (...parameters) => {
      assert.deepEqual(
        needed.filter((name) => !enabled.has(name)),
        [],
      );
      enabled.clear();
      missing.at++;
      await standIn.layers.destroyLayer(...parameters);
    },
    processBaseImage: async () => {
      throw failure('ProcessBaseImage', 31);
    },
  });
  const enablePrivileges = (names: readonly Privilege[]): void => {
    for (const name of names) enabled.add(name);
  };
  const driver = new WindowsDriver('windowsfilter', bench.home, { ...bench.native, layers, enablePrivileges });
  await driver.create('base', null);
  await assert.rejects(driver.applyDiff('base', [BASE]));
  assert.equal(missing.at, 1, 'after a failed import');
  await driver.create('base', null);
  await driver.remove('base');
  assert.equal(missing.at, 2, 'by a removal');
  mkdirSync(path.join(bench.home, 'x-removing'));
  assert.deepEqual(await driver.cleanup(), ['x-removing']);
  mkdirSync(path.join(bench.home, 'x-removing'));
  await driver.remove('x-removing');
  assert.equal(missing.at, 4, 'by a cleanup, and of a leftover');
  await driver.create('base', null);
  const poor = new WindowsDriver('windowsfilter', bench.home, {
    ...bench.native,
    enablePrivileges: () => {
      throw failure('AdjustTokenPrivileges', 1300);
    },
  });
  await assert.rejects(poor.remove('base'), { code: 'PERMISSION' });
  standIn.failAt(0, true);
  await assert.rejects(poor.create('half', null), { code: 'IO' });
  standIn.failAt(-1, false);
  assert.deepEqual(readdirSync(bench.home), ['base'], 'what was half made is undone as far as possible');
});

test('the three calls that create layers get long paths, and the imported folder is a plain path in the home', async () => {
  const seen: string[] = [];
  const layers = layersWith({
    importLayer: async (...parameters) => {
      seen.push(`ImportLayer ${parameters[1]}`);
      assert.match(path.relative(bench.home, parameters[2]), /^layerscope-\d+-[0-9a-f]{16}$/);
      await standIn.layers.importLayer(parameters[0], parameters[1].replace('long:', ''), parameters[2], parameters[3]);
    },
    processBaseImage: async (image) => {
      seen.push(`ProcessBaseImage ${image}`);
      await standIn.layers.processBaseImage(image.replace('long:', ''));
    },
    processUtilityImage: async (image) => void seen.push(`ProcessUtilityImage ${image}`),
  });
  await using bench = new WindowsBench('windowsfilter', layers);
  const paths = { ...path, toNamespacedPath: (plain: string) => `long:${plain}` };
  const driver = new WindowsDriver('windowsfilter', bench.home, { ...bench.native, paths });
  const vm = await filterTar({ files: { a: 'a' } }, true);
  await driver.create('base', null);
  await driver.applyDiff('base', [vm]);
  await driver.create('top', 'base');
  await driver.applyDiff('top', [await filterTar({ files: { b: 'b' } }, false)]);
  assert.deepEqual(seen, [`ProcessBaseImage long:${path.join(bench.home, 'base')}`, `ImportLayer long:${path.join(bench.home, 'top')}`]);
});

test('a system without HNSCall is TP4 only if its build is older than Technical Preview 5', async () => {
  const layers = layersWith({ has: (name) => name !== 'HNSCall' });
  for (const [build, status] of [
    [10_586, 'TP4'],
    [14_300, ''],
    [26_100, ''],
  ] as const) {
    await using bench = new WindowsBench('windowsfilter', layers, build);
    assert.deepEqual(await (await bench.open()).status(), [['Windows', status]]);
  }
});

test('a home on a file system other than NTFS is refused with an error that names the file system; a missing home is NOT_FOUND', async () => {
  await using bench = new WindowsBench('windowsfilter');
  for (const fileSystem of ['ReFS', 'FAT32', 'exFAT', '']) {
    bench.volumes.fileSystem = fileSystem;
    await assert.rejects(WindowsDriver.open('windowsfilter', bench.home, bench.native), (error: unknown) => {
      assert.equal((error as { code?: string }).code, 'UNSUPPORTED');
      assert.ok((error as Error).message.endsWith(`is on ${fileSystem}: Windows layers need NTFS`));
      return true;
    });
  }
  bench.volumes.fileSystem = 'ntfs';
  await using _driver = await WindowsDriver.open('windowsfilter', bench.home, bench.native);
  await assert.rejects(WindowsDriver.open('windowsfilter', path.join(bench.home, 'none'), bench.native), { code: 'NOT_FOUND' });
});

test('a layer is removed even if an earlier removal of that name was interrupted', async () => {
  await using bench = new WindowsBench('windowsfilter');
  const driver = await bench.open();
  await driver.create('base', null);
  mkdirSync(path.join(bench.home, 'base-removing'));
  writeFileSync(path.join(bench.home, 'base-removing', 'rest'), '');
  await driver.remove('base');
  assert.deepEqual(readdirSync(bench.home), []);
});

test('a file with several names counts once towards its layer’s size', async () => {
  await using bench = new WindowsBench('windowsfilter');
  const driver = await bench.open();
  await driver.create('base', null);
  const members = [
    { name: 'Files' },
    { name: 'Files/a', content: 'four' },
    { name: 'Files/b', link: 'Files/a' },
    { name: 'Files/c', content: 'ten bytes.' },
  ];
  await driver.applyDiff('base', [await windowsTar(members)]);
  assert.equal(await driver.diffSize('base'), 14);
});
