// Windows' own file calls: names, links in paths, attributes, times, deletion, listing, and backup streams (under Wine, a stand-in provides
// BackupRead and BackupWrite).
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import koffi from 'koffi';
import { BackupStreamWriter, STREAM_ID } from '#format/backup-stream';
import { FILE_ATTRIBUTE } from '#format/windows-tar';
import { foldWindowsCase, LayerscopeError } from '#model';
import { Calls } from '../../src/driver/windows/ffi/calls.ts';
import { NativeFiles } from '../../src/driver/windows/ffi/files.ts';
import { Privileges } from '../../src/driver/windows/ffi/privileges.ts';
import { NativeVolumes, windowsBuild } from '../../src/driver/windows/ffi/volumes.ts';
import { ACCESS } from '../../src/driver/windows/native.ts';
import { NativeError } from '../../src/driver/windows/native-error.ts';
import { StandIn } from '../native/stand-in.ts';

const standIn = new StandIn(process.env.LAYERSCOPE_STAND_IN ?? '');
const calls = new Calls(standIn.files);
const files = new NativeFiles(calls);
const READ_WRITE = (ACCESS.read | ACCESS.write) >>> 0;

async function withRoot(work: (root: Awaited<ReturnType<NativeFiles['openRoot']>>, folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-files-'));
  try {
    await using root = await files.openRoot(folder);
    await work(root, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('a file is created, written, read and described', () =>
  withRoot(async (root, folder) => {
    await root.makeFolder('d');
    {
      await using file = await root.open('d\\f.txt', { access: READ_WRITE, create: 'new' });
      await file.write(Buffer.from('hello '));
      await file.write(Buffer.from('world'));
      const info = {
        creationTimeFiletime: 133_000_000_000_000_000n,
        accessTimeFiletime: 133_000_000_010_000_000n,
        writeTimeFiletime: 133_000_000_020_000_000n,
        changeTimeFiletime: 0n,
        attributes: 0,
      };
      await file.setBasicInfo(info);
      const known = await file.basicInfo();
      assert.equal(known.writeTimeFiletime, info.writeTimeFiletime);
      assert.equal(known.attributes & FILE_ATTRIBUTE.directory, 0);
      const buffer = Buffer.alloc(5);
      assert.equal(await file.read(buffer, 6), 5);
      assert.equal(buffer.toString(), 'world');
      assert.equal(await file.read(buffer, 11), 0);
      assert.equal((await file.links()).count, 1);
    }
    assert.equal(readFileSync(path.join(folder, 'd', 'f.txt'), 'utf8'), 'hello world');
    assert.equal((await root.facts('d/f.txt'))?.sizeBytes, 11);
    await assert.rejects(root.open('d\\f.txt', { access: READ_WRITE, create: 'new' }), { code: 'EXISTS' });
    await assert.rejects(root.open('d\\none', { access: ACCESS.read, create: 'existing' }), { code: 'NOT_FOUND' });
  }));

test('a name that points outside, is absolute or has a colon is refused before anything is opened', () =>
  withRoot(async (root) => {
    for (const name of ['..\\x', 'a\\..\\..\\x', '\\x', '/x']) await assert.rejects(root.makeFolder(name), { code: 'PATH_ESCAPE' });
    for (const name of ['C:\\x', 'f:stream', 'a\0b']) await assert.rejects(root.makeFolder(name), { code: 'NAME_REFUSED' });
  }));

test('folders are listed in byte order, and removed with their contents, including read-only files', () =>
  withRoot(async (root, folder) => {
    for (const name of ['b', 'B2', 'a', 'ä', '漢']) mkdirSync(path.join(folder, name));
    writeFileSync(path.join(folder, 'a', 'kept'), 'x', { mode: 0o444 });
    {
      await using file = await root.open('a\\kept', { access: ACCESS.writeAttributes, create: 'existing' });
      await file.setBasicInfo({
        creationTimeFiletime: 0n,
        accessTimeFiletime: 0n,
        writeTimeFiletime: 0n,
        changeTimeFiletime: 0n,
        attributes: FILE_ATTRIBUTE.readOnly,
      });
    }
    assert.deepEqual(
      (await root.list('')).map(({ name }) => name),
      ['B2', 'a', 'b', 'ä', '漢'],
    );
    await root.removeAll('a');
    assert.equal(await root.facts('a'), null);
    await root.removeAll('a');
    await assert.rejects(root.remove('a'), { code: 'NOT_FOUND' });
  }));

test('a path of more than 260 characters can be created and opened', () =>
  withRoot(async (root) => {
    const long = Array.from({ length: 8 }, (_, at) => `${at}${'n'.repeat(80)}`);
    for (let count = 1; count <= long.length; count++) await root.makeFolder(long.slice(0, count).join('\\'));
    const name = `${long.join('\\')}\\file`;
    {
      await using file = await root.open(name, { access: READ_WRITE, create: 'new' });
      await file.write(Buffer.from('deep'));
    }
    assert.equal((await root.facts(name))?.sizeBytes, 4);
    await root.removeAll(long[0] ?? '');
  }));

test('a hard link and its target are the same file', () =>
  withRoot(async (root, folder) => {
    writeFileSync(path.join(folder, 'one'), 'x');
    await root.makeFolder('d');
    await root.link('d\\two', root, 'one');
    await using one = await root.open('one', { access: ACCESS.read, create: 'existing' });
    await using two = await root.open('d\\two', { access: ACCESS.read, create: 'existing' });
    assert.equal((await one.links()).count, 2);
    assert.equal((await one.links()).fileId, (await two.links()).fileId);
  }));

test('a backup stream is restored from pieces of any size and read again, and its context is freed', () =>
  withRoot(async (root, folder) => {
    const writer = new BackupStreamWriter();
    const data = Buffer.alloc(200_000, 'data');
    const stream = Buffer.concat([
      writer.head({ id: STREAM_ID.extendedAttributes, sizeBytes: 4 }),
      writer.data(Buffer.from('attr')),
      writer.head({ id: STREAM_ID.data, sizeBytes: data.length }),
      writer.data(data),
      writer.head({ id: STREAM_ID.alternateData, name: ':s:$DATA', sizeBytes: 3 }),
      writer.data(Buffer.from('ads')),
    ]);
    {
      await using file = await root.open('f', { access: READ_WRITE, create: 'new' });
      await using sink = file.backupSink({ security: true });
      for (let at = 0; at < stream.length; at += 7777) await sink.write(stream.subarray(at, at + 7777));
    }
    assert.ok(readFileSync(path.join(folder, 'f')).equals(data));
    await using file = await root.open('f', { access: ACCESS.read, create: 'existing' });
    const parts: Uint8Array[] = [];
    for await (const bytes of file.backup({ security: true })) parts.push(bytes.slice());
    const whole = Buffer.concat(parts);
    assert.equal(whole.length, stream.length);
    assert.equal(whole.subarray(0, 44).toString('hex'), stream.subarray(0, 44).toString('hex'));
    assert.equal(whole.subarray(-40).toString('hex'), stream.subarray(-40).toString('hex'));
    assert.ok(whole.equals(stream));
    for await (const _ of file.backup({ security: true })) break;
    assert.equal(standIn.held, 0);
  }));

test('a descriptor is restored and read only with `security`, and only with the necessary rights', () =>
  withRoot(async (root) => {
    const descriptor = Buffer.from('010000800000000000000000000000000000000000000000', 'hex');
    const writer = new BackupStreamWriter();
    const stream = Buffer.concat([writer.head({ id: STREAM_ID.security, sizeBytes: descriptor.length }), writer.data(descriptor)]);
    const access = (READ_WRITE | ACCESS.writeDacl | ACCESS.writeOwner) >>> 0;
    {
      await using file = await root.open('f', { access, create: 'new' });
      await using sink = file.backupSink({ security: true });
      await sink.write(stream);
    }
    for (const security of [true, false]) {
      await using file = await root.open('f', { access: ACCESS.read, create: 'existing' });
      const parts: Uint8Array[] = [];
      for await (const bytes of file.backup({ security })) parts.push(bytes.slice());
      assert.equal(Buffer.concat(parts).includes(descriptor), security);
    }
    await using file = await root.open('f', { access: READ_WRITE, create: 'existing' });
    await using sink = file.backupSink({ security: true });
    await assert.rejects(sink.write(stream), { win32: 5 });
  }));

test('a held root can be neither renamed nor removed, and its path is free again afterwards', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-held-'));
  {
    await using _root = await files.openRoot(folder);
    assert.throws(() => renameSync(folder, `${folder}-moved`));
    assert.throws(() => rmdirSync(folder));
  }
  await files.rename(folder, `${folder}-moved`);
  await assert.rejects(files.rename(`${folder}-moved`, tmpdir()), (error: unknown) => error instanceof NativeError && error.win32 !== 0);
  rmdirSync(`${folder}-moved`);
});

test('a read-only file that has other names is removed, and the others stay read-only', () =>
  withRoot(async (root, folder) => {
    writeFileSync(path.join(folder, 'one'), 'x');
    await root.link('two', root, 'one');
    {
      await using file = await root.open('one', { access: ACCESS.writeAttributes, create: 'existing' });
      const times = { creationTimeFiletime: 0n, accessTimeFiletime: 0n, writeTimeFiletime: 0n, changeTimeFiletime: 0n };
      await file.setBasicInfo({ ...times, attributes: FILE_ATTRIBUTE.readOnly });
    }
    await root.remove('two');
    assert.equal(await root.facts('two'), null);
    assert.equal(((await root.facts('one'))?.attributes ?? 0) & FILE_ATTRIBUTE.readOnly, FILE_ATTRIBUTE.readOnly);
    await root.remove('one');
  }));

test('a folder with more names than one call returns is listed completely', () =>
  withRoot(async (root, folder) => {
    const names = Array.from({ length: 1500 }, (_, at) => `${'n'.repeat(60)}${String(at).padStart(4, '0')}`);
    for (const name of names) writeFileSync(path.join(folder, name), name);
    const listed = await root.list('');
    assert.deepEqual(
      listed.map(({ name }) => name),
      names,
    );
    assert.equal(listed[3]?.sizeBytes, 64);
    await assert.rejects(root.list(`${names[0]}`), LayerscopeError);
    await root.makeFolder('empty');
    assert.deepEqual(await root.list('empty'), []);
  }));

test('a name below a file is not found', () =>
  withRoot(async (root, folder) => {
    writeFileSync(path.join(folder, 'f'), '');
    assert.equal(await root.facts('f\\x'), null);
    await assert.rejects(root.open('f\\x\\y', { access: ACCESS.read, create: 'existing' }), { code: 'NOT_FOUND' });
    await assert.rejects(files.openRoot(path.join(folder, 'f')), { code: 'NOT_FOUND' });
  }));

test('a private folder is created once, and the volume and system are known', async () => {
  const folder = path.join(tmpdir(), `layerscope-private-${process.pid}`);
  await files.makePrivateFolder(folder);
  await assert.rejects(files.makePrivateFolder(folder), { code: 'EXISTS' });
  rmdirSync(folder);
  const volumes = new NativeVolumes(calls);
  assert.equal(await volumes.fileSystemOf(tmpdir()), 'NTFS');
  await assert.rejects(volumes.detachDisk('C:\\none.vhdx'), LayerscopeError);
  assert.ok(windowsBuild(calls) >= 10_000);
});

test("case is folded as in ntdll's table, except where that table is not known to match Windows", () => {
  const upcase = koffi.load('ntdll.dll').func('__stdcall', 'RtlUpcaseUnicodeChar', 'uint16', ['uint16']);
  // Georgian, Cherokee and final sigma: letters for which ntdll's table is not known to match Windows.
  const isOpen = (unit: number) =>
    (unit >= 0x10d0 && unit <= 0x10ff) || (unit >= 0x13f8 && unit <= 0x13fd) || (unit >= 0xab70 && unit <= 0xabbf) || unit === 0x3c2;
  const others: string[] = [];
  for (let unit = 0x80; unit < 0x10000; unit++) {
    const ours = foldWindowsCase(String.fromCharCode(unit)).charCodeAt(0);
    if (ours !== upcase(unit) && !isOpen(unit)) others.push(`${unit.toString(16)}: ${ours.toString(16)}`);
  }
  assert.deepEqual(others, []);
});

test('an unknown privilege is an error with the call’s name and code', () => {
  assert.throws(
    () => new Privileges(calls).enable(['SeNoSuchPrivilege' as 'SeBackupPrivilege']),
    (error: unknown) => error instanceof NativeError && error.call === 'LookupPrivilegeValueW' && error.win32 === 1313,
  );
});

test('privileges are enabled for the process, or the error says that they are not held', () => {
  try {
    new Privileges(calls).enable(['SeBackupPrivilege', 'SeRestorePrivilege', 'SeSecurityPrivilege']);
  } catch (error) {
    assert.ok(error instanceof NativeError && error.code === 'PERMISSION' && error.win32 === 1300, String(error));
  }
});

test("an error from a Windows call has the system's message", async () => {
  await assert.rejects(files.openRoot('C:\\no such folder'), /no folder C:\\no such folder/);
  await withRoot(async (root) => {
    await assert.rejects(
      root.open('none', { access: ACCESS.read, create: 'existing' }),
      /^LayerscopeError: NtCreateFile of none failed: .+ \(0x2\)$/,
    );
  });
});
