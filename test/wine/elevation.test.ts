// A driver in another process, with Windows' own calls: processes, the pipe, starting through the shell, and the complete driver. There is
// no prompt and no elevation: the shell's verb is `open`.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import koffi from 'koffi';
import { parseSecurityDescriptor } from '#format/security-descriptor';
import type { GraphDriver } from '../../src/driver/driver.ts';
import { commandLineOf } from '../../src/driver/windows/elevated/command-line.ts';
import { openElevatedDriver, preflight } from '../../src/driver/windows/elevated/index.ts';
import type { ElevationSystem, HeldProcess } from '../../src/driver/windows/elevated/system.ts';
import { Calls } from '../../src/driver/windows/ffi/calls.ts';
import { openElevationSystem } from '../../src/driver/windows/ffi/elevation.ts';
import { NativePipeServer } from '../../src/driver/windows/ffi/pipe.ts';
import { PRIVILEGES } from '../../src/driver/windows/native.ts';
import { type DriverBench, driverSuite } from '../driver/suite.ts';
import { WindowsBench } from '../support/windows-bench.ts';

const HOST = path.join(import.meta.dirname, 'elevation-host.mjs');
/** Arguments of node.exe: the shim with which this process runs, if any, and the script of the other process. */
const SCRIPT = [...shimOf(process.execArgv), HOST];
const PROGRAM = process.execPath;
const system = openElevationSystem();
function shimOf(args: readonly string[]): readonly string[] {
  const at = args.indexOf('--import');
  return at < 0 ? [] : args.slice(at, at + 2);
}

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-elevation-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Returns the other processes' log. */
function logOf(t: TestContext, folder: string): { lines(): readonly string[]; has(start: string): Promise<string> } {
  const file = path.join(folder, 'log');
  process.env.LAYERSCOPE_ELEVATION_LOG = file;
  t.after(() => void delete process.env.LAYERSCOPE_ELEVATION_LOG);
  const lines = (): readonly string[] => (existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : []);
  return {
    lines,
    has: async (start) => {
      for (let tries = 0; tries < 400; tries++) {
        const found = lines().find((line) => line.startsWith(start));
        if (found !== undefined) return found;
        await sleep(50);
      }
      throw new Error(`no line ${start} in the log: ${lines().join(' | ')}`);
    },
  };
}

async function ended(held: HeldProcess): Promise<number> {
  for (let tries = 0; tries < 600; tries++) {
    const code = held.exitCode();
    if (code !== null) return code;
    await sleep(50);
  }
  throw new Error(`process ${held.processId} did not end`);
}

async function start(args: readonly string[], executable = PROGRAM): Promise<HeldProcess> {
  const started = await system.start(executable, args, { verb: 'open' });
  assert.ok(started !== null);
  return started;
}

async function take(server: ReturnType<ElevationSystem['listen']>): Promise<NonNullable<ReturnType<typeof server.take>>> {
  for (let tries = 0; tries < 600; tries++) {
    const end = server.take();
    if (end !== null) return end;
    await sleep(25);
  }
  throw new Error('nobody connected to the pipe');
}

test('a held process reports its program and exit code', async () => {
  await using own = system.holdProcess(process.pid);
  assert.equal(own.imagePath().toLowerCase(), PROGRAM.toLowerCase());
  assert.equal(system.ownImagePath(), own.imagePath());
  assert.equal(own.exitCode(), null);
  const child = spawn(PROGRAM, [...SCRIPT, 'exit', '7'], { stdio: 'ignore' });
  await using held = system.holdProcess(child.pid ?? 0);
  assert.equal(await ended(held), 7);
  assert.throws(() => system.holdProcess(0x7fff_fffc), { code: 'NOT_FOUND' });
});

test('the shell starts a program with exactly the given arguments and returns its process', async (t) => {
  const file = path.join(folderOf(t), 'arguments');
  const hostile = [
    '',
    ' ',
    'a b',
    '"',
    '\\',
    '\\\\',
    '\\"',
    'a\\" b',
    'C:\\a folder\\',
    'C:\\x\\',
    '" --driver-home=C:\\Windows "',
    '漢 ä',
    '%PATH%',
    '^&|<>',
  ];
  await using started = await start([...SCRIPT, 'arguments', file, ...hostile]);
  assert.equal(started.imagePath().toLowerCase(), PROGRAM.toLowerCase());
  assert.equal(await ended(started), 0);
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), hostile);
});

