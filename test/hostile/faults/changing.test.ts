// Files that are overwritten, truncated, removed or replaced while being read.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFileSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createReader } from '#archive';
import { exportPath, importArchive, importLayerTar, inspectArchive, loadImage } from '#engine';
import { LayerscopeError } from '#model';
import { PortableDriver } from '../../../src/driver/portable/index.ts';
import { dockerArchive } from '../../support/docker-archive.ts';
import { beforeFileCalls } from '../../support/file-calls.ts';
import { file, tar } from '../../support/tar-builder.ts';
import { collect, testFolder } from '../../support/workbench.ts';

const filler = (letter: string) => letter.repeat(20_000);
const layerOf = (letter: string) => tar(...Array.from({ length: 40 }, (_, at) => file(`f${at}`, `${letter}${filler(letter)}`)));

interface Input {
  readonly what: string;
  readonly bytes: (letter: string) => Uint8Array;
}

const INPUTS: readonly Input[] = [
  { what: 'layer', bytes: layerOf },
  { what: 'packed layer', bytes: (letter) => gzipSync(layerOf(letter), { level: 0 }) },
  { what: 'archive', bytes: (letter) => dockerArchive({ name: 'i:1', layers: [layerOf(letter), tar(file('top', letter))] }) },
  {
    what: 'packed archive',
    bytes: (letter) => gzipSync(dockerArchive({ name: 'i:1', layers: [layerOf(letter), tar(file('top', letter))] }), { level: 0 }),
  },
];

/** Ways to put other bytes at the path. The first three also change a file that is already open. */
const CHANGES: Readonly<Record<string, (name: string, other: Uint8Array) => void>> = {
  'written over': (name, other) => writeFileSync(name, other, { flag: 'r+' }),
  'cut off': (name) => truncateSync(name, 50_000),
  'made longer': (name, other) => appendFileSync(name, other),
  removed: (name) => rmSync(name),
  replaced: (name, other) => {
    writeFileSync(`${name}.new`, other);
    renameSync(`${name}.new`, name);
  },
};

/** Runs `work` and changes the file just before read number `at`. Returns false if there were fewer reads. */
async function changedAtRead(at: number, change: () => void, work: () => Promise<unknown>): Promise<boolean> {
  let reads = 0;
  using _calls = await beforeFileCalls(['read'], () => {
    if (++reads === at) change();
  });
  await work();
  return reads >= at;
}

/** Returns a hash of everything read from an input: names and contents. */
async function readAll(input: string, cacheFolder: string | null): Promise<string> {
  await using reader = createReader({ cacheFolder, workers: 0 });
  await using archive = await reader.open(input);
  const said: unknown[] = [(await inspectArchive(reader, archive)).images];
  for (const image of archive.images) {
    const indexed = await reader.indexLayers(image.layers);
    for (const [at, layer] of image.layers.entries()) {
      const known = indexed[at];
      if (known)
        for (const member of [0, known.table.memberCount - 1]) said.push((await collect(reader.readBody(layer, known, member))).toString());
      if (known) for await (const { size, offset } of reader.listRaw(layer)) said.push(size, offset);
    }
  }
  return createHash('sha256').update(JSON.stringify(said)).digest('hex');
}

function isClear(error: unknown): boolean {
  assert.ok(error instanceof LayerscopeError, String((error as Error).stack));
  assert.ok(['IO', 'NOT_FOUND', 'TRUNCATED'].includes(error.code), `${error.code}: ${error.message}`);
  assert.doesNotMatch(error.message, /\n/);
  return true;
}

