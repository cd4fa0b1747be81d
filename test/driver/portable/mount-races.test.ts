// Mounts while other processes remove, clean up and mount: what a mount shows is not removed, and two mounts of a new working copy share
// it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { createReader } from '#archive';
import { importArchive } from '#engine';
import { PortableDriver } from '../../../src/driver/portable/index.ts';
import { LayerRecords } from '../../../src/driver/portable/layer-records.ts';
import { OwnFolders } from '../../../src/driver/portable/own-folders.ts';
import { createStoreService } from '../../../src/engine/store/thread/store-service.ts';
import { dockerArchive } from '../../support/docker-archive.ts';
import { directory, file, tar } from '../../support/tar-builder.ts';
import { testFolder } from '../../support/workbench.ts';

interface Two {
  readonly home: string;
  readonly one: PortableDriver;
  readonly other: PortableDriver;
  /** The layer of `image:1`. */
  readonly ofImage: string;
}

/** Opens two drivers of a store that has an image, a layer `base` and a working copy `copy` of that layer. */
async function newStore(t: TestContext): Promise<Two> {
  const folder = testFolder(t);
  const home = path.join(folder, 'home');
  const one = await PortableDriver.open(home);
  const other = await PortableDriver.open(home);
  t.after(async () => {
    await one[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
  });
  const image = path.join(folder, 'image.tar');
  writeFileSync(image, dockerArchive({ name: 'image:1', layers: [tar(file('f', 'image'))] }));
  await using reader = createReader({ cacheFolder: null, workers: 0 });
  await using archive = await reader.open(image);
  await importArchive(one, archive);
  await one.create('base', null);
  await one.applyDiff('base', [tar(directory('d/'), file('d/f', 'content'))]);
  await one.createReadWrite('copy', 'base');
  return { home, one, other, ofImage: (await one.images.list())[0]?.layers[0] ?? '' };
}

/** Runs `work` once, before the first call of `method` whose first argument passes `isIt`. */
function atFirst<T extends object, K extends keyof T>(
  t: TestContext,
  of: T,
  method: K,
  isIt: (argument: unknown) => boolean,
  work: () => Promise<unknown>,
): void {
  const original = of[method] as (...parts: unknown[]) => unknown;
  let isDone = false;
  t.mock.method(
    of,
    method as never,
    async function (this: unknown, ...parts: unknown[]) {
      if (!isDone && isIt(parts[0])) {
        isDone = true;
        await work();
      }
      return original.apply(this, parts);
    } as never,
  );
}

const marks = (home: string): string[] => readdirSync(path.join(home, 'mounts'));
const removals = (driver: PortableDriver) => ({ copy: () => driver.remove('copy'), image: () => driver.images.remove('image:1') });

for (const what of ['copy', 'image'] as const) {
  test(`a mount whose ${what} was just removed fails, and leaves nothing behind`, async (t) => {
    const { home, one, other, ofImage } = await newStore(t);
    atFirst(t, OwnFolders.prototype, 'make', (name) => name === 'mounts', removals(other)[what]);
    await assert.rejects(one.mount(what === 'copy' ? 'copy' : ofImage), { code: 'NOT_FOUND' });
    assert.deepEqual(marks(home), []);
    assert.equal(existsSync(path.join(home, 'written', 'copy')), false);
  });

  test(`the ${what} that is mounted just before its removal stays`, async (t) => {
    const { home, one, other, ofImage } = await newStore(t);
    let root = '';
    atFirst(
      t,
      LayerRecords.prototype,
      'childrenOf',
      () => true,
      async () => {
        root = (await one.mount(what === 'copy' ? 'copy' : ofImage)).path;
        writeFileSync(path.join(root, 'new'), 'written');
      },
    );
    await assert.rejects(removals(other)[what](), { code: 'EXISTS', message: /is mounted/ });
    await other.cleanup();
    assert.equal(readFileSync(path.join(root, 'new'), 'utf8'), 'written');
    assert.ok(await other.exists(what === 'copy' ? 'copy' : ofImage));
    assert.equal((await other.images.list()).length, 1);
    assert.equal(marks(home).length, 1);
  });
}

test('cleanup leaves the files of a mounted working copy whose record is missing', async (t) => {
  const { home, one, other } = await newStore(t);
  const mount = await one.mount('copy');
  writeFileSync(path.join(mount.path, 'new'), 'written');
  rmSync(path.join(home, 'layers', 'copy.json'));
  assert.deepEqual(await other.cleanup(), []);
  assert.equal(readFileSync(path.join(mount.path, 'new'), 'utf8'), 'written');
  await mount[Symbol.asyncDispose]();
  assert.deepEqual(await other.cleanup(), ['copy']);
});

test('two simultaneous first mounts of a working copy share its folder', async (t) => {
  const { home, one, other } = await newStore(t);
  // Makes both mounts lay out the folder before either renames it into place.
  let arrived = 0;
  let bothAreThere: () => void = () => {};
  const both = new Promise<void>((resolve) => {
    bothAreThere = resolve;
  });
  const make = OwnFolders.prototype.make;
  t.mock.method(OwnFolders.prototype, 'make', async function (this: OwnFolders, name: string) {
    if (name === 'written') {
      if (++arrived === 2) bothAreThere();
      await both;
    }
    return make.call(this, name);
  });
  const [a, b] = await Promise.all([one.mount('copy'), other.mount('copy')]);
  assert.equal(a.path, b.path);
  writeFileSync(path.join(a.path, 'd', 'new'), 'written');
  const changed: string[] = [];
  for await (const { path: of } of other.changes('copy')) changed.push(of);
  assert.deepEqual(changed, ['d/new']);
  for (const name of marks(home)) assert.deepEqual(readdirSync(path.join(home, 'mounts', name)).sort(), ['complete', 'owner']);
});

/** Mounts a layer in a process that ends without releasing it. */
function leaveMounted(home: string, id: string): void {
  const script = `
    import { PortableDriver } from ${JSON.stringify(new URL('../../../src/driver/portable/index.ts', import.meta.url).href)};
    await (await PortableDriver.open(${JSON.stringify(home)})).mount(${JSON.stringify(id)});`;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}

test('a layer left mounted by a process that has exited is not removed until it is released', async (t) => {
  const { home, one, ofImage } = await newStore(t);
  leaveMounted(home, 'copy');
  leaveMounted(home, ofImage);
  const root = path.join(home, 'written', 'copy', 'root');
  writeFileSync(path.join(root, 'new'), 'written');
  const message = /is mounted.*: unmount it with store release/;
  await assert.rejects(one.remove('copy'), { code: 'EXISTS', message });
  await assert.rejects(one.images.remove('image:1'), { code: 'EXISTS', message });
  assert.equal(readFileSync(path.join(root, 'new'), 'utf8'), 'written');
  assert.equal((await one.images.list()).length, 1);
  assert.deepEqual([...(await one.mountsLeft())].sort(), [ofImage, 'copy'].sort());
  await one.releaseLeft('copy');
  await one.releaseLeft(ofImage);
  await one.remove('copy');
  await one.images.remove('image:1');
  assert.deepEqual([await one.mountsLeft(), marks(home), readdirSync(path.join(home, 'written'))], [[], [], []]);
});

test('an unfinished mount left by a killed process is ignored: its layer can be removed', async (t) => {
  const { home, one } = await newStore(t);
  leaveMounted(home, 'copy');
  for (const name of marks(home)) rmSync(path.join(home, 'mounts', name, 'complete'));
  await one.remove('copy');
  assert.deepEqual([marks(home), readdirSync(path.join(home, 'written'))], [[], []]);
});

// What may be left in a mount's folder by a process that was killed while removing it, by step. Older versions removed the owner file
// first.
for (const left of [['owner'], [], ['complete', 'owner'], ['complete']]) {
  test(`a mount folder is removed later if its removal was interrupted: ${left.join(' and ') || 'nothing'} left in it`, async (t) => {
    const { home, one } = await newStore(t);
    leaveMounted(home, 'copy');
    for (const name of marks(home)) {
      const folder = path.join(home, 'mounts', name);
      for (const below of readdirSync(folder)) if (!left.includes(below)) rmSync(path.join(folder, below), { recursive: true });
    }
    await one.cleanup();
    assert.deepEqual(marks(home), []);
  });
}

for (const left of [['root', 'snapshot'], ['snapshot'], []]) {
  test(`a working copy is removed later if its removal was interrupted, and no new one takes its files: ${left.join(' and ') || 'nothing'} left`, async (t) => {
    const { home, one } = await newStore(t);
    const folder = path.join(home, 'written', 'copy');
    /** Writes to the working copy, then removes its record and the files not in `left`, as a process killed during the removal would. */
    const interrupt = async () => {
      {
        await using mount = await one.mount('copy');
        writeFileSync(path.join(mount.path, 'old'), 'of the removed copy');
      }
      rmSync(path.join(home, 'layers', 'copy.json'));
      for (const below of readdirSync(folder)) if (!left.includes(below)) rmSync(path.join(folder, below), { recursive: true });
    };
    await interrupt();
    await one.createReadWrite('copy', 'base');
    {
      await using mount = await one.mount('copy');
      assert.deepEqual(readdirSync(mount.path), ['d']);
    }
    await interrupt();
    await one.cleanup();
    assert.equal(existsSync(folder), false);
  });
}

test('the window offers to unmount what an exited process left mounted, and then removes it', async (t) => {
  const { home, ofImage } = await newStore(t);
  leaveMounted(home, 'copy');
  leaveMounted(home, ofImage);
  const service = createStoreService({ driver: 'portable', home });
  t.after(() => service.close());
  assert.deepEqual((await service.removal('image:1')).mounted, [ofImage]);
  assert.deepEqual((await service.removal('copy')).mounted, ['copy']);
  await assert.rejects(service.remove('image:1', false), { code: 'EXISTS' });
  await service.remove('image:1', true);
  await service.discard('copy');
  assert.deepEqual([marks(home), readdirSync(path.join(home, 'written'))], [[], []]);
});

test('the space freed by removing an image includes that of working copies deleted with it', async (t) => {
  const { home, one, ofImage } = await newStore(t);
  const service = createStoreService({ driver: 'portable', home });
  t.after(() => service.close());
  const { freedBytes } = await service.removal('image:1');
  await one.createReadWrite('mine', ofImage);
  {
    await using mount = await one.mount('mine');
    writeFileSync(path.join(mount.path, 'written'), 'x'.repeat(5_000));
  }
  assert.ok((await service.removal('image:1')).freedBytes >= freedBytes + 5_000);
});