test("Windows' own parser splits a command line into the original arguments", () => {
  const parse = koffi.load('shell32.dll').func('__stdcall', 'CommandLineToArgvW', 'void*', ['str16', '_Out_ int*']);
  const pieces = ['"', '\\', ' ', '\t', 'a', '\\"', '\\\\', '""'];
  for (let seed = 0; seed < 2_000; seed++) {
    // Each number encodes a list of arguments: its digits select pieces, and every fourth piece ends an argument.
    const args: string[] = [];
    let last = '';
    for (let rest = seed * 2_654_435, at = 0; rest > 0; rest = Math.floor(rest / pieces.length), at++) {
      last += pieces[rest % pieces.length];
      if (at % 4 < 3) continue;
      args.push(last);
      last = '';
    }
    args.push(last);
    const count: [number] = [0];
    const list = parse(`program ${commandLineOf(args)}`, count) as unknown;
    assert.deepEqual(koffi.decode(list, koffi.array('str16', count[0])), ['program', ...args]);
  }
});

test('the driver also opens with the verb runas, which shows no prompt under Wine', {
  skip: process.env.WINEPREFIX === undefined,
}, async (t) => {
  const folder = folderOf(t);
  const driver = await openElevatedDriver('windowsfilter', folder, { executable: PROGRAM, args: SCRIPT, requirePlace: () => {} });
  assert.ok(driver !== null);
  await using opened = driver;
  assert.deepEqual(await opened.list(), []);
});

test('a file’s kind, owner and access list come from Windows, and a user’s own program is not started as administrator', async (t) => {
  const folder = folderOf(t);
  writeFileSync(path.join(folder, 'app.asar'), 'x');
  mkdirSync(path.join(folder, 'below'));
  assert.deepEqual([...system.namesIn(folder)].sort(), ['app.asar', 'below']);
  for (const [file, isFolder] of [
    [folder, true],
    [path.join(folder, 'app.asar'), false],
  ] as const) {
    const place = system.placeOf(file);
    assert.deepEqual([place.isFolder, place.isLink], [isFolder, false]);
    const { owner, dacl } = parseSecurityDescriptor(place.security);
    assert.match(owner ?? '', /^S-1-5-/);
    assert.ok((dacl?.aces.length ?? 0) > 0);
  }
  assert.throws(() => system.placeOf(path.join(folder, 'none')), { code: 'NOT_FOUND' });
  assert.throws(() => system.namesIn(path.join(folder, 'none')), { code: 'NOT_FOUND' });
  assert.equal(system.isFixedDrive('C:\\'), true);
  assert.equal(system.isFixedDrive('Q:\\'), false);
  let started = 0;
  const counting: ElevationSystem = {
    ...system,
    start: async () => {
      started++;
      return null;
    },
  };
  await assert.rejects(openElevatedDriver('windowsfilter', folder, { executable: PROGRAM, args: [], system: counting }), {
    code: 'PERMISSION',
    message: /(can be changed by|is not on a drive of this machine).*install it for all users/,
  });
  assert.equal(started, 0);
});

test('starting a missing program is an error', async () => {
  await assert.rejects(system.start('C:\\no such program.exe', [], { verb: 'open' }), { code: 'NOT_FOUND' });
});

test("a pipe connects two processes, each gets the other's process id, and bytes go both ways", async (t) => {
  const log = logOf(t, folderOf(t));
  await using server = system.listen();
  assert.equal(server.take(), null);
  await using started = await start([...SCRIPT, 'echo', server.name]);
  await using end = await take(server);
  assert.equal(end.peerProcessId, started.processId);
  assert.equal(await log.has('server'), `server ${process.pid}`);
  const stream = end.toStream();
  const sent = Buffer.alloc(5_000_000, 'all bytes');
  stream.end(sent);
  const got: Uint8Array[] = [];
  for await (const bytes of stream) got.push(bytes);
  assert.ok(Buffer.concat(got).equals(sent));
  assert.equal(await ended(started), 0);
});

