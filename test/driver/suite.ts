// Tests that every graph driver passes. Each driver's own test file calls `driverSuite` with a bench.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DriverChange, GraphDriver } from '../../src/driver/driver.ts';

/** A layer in brief: files with their content, and the paths it removes. */
export interface LayerSketch {
  readonly files?: Readonly<Record<string, string>>;
  readonly removed?: readonly string[];
}

/** One test's store. */
export interface DriverBench extends AsyncDisposable {
  /** Opens the store. May be called again while the store is open. */
  open(): Promise<GraphDriver>;
  /** Makes a layer's tar, with entries for its files' folders. */
  tar(id: string, sketch: LayerSketch, isBase: boolean): Uint8Array | Promise<Uint8Array>;
  /** Reads a tar from this driver: files with content, and removed paths. */
  read(tar: Uint8Array): Promise<LayerSketch>;
  /** Returns the parts of a diff that must be equal in every diff of the same layer, without what this system can't store. */
  comparable(tar: Uint8Array): unknown;
  /** Writes into a mounted read-write layer. */
  write(mountPath: string, sketch: LayerSketch): void;
  /** Returns the content of a file in a mount; undefined if there is no such file, null if this driver's mounts can't be read here. */
  shows(mountPath: string, name: string): string | null | undefined;
  /** Makes an empty layer count as filled without importing files. Only in drivers where an empty layer can't be a parent. */
  fillQuickly?(id: string, driver: GraphDriver): Promise<void>;
  /** Simulates a crash of the process and the start of a new one. */
  crash(): void;
  /** Names of temporary files and leftovers in and next to the store's folder. */
  stray(): Promise<readonly string[]>;
}

/** What differs between drivers. */
export interface DriverTraits {
  readonly name: string;
  open(): Promise<DriverBench>;
  /** Whether changes distinguish modifications from additions. */
  readonly tellsAdditions: boolean;
  /** Whether a diff can be applied, once, to a layer that has a parent. */
  readonly applies: boolean;
  /** The longest chain to test; default 128. */
  readonly deepest?: number;
}

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const bytes of pieces) parts.push(bytes.slice());
  return Buffer.concat(parts);
}

async function changesOf(driver: GraphDriver, id: string): Promise<DriverChange[]> {
  const changes: DriverChange[] = [];
  for await (const { kind, path: changed } of driver.changes(id)) changes.push({ kind, path: changed });
  return changes;
}

const rejects = (work: Promise<unknown>, code: string | readonly string[]): Promise<void> =>
  assert.rejects(work, (error: unknown) => {
    const codes = typeof code === 'string' ? [code] : code;
    assert.ok(
      codes.includes((error as { code?: string }).code ?? ''),
      `${(error as Error).message} (${(error as { code?: string }).code}), expected ${codes.join(' or ')}`,
    );
    assert.doesNotMatch((error as Error).message, /\n/);
    return true;
  });

const HOSTILE_IDS = [
  '',
  '.',
  '..',
  'a/b',
  'a\\b',
  '../x',
  '/etc',
  'C:\\x',
  'a:b',
  'x'.repeat(300),
  'CON',
  'nul.txt',
  'a.',
  'a\0b',
  'a\u001bb',
];

