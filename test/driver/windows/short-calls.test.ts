// Calls into Windows that do less than requested, handles that are closed afterwards, and cleanups that fail.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Calls } from '../../../src/driver/windows/ffi/calls.ts';
import { NativeFile } from '../../../src/driver/windows/ffi/open-file.ts';
import { Privileges } from '../../../src/driver/windows/ffi/privileges.ts';
import type { FunctionName } from '../../../src/driver/windows/ffi/prototypes.ts';
import { NativeRoot } from '../../../src/driver/windows/ffi/root.ts';
import { Held } from '../../../src/driver/windows/held.ts';
import { isLeftTransport } from '../../../src/driver/windows/transport-folder.ts';
import { plainFile, ScriptedCalls } from '../../support/scripted-calls.ts';

/** WriteFile and BackupWrite take at most three bytes; every other call succeeds. */
class ShortCalls extends Calls {
  readonly taken: { readonly text: string; readonly offset: bigint }[] = [];
  readonly closed: unknown[] = [];
  lastCode = 0;

  override now(name: FunctionName, ...parameters: unknown[]): unknown {
    if (name === 'CloseHandle') this.closed.push(parameters[0]);
    if (name === 'OpenProcessToken') (parameters[2] as [unknown])[0] = 77n;
    return name === 'GetLastError' ? this.lastCode : 1;
  }

  override async check(name: FunctionName, _subject: string, ...parameters: unknown[]): Promise<void> {
    const [, bytes, length, put, overlapped] = parameters as [unknown, Uint8Array, number, [number], Buffer | number];
    assert.equal(length, bytes.length);
    put[0] = Math.min(3, length);
    const offset = name === 'WriteFile' ? (overlapped as Buffer).readBigUInt64LE(16) : 0n;
    this.taken.push({ text: Buffer.from(bytes.subarray(0, put[0])).toString(), offset });
  }
}

test('the rest of a short write is written afterwards, and a short BackupWrite is an error', async () => {
  const calls = new ShortCalls();
  await using file = new NativeFile(calls, 5n, 'f');
  await file.write(Buffer.from('abcdefg'));
  await file.write(Buffer.from('h'));
  assert.deepEqual(calls.taken, [
    { text: 'abc', offset: 0n },
    { text: 'def', offset: 3n },
    { text: 'g', offset: 6n },
    { text: 'h', offset: 7n },
  ]);
  await using sink = file.backupSink({ security: false });
  await sink.write(Buffer.from('abc'));
  await assert.rejects(sink.write(Buffer.from('abcd')), { code: 'IO', message: /BackupWrite of f: not all bytes/ });
});

test('the token is closed, whether or not the privilege is held, and opened once per privilege', () => {
  const calls = new ShortCalls();
  const privileges = new Privileges(calls);
  privileges.enable(['SeBackupPrivilege']);
  privileges.enable(['SeBackupPrivilege']);
  assert.deepEqual(calls.closed, [77n]);
  calls.lastCode = 1300;
  assert.throws(() => privileges.enable(['SeRestorePrivilege']), { code: 'PERMISSION', message: /SeRestorePrivilege/ });
  assert.deepEqual(calls.closed, [77n, 77n]);
});

test('a file opened as a root is refused and closed', () => {
  const calls = new ScriptedCalls(plainFile());
  assert.throws(() => NativeRoot.open(calls, 'C:\\f', '\\\\?\\C:\\f'), { code: 'NOT_FOUND', message: 'no folder C:\\f' });
  assert.equal(calls.open, 0);
});

test('cleanups run in reverse order and continue after an error; the first error is thrown', async () => {
  const undone: string[] = [];
  const held = new Held();
  for (const name of ['a', 'b', 'c']) {
    held.defer(async () => {
      undone.push(name);
      if (name !== 'a') throw new Error(name);
    });
  }
  await assert.rejects(held[Symbol.asyncDispose](), { message: 'c' });
  assert.deepEqual(undone, ['c', 'b', 'a']);
  await held[Symbol.asyncDispose]();
});

test("another user's process is alive, so its transport folder is not a leftover", (t) => {
  const folder = 'layerscope-4000000-0123456789abcdef';
  const fails = (code: string) =>
    t.mock.method(process, 'kill', () => {
      throw Object.assign(new Error(code), { code });
    });
  fails('EPERM');
  assert.equal(isLeftTransport(folder), false);
  t.mock.restoreAll();
  fails('ESRCH');
  assert.equal(isLeftTransport(folder), true);
});