test('the pipe ends when the other process is killed', async (t) => {
  const log = logOf(t, folderOf(t));
  await using server = system.listen();
  await using started = await start([...SCRIPT, 'echo', server.name]);
  await using end = await take(server);
  const stream = end.toStream();
  const closed = new Promise<void>((resolve) => stream.once('close', resolve));
  stream.on('error', () => {});
  stream.resume();
  await log.has('server');
  process.kill(started.processId);
  await closed;
});

test('a second client is refused, even after the first has disconnected, as is a second pipe with the same name', async () => {
  const calls = new Calls();
  await using server = new NativePipeServer(calls);
  assert.throws(() => new NativePipeServer(calls, server.name), { message: /^CreateNamedPipeW/ });
  {
    await using client = system.connect(server.name);
    assert.equal(client.peerProcessId, process.pid);
    assert.throws(() => system.connect(server.name), { message: /^CreateFileW/ });
    await using taken = await take(server);
    assert.equal(taken.peerProcessId, process.pid);
    assert.throws(() => system.connect(server.name), { message: /^CreateFileW/ });
  }
  assert.throws(() => system.connect(server.name), { code: 'NOT_FOUND' });
});

test('a pipe without a client can be closed, and its name is free again', async () => {
  const calls = new Calls();
  const server = new NativePipeServer(calls);
  await server[Symbol.asyncDispose]();
  assert.throws(() => system.connect(server.name), { code: 'NOT_FOUND' });
  await using again = new NativePipeServer(calls, server.name);
  assert.equal(again.take(), null);
});

