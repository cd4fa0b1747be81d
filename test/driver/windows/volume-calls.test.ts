// biome-ignore-all lint/correctness/noComponentHookFactories: Windows' functions, not components
// The calls to Windows for volumes, disks and private folders, argument by argument.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Calls } from '../../../src/driver/windows/ffi/calls.ts';
import { makePrivateFolder } from '../../../src/driver/windows/ffi/private-folder.ts';
import type { FunctionName } from '../../../src/driver/windows/ffi/prototypes.ts';
import { NativeVolumes, windowsBuild } from '../../../src/driver/windows/ffi/volumes.ts';
import { NativeError } from '../../../src/driver/windows/native-error.ts';

type Answer = (...parameters: readonly unknown[]) => unknown;

/** Records calls, and returns the results that a test sets; all other calls return 1. */
class RecordedCalls extends Calls {
  readonly made: string[] = [];
  readonly #answers: Partial<Record<FunctionName, Answer>>;

  constructor(answers: Partial<Record<FunctionName, Answer>>) {
    super();
    this.#answers = answers;
  }

  override now(name: FunctionName, ...parameters: unknown[]): unknown {
    const shown = parameters.filter((value) => typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint');
    if (name !== 'GetLastError') this.made.push([name, ...shown].join(' '));
    return this.#answers[name]?.(...parameters) ?? 1;
  }

  override async later<T>(name: FunctionName, parameters: readonly unknown[], then: (result: unknown) => T): Promise<T> {
    return then(this.now(name, ...parameters));
  }
}

function put(buffer: unknown, text: string): number {
  (buffer as Buffer).write(`${text}\0`, 'utf16le');
  return 1;
}

const VOLUME = '\\\\?\\Volume{00000000-0000-0000-0000-000000000001}\\';

test('a private folder is created in one call, with an access list for the system and administrators that inherits nothing', () => {
  let attributes: unknown;
  const calls = new RecordedCalls({
    ConvertStringSecurityDescriptorToSecurityDescriptorW: (_list, _revision, out) => {
      (out as [unknown])[0] = 77n;
    },
    CreateDirectoryW: (_path, security) => {
      attributes = security;
    },
  });
  makePrivateFolder(calls, 'C:\\h\\x', '\\\\?\\C:\\h\\x');
  assert.deepEqual(attributes, { nLength: 24, lpSecurityDescriptor: 77n, bInheritHandle: 0 });
  assert.deepEqual(calls.made, [
    'ConvertStringSecurityDescriptorToSecurityDescriptorW D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA) 1',
    'CreateDirectoryW \\\\?\\C:\\h\\x',
    'LocalFree 77',
  ]);
  const taken = new RecordedCalls({ CreateDirectoryW: () => 0, GetLastError: () => 183 });
  assert.throws(() => makePrivateFolder(taken, 'C:\\h\\x', '\\\\?\\C:\\h\\x'), { code: 'EXISTS' });
  assert.equal(taken.made.at(-1)?.split(' ')[0], 'LocalFree');
});

test("a path's file system is that of its volume, which may be mounted at a folder", async () => {
  const calls = new RecordedCalls({
    GetVolumePathNameW: (_path, buffer) => put(buffer, 'C:\\data\\'),
    GetVolumeInformationW: (...parameters) => put(parameters[6], 'ReFS'),
  });
  assert.equal(await new NativeVolumes(calls).fileSystemOf('C:\\data\\home'), 'ReFS');
  assert.deepEqual(calls.made, ['GetVolumePathNameW C:\\data\\home 32768', 'GetVolumeInformationW C:\\data\\ 0 261']);
});

test('a disk is detached whatever attached it, and its handle closed even if that fails', async () => {
  for (const [opened, detached, code] of [
    [0, 0, null],
    [2, 0, 2],
    [0, 32, 32],
  ] as const) {
    const calls = new RecordedCalls({
      OpenVirtualDisk: (type, _file, access, flags, parameters, out) => {
        assert.deepEqual(
          [...(type as Buffer)],
          Array.from({ length: 20 }, () => 0),
        );
        assert.deepEqual([access, flags], [0, 0x18]);
        assert.equal((parameters as Buffer).readUInt32LE(0), 2);
        (out as [unknown])[0] = 5n;
        return opened;
      },
      DetachVirtualDisk: () => detached,
    });
    const work = new NativeVolumes(calls).detachDisk('C:\\l\\sandbox.vhdx');
    if (code === null) await work;
    else await assert.rejects(work, (error: unknown) => error instanceof NativeError && error.win32 === code);
    assert.equal(calls.made.includes('CloseHandle 5'), opened === 0);
  }
});

test('a volume is mounted at a folder and unmounted from all folders, by paths with a trailing separator; a drive letter stays', async () => {
  const calls = new RecordedCalls({
    GetVolumePathNamesForVolumeNameW: (_volume, buffer, units, length) => {
      const names = 'C:\\mnt\\\0D:\\\0C:\\other\\\0\0';
      if ((units as number) < 40_000) return 0;
      (buffer as Buffer).write(names, 'utf16le');
      (length as [number])[0] = names.length;
      return 1;
    },
    GetLastError: () => 234,
  });
  const volumes = new NativeVolumes(calls);
  await volumes.mountAt('C:\\mnt', VOLUME.slice(0, -1));
  await volumes.unmountEverywhere(VOLUME);
  assert.deepEqual(
    calls.made,
    [
      `SetVolumeMountPointW C:\\mnt\\ ${VOLUME}`,
      `GetVolumePathNamesForVolumeNameW ${VOLUME} 32768 0`,
      `GetVolumePathNamesForVolumeNameW ${VOLUME} 65536 0`,
      'DeleteVolumeMountPointW C:\\mnt\\',
      'DeleteVolumeMountPointW C:\\other\\',
    ].map((line) => line.replace(/ 0$/, '')),
  );
});

test('the build number comes from RtlGetVersion', () => {
  const calls = new RecordedCalls({
    RtlGetVersion: (version) => {
      assert.equal((version as Buffer).readUInt32LE(0), 276);
      (version as Buffer).writeUInt32LE(20_348, 12);
      return 0;
    },
  });
  assert.equal(windowsBuild(calls), 20_348);
});
