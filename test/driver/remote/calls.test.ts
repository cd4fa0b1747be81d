// Calls at a distance: their pace, their cancelling, and their end with the connection.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Finding, finding, LayerscopeError } from '#model';
import type { DriverChange, GraphDriver, LayerInfo } from '../../../src/driver/driver.ts';
import { PIECE_BYTES, WINDOW_BYTES } from '../../../src/driver/remote/flow.ts';
import { PortableBench } from '../../support/portable-bench.ts';
import { Exchange, type Served, serveOver } from '../../support/remote-bench.ts';
import { scriptedDriver } from '../../support/scripted-driver.ts';

let exchange: Exchange;
before(async () => {
  exchange = await Exchange.open();
});
after(() => exchange[Symbol.asyncDispose]());

const serve = (methods: Partial<GraphDriver>, options = {}): Promise<Served> => serveOver(exchange, scriptedDriver(methods), options);

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (await condition()) return;
    await sleep(10);
  }
  assert.fail(`it never came to this: ${what}`);
}

/** A part of a second in which what should stand still could have gone on. */
const standStill = (): Promise<void> => sleep(150);

test('a reader that is slow holds the driver back: no more than the window is read ahead', async () => {
  let produced = 0;
  let isLetGo = false;
  const total = 64 * 1024 * 1024;
  await using remote = await serve({
    diff: async function* () {
      try {
        // One buffer, written over each time, as drivers do.
        const buffer = Buffer.alloc(50_000);
        while (produced < total) {
          buffer.fill(produced % 251);
          produced += buffer.length;
          yield buffer;
        }
      } finally {
        isLetGo = true;
      }
    },
  });
  let read = 0;
  let expected = 0;
  for await (const bytes of remote.driver.diff('a')) {
    for (let at = 0; at < bytes.length; ) {
      const left = Math.min(50_000 - (expected % 50_000), bytes.length - at);
      assert.ok(bytes.subarray(at, at + left).every((byte) => byte === (expected - (expected % 50_000)) % 251));
      at += left;
      expected += left;
    }
    read += bytes.length;
    if (read < 3 * WINDOW_BYTES) {
      await sleep(5);
      assert.ok(produced - read <= WINDOW_BYTES + 50_000, `${produced - read} bytes ahead`);
    } else if (read < 3 * WINDOW_BYTES + PIECE_BYTES) {
      await standStill();
      assert.ok(produced - read <= WINDOW_BYTES + 50_000, `${produced - read} bytes ahead`);
      assert.equal(isLetGo, false);
    } else if (read > 4 * WINDOW_BYTES) break;
  }
  assert.equal(isLetGo, true, 'stopping to read lets go before it returns');
  assert.ok(produced < 6 * WINDOW_BYTES);
});

test('a driver that is slow holds the tar back', async () => {
  let given = 0;
  let taken = 0;
  let ahead = 0;
  await using remote = await serve({
    applyDiff: async (_id, tar) => {
      for await (const bytes of tar) {
        taken += bytes.length;
        if (taken < 3 * WINDOW_BYTES) await sleep(5);
        ahead = Math.max(ahead, given - taken);
      }
      return { sizeBytes: taken };
    },
  });
  const piece = Buffer.alloc(100_000);
  const source = function* (): Generator<Uint8Array> {
    for (; given < 8 * 1024 * 1024; given += piece.length) yield piece;
  };
  const { sizeBytes } = await remote.driver.applyDiff('a', source());
  assert.equal(sizeBytes, given);
  assert.ok(ahead > WINDOW_BYTES / 2, 'the window is used');
  assert.ok(ahead <= WINDOW_BYTES + 2 * piece.length, `${ahead} bytes ahead`);
});

test('a tar of one byte a piece, and one in a single piece, arrive as they are', async () => {
  let arrived: Uint8Array[] = [];
  await using remote = await serve({
    applyDiff: async (_id, tar) => {
      arrived = [];
      for await (const bytes of tar) arrived.push(bytes.slice());
      return { sizeBytes: 0 };
    },
  });
  const bytes = Buffer.from(Array.from({ length: 20_000 }, (_, at) => at % 253));
  await remote.driver.applyDiff(
    'a',
    Array.from(bytes, (byte) => Buffer.of(byte)),
  );
  assert.deepEqual(Buffer.concat(arrived), bytes);
  assert.ok(arrived.length < 5_000, 'what waits is put together');
  const long = Buffer.alloc(3 * WINDOW_BYTES + 7, 'layer');
  await remote.driver.applyDiff('a', [long]);
  assert.deepEqual(Buffer.concat(arrived), long);
  await remote.driver.applyDiff('a', []);
  assert.deepEqual(arrived, []);
});