test('the preflight reports what the system has, and enables no privileges', async () => {
  const facts = await preflight();
  assert.equal(facts.length, PRIVILEGES.length + 3);
  for (const { why } of facts) assert.doesNotMatch(why, /can't be checked/);
  // Wine has no Host Compute Service; vmcompute.dll exists only if a test has installed it.
  const service = facts.at(-1);
  if (process.env.WINEPREFIX !== undefined) assert.deepEqual([service?.held, service?.why.split(':')[0]], [false, 'not on this system']);
  assert.equal(system.serviceState('no such service'), 'missing');
  assert.equal(facts[0]?.held, system.isElevated());
});

function open(home: string, { as = system, executable = PROGRAM, args = SCRIPT as readonly string[] } = {}): Promise<GraphDriver | null> {
  return openElevatedDriver('windowsfilter', home, { executable, args, verb: 'open', system: as });
}

/** Returns a system that starts processes with changed arguments. */
function startingWith(
  change: (args: readonly string[]) => readonly string[],
  before: (args: readonly string[]) => void = () => {},
): ElevationSystem {
  return {
    ...system,
    start: (executable, args, options) => {
      before(args);
      return system.start(executable, change(args), options);
    },
  };
}

test('another process that connects first is refused, and the started one ends', async (t) => {
  const folder = folderOf(t);
  const log = logOf(t, folder);
  const name = (args: readonly string[]): string => args.find((word) => word.startsWith('--driver-pipe='))?.slice(14) ?? '';
  const ends: AsyncDisposable[] = [];
  const early = startingWith(
    (args) => args,
    (args) => void ends.push(system.connect(name(args))),
  );
  await assert.rejects(open(folder, { as: early }), {
    code: 'FORBIDDEN',
    message: new RegExp(`^process ${process.pid} is at the other end`),
  });
  for (const end of ends) await end[Symbol.asyncDispose]();
  assert.match(await log.has('end'), / [1-9]\d*$/);
});

test('a process started with a wrong secret is refused, and ends', async (t) => {
  const folder = folderOf(t);
  const log = logOf(t, folder);
  const wrong = startingWith((args) => args.with(-1, `--driver-secret=${'0'.repeat(64)}`));
  await assert.rejects(open(folder, { as: wrong }), { code: 'FORBIDDEN' });
  // Whichever side notices first cuts the connection. The other side sees only that it was cut.
  assert.match(await log.has('end'), / [13]$/);
});

test('a process started with a wrong parent refuses the pipe, and exits with code 3', async (t) => {
  const folder = folderOf(t);
  const log = logOf(t, folder);
  const bystander = spawn(PROGRAM, [...SCRIPT, 'wait'], { stdio: 'ignore' });
  const wrong = startingWith((args) => args.with(-2, `--driver-parent=${bystander.pid}`));
  await assert.rejects(open(folder, { as: wrong }), { code: 'FORBIDDEN' });
  bystander.kill();
  assert.match(await log.has('end'), / 3$/);
});

test('both sides refuse another program at the pipe', async (t) => {
  const folder = folderOf(t);
  const log = logOf(t, folder);
  const other = path.join(folder, 'other.exe');
  copyFileSync(PROGRAM, other);
  let held: HeldProcess | undefined;
  const holding: ElevationSystem = {
    ...system,
    start: async (...args) => {
      const started = await system.start(...args);
      if (started !== null) held = system.holdProcess(started.processId);
      return started;
    },
  };
  await assert.rejects(open(folder, { executable: other, as: holding }), { code: 'FORBIDDEN' });
  assert.ok(held !== undefined);
  await using process = held;
  // Waiting also allows the process's folder to be removed.
  assert.equal(await ended(process), 3);
  assert.match(await log.has('report'), /FORBIDDEN: process \d+ at the other end of the driver's pipe runs another program$/);
});

test('the exit code of a process that ends before it connects becomes the error', async (t) => {
  await assert.rejects(
    open(folderOf(t), { args: [...SCRIPT, 'exit', '4'], as: startingWith((args) => args.slice(0, SCRIPT.length + 2)) }),
    {
      code: 'UNSUPPORTED',
    },
  );
});

test("the other process ends when the window's process is killed", async (t) => {
  const folder = folderOf(t);
  const log = logOf(t, folder);
  const home = path.join(folder, 'home');
  mkdirSync(home);
  const window = spawn(PROGRAM, [...SCRIPT, 'window', home, ...SCRIPT], { stdio: 'ignore' });
  assert.equal(await log.has('opened'), 'opened 0');
  const hostId = Number((await log.has('start')).split(' ')[1]);
  await using held = system.holdProcess(hostId);
  assert.equal(held.exitCode(), null);
  window.kill();
  assert.equal(await ended(held), 0);
});

/** A bench whose drivers run in other processes. */
class ElevatedBench implements DriverBench {
  readonly #bench = new WindowsBench('windowsfilter');
  readonly #drivers: GraphDriver[] = [];
  #hosts: number[] = [];

  async open(): Promise<GraphDriver> {
    const driver = await openElevatedDriver('windowsfilter', this.#bench.home, {
      executable: PROGRAM,
      args: SCRIPT,
      verb: 'open',
      system: {
        ...system,
        start: async (...args) => {
          const started = await system.start(...args);
          if (started !== null) this.#hosts.push(started.processId);
          return started;
        },
      },
    });
    assert.ok(driver !== null);
    this.#drivers.push(driver);
    return driver;
  }

  /** Kills the process that hosts the driver. */
  crash(): void {
    for (const host of this.#hosts) {
      try {
        process.kill(host);
      } catch (error) {
        // A disposed driver's process has already ended.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
    this.#hosts = [];
  }

  tar: DriverBench['tar'] = (...args) => this.#bench.tar(...args);
  read: DriverBench['read'] = (...args) => this.#bench.read(...args);
  comparable: DriverBench['comparable'] = (...args) => this.#bench.comparable(...args);
  write: DriverBench['write'] = (...args) => this.#bench.write(...args);
  shows: DriverBench['shows'] = (...args) => this.#bench.shows(...args);
  /** Fills a layer through the driver, because the stand-in that has the layers is in the other process. */
  fillQuickly = async (id: string, driver: GraphDriver): Promise<void> => {
    await driver.applyDiff(id, [await this.tar(id, { files: { [id]: id } }, false)]);
  };
  stray: DriverBench['stray'] = () => this.#bench.stray();

  async [Symbol.asyncDispose](): Promise<void> {
    for (const driver of this.#drivers) await driver[Symbol.asyncDispose]();
    await this.#bench[Symbol.asyncDispose]();
  }
}

driverSuite({
  name: 'windowsfilter in another process',
  open: async () => new ElevatedBench(),
  tellsAdditions: false,
  applies: true,
  deepest: 24, // Wine takes a quarter of a second for each layer, and the driver's own suite already makes 128
});
