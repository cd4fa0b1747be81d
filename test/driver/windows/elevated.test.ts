// The window and its elevated process on a fake Windows: what each side refuses, and that nothing stays open.
import assert from 'node:assert/strict';
import { type TestContext, test as unlimited } from 'node:test';
import type { GraphDriver } from '../../../src/driver/driver.ts';
import { type HostOptions, runDriverHost } from '../../../src/driver/windows/elevated/driver-host.ts';
import { type ElevatedOptions, openElevatedDriver } from '../../../src/driver/windows/elevated/open-elevated-driver.ts';
import { LayerscopeError } from '../../../src/model/index.ts';
import { FakeWindows, HOST_PID, PROGRAM, type Started, WINDOW_PID } from '../../support/fake-elevation.ts';
import { Exchange, type Line } from '../../support/remote-bench.ts';
import { scriptedDriver } from '../../support/scripted-driver.ts';
import { until } from '../../support/waiting.ts';

const HOME = 'C:\\store';

/** Defines a test with a timeout, because otherwise a process that fails to end would be waited for indefinitely. */
function test(name: string, work: (t: TestContext) => Promise<void>, options: { readonly skip?: boolean } = {}): void {
  unlimited(name, { timeout: 20_000, ...options }, work);
}

class Bench {
  readonly windows: FakeWindows;
  readonly line: Line;
  readonly reports: string[] = [];
  driver: GraphDriver = scriptedDriver({ name: 'windowsfilter', home: HOME, status: async () => [['Windows', 'made up']] });
  /** The elevated process's exit code, once {@link host} has started it. */
  hosted: Promise<number> | null = null;

  constructor(line: Line) {
    this.line = line;
    this.windows = new FakeWindows(line);
  }

  /** Runs the elevated process as the shell would start it; returns its process id. */
  host({ args }: Started, options: HostOptions = {}): number {
    this.hosted = runDriverHost([PROGRAM, ...args], {
      system: this.windows.seenBy(HOST_PID),
      open: async () => this.driver,
      report: (line) => void this.reports.push(line),
      ...options,
    }).then((exitCode) => {
      const process = this.windows.processes.get(HOST_PID);
      if (process !== undefined) process.exitCode = exitCode;
      return exitCode;
    });
    return HOST_PID;
  }

  open(options: Partial<ElevatedOptions> = {}, home = HOME): Promise<GraphDriver | null> {
    return openElevatedDriver('windowsfilter', home, {
      executable: PROGRAM,
      args: [],
      system: this.windows.seenBy(WINDOW_PID),
      startMs: 2_000,
      ...options,
    });
  }
}

async function benchOf(t: TestContext): Promise<Bench> {
  const exchange = await Exchange.open();
  t.after(() => exchange[Symbol.asyncDispose]());
  return new Bench(await exchange.join());
}

test('declining consent is not an error: there is no driver, and nothing is left', async (t) => {
  const bench = await benchOf(t);
  assert.equal(await bench.open({ args: ['C:\\app'], ownerWindow: 77n }), null);
  const [started] = bench.windows.started;
  assert.equal(started?.executable, PROGRAM);
  assert.deepEqual(started?.options, { verb: 'runas', ownerWindow: 77n });
  assert.deepEqual(started?.args.slice(0, 4), ['C:\\app', '--driver-host', '--driver=windowsfilter', `--driver-home=${HOME}`]);
  assert.ok(started?.args.includes(`--driver-parent=${process.pid}`));
  assert.deepEqual(bench.windows.left, []);
});

test('the driver works over the pipe, and its process ends when the driver is disposed of', async (t) => {
  const bench = await benchOf(t);
  let disposed = 0;
  bench.driver = { ...bench.driver, [Symbol.asyncDispose]: async () => void disposed++ };
  bench.windows.onStart = async (started) => bench.host(started);
  {
    const driver = await bench.open();
    assert.ok(driver !== null);
    await using held = driver;
    assert.equal(held.name, 'windowsfilter');
    assert.equal(held.home, HOME);
    assert.deepEqual(await held.status(), [['Windows', 'made up']]);
    assert.equal(disposed, 0);
  }
  assert.equal(await bench.hosted, 0);
  assert.equal(disposed, 1);
  assert.deepEqual(bench.reports, []);
  assert.deepEqual(bench.windows.left, []);
});

