// Remote calls: how they are cancelled, and what the end of the connection means for them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LayerscopeError } from '#model';
import type { GraphDriver } from '../../../src/driver/driver.ts';
import { PortableBench } from '../../support/portable-bench.ts';
import { Exchange, type Served, serveOver } from '../../support/remote-bench.ts';
import { scriptedDriver } from '../../support/scripted-driver.ts';
import { turns, until } from '../../support/waiting.ts';

let exchange: Exchange;
before(async () => {
  exchange = await Exchange.open();
});
after(() => exchange[Symbol.asyncDispose]());

const serve = (methods: Partial<GraphDriver>, options = {}): Promise<Served> => serveOver(exchange, scriptedDriver(methods), options);

/** Waits for so many turns of the event loop that anything not blocked would continue. Both ends run on this thread. */
const standStill = (): Promise<void> => turns(200);

test('aborting a diff ends it with CANCELLED, once the driver has released it', async () => {
  let isReleased = false;
  await using remote = await serve({
    diff: async function* () {
      try {
        for (;;) yield Buffer.alloc(10_000);
      } finally {
        await turns(20);
        isReleased = true;
      }
    },
  });
  const abort = new AbortController();
  let pieces = 0;
  await assert.rejects(
    async () => {
      for await (const _ of remote.driver.diff('a', { signal: abort.signal })) {
        assert.equal(abort.signal.aborted, false, 'nothing is read after the abort');
        if (++pieces === 5) abort.abort();
      }
    },
    { code: 'CANCELLED' },
  );
  assert.equal(isReleased, true);
  assert.equal(pieces, 5);
});

test('the driver’s release error reaches the consumer that stopped reading', async () => {
  await using remote = await serve({
    diff: async function* () {
      try {
        for (;;) yield Buffer.alloc(10);
      } finally {
        await Promise.reject(new LayerscopeError('IO', 'it stays as it is'));
      }
    },
  });
  await assert.rejects(
    async () => {
      for await (const _ of remote.driver.diff('a')) break;
    },
    { code: 'IO', message: 'it stays as it is' },
  );
});

test('a stalled source does not hold up a cancelled call', async () => {
  let isReturned = false;
  let give: () => void = () => {};
  await using remote = await serve({
    applyDiff: async (_id, tar) => {
      for await (const _ of tar);
      return { sizeBytes: 0 };
    },
  });
  const abort = new AbortController();
  const source = async function* (): AsyncGenerator<Uint8Array> {
    try {
      await new Promise<void>((resolve) => {
        give = resolve;
        setImmediate(() => abort.abort());
      });
      yield Buffer.from('late');
    } finally {
      isReturned = true;
    }
  };
  const applying = remote.driver.applyDiff('a', source(), { signal: abort.signal });
  await assert.rejects(applying, { code: 'CANCELLED' });
  give();
  await until(() => isReturned, 'the source is closed once it yields');
});

test('a refused tar’s source is never read', async () => {
  await using remote = await serve({
    applyDiff: async () => {
      throw new LayerscopeError('NOT_FOUND', 'no layer a');
    },
  });
  const source = function* (): Generator<Uint8Array> {
    assert.fail('read');
    yield Buffer.alloc(0);
  };
  await assert.rejects(remote.driver.applyDiff('a', source()), { code: 'NOT_FOUND' });
  await standStill();
});

