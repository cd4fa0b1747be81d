// Runs the Windows driver on a stand-in that is as strict as Windows about access rights, privileges, the order and timing of calls, and
// driver flavours. Also tests that an exported layer equals its folder after the import. On Linux, the product's own file calls run on the
// stand-in.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { type FileBasicInfo, readWindowsTar } from '#format/windows-tar';
import { Privileges } from '../../../src/driver/windows/ffi/privileges.ts';
import { NativeRoot } from '../../../src/driver/windows/ffi/root.ts';
import { ACCESS } from '../../../src/driver/windows/native.ts';
import { NativeError } from '../../../src/driver/windows/native-error.ts';
import type { WindowsDriver } from '../../../src/driver/windows/windows-driver.ts';
import { gather } from '../../support/random-chunks.ts';
import { StrictBench } from '../../support/strict-bench.ts';
import { standIn } from '../../support/windows-bench.ts';
import { type WindowsMember, windowsTar } from '../../support/windows-tars.ts';

/** Owner and group BA, a DACL with one entry for SY: [MS-DTYP] 2.4.6. */
const PLAIN = Buffer.from(
  '0100048014000000240000000000000034000000010200000000000520000000200200000102000000000005200000002002000002001c000100000000001400ff011f00010100000000000512000000',
  'hex',
);
/** PLAIN, followed by an empty SACL. */
const AUDITED = Buffer.concat([PLAIN, Buffer.from('0200080000000000', 'hex')]);
AUDITED[2] = (AUDITED[2] ?? 0) | 0x10;
AUDITED.writeUInt32LE(PLAIN.length, 12);

const INFO = { flavour: 1, home: '' } as const;
const HIVES: readonly WindowsMember[] = [{ name: 'Hives' }, { name: 'Hives/System_Delta', content: 'delta' }];
const BASE = await windowsTar([
  { name: 'Files', security: PLAIN },
  { name: 'Files/old.txt', content: 'old', security: AUDITED },
  { name: 'Files/d', security: PLAIN },
  { name: 'Files/d/gone.txt', content: 'gone', security: PLAIN },
]);
const VM_BASE = await windowsTar([
  { name: 'Files' },
  { name: 'UtilityVM' },
  { name: 'UtilityVM/Files' },
  { name: 'UtilityVM/Files/kernel.exe', content: 'kernel', security: AUDITED },
  { name: 'UtilityVM/Files/EFI' },
  { name: 'UtilityVM/Files/EFI/Microsoft' },
  { name: 'UtilityVM/Files/EFI/Microsoft/Boot' },
  { name: 'UtilityVM/Files/EFI/Microsoft/Boot/BCD', content: 'boot', security: AUDITED },
]);

async function filled(bench: StrictBench, base = BASE): Promise<WindowsDriver> {
  const driver = bench.open();
  await driver.create('base', null);
  await driver.applyDiff('base', [base]);
  return driver;
}

interface Told {
  readonly info: FileBasicInfo | null;
  readonly streams: string;
}

/** Returns the entries of an exported tar: times, attributes and backup stream. */
async function told(tar: Uint8Array): Promise<Map<string, Told>> {
  const entries = new Map<string, Told>();
  let last = '';
  for await (const piece of readWindowsTar([tar])) {
    if (piece.kind === 'entry') {
      last = piece.entry.name;
      entries.set(last, { info: 'info' in piece.entry ? (piece.entry.info as FileBasicInfo) : null, streams: '' });
    } else {
      const known = entries.get(last);
      if (known !== undefined) entries.set(last, { ...known, streams: known.streams + Buffer.from(piece.bytes).toString('hex') });
    }
  }
  return entries;
}

const skip = process.platform === 'win32' ? 'the calls below a root are those of Windows' : false;