test('each start has its own secret and pipe', async (t) => {
  const bench = await benchOf(t);
  await bench.open();
  await bench.open();
  const [one, two] = bench.windows.started.map(({ args }) => args.filter((word) => /^--driver-(secret|pipe)=/.test(word)));
  assert.equal(one?.length, 2);
  for (const word of one ?? []) assert.ok(!two?.includes(word), word);
});

test('another process at the pipe is refused, and nothing is read from it', async (t) => {
  const bench = await benchOf(t);
  bench.windows.processes.set(99, { image: PROGRAM, exitCode: null });
  bench.windows.onStart = async () => {
    bench.windows.client = 99;
    return HOST_PID;
  };
  await assert.rejects(bench.open(), { code: 'FORBIDDEN', message: /^process 99 is at the other end/ });
  assert.deepEqual(bench.windows.left, []);
});

test('a started process that runs a different program is refused', async (t) => {
  const bench = await benchOf(t);
  bench.windows.processes.set(HOST_PID, { image: 'C:\\Users\\me\\Layerscope.exe', exitCode: null });
  bench.windows.onStart = async () => {
    bench.windows.client = HOST_PID;
    return HOST_PID;
  };
  await assert.rejects(bench.open(), { code: 'FORBIDDEN', message: /runs another program$/ });
  assert.deepEqual(bench.windows.left, []);
});

for (const [exitCode, code, words] of [
  [2, 'INTERNAL', /did not understand its arguments/],
  [4, 'UNSUPPORTED', /vmcompute\.dll/],
  [5, 'PERMISSION', /administrator/],
  [0xc000_0005, 'IO', /its exit code is 3221225477$/],
] as const) {
  test(`a process that exits with ${exitCode} before it connects is ${code}`, async (t) => {
    const bench = await benchOf(t);
    bench.windows.processes.set(HOST_PID, { image: PROGRAM, exitCode });
    bench.windows.onStart = async () => HOST_PID;
    await assert.rejects(bench.open(), { code, message: words });
    assert.deepEqual(bench.windows.left, []);
  });
}

test('waiting for a process that never connects times out', async (t) => {
  const bench = await benchOf(t);
  bench.windows.onStart = async () => HOST_PID;
  await assert.rejects(bench.open({ startMs: 60 }), { code: 'IO', message: 'the elevated process did not connect in 60 ms' });
  assert.deepEqual(bench.windows.left, []);
});

test('a signal cancels before anything is started, and while waiting', async (t) => {
  const bench = await benchOf(t);
  await assert.rejects(bench.open({ signal: AbortSignal.abort() }), { code: 'CANCELLED' });
  assert.equal(bench.windows.started.length, 0);
  const abort = new AbortController();
  bench.windows.onStart = async () => {
    setImmediate(() => abort.abort());
    return HOST_PID;
  };
  await assert.rejects(bench.open({ signal: abort.signal, startMs: 60_000 }), { code: 'CANCELLED' });
  assert.deepEqual(bench.windows.left, []);
});

test('a signal cancels while the other side opens the driver, which is then disposed of', async (t) => {
  const bench = await benchOf(t);
  const abort = new AbortController();
  let disposed = 0;
  bench.windows.onStart = async (started) =>
    bench.host(started, {
      open: async () => {
        await until(() => bench.windows.streams.includes("the server's end"), 'the server has its end');
        abort.abort();
        return { ...bench.driver, [Symbol.asyncDispose]: async () => void disposed++ };
      },
    });
  await assert.rejects(bench.open({ signal: abort.signal, startMs: 60_000 }), { code: 'CANCELLED' });
  await bench.hosted;
  assert.equal(disposed, 1);
  assert.deepEqual(bench.windows.left, []);
});

test('a home that is not an absolute path on a drive is refused before the user is asked', async (t) => {
  const bench = await benchOf(t);
  for (const home of ['store', '\\\\server\\share', '/store']) await assert.rejects(bench.open({}, home), { code: 'NAME_REFUSED' });
  assert.equal(bench.windows.started.length, 0);
});

test('the exit code explains why the elevated process could not open the driver', async (t) => {
  const bench = await benchOf(t);
  bench.windows.onStart = async (started) =>
    bench.host(started, {
      open: async () => {
        throw new LayerscopeError('NOT_FOUND', `no folder ${HOME}`);
      },
    });
  await assert.rejects(bench.open(), { code: 'NOT_FOUND', message: /the elevated process has ended/ });
  assert.equal(await bench.hosted, 6);
  assert.deepEqual(bench.reports, [`layerscope: driver host: NOT_FOUND: no folder ${HOME}`]);
  assert.deepEqual(bench.windows.left, []);
});