/** Runs the tests for one driver. */
export function driverSuite(traits: DriverTraits): void {
  const run = (name: string, work: (bench: DriverBench, driver: GraphDriver) => Promise<void>): void => {
    test(name, async () => {
      await using bench = await traits.open();
      const driver = await bench.open();
      await work(bench, driver);
      await driver[Symbol.asyncDispose]();
      assert.deepEqual(await bench.stray(), [], 'left behind');
    });
  };

  const base = async (
    bench: DriverBench,
    driver: GraphDriver,
    id = 'base',
    sketch: LayerSketch = { files: { 'etc/motd': 'hello', 'bin/tool': 'tool', 'etc/old': 'old' } },
  ): Promise<void> => {
    await driver.create(id, null);
    await driver.applyDiff(id, [await bench.tar(id, sketch, true)]);
  };

  /** Creates a layer that others can be based on. */
  const between = async (bench: DriverBench, driver: GraphDriver, id: string, parent: string): Promise<void> => {
    await driver.create(id, parent);
    await bench.fillQuickly?.(id, driver);
  };

  describe(traits.name, { concurrency: false }, () => {
    run('an empty store has no layers', async (_, driver) => {
      assert.deepEqual(await driver.list(), []);
      assert.equal(await driver.exists('nothing'), false);
      assert.ok((await driver.status()).length > 0);
    });

    run('a created layer exists with its chain, even after the store is reopened', async (bench, driver) => {
      await base(bench, driver);
      await between(bench, driver, 'top', 'base');
      await driver.create('over', 'top');
      for (const store of [driver, await bench.open()]) {
        assert.deepEqual(
          (await store.list()).map(({ id, parent, chain, state }) => ({ id, parent, chain, state })),
          [
            { id: 'base', parent: null, chain: [], state: 'ready' },
            { id: 'over', parent: 'top', chain: ['top', 'base'], state: 'ready' },
            { id: 'top', parent: 'base', chain: ['base'], state: 'ready' },
          ],
        );
        assert.deepEqual(await store.chain('over'), ['top', 'base']);
        assert.deepEqual(await store.chain('base'), []);
        assert.equal(await store.exists('over'), true);
        assert.ok(((await store.metadata('over')).dir ?? '').length > 0);
      }
    });

    run('an id can be used once, and a parent must exist', async (bench, driver) => {
      await base(bench, driver);
      await rejects(driver.create('base', null), 'EXISTS');
      await rejects(driver.createReadWrite('base', 'base'), 'EXISTS');
      await rejects(driver.create('x', 'missing'), 'NOT_FOUND');
      await rejects(driver.createReadWrite('x', 'missing'), 'NOT_FOUND');
      assert.equal(await driver.exists('x'), false);
      assert.equal((await driver.list()).length, 1);
      const results = await Promise.allSettled(Array.from({ length: 5 }, () => driver.create('race', 'base')));
      assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    });

    run('every verb throws NOT_FOUND for a layer that doesn’t exist', async (bench, driver) => {
      await base(bench, driver);
      await rejects(driver.remove('missing'), 'NOT_FOUND');
      await rejects(driver.mount('missing'), 'NOT_FOUND');
      await rejects(collect(driver.diff('missing')), 'NOT_FOUND');
      await rejects(changesOf(driver, 'missing'), 'NOT_FOUND');
      await rejects(driver.applyDiff('missing', []), 'NOT_FOUND');
      await rejects(driver.diffSize('missing'), 'NOT_FOUND');
      await rejects(driver.chain('missing'), 'NOT_FOUND');
      await rejects(driver.metadata('missing'), 'NOT_FOUND');
      await rejects(driver.files('missing'), 'NOT_FOUND');
    });

    run('an id that is a path, a device name or worse is refused, and nothing is created', async (bench, driver) => {
      await base(bench, driver);
      for (const id of HOSTILE_IDS) {
        const codes = ['NAME_REFUSED', 'NOT_FOUND'];
        await rejects(driver.create(id, null), 'NAME_REFUSED');
        await rejects(driver.createReadWrite(id, 'base'), 'NAME_REFUSED');
        await rejects(driver.create('child', id), codes);
        await rejects(driver.remove(id), codes);
        await rejects(driver.mount(id), codes);
        await rejects(driver.applyDiff(id, []), codes);
        assert.equal(await driver.exists(id), false);
      }
      assert.deepEqual(
        (await driver.list()).map(({ id }) => id),
        ['base'],
      );
    });

    run('an applied tar can be read back as a diff, as changes and as a size', async (bench, driver) => {
      await base(bench, driver);
      const lower: LayerSketch = await bench.read(await collect(driver.diff('base')));
      assert.deepEqual(lower.files, { 'etc/motd': 'hello', 'bin/tool': 'tool', 'etc/old': 'old' });
      assert.equal(await driver.diffSize('base'), 12);
      if (!traits.applies) return;
      const sketch: LayerSketch = { files: { 'etc/motd': 'changed', 'new/file': 'new' }, removed: ['etc/old'] };
      await driver.create('top', 'base');
      const { sizeBytes } = await driver.applyDiff('top', [await bench.tar('top', sketch, false)]);
      assert.ok(sizeBytes >= 10);
      const diff = await collect(driver.diff('top'));
      assert.deepEqual(await bench.read(diff), sketch);
      const kinds = new Map((await changesOf(driver, 'top')).map(({ path, kind }) => [path.replace(/^Files\//, ''), kind]));
      assert.equal(kinds.get('etc/old'), 'removed');
      assert.equal(kinds.get('etc/motd'), 'modified');
      assert.equal(kinds.get('new/file'), traits.tellsAdditions ? 'added' : 'modified');
      assert.equal(kinds.has('bin/tool'), false);
      assert.ok((await driver.diffSize('top')) >= 10);

      await driver.create('again', 'base');
      await driver.applyDiff('again', [diff]);
      assert.deepEqual(
        bench.comparable(await collect(driver.diff('again'))),
        bench.comparable(diff),
        'an applied diff gives the same diff',
      );
    });

    run('a read-write layer is written through its mount, and its diff is what was written', async (bench, driver) => {
      await base(bench, driver);
      await driver.createReadWrite('run', 'base');
      const sketch: LayerSketch = { files: { 'etc/motd': 'from inside', 'tmp/x': 'x' }, removed: ['etc/old'] };
      {
        await using mount = await driver.mount('run');
        bench.write(mount.path, sketch);
        const seen = bench.shows(mount.path, 'etc/motd');
        if (seen !== null) assert.equal(seen, 'from inside');
        // A mounted layer can be read, and stays mounted.
        assert.deepEqual(await bench.read(await collect(driver.diff('run'))), sketch);
      }
      const diff = await collect(driver.diff('run'));
      assert.deepEqual(await bench.read(diff), sketch);
      assert.ok((await changesOf(driver, 'run')).some(({ kind, path }) => kind === 'removed' && path.endsWith('etc/old')));
      if (!traits.applies) return;
      await driver.create('kept', 'base');
      await driver.applyDiff('kept', [diff]);
      assert.deepEqual(await bench.read(await collect(driver.diff('kept'))), sketch);
    });

    run('mounts share one folder, are released once each, and the last one unmounts it', async (bench, driver) => {
      await base(bench, driver);
      await driver.createReadWrite('run', 'base');
      const mounts = await Promise.all(Array.from({ length: 10 }, () => driver.mount('run')));
      assert.equal(new Set(mounts.map((mount) => mount.path)).size, 1);
      for (const mount of mounts.slice(1)) {
        await mount[Symbol.asyncDispose]();
        await mount[Symbol.asyncDispose]();
      }
      await rejects(driver.remove('run'), 'EXISTS');
      await mounts[0]?.[Symbol.asyncDispose]();
      await driver.remove('run');
      assert.equal(await driver.exists('run'), false);
    });

    run('a layer with children can’t be removed, and the error names them', async (bench, driver) => {
      await base(bench, driver);
      await driver.create('left', 'base');
      await driver.create('right', 'base');
      await assert.rejects(driver.remove('base'), (error: unknown) => {
        assert.equal((error as { code?: string }).code, 'EXISTS');
        assert.match((error as Error).message, /left.*right/);
        return true;
      });
      await driver.remove('left');
      await rejects(driver.remove('base'), 'EXISTS');
      await driver.remove('right');
      await driver.remove('base');
      assert.deepEqual(await driver.list(), []);
    });

    const deepest = traits.deepest ?? 128;
    run(`a chain of ${deepest} layers is created, mounted, and removed again`, async (bench, driver) => {
      await base(bench, driver, 'l000');
      for (let number = 1; number < deepest; number++) await between(bench, driver, name(number), name(number - 1));
      const top = name(deepest - 1);
      assert.equal((await driver.chain(top)).length, deepest - 1);
      assert.equal((await driver.chain(top))[0], name(deepest - 2));
      await driver.createReadWrite('run', top);
      {
        await using mount = await driver.mount('run');
        assert.ok(mount.path.length > 0);
      }
      await driver.remove('run');
      for (let number = deepest - 1; number >= 0; number--) await driver.remove(name(number));
      assert.deepEqual(await driver.list(), []);
    });

    run('a layer that was mounted during a crash can be mounted again', async (bench, driver) => {
      await base(bench, driver);
      await driver.createReadWrite('run', 'base');
      await driver.mount('run');
      bench.crash();
      const later = await bench.open();
      {
        await using mount = await later.mount('run');
        assert.ok(mount.path.length > 0);
      }
      await later.remove('run');
      await later[Symbol.asyncDispose]();
      bench.crash();
    });

    run('disposing a driver releases its mounts', async (bench, driver) => {
      await base(bench, driver);
      await driver.createReadWrite('run', 'base');
      await driver.mount('run');
      await driver.mount('run');
      await driver[Symbol.asyncDispose]();
      await (await bench.open()).remove('run');
    });

    run('a tar that is truncated, missing or fails while streaming fills nothing, and the layer is removed', async (bench, driver) => {
      await base(bench, driver);
      const whole = await bench.tar('top', { files: { 'etc/motd': 'changed'.repeat(100), 'etc/other': 'x'.repeat(2000) } }, false);
      const failing = async function* (): AsyncGenerator<Uint8Array> {
        yield whole.subarray(0, 2048);
        throw new Error('the source failed');
      };
      for (const [what, tar] of [
        ['cut off', [whole.subarray(0, whole.length - 2500)]],
        ['not a tar', [Buffer.from('nothing like a tar'.repeat(100))]],
        ['failing', failing()],
      ] as const) {
        await driver.create('top', 'base');
        await assert.rejects(driver.applyDiff('top', tar), /./, what);
        assert.equal(await driver.exists('top'), false, what);
      }
      assert.deepEqual(
        (await driver.list()).map(({ id, state }) => [id, state]),
        [['base', 'ready']],
      );
    });

    run('a layer is filled once: another diff is refused, and the layer stays as it is', async (bench, driver) => {
      if (!traits.applies) return;
      await base(bench, driver);
      await driver.create('top', 'base');
      await driver.applyDiff('top', [await bench.tar('top', { files: { 'etc/motd': 'changed' } }, false)]);
      for (const id of ['top', 'base']) {
        const before = bench.comparable(await collect(driver.diff(id)));
        await rejects(driver.applyDiff(id, [Buffer.from('nothing like a tar'.repeat(100))]), 'EXISTS');
        await rejects(driver.applyDiff(id, [await bench.tar(id, { files: { other: 'x' } }, id === 'base')]), 'EXISTS');
        assert.deepEqual(bench.comparable(await collect(driver.diff(id))), before);
        if (id === 'top') await driver.remove('top');
      }
    });

    run('a call with an aborted signal is cancelled and leaves nothing behind', async (bench, driver) => {
      await base(bench, driver);
      await driver.createReadWrite('run', 'base');
      await driver.create('top', 'base');
      const signal = AbortSignal.abort();
      await rejects(driver.create('x', 'base', { signal }), 'CANCELLED');
      await rejects(driver.createReadWrite('x', 'base', { signal }), 'CANCELLED');
      await rejects(driver.mount('run', { signal }), 'CANCELLED');
      await rejects(driver.remove('top', { signal }), 'CANCELLED');
      await rejects(collect(driver.diff('base', { signal })), 'CANCELLED');
      await rejects(changesOf2(driver, 'base', signal), 'CANCELLED');
      await rejects(driver.diffSize('base', { signal }), 'CANCELLED');
      assert.deepEqual(
        (await driver.list()).map(({ id }) => id),
        ['base', 'run', 'top'],
      );
      await rejects(driver.applyDiff('top', [await bench.tar('top', { files: { 'a/b': 'c' } }, false)], { signal }), 'CANCELLED');
      assert.equal(await driver.exists('top'), false);
    });

    run('a signal aborted while a tar is read cancels the call, and the layer is removed', async (bench, driver) => {
      await base(bench, driver);
      const whole = await bench.tar(
        'top',
        { files: Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`d/f${at}`, 'x'.repeat(1000)])) },
        false,
      );
      for (let stop = 0; stop < Math.floor(whole.length / 3000); stop++) {
        await driver.create('top', 'base');
        const abort = new AbortController();
        const pieces = async function* (): AsyncGenerator<Uint8Array> {
          for (let at = 0, piece = 0; at < whole.length; at += 3000, piece++) {
            if (piece === stop) abort.abort();
            yield whole.subarray(at, at + 3000);
          }
        };
        await rejects(driver.applyDiff('top', pieces(), { signal: abort.signal }), 'CANCELLED');
        assert.equal(await driver.exists('top'), false);
      }
    });

    run('a diff that is not read to its end releases everything', async (bench, driver) => {
      await base(bench, driver);
      await driver.createReadWrite('run', 'base');
      await using mount = await driver.mount('run');
      bench.write(mount.path, { files: { 'big/file': 'x'.repeat(100_000) } });
      for await (const bytes of driver.diff('run')) {
        assert.ok(bytes.length > 0);
        break;
      }
      // The layer is still mounted, and can be read again.
      assert.deepEqual(await bench.read(await collect(driver.diff('run'))), { files: { 'big/file': 'x'.repeat(100_000) }, removed: [] });
    });

    run('a layer’s files can be read one by one, but none outside it', async (bench, driver) => {
      await base(bench, driver);
      await using files = await driver.files('base');
      const name = (await changesOf(driver, 'base')).map(({ path }) => path).find((path) => path.endsWith('etc/motd')) ?? '';
      assert.equal(Buffer.from(await collect(files.open(name))).toString(), 'hello');
      await rejects(collect(files.open('../../etc/passwd')), ['PATH_ESCAPE', 'NOT_FOUND', 'UNSUPPORTED']);
      await rejects(collect(files.open('/etc/passwd')), ['PATH_ESCAPE', 'NOT_FOUND', 'UNSUPPORTED']);
      await rejects(collect(files.open(`${name}x`)), 'NOT_FOUND');
    });

    run('an intact store has nothing to clean up', async (bench, driver) => {
      await base(bench, driver);
      assert.deepEqual(await driver.cleanup(), []);
      assert.deepEqual(
        (await driver.list()).map(({ id }) => id),
        ['base'],
      );
    });
  });
}

function name(number: number): string {
  return `l${String(number).padStart(3, '0')}`;
}

async function changesOf2(driver: GraphDriver, id: string, signal: AbortSignal): Promise<void> {
  for await (const _ of driver.changes(id, { signal }));
}