test('lists of any length come whole, and no frame has to hold them', async () => {
  const chain = Array.from({ length: 30_000 }, (_, at) => `layer-${at}-${'x'.repeat(60)}`);
  const layer: LayerInfo = { id: 'a', parent: chain[0] ?? null, chain, state: 'broken', problem: 'ü\n', images: ['a:latest'] };
  const changes: DriverChange[] = Array.from({ length: 50_000 }, (_, at) => ({ kind: 'modified', path: `Files/${at}/\ud800 ä` }));
  await using remote = await serve({
    list: async () => [layer, { ...layer, id: 'b', chain: [] }],
    chain: async () => chain,
    changes: async function* () {
      yield* changes;
    },
    baseImages: async () => [],
  });
  assert.deepEqual(await remote.driver.list(), [layer, { ...layer, id: 'b', chain: [] }]);
  assert.deepEqual(await remote.driver.chain('a'), chain);
  const seen: DriverChange[] = [];
  for await (const change of remote.driver.changes('a')) seen.push(change);
  assert.deepEqual(seen, changes);
  assert.deepEqual(await remote.driver.baseImages(), []);
});

test('the first changes are seen while the driver still looks for more, and stopping there stops it', async () => {
  let signalled = false;
  await using remote = await serve({
    changes: async function* (_id, { signal } = {}) {
      for (let at = 0; signal?.aborted !== true; at++) {
        yield { kind: 'added', path: `${at}` };
        await sleep(10);
      }
      signalled = true;
    },
  });
  for await (const { path } of remote.driver.changes('a')) if (path === '3') break;
  await until(() => signalled, 'the driver was told to stop');
});

test('progress and findings come in order, and before the end of their call', async () => {
  const told = finding('odd-name', 'a name', { layer: 1, path: 'x', offset: 512 });
  const got: (Finding | number)[] = [];
  await using remote = await serve({
    applyDiff: async (_id, _tar, { onFinding, onProgress } = {}) => {
      onProgress?.(1);
      onFinding?.(told);
      onProgress?.(0);
      return { sizeBytes: 3 };
    },
    mount: async (id, { onFinding } = {}) => {
      onFinding?.(told);
      return { id, path: '/mounted', [Symbol.asyncDispose]: async () => {} };
    },
  });
  const options = { onFinding: (each: Finding) => got.push(each), onProgress: (bytes: number) => got.push(bytes) };
  assert.deepEqual(await remote.driver.applyDiff('a', [], options), { sizeBytes: 3 });
  assert.deepEqual(got, [1, told, 0]);
  await remote.driver.mount('a', options);
  assert.deepEqual(got, [1, told, 0, told]);
});

test('what a listener throws fails its call, which is stopped', async () => {
  let isAborted = false;
  await using remote = await serve({
    applyDiff: async (_id, _tar, { signal, onProgress } = {}) => {
      onProgress?.(1);
      await until(() => signal?.aborted === true, 'the signal');
      isAborted = true;
      throw new LayerscopeError('CANCELLED', 'cancelled');
    },
  });
  const onProgress = (): void => {
    throw new RangeError('the listener fails');
  };
  await assert.rejects(remote.driver.applyDiff('a', [], { onProgress }), { name: 'RangeError', message: 'the listener fails' });
  assert.equal(isAborted, true);
});

test('errors are the same at a distance: code, message and offset; those of a source are its own', async () => {
  await using remote = await serve({
    status: async () => {
      throw new LayerscopeError('BAD_TAR', 'wrong', { offset: 1024 });
    },
    applyDiff: async (_id, tar) => {
      for await (const _ of tar);
      return { sizeBytes: 0 };
    },
    diff: async function* () {
      yield Buffer.from('first');
      throw new LayerscopeError('DIGEST_MISMATCH', 'not what it was');
    },
  });
  await assert.rejects(remote.driver.status(), (error: unknown) => {
    assert.ok(error instanceof LayerscopeError);
    assert.deepEqual([error.code, error.message, error.offset], ['BAD_TAR', 'wrong', 1024]);
    return true;
  });
  const cause = new RangeError('the source fails');
  const failing = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from('x');
    throw cause;
  };
  await assert.rejects(remote.driver.applyDiff('a', failing()), (error: unknown) => error === cause);
  let read = '';
  await assert.rejects(
    async () => {
      for await (const bytes of remote.driver.diff('a')) read += Buffer.from(bytes).toString();
    },
    { code: 'DIGEST_MISMATCH' },
  );
  assert.equal(read, 'first', 'what came before the error is read before it');
});

