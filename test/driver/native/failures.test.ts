// Makes every call into the platform fail, one at a time, while layers are imported, written to, exported and removed. The first error must
// be thrown, and nothing may stay mounted, prepared, open or half-made.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LayerscopeError } from '#model';
import type { CallOptions, GraphDriver } from '../../../src/driver/driver.ts';
import type { LayerCalls } from '../../../src/driver/windows/native.ts';
import { NativeError } from '../../../src/driver/windows/native-error.ts';
import { standIn, WindowsBench } from '../../support/windows-bench.ts';
import { filterTar, windowsTar } from '../../support/windows-tars.ts';

type Step = (driver: GraphDriver) => Promise<void>;

async function drain(pieces: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of pieces);
}

const utilityBase = await windowsTar([
  { name: 'Files' },
  { name: 'Files/a.txt', content: 'a' },
  { name: 'UtilityVM' },
  { name: 'UtilityVM/Files' },
  { name: 'UtilityVM/Files/kernel.exe', content: 'kernel' },
]);
const utilityTop = await windowsTar([
  { name: 'Files' },
  { name: 'Hives' },
  { name: 'Hives/System_Delta', content: 'delta' },
  { name: 'Files/d' },
  { name: 'Files/d/b.txt', content: 'b' },
  { name: 'Files/a.txt', whiteout: true },
  { name: 'UtilityVM' },
  { name: 'UtilityVM/Files' },
  { name: 'UtilityVM/Files/kernel.exe', content: 'changed' },
]);
const readWriteBase = await filterTar({ files: { 'etc/motd': 'hello' } }, true);

/** Steps that prepare the store, and the step whose calls are made to fail. */
const SCENARIOS: readonly {
  readonly name: string;
  readonly before: readonly Step[];
  readonly step: (driver: GraphDriver, options: CallOptions) => Promise<void>;
  readonly retried?: true;
}[] = [
  { name: 'creating a base layer', before: [], step: (driver, options) => driver.create('base', null, options) },
  {
    name: 'importing a base layer',
    before: [(driver) => driver.create('base', null)],
    step: async (driver, options) => void (await driver.applyDiff('base', [utilityBase], options)),
  },
  {
    name: 'creating and importing a layer on it',
    before: [(driver) => driver.create('base', null), async (driver) => void (await driver.applyDiff('base', [utilityBase]))],
    step: async (driver, options) => {
      await driver.create('top', 'base', options);
      await driver.applyDiff('top', [utilityTop], options);
    },
  },
  {
    name: 'exporting, listing and measuring a layer',
    before: [
      (driver) => driver.create('base', null),
      async (driver) => void (await driver.applyDiff('base', [utilityBase])),
      (driver) => driver.create('top', 'base'),
      async (driver) => void (await driver.applyDiff('top', [utilityTop])),
    ],
    step: async (driver, options) => {
      await drain(driver.diff('top', options));
      await drain(driver.changes('top', options));
      await driver.diffSize('top', options);
      await drain(driver.diff('base', options));
    },
  },
  {
    name: 'creating, mounting, exporting and releasing a read-write layer, with an export while mounted and one after',
    before: [(driver) => driver.create('base', null), async (driver) => void (await driver.applyDiff('base', [readWriteBase]))],
    step: async (driver, options) => {
      await driver.createReadWrite('run', 'base', { ...options, sizeBytes: 1_000_000 });
      {
        await using _mount = await driver.mount('run', options);
        await drain(driver.diff('run', options));
      }
      await drain(driver.changes('run', options));
    },
  },
  {
    name: 'removing a layer',
    before: [
      (driver) => driver.create('base', null),
      async (driver) => void (await driver.applyDiff('base', [readWriteBase])),
      (driver) => driver.create('top', 'base'),
    ],
    step: (driver, options) => driver.remove('top', options),
    // A removal retries failed calls, so it may succeed after all.
    retried: true,
  },
];

async function checkNothingLeft(bench: WindowsBench, what: string): Promise<void> {
  assert.deepEqual(await bench.stray(), [], what);
  const again = await bench.open();
  for (const { id, state, problem } of await again.list()) assert.equal(state, 'ready', `${what}: ${id}: ${problem}`);
  // Every layer is complete enough for its metadata to be read.
  for (const { id } of await again.list()) {
    if (id === 'base' || id === 'top' || id === 'run') await again.metadata(id);
  }
}