test('a connection cut in the middle of a tar leaves no trace of the layer', async () => {
  await using bench = new PortableBench();
  const driver = await bench.open();
  await driver.create('base', null);
  const remote = await serveOver(exchange, driver);
  const tar = bench.tar('base', { files: { big: 'x'.repeat(100_000) } });
  let isWaiting = false;
  const source = async function* (): AsyncGenerator<Uint8Array> {
    yield tar.subarray(0, 50_000);
    isWaiting = true;
    await new Promise(() => {});
  };
  const applying = assert.rejects(remote.driver.applyDiff('base', source()), { code: 'IO', message: /the driver's process has ended/ });
  await until(() => isWaiting, 'the source is read further');
  remote.line.client.destroy();
  await applying;
  await remote.served.ended;
  assert.deepEqual(await driver.list(), []);
  assert.deepEqual(await bench.stray(), []);
  await assert.rejects(remote.driver.list(), { code: 'IO', message: /the driver's process has ended/ });
});

test('a cut connection releases only its own mounts', async () => {
  await using bench = new PortableBench();
  const driver = await bench.open();
  await driver.create('base', null);
  await driver.applyDiff('base', [bench.tar('base', { files: { 'etc/motd': 'hello' } })]);
  const cut = await serveOver(exchange, driver);
  await using other = await serveOver(exchange, driver);
  const mine = await other.driver.mount('base');
  const lost = await cut.driver.mount('base');
  await cut.driver.mount('base');
  assert.equal(lost.path, mine.path);
  cut.line.client.destroy();
  assert.equal(await cut.served.ended, null);
  assert.equal(bench.shows(mine.path, 'etc/motd'), 'hello');
  await assert.rejects(driver.remove('base'), { code: 'EXISTS' });
  await mine[Symbol.asyncDispose]();
  assert.deepEqual(await bench.stray(), []);
  await driver.remove('base');
  await assert.rejects(async () => lost[Symbol.asyncDispose](), { code: 'IO' });
});

test('a mount that completes after its connection was cut is released too', async () => {
  let isReleased = false;
  let go: () => void = () => {};
  const remote = await serve({
    mount: async (id) => {
      await new Promise<void>((resolve) => {
        go = resolve;
      });
      return {
        id,
        path: '/mounted',
        [Symbol.asyncDispose]: async () => {
          await turns(20);
          isReleased = true;
        },
      };
    },
  });
  const mounting = assert.rejects(remote.driver.mount('a'), { code: 'IO' });
  await standStill();
  remote.line.client.destroy();
  await mounting;
  assert.equal(isReleased, false);
  go();
  await remote.served.ended;
  assert.equal(isReleased, true);
});

test('when the server ends, running and later calls fail', async () => {
  const never = <T>(): Promise<T> => new Promise(() => {});
  const remote = await serve({
    diffSize: () => never(),
    diff: async function* () {
      yield Buffer.alloc(10);
      await never();
    },
    applyDiff: async (_id, tar) => {
      for await (const _ of tar);
      return { sizeBytes: 0 };
    },
  });
  const reading = remote.driver.diff('a')[Symbol.asyncIterator]();
  assert.equal((await reading.next()).value?.length, 10);
  const source = async function* (): AsyncGenerator<Uint8Array> {
    await never();
    yield Buffer.alloc(0);
  };
  const running = [remote.driver.diffSize('a'), reading.next(), remote.driver.applyDiff('a', source())];
  await standStill();
  remote.line.server.destroy();
  for (const result of await Promise.allSettled(running)) {
    assert.equal(result.status, 'rejected');
    assert.equal(result.reason.code, 'IO');
    assert.match(result.reason.message, /the driver's process has ended/);
  }
  for (const later of [remote.driver.status(), remote.driver.create('a', null), remote.driver.exists('a')]) {
    await assert.rejects(later, { code: 'IO', message: /the driver's process has ended/ });
  }
  // Doesn't throw: nothing is held any more.
  await remote.driver[Symbol.asyncDispose]();
});

test('disposing stops running calls, waits until everything is released, and throws the release error', async () => {
  let aborted = false;
  const remote = await serve({
    mount: async (id) => ({
      id,
      path: '/mounted',
      [Symbol.asyncDispose]: async () => {
        await turns(20);
        throw new LayerscopeError('IO', 'it stays mounted');
      },
    }),
    diffSize: async (_id, { signal } = {}) => {
      await until(() => signal?.aborted === true, 'the signal');
      aborted = true;
      throw new LayerscopeError('CANCELLED', 'cancelled');
    },
  });
  const mount = await remote.driver.mount('a');
  const running = assert.rejects(remote.driver.diffSize('a'), { code: 'CANCELLED' });
  const ends = remote.driver[Symbol.asyncDispose]();
  await assert.rejects(remote.driver.status(), { code: 'IO', message: 'the driver is closed' });
  await assert.rejects(async () => ends, { code: 'IO', message: 'it stays mounted' });
  assert.equal(aborted, true);
  await running;
  await mount[Symbol.asyncDispose]();
  assert.equal((await remote.served.ended)?.message, 'it stays mounted');
  await assert.rejects(remote.driver.status(), { message: 'the driver is closed' });
});

test('an idle connection ends, but not while a call runs or a mount is held', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let idle = 0;
  let finish: () => void = () => {};
  const remote = await serve(
    {
      mount: async (id) => ({ id, path: '/mounted', [Symbol.asyncDispose]: async () => {} }),
      diffSize: () =>
        new Promise((resolve) => {
          finish = () => resolve(7);
        }),
    },
    { idleMs: 60, onIdle: () => idle++ },
  );
  const mount = await remote.driver.mount('a');
  t.mock.timers.tick(1_000);
  assert.equal(idle, 0, 'a mount is held');
  const sizing = remote.driver.diffSize('a');
  await mount[Symbol.asyncDispose]();
  t.mock.timers.tick(1_000);
  assert.equal(idle, 0, 'a call runs');
  finish();
  assert.equal(await sizing, 7);
  assert.equal(idle, 0, 'it was not idle for long enough');
  t.mock.timers.tick(60);
  assert.equal(await remote.served.ended, null);
  assert.equal(idle, 1);
  await assert.rejects(remote.driver.status(), { code: 'IO', message: /the driver's process has ended/ });
});

test('a remote driver has the served driver’s name and home, but no images', async () => {
  await using remote = await serve({});
  assert.equal(remote.driver.name, 'windowsfilter');
  assert.equal(remote.driver.home, '/home/of/layers');
  assert.equal(remote.driver.images, undefined);
  assert.equal(remote.driver.blobs, undefined);
});

test('a layer’s metadata keeps its types, and a wrong type is refused', async () => {
  const known = { dir: '/home/of/layers/a', digest: 'sha256:0', sizeBytes: 2 ** 40 };
  await using remote = await serve({ metadata: async () => known });
  assert.deepEqual(await remote.driver.metadata('a'), known);
  await using other = await serve({ metadata: async () => ({ ...known, sizeBytes: '7' as unknown as number }) });
  await assert.rejects(other.driver.metadata('a'), { code: 'BAD_REQUEST' });
});