test('both sides refuse a peer with a wrong secret', async (t) => {
  const bench = await benchOf(t);
  const secret = '0'.repeat(64);
  bench.windows.onStart = async (started) => bench.host({ ...started, args: started.args.with(-1, `--driver-secret=${secret}`) });
  await assert.rejects(bench.open(), { code: 'FORBIDDEN' });
  // Whichever side notices first closes the connection. The other side sees only that it was closed.
  assert.ok([1, 3].includes((await bench.hosted) ?? 0));
  assert.equal(bench.reports.length, 1);
  assert.match(bench.reports[0] ?? '', /^layerscope: driver host: (FORBIDDEN|IO): [^\n]*$/);
  assert.ok(!bench.reports.join().includes(secret));
  assert.deepEqual(bench.windows.left, []);
});

test('the elevated process doesn’t open a driver for another process’s or another program’s pipe', async (t) => {
  for (const spoil of [
    (windows: FakeWindows) => {
      windows.processes.set(99, { image: PROGRAM, exitCode: null });
      windows.server = 99;
    },
    (windows: FakeWindows) => void windows.processes.set(WINDOW_PID, { image: 'C:\\evil.exe', exitCode: null }),
  ]) {
    const bench = await benchOf(t);
    let opened = 0;
    spoil(bench.windows);
    bench.windows.onStart = async (started) =>
      bench.host(started, {
        open: async () => {
          opened++;
          return bench.driver;
        },
      });
    await assert.rejects(bench.open(), { code: 'FORBIDDEN' });
    assert.equal(await bench.hosted, 3);
    assert.equal(opened, 0);
    assert.deepEqual(bench.windows.left, []);
  }
});

test('the elevated process ends once its parent has ended, even if the pipe is still open', async (t) => {
  const bench = await benchOf(t);
  bench.windows.onStart = async (started) => bench.host(started, { lookMs: 20 });
  const driver = await bench.open();
  assert.ok(driver !== null);
  await driver.status();
  bench.windows.parent.exitCode = 1;
  assert.equal(await bench.hosted, 0);
  assert.deepEqual(bench.windows.left, []);
});

test('a connection that breaks inside a frame is an error only while the parent lives', async (t) => {
  for (const [parentExit, exitCode] of [
    [null, 1],
    [1, 0],
  ] as const) {
    const bench = await benchOf(t);
    bench.windows.onStart = async (started) => bench.host(started);
    const driver = await bench.open();
    assert.ok(driver !== null);
    bench.windows.parent.exitCode = parentExit;
    bench.line.client.end(Buffer.from([1, 0]));
    assert.equal(await bench.hosted, exitCode);
    assert.deepEqual(bench.windows.left, []);
  }
});

test("the elevated process ends when no process has the parent's id", async (t) => {
  const bench = await benchOf(t);
  bench.windows.onStart = async (started) => bench.host({ ...started, args: started.args.with(-2, '--driver-parent=98') });
  await assert.rejects(bench.open(), { code: 'NOT_FOUND' });
  assert.equal(await bench.hosted, 6);
});

test('the elevated process ends when it is idle', async (t) => {
  const bench = await benchOf(t);
  bench.windows.onStart = async (started) => bench.host(started, { idleMs: 1000 });
  const driver = await bench.open();
  assert.equal(await bench.hosted, 0);
  await assert.rejects(driver?.status() ?? Promise.resolve(), { code: 'IO' });
  assert.deepEqual(bench.windows.left, []);
});

test('wrong arguments end the elevated process with exit code 2 and one line, before any call into Windows', async () => {
  const lines: string[] = [];
  assert.equal(await runDriverHost(['Layerscope.exe', '--driver-host'], { report: (line) => void lines.push(line) }), 2);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /^layerscope: driver host: USAGE: [^\n]+$/);
});

test(
  'on another system, even correct arguments end the elevated process',
  async (t) => {
    const bench = await benchOf(t);
    await bench.open();
    const lines: string[] = [];
    const argv = [PROGRAM, ...(bench.windows.started[0]?.args ?? [])];
    assert.equal(await runDriverHost(argv, { report: (line) => void lines.push(line) }), 4);
    assert.match(lines[0] ?? '', /UNSUPPORTED/);
  },
  { skip: process.platform === 'win32' },
);