test('an input that changes while being read gives an error or its old content, and never reaches the cache', async (t: TestContext) => {
  const folder = testFolder(t);
  const cases = { told: 0, right: 0 };
  for (const { what, bytes } of INPUTS) {
    const [before, other] = [bytes('a'), bytes('b')];
    const input = path.join(folder, 'input');
    writeFileSync(input, before);
    const right = await readAll(input, null);
    writeFileSync(input, other);
    const rightAfter = await readAll(input, null);
    assert.notEqual(right, rightAfter);
    for (const [how, change] of Object.entries(CHANGES)) {
      for (const at of [2, 5, 12, 60]) {
        const cacheFolder = path.join(folder, 'cache');
        rmSync(input, { force: true });
        writeFileSync(input, before);
        // The file gets an old time, because the system's clock for files ticks every few ms, and a file that is written twice in one tick
        // looks as if it were written once.
        utimesSync(input, 1, 1);
        let isReached = false;
        try {
          let said = '';
          isReached = await changedAtRead(
            at,
            () => change(input, other),
            async () => {
              said = await readAll(input, cacheFolder);
            },
          );
          assert.equal(said, right, `${what}, ${how} at read ${at}`);
          cases.right++;
        } catch (error) {
          if (error instanceof assert.AssertionError) throw error;
          isClear(error);
          cases.told++;
          isReached = true;
        }
        // Nothing cached from the changing file may be returned for the new file.
        writeFileSync(input, other);
        assert.equal(await readAll(input, cacheFolder), rightAfter, `${what}, ${how} at read ${at}: the cache`);
        if (!isReached) break;
      }
      rmSync(path.join(folder, 'cache'), { recursive: true });
    }
  }
  t.diagnostic(`${cases.told} changes detected; ${cases.right} came too late or left the open file intact`);
  assert.ok(cases.told > 20);
});

test('importing or exporting an input that changes in the meantime fails and leaves nothing behind', async (t: TestContext) => {
  const folder = testFolder(t);
  const input = path.join(folder, 'input');
  const home = path.join(folder, 'home');
  const out = path.join(folder, 'out');
  const driver = await PortableDriver.open(home);
  const blobs = () =>
    readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((name) => /^(blobs.*[0-9a-f]{64}|layers\/.*|tmp\/.*)$/.test(name));
  const empty = blobs();
  const layer = layerOf('a');
  const isRight = async (id: string) => {
    const hash = createHash('sha256');
    // A piece is valid only until the next one is requested.
    for await (const bytes of driver.diff(id)) hash.update(bytes);
    return hash.digest('hex') === createHash('sha256').update(layer).digest('hex');
  };
  interface Work {
    readonly run: () => Promise<unknown>;
    /** Whether the result consists of the original bytes. */
    readonly isRight: () => Promise<boolean>;
  }
  const works: Readonly<Record<string, Work>> = {
    'import of an image': {
      run: async () => {
        await using reader = createReader({ cacheFolder: null, workers: 0 });
        await using archive = await reader.open(input);
        await importArchive(driver, archive);
      },
      isRight: async () => isRight((await driver.images.list())[0]?.layers[0] ?? ''),
    },
    'import of a layer': {
      run: async () => importLayerTar(driver, { id: 'new', parent: null, tar: { file: input } }),
      isRight: () => isRight('new'),
    },
    export: {
      run: async () => {
        await using reader = createReader({ cacheFolder: null, workers: 0 });
        await using archive = await reader.open(input);
        await exportPath(await loadImage(reader, archive, 0), { parts: [], folder: out, onRefused: () => {}, onSkipped: () => {} });
      },
      isRight: async () => readdirSync(out).every((name) => /^a+$/.test(readFileSync(path.join(out, name), 'utf8'))),
    },
  };
  // A change that headers can't reveal: overwrite the middle of a body.
  const middle = layer.length / 2;
  const patch = () => writeFileSync(input, readFileSync(input).fill(0x62, middle, middle + 100));
  let refused = 0;
  for (const [what, { run, isRight }] of Object.entries(works)) {
    for (const packed of [false, true]) {
      const plain = what === 'import of an image' ? dockerArchive({ name: 'i:1', layers: [layer] }) : layer;
      for (const at of [2, 3, 6, 12]) {
        writeFileSync(input, packed ? gzipSync(plain, { level: 0 }) : plain);
        let wasMade = true;
        try {
          await changedAtRead(at, patch, run);
        } catch (error) {
          wasMade = false;
          refused++;
          isClear(error);
        }
        if (wasMade)
          assert.ok(
            await isRight(),
            `${what} at read ${at}, ${packed ? 'packed' : 'plain'}: the result is neither the old nor the new content`,
          );
        if (wasMade) break;
        assert.deepEqual(blobs(), empty, what);
        assert.deepEqual(readdirSync(folder).sort(), ['home', 'input']);
      }
      for (const { names } of await driver.images.list()) await driver.images.remove(names[0] ?? '');
      if (await driver.exists('new')) await driver.remove('new');
      rmSync(out, { recursive: true, force: true });
    }
  }
  t.diagnostic(`${refused} refused`);
  assert.ok(refused > 8, `${refused}`);
});