test('a signal in the middle of a diff ends it with CANCELLED, when the driver has let go', async () => {
  let isLetGo = false;
  await using remote = await serve({
    diff: async function* () {
      try {
        for (;;) yield Buffer.alloc(10_000);
      } finally {
        await sleep(20);
        isLetGo = true;
      }
    },
  });
  const abort = new AbortController();
  let pieces = 0;
  await assert.rejects(
    async () => {
      for await (const _ of remote.driver.diff('a', { signal: abort.signal })) {
        assert.equal(abort.signal.aborted, false, 'nothing is read behind the signal');
        if (++pieces === 5) abort.abort();
      }
    },
    { code: 'CANCELLED' },
  );
  assert.equal(isLetGo, true);
  assert.equal(pieces, 5);
});

test('what a driver can not let go of is told to who stopped to read', async () => {
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

test('a source that gives nothing does not keep a call that was cancelled', async () => {
  let isReturned = false;
  let give: () => void = () => {};
  await using remote = await serve({
    applyDiff: async (_id, tar) => {
      for await (const _ of tar);
      return { sizeBytes: 0 };
    },
  });
  const source = async function* (): AsyncGenerator<Uint8Array> {
    try {
      await new Promise<void>((resolve) => {
        give = resolve;
      });
      yield Buffer.from('late');
    } finally {
      isReturned = true;
    }
  };
  const abort = new AbortController();
  const applying = remote.driver.applyDiff('a', source(), { signal: abort.signal });
  setTimeout(() => abort.abort(), 30);
  await assert.rejects(applying, { code: 'CANCELLED' });
  give();
  await until(() => isReturned, 'the source is let go of when it gives at last');
});

test('a driver that refuses a tar reads nothing of its source', async () => {
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

test('a connection that is cut in the middle of a tar leaves nothing of the layer', async () => {
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
  await until(() => isWaiting, 'the source was asked for more');
  remote.line.client.destroy();
  await applying;
  await remote.served.ended;
  assert.deepEqual(await driver.list(), []);
  assert.deepEqual(await bench.stray(), []);
  await assert.rejects(remote.driver.list(), { code: 'IO', message: /the driver's process has ended/ });
});

test('a connection that is cut releases its mounts, and only its own', async () => {
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

test('a mount that came about after its connection was cut is released too', async () => {
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
          await sleep(20);
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

test('the end of the server fails every call that runs, and later ones', async () => {
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
  // Nothing is held that could be let go of.
  await remote.driver[Symbol.asyncDispose]();
});

test('disposing stops what runs, waits until all is let go of, and tells what can not be', async () => {
  let aborted = false;
  const remote = await serve({
    mount: async (id) => ({
      id,
      path: '/mounted',
      [Symbol.asyncDispose]: async () => {
        await sleep(20);
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

test('a connection ends when it was idle, but not while a call runs or something is held', async () => {
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
  await sleep(200);
  assert.equal(idle, 0, 'a mount is held');
  const sizing = remote.driver.diffSize('a');
  await mount[Symbol.asyncDispose]();
  await sleep(200);
  assert.equal(idle, 0, 'a call runs');
  finish();
  assert.equal(await sizing, 7);
  assert.equal(await remote.served.ended, null);
  assert.equal(idle, 1);
  await assert.rejects(remote.driver.status(), { code: 'IO', message: /the driver's process has ended/ });
});

test('name and home are those of the driver; a home is never named by the client', async () => {
  await using remote = await serve({});
  assert.equal(remote.driver.name, 'windowsfilter');
  assert.equal(remote.driver.home, '/home/of/layers');
  assert.equal(remote.driver.images, undefined);
  assert.equal(remote.driver.addLayer, undefined);
});
