// Windows' shared base images: listing them creates no layers, adopting one is a separate operation, and layers use it in place.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { standIn, WindowsBench } from '../../support/windows-bench.ts';
import { filterTar } from '../../support/windows-tars.ts';

const NAME = 'CN=Microsoft_WindowsServerCore_10.0.10586.0';
/** The first 32 bytes of the name's SHA-384, Docker's id for that image. */
const ID = '6801d964fda5b67eb36e005261c1529ec96974bb02dfad52ee249638a18a93d1';

async function withImages(work: (bench: WindowsBench, store: string) => Promise<void>): Promise<void> {
  await using bench = new WindowsBench('windowsfilter');
  const store = path.join(bench.temporary, 'Images', NAME);
  mkdirSync(path.join(store, 'Files'), { recursive: true });
  standIn.setBaseImages(
    JSON.stringify({
      Images: [
        { Name: 'WindowsServerCore', Version: '10.0.10586.0', Path: store, Size: 9_697_000_000, CreatedTime: '2015-11-18T22:13:12.231Z' },
      ],
    }),
  );
  try {
    await work(bench, store);
  } finally {
    standIn.setBaseImages('{"Images":[]}');
  }
}

test('listing base images creates no layers, however often', () =>
  withImages(async (bench, store) => {
    const driver = await bench.open();
    standIn.log();
    for (let times = 0; times < 3; times++) {
      assert.deepEqual(await driver.baseImages(), [
        {
          id: ID,
          name: 'WindowsServerCore',
          version: '10.0.10586.0',
          path: store,
          sizeBytes: 9_697_000_000,
          created: '2015-11-18T22:13:12.231Z',
          adopted: false,
        },
      ]);
    }
    assert.deepEqual(standIn.log(), ['GetBaseImages', 'GetBaseImages', 'GetBaseImages']);
    assert.deepEqual(readdirSync(bench.home), []);
  }));

test('an adopted base image is a base layer for other layers, and removing it leaves the image', () =>
  withImages(async (bench, store) => {
    const driver = await bench.open();
    assert.equal(await driver.adoptBaseImage(ID), ID);
    assert.equal(await driver.adoptBaseImage(ID), ID);
    assert.equal((await driver.baseImages())[0]?.adopted, true);
    assert.equal(readFileSync(path.join(bench.home, ID, 'layerID'), 'utf8'), NAME);
    assert.deepEqual(
      (await driver.list()).map(({ id, parent, state }) => ({ id, parent, state })),
      [{ id: ID, parent: null, state: 'ready' }],
    );
    await driver.create('top', ID);
    assert.deepEqual(JSON.parse(readFileSync(path.join(bench.home, 'top', 'layerchain.json'), 'utf8')), [store]);
    await driver.applyDiff('top', [await filterTar({ files: { 'a.txt': 'a' } }, false)]);
    assert.deepEqual(await driver.chain('top'), [ID]);
    await assert.rejects(driver.remove(ID), { code: 'EXISTS' });
    await driver.remove('top');
    await driver.remove(ID);
    assert.deepEqual(readdirSync(store), ['Files']);
    assert.deepEqual(readdirSync(bench.home), []);
  }));

test('a base image adopted twice at the same time is one layer, and no other folder is mistaken for an adopted image', () =>
  withImages(async (bench) => {
    const driver = await bench.open();
    assert.deepEqual(await Promise.all([driver.adoptBaseImage(ID), driver.adoptBaseImage(ID)]), [ID, ID]);
    assert.equal(readFileSync(path.join(bench.home, ID, 'layerID'), 'utf8'), NAME);
    await driver.remove(ID);
    // This is what a process leaves behind if it is killed while adopting the image.
    mkdirSync(path.join(bench.home, ID));
    assert.equal((await driver.baseImages())[0]?.adopted, false);
    await assert.rejects(driver.adoptBaseImage(ID), { code: 'EXISTS', message: /not as the base image WindowsServerCore/ });
    assert.deepEqual(readdirSync(path.join(bench.home, ID)), []);
    await driver.remove(ID);
    assert.equal(await driver.adoptBaseImage(ID), ID);
    assert.equal((await driver.baseImages())[0]?.adopted, true);
  }));

test('adopting a missing base image fails, as does a list that is not JSON', () =>
  withImages(async (bench) => {
    const driver = await bench.open();
    await assert.rejects(driver.adoptBaseImage('0'.repeat(64)), { code: 'NOT_FOUND' });
    standIn.setBaseImages('{"Images":');
    await assert.rejects(driver.baseImages(), { code: 'BAD_MANIFEST' });
    assert.deepEqual(readdirSync(bench.home), []);
  }));