describe('a strict Windows', { skip }, () => {
  test('a base layer is exported with the descriptors, times and contents that it was imported with', async () => {
    await using bench = new StrictBench();
    const driver = await filled(bench);
    const [given, exported] = [await told(BASE), await told(await gather(driver.diff('base')))];
    assert.deepEqual([...exported.keys()], ['Files', 'Files/d', 'Files/d/gone.txt', 'Files/old.txt']);
    // The exported old.txt has no SACL, because reading one takes a right that an export doesn't request.
    assert.ok(exported.get('Files/old.txt')?.streams.includes(PLAIN.subarray(20).toString('hex')));
    for (const name of ['Files', 'Files/d', 'Files/d/gone.txt']) assert.deepEqual(exported.get(name), given.get(name), name);
    assert.equal(standIn.held, 0);
    assert.equal(standIn.openHandles, 0);
  });

  test('a layer is exported as its folder is after the import: with tombstones and hard links, and folder times set last', async () => {
    await using bench = new StrictBench();
    const driver = await filled(bench);
    const top = await windowsTar([
      { name: 'Files', later: 7n },
      ...HIVES.map((member) => ({ ...member, security: PLAIN })),
      { name: 'Files/d', later: 9n, security: AUDITED },
      { name: 'Files/d/new.txt', content: 'new', security: AUDITED },
      { name: 'Files/d/link.txt', link: 'Files/d/new.txt' },
      { name: 'Files/d/parent.txt', link: 'Files/old.txt' },
      { name: 'Files/d/gone.txt', whiteout: true },
    ]);
    await driver.create('top', 'base');
    await driver.applyDiff('top', [top]);
    const [given, exported] = [await told(top), await told(await gather(driver.diff('top')))];
    assert.deepEqual(
      [...exported.keys()].filter((name) => name.startsWith('Files')),
      ['Files', 'Files/d', 'Files/d/.wh.gone.txt', 'Files/d/link.txt', 'Files/d/new.txt', 'Files/d/parent.txt'].filter((name) =>
        exported.has(name),
      ),
    );
    assert.deepEqual(exported.get('Files/d')?.info, given.get('Files/d')?.info);
    assert.equal(
      exported.get('Files/d/new.txt')?.streams || exported.get('Files/d/link.txt')?.streams,
      given.get('Files/d/new.txt')?.streams,
    );
    assert.ok(exported.has('Files/d/parent.txt'));
    assert.equal(standIn.openHandles, 0);
  });

  test('a file whose name would be a whiteout in a tar is not exported as one', async () => {
    await using bench = new StrictBench();
    const driver = await filled(bench);
    writeFileSync(bench.at('base', 'Files', 'd', '.wh.x'), '');
    await assert.rejects(gather(driver.diff('base')), { code: 'NAME_REFUSED' });
    assert.equal(standIn.openHandles, 0);
  });

  test('refuses a layer created in the other flavour, and ids and homes in the wrong form', async () => {
    await using bench = new StrictBench();
    await standIn.layers.createLayer(INFO, bench.at('base'), '');
    assert.equal(await bench.open().exists('base'), true);
    await standIn.layers.createLayer({ flavour: 0, home: '' }, bench.at('other'), '');
    assert.equal(await bench.open().exists('other'), false);
    await assert.rejects(standIn.layers.activateLayer({ flavour: 1, home: bench.home }, 'base'), { win32: 87 });
    await assert.rejects(standIn.layers.createLayer(INFO, 'x', ''), { win32: 87 });
    await assert.rejects(standIn.layers.createLayer(INFO, bench.at('x'), bench.at('base')), { win32: 87 });
    await using diffs = new StrictBench('windowsdiff');
    await standIn.layers.createLayer({ flavour: 0, home: '' }, diffs.at('base'), '');
    assert.equal(await diffs.open().exists('base'), true);
  });

  test('two layers can be mounted at the same time, although Windows prepares one at a time', async () => {
    await using bench = new StrictBench();
    const driver = await filled(bench);
    for (const id of ['one', 'two']) await driver.createReadWrite(id, 'base');
    const mounts = await Promise.all([driver.mount('one'), driver.mount('two')]);
    for (const mount of mounts) await mount[Symbol.asyncDispose]();
    for (const id of ['one', 'two']) await standIn.layers.activateLayer(INFO, bench.at(id));
    const prepare = (id: string) => standIn.calls.layer('PrepareLayer', id, { flavour: 1, reserved: 0, home: '' }, bench.at(id), null, 0);
    const results = await Promise.allSettled([prepare('one'), prepare('two')]);
    assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected'], 'the stand-in prepares one at a time');
  });

  test('a read-write layer is exported after being prepared once, mounted or not, and is left as it was', async () => {
    await using bench = new StrictBench();
    const driver = await filled(bench);
    await driver.createReadWrite('run', 'base');
    writeFileSync(bench.at('run', 'volume$', 'made.txt'), 'made');
    assert.ok((await told(await gather(driver.diff('run')))).has('Files/made.txt'));
    assert.equal(standIn.held, 0);
    {
      await using _mount = await driver.mount('run');
      assert.equal(standIn.held, 2);
      await gather(driver.diff('run'));
      assert.equal(standIn.held, 2, 'it is prepared again');
      assert.equal(standIn.isInUse(bench.at('run')), true);
      await assert.rejects(bench.native.files.rename(bench.at('run'), bench.at('away')), { win32: 5 });
    }
    assert.equal(standIn.held, 0);
    await driver.mount('run');
    await driver[Symbol.asyncDispose]();
    assert.equal(standIn.held, 0, 'what was mounted when the driver was disposed of');
    assert.match(readFileSync(bench.at('run', 'sandbox.vhdx'), 'utf8'), /^vhdx 136365211648$/);
  });

  test('a mount that fails at any step leaves no layer prepared or active', async () => {
    await using bench = new StrictBench();
    const driver = await filled(bench);
    await driver.createReadWrite('run', 'base');
    for (const call of ['ActivateLayer', 'PrepareLayer', 'GetLayerMountPath']) {
      standIn.failNext(call, 1, 31);
      await assert.rejects(driver.mount('run'), { win32: 31 }, call);
      assert.equal(standIn.held, 0, call);
      standIn.failNext('', 0, 0);
    }
    standIn.failNext('PrepareLayer', 2, 21);
    await (await driver.mount('run'))[Symbol.asyncDispose]();
  });

  test('a layer whose removal fails midway is a leftover, not a layer', async () => {
    await using bench = new StrictBench();
    const driver = await filled(bench);
    standIn.failNext('DestroyLayer', 2, 31);
    await assert.rejects(driver.remove('base'), { win32: 31 });
    assert.deepEqual(readdirSync(bench.home), ['base-removing']);
    assert.deepEqual(await driver.leftovers(), ['base-removing']);
    await driver.cleanup();
    assert.deepEqual(readdirSync(bench.home), []);
  });

  test('a layer that others are based on is not filled again', async () => {
    await using bench = new StrictBench();
    const driver = await filled(bench);
    await driver.create('top', 'base');
    standIn.log();
    await assert.rejects(driver.applyDiff('base', [BASE]), { code: 'EXISTS', message: /it is the parent of top/ });
    assert.deepEqual(standIn.log(), []);
    assert.equal(readFileSync(bench.at('base', 'Files', 'old.txt'), 'utf8'), 'old');
  });

  test('nothing can be based on a base layer that Windows has not processed', async () => {
    await using bench = new StrictBench();
    const driver = await filled(bench, VM_BASE);
    await driver.createReadWrite('run', 'base');
    await standIn.layers.createLayer(INFO, bench.at('raw'), '');
    for (const folder of ['Files', 'UtilityVM', 'UtilityVM/Files']) mkdirSync(bench.at('raw', folder));
    const make = () => standIn.layers.createSandboxLayer(INFO, bench.at('x'), [bench.at('raw')]);
    await assert.rejects(make(), { win32: 2 });
    await standIn.layers.processBaseImage(bench.at('raw'));
    await assert.rejects(make(), { win32: 2 });
    await standIn.layers.processUtilityImage(bench.at('raw', 'UtilityVM'));
    await make();
  });

  test("a utility VM's boot files are copied with their whole descriptor, and changed files restored with theirs", async () => {
    await using bench = new StrictBench();
    const driver = await filled(bench, VM_BASE);
    await driver.create('top', 'base');
    const top = [{ name: 'Files' }, ...HIVES, { name: 'UtilityVM' }, { name: 'UtilityVM/Files' }];
    await driver.applyDiff('top', [
      await windowsTar([...top, { name: 'UtilityVM/Files/kernel.exe', content: 'newer', security: AUDITED }]),
    ]);
    const root = NativeRoot.open(standIn.calls, bench.at('top'), bench.at('top'));
    const access = (ACCESS.read | ACCESS.systemSecurity) >>> 0;
    try {
      for (const name of ['kernel.exe', 'EFI\\Microsoft\\Boot\\BCD']) {
        await using file = await root.open(`UtilityVM\\Files\\${name}`, { access, create: 'existing' });
        assert.ok(Buffer.from(await gather(file.backup({ security: true }))).includes(AUDITED), name);
      }
    } finally {
      await root[Symbol.asyncDispose]();
    }
    assert.equal(readFileSync(bench.at('base', 'UtilityVM', 'Files', 'kernel.exe'), 'utf8'), 'kernel');
    // Linking files into the cloned utility VM changes its folders' times, so the driver must set them back.
    const timesOf = async (id: string) => {
      await using layer = NativeRoot.open(standIn.calls, bench.at(id), bench.at(id));
      await using boot = await layer.open('UtilityVM\\Files\\EFI\\Microsoft\\Boot', { access: ACCESS.read, create: 'existing' });
      return await boot.basicInfo();
    };
    assert.deepEqual(await timesOf('top'), await timesOf('base'));
    writeFileSync(bench.at('base', 'UtilityVM', 'Files', 'EFI', 'Microsoft', 'Boot', 'BCD'), 'as Windows leaves it');
    {
      await using files = await driver.files('base');
      assert.equal(Buffer.from(await gather(files.open('UtilityVM/Files/EFI/Microsoft/Boot/BCD'))).toString(), 'boot');
    }
    const bootFile = (id: string) => statSync(bench.at(id, 'UtilityVM', 'Files', 'EFI', 'Microsoft', 'Boot', 'BCD')).ino;
    assert.notEqual(bootFile('top'), bootFile('base'), "Windows would change the parent's boot file");
    await driver.createReadWrite('run', 'top');
  });

  test('files that belong to Windows are read and removed only with privileges, and DestroyLayer fails without them', async () => {
    await using bench = new StrictBench();
    const driver = await filled(bench);
    standIn.shield(bench.at('base', 'Files', 'old.txt'));
    assert.ok((await told(await gather(driver.diff('base')))).has('Files/old.txt'));
    standIn.setToken([]);
    await assert.rejects(standIn.layers.destroyLayer(INFO, bench.at('base')), { win32: 5 });
    assert.deepEqual(readdirSync(bench.at('base', 'Files')), ['old.txt']);
    standIn.setToken(['SeBackupPrivilege', 'SeRestorePrivilege']);
    const later = new Privileges(standIn.calls);
    await using root = NativeRoot.open(standIn.calls, bench.home, bench.home);
    const read = { access: ACCESS.read, create: 'existing' } as const;
    await assert.rejects(root.open('base\\Files\\old.txt', read), { win32: 5 });
    later.enable(['SeBackupPrivilege']);
    await (await root.open('base\\Files\\old.txt', read))[Symbol.asyncDispose]();
    await assert.rejects(root.remove('base\\Files\\old.txt'), { win32: 5 });
    later.enable(['SeRestorePrivilege']);
    await standIn.layers.destroyLayer(INFO, bench.at('base'));
    assert.deepEqual(readdirSync(bench.home), []);
  });

  test('a privilege that is not held is an error, and a held one takes effect once it is enabled', async () => {
    await using bench = new StrictBench();
    standIn.setToken(['SeBackupPrivilege']);
    const privileges = new Privileges(standIn.calls);
    privileges.enable(['SeBackupPrivilege']);
    assert.throws(() => privileges.enable(['SeSecurityPrivilege']), { code: 'PERMISSION', win32: 1300 });
    await using root = NativeRoot.open(standIn.calls, bench.home, bench.home);
    const access = (ACCESS.read | ACCESS.systemSecurity) >>> 0;
    await assert.rejects(root.open('x', { access, create: 'new' }), { code: 'NOT_FOUND' }).catch(() => undefined);
    writeFileSync(bench.at('y'), 'y');
    await assert.rejects(root.open('y', { access, create: 'existing' }), { win32: 1314 });
    standIn.setToken(['SeSecurityPrivilege']);
    new Privileges(standIn.calls).enable(['SeSecurityPrivilege']);
    await (await root.open('y', { access, create: 'existing' }))[Symbol.asyncDispose]();
  });

  test('handles have the rights and share modes that they were opened with', async () => {
    await using bench = new StrictBench();
    await using root = NativeRoot.open(standIn.calls, bench.home, bench.home);
    await assert.rejects(bench.native.files.rename(bench.home, `${bench.home}-away`), { win32: 32 });
    writeFileSync(bench.at('f'), 'f');
    {
      await using _first = await root.open('f', { access: ACCESS.read, create: 'existing' });
      await using _second = await root.open('f', { access: ACCESS.read, create: 'existing' });
      await assert.rejects(root.open('f', { access: ACCESS.write, create: 'existing' }), { win32: 32 });
      await assert.rejects(root.remove('f'), { win32: 32 });
    }
    await using weak = await root.open('f', { access: ACCESS.readAttributes, create: 'existing' });
    await assert.rejects(weak.read(Buffer.alloc(1), 0), { win32: 5 });
    await assert.rejects(gather(weak.backup({ security: true })), { win32: 5 });
    await using sink = weak.backupSink({ security: false });
    await assert.rejects(sink.write(Buffer.alloc(20)), { win32: 5 });
    const long = `${bench.home}/${'x'.repeat(300)}`;
    assert.throws(
      () => NativeRoot.open(standIn.calls, long, long),
      (error: unknown) => error instanceof NativeError && error.win32 === 3,
    );
  });

  test('a file is written piece by piece and read from any offset, and all its names have the same id', async () => {
    await using bench = new StrictBench();
    await using root = NativeRoot.open(standIn.calls, bench.home, bench.home);
    const access = (ACCESS.read | ACCESS.write) >>> 0;
    {
      await using file = await root.open('f', { access, create: 'new' });
      await file.write(Buffer.from('abc'));
      await file.write(Buffer.from('def'));
      const bytes = Buffer.alloc(9);
      assert.equal(await file.read(bytes, 2), 4);
      assert.equal(bytes.toString('utf8', 0, 4), 'cdef');
      assert.equal(await file.read(bytes, 6), 0);
    }
    await root.link('g', root, 'f');
    writeFileSync(bench.at('h'), 'h');
    const links = async (name: string) => {
      await using file = await root.open(name, { access: ACCESS.read, create: 'existing' });
      return await file.links();
    };
    assert.deepEqual(await links('f'), await links('g'));
    assert.equal((await links('f')).count, 2);
    assert.notEqual((await links('f')).fileId, (await links('h')).fileId);
    assert.deepEqual(
      (await root.list('')).map(({ name }) => name),
      ['f', 'g', 'h'],
    );
  });

  test('a folder that is the container filter’s reparse point is listed like any other', async () => {
    await using bench = new StrictBench();
    const driver = await filled(bench);
    await driver.create('top', 'base');
    await driver.applyDiff('top', [
      await windowsTar([{ name: 'Files' }, ...HIVES, { name: 'Files/d' }, { name: 'Files/d/f', content: 'f' }]),
    ]);
    await using root = NativeRoot.open(standIn.calls, bench.at('top'), bench.at('top'));
    assert.equal((await root.facts('Files\\d'))?.reparseTag, 0x9000_1018);
    assert.equal((await root.facts('Files\\d\\f'))?.sizeBytes, 1);
    const names = (await root.list('Files\\d')).map(({ name }) => name);
    // The file that only the parent has is present as a placeholder.
    assert.deepEqual(names, ['f', 'gone.txt']);
  });
});