for (const { name, before, step, retried = false } of SCENARIOS) {
  describe(name, { concurrency: false }, () => {
    const attempt = async (arm: (bench: WindowsBench) => void, what: string): Promise<'done' | 'failed'> => {
      await using bench = new WindowsBench('windowsfilter');
      const driver = await bench.open();
      for (const work of before) await work(driver);
      arm(bench);
      try {
        await step(driver, {});
        return 'done';
      } catch (error) {
        let first: unknown = error;
        while (first instanceof SuppressedError) first = first.suppressed;
        assert.ok(first instanceof LayerscopeError, `${what}: ${String(error)}`);
        assert.match(first.message, /made to fail|\(0x1f\)/, `${what}: not the first error`);
        return 'failed';
      } finally {
        standIn.failAt(-1, false);
        if (bench.nodeFiles !== null) bench.nodeFiles.failAt = -1;
        await checkNothingLeft(bench, what);
      }
    };

    test('the driver undoes its steps when any layer call fails', async () => {
      let calls = 0;
      await attempt(() => standIn.failAt(-1, false), 'without a failure');
      await using bench = new WindowsBench('windowsfilter');
      const driver = await bench.open();
      for (const work of before) await work(driver);
      standIn.failAt(-1, false);
      await step(driver, {});
      calls = standIn.count;
      assert.ok(calls > 0);
      let failed = 0;
      for (let call = 0; call < calls; call++) {
        if ((await attempt(() => standIn.failAt(call, false), `layer call ${call}`)) === 'failed') failed++;
      }
      assert.equal(failed > 0, !retried);
    });

    test('the driver undoes its steps when any file call fails', async (t) => {
      await using bench = new WindowsBench('windowsfilter');
      const files = bench.nodeFiles;
      // Windows' own file calls can't be made to fail.
      if (files === null) {
        t.diagnostic('not run: the file calls here are those of Windows');
        return;
      }
      const driver = await bench.open();
      for (const work of before) await work(driver);
      files.calls.length = 0;
      await step(driver, {});
      const calls = files.calls.length;
      for (let call = 0; call < calls; call++) {
        await attempt((other) => {
          if (other.nodeFiles !== null) other.nodeFiles.failAt = call;
        }, `file call ${call} (${files.calls[call]})`);
      }
    });
  });
}

/** Wraps layer calls so that `before` is called with each call's number. */
function watched(layers: LayerCalls, before: (call: number) => void): LayerCalls {
  let calls = 0;
  return new Proxy(layers, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name, target);
      if (typeof method !== 'function') return method;
      return (...parameters: unknown[]) => {
        if (name !== 'has') before(calls++);
        return method.apply(target, parameters);
      };
    },
  });
}

for (const { name, before, step } of SCENARIOS) {
  test(`${name} can be cancelled at each layer call`, async () => {
    const attempt = async (at: number): Promise<number> => {
      const abort = new AbortController();
      let armed = false;
      let calls = 0;
      const layers = watched(standIn.layers, () => {
        if (armed && calls++ === at) abort.abort();
      });
      await using bench = new WindowsBench('windowsfilter', layers);
      const driver = await bench.open();
      for (const work of before) await work(driver);
      armed = true;
      try {
        await step(driver, { signal: abort.signal });
      } catch (error) {
        let first: unknown = error;
        while (first instanceof SuppressedError) first = first.suppressed;
        assert.equal((first as { code?: string }).code, 'CANCELLED', String(first));
      }
      armed = false;
      await checkNothingLeft(bench, `cancelled at call ${at}`);
      return calls;
    };
    const calls = await attempt(-1);
    assert.ok(calls > 0);
    for (let at = 0; at < calls; at++) await attempt(at);
  });
}

test('an error from Windows keeps its call and code while the driver undoes its steps', async () => {
  await using bench = new WindowsBench('windowsfilter');
  const driver = await bench.open();
  await driver.create('base', null);
  standIn.failAt(0, false, 0x80070005 | 0);
  await assert.rejects(
    driver.create('top', 'base'),
    (error: unknown) => error instanceof NativeError && error.code === 'PERMISSION' && error.win32 === 5,
  );
});
