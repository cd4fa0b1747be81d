// Remote calls: the data they carry, and the flow control of that data.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Finding, finding, LayerscopeError } from '#model';
import type { DriverChange, GraphDriver, LayerInfo } from '../../../src/driver/driver.ts';
import { PIECE_BYTES, WINDOW_BYTES } from '../../../src/driver/remote/flow.ts';
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

test('a slow reader holds the driver back: at most one window is read ahead', async () => {
  let produced = 0;
  let isReleased = false;
  const total = 64 * 1024 * 1024;
  await using remote = await serve({
    diff: async function* () {
      try {
        // Reuses one buffer, as drivers do.
        const buffer = Buffer.alloc(50_000);
        while (produced < total) {
          buffer.fill(produced % 251);
          produced += buffer.length;
          yield buffer;
        }
      } finally {
        isReleased = true;
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
      await turns(10);
      assert.ok(produced - read <= WINDOW_BYTES + 50_000, `${produced - read} bytes ahead`);
    } else if (read < 3 * WINDOW_BYTES + PIECE_BYTES) {
      await standStill();
      assert.ok(produced - read <= WINDOW_BYTES + 50_000, `${produced - read} bytes ahead`);
      assert.equal(isReleased, false);
    } else if (read > 4 * WINDOW_BYTES) break;
  }
  assert.equal(isReleased, true, 'stopping waits until the driver has released the source');
  assert.ok(produced < 6 * WINDOW_BYTES);
});

test('a slow driver holds the tar back', async () => {
  let given = 0;
  let taken = 0;
  let ahead = 0;
  await using remote = await serve({
    applyDiff: async (_id, tar) => {
      for await (const bytes of tar) {
        taken += bytes.length;
        if (taken < 3 * WINDOW_BYTES) await turns(10);
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

test('a tar arrives unchanged, in one-byte pieces and in a single piece', async () => {
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
  assert.ok(arrived.length < 5_000, 'waiting pieces are joined');
  const long = Buffer.alloc(3 * WINDOW_BYTES + 7, 'layer');
  await remote.driver.applyDiff('a', [long]);
  assert.deepEqual(Buffer.concat(arrived), long);
  await remote.driver.applyDiff('a', []);
  assert.deepEqual(arrived, []);
});

test('lists arrive complete even if they are longer than a frame', async () => {
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

test('the first changes arrive while the driver is still reading, and stopping there stops the driver', async () => {
  let signalled = false;
  await using remote = await serve({
    changes: async function* (_id, { signal } = {}) {
      for (let at = 0; signal?.aborted !== true; at++) {
        yield { kind: 'added', path: `${at}` };
        await turns(1);
      }
      signalled = true;
    },
  });
  for await (const { path } of remote.driver.changes('a')) if (path === '3') break;
  await until(() => signalled, 'the signal reaches the driver');
});

test('progress and findings arrive in order, and before the end of their call', async () => {
  const found = finding('odd-name', 'a name', { layer: 1, path: 'x', offset: 512 });
  const got: (Finding | number)[] = [];
  await using remote = await serve({
    applyDiff: async (_id, _tar, { onFinding, onProgress } = {}) => {
      onProgress?.(1);
      onFinding?.(found);
      onProgress?.(0);
      return { sizeBytes: 3 };
    },
    mount: async (id, { onFinding } = {}) => {
      onFinding?.(found);
      return { id, path: '/mounted', [Symbol.asyncDispose]: async () => {} };
    },
  });
  const options = { onFinding: (each: Finding) => got.push(each), onProgress: (bytes: number) => got.push(bytes) };
  assert.deepEqual(await remote.driver.applyDiff('a', [], options), { sizeBytes: 3 });
  assert.deepEqual(got, [1, found, 0]);
  await remote.driver.mount('a', options);
  assert.deepEqual(got, [1, found, 0, found]);
});

test('a listener that throws fails its call, which is stopped', async () => {
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

test("a driver's errors keep their code, message and offset; an error of the tar's source is passed through unchanged", async () => {
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
  assert.equal(read, 'first', 'data sent before the error is read first');
});

test('a mount that another process left is released by the other side’s driver, if possible', async () => {
  const released: string[] = [];
  await using remote = await serve({ releaseLeft: async (id) => void released.push(id) });
  await remote.driver.releaseLeft?.('run');
  assert.deepEqual(released, ['run']);
  await using other = await serve({});
  await assert.rejects(async () => other.driver.releaseLeft?.('run'), { code: 'UNSUPPORTED' });
  await assert.rejects(other.driver.mount('run', { at: 'C:\\mnt' }), { code: 'UNSUPPORTED' });
});
