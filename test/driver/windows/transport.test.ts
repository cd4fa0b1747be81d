// biome-ignore-all lint/correctness/noComponentHookFactories: Windows' functions, not components The content of the transport folder while
// it is written, the targets of hard links, the order in which folders get their times, and the calls to Windows.
import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { FILE_ATTRIBUTE, type FileBasicInfo } from '#format/windows-tar';
import { Calls } from '../../../src/driver/windows/ffi/calls.ts';
import { placeOf } from '../../../src/driver/windows/ffi/file-place.ts';
import { NativeFiles } from '../../../src/driver/windows/ffi/files.ts';
import { connectPipe, NativePipeServer } from '../../../src/driver/windows/ffi/pipe.ts';
import type { FunctionName } from '../../../src/driver/windows/ffi/prototypes.ts';
import { NativeRoot } from '../../../src/driver/windows/ffi/root.ts';
import { FolderTimes } from '../../../src/driver/windows/folder-times.ts';
import { importLayer } from '../../../src/driver/windows/import-layer.ts';
import { parseLayerName } from '../../../src/driver/windows/layer-name.ts';
import { walk } from '../../../src/driver/windows/layer-reader.ts';
import { TransportWriter } from '../../../src/driver/windows/layer-writer.ts';
import type { RootFolder } from '../../../src/driver/windows/native.ts';
import { HEAD, withParent, workIn } from '../../support/import-work.ts';
import { folder, plainFile, ScriptedCalls } from '../../support/scripted-calls.ts';
import { windowsTar } from '../../support/windows-tars.ts';

const INFO: FileBasicInfo = {
  creationTimeFiletime: 1n,
  accessTimeFiletime: 2n,
  writeTimeFiletime: 133_000_000_000_000_000n,
  changeTimeFiletime: 4n,
  attributes: FILE_ATTRIBUTE.directory,
};

test('a linked folder is absent from the transport folder while other files are written, and present when it is imported', async (t) => {
  const work = workIn(t);
  const place = await withParent(work);
  const writer = await TransportWriter.open(work.native, place);
  const transport = () => work.left().find((name) => /^layerscope-[^/]*$/.test(name)) ?? '';
  const at = (...names: readonly string[]) => path.join(work.folder, transport(), ...names);
  await writer.add(parseLayerName('Files'), INFO, false);
  await writer.add(parseLayerName('Files/link'), { ...INFO, attributes: 0x410 }, true);
  await writer.add(parseLayerName('Files/after'), { ...INFO, attributes: FILE_ATTRIBUTE.archive }, false);
  assert.equal(existsSync(at('Files', 'link')), false);
  assert.equal(existsSync(at('Files', 'link.$wcidirs$')), true);
  let given = false;
  work.layers.onImport = (handed) => {
    given = lstatSync(path.join(handed, 'Files', 'link')).isDirectory();
  };
  await writer.commit();
  assert.equal(given, true);
});

test("a hard link leads to the nearest parent's file with that name", async (t) => {
  const work = workIn(t);
  const far = work.place('far');
  const near = work.place('near', [far.layer]);
  for (const [layer, text] of [
    [far.layer, 'far'],
    [near.layer, 'near'],
  ] as const) {
    mkdirSync(path.join(layer, 'Files'));
    writeFileSync(path.join(layer, 'Files', 'f'), text);
  }
  const top = work.place('top', [near.layer, far.layer]);
  await importLayer(work.native, top, [await windowsTar([...HEAD, { name: 'Files/l', link: 'Files/f' }])]);
  const inode = (...names: readonly string[]) => lstatSync(path.join(...names)).ino;
  assert.equal(inode(top.layer, 'Files', 'l'), inode(near.layer, 'Files', 'f'));
});

test("a folder's times are set after those of the folders in it", async () => {
  const set: string[] = [];
  const times = new FolderTimes();
  for (const name of ['a', 'a\\b', 'a\\b\\c']) times.add(name, INFO);
  const root = {
    open: async (name: string) => ({ setBasicInfo: async () => void set.push(name), [Symbol.asyncDispose]: async () => {} }),
  } as unknown as RootFolder;
  await times.apply(root);
  assert.deepEqual(set, ['a\\b\\c', 'a\\b', 'a']);
});

test('a volume’s recycle bin is skipped, whatever its case, but not a file with that name', async () => {
  const bin = () => folder({ deleted: plainFile() });
  for (const [name, file, found] of [
    ['$Recycle.Bin', bin(), ['Files']],
    ['$RECYCLE.BIN', bin(), ['Files']],
    ['$Recycle.Bin', plainFile(), ['Files', 'Files\\$Recycle.Bin']],
  ] as const) {
    await using root = NativeRoot.open(new ScriptedCalls(folder({ Files: folder({ [name]: file }) })), 'C:\\l', '\\\\?\\C:\\l');
    const walked: string[] = [];
    for await (const { path: at } of walk(root, '')) walked.push(at);
    assert.deepEqual(walked, found);
  }
});

test("a listed file's size has 64 bits", async () => {
  const calls = new ScriptedCalls(folder({ big: { attributes: FILE_ATTRIBUTE.archive, sizeBytes: 5 * 2 ** 32 + 7 } }));
  await using root = NativeRoot.open(calls, 'C:\\l', '\\\\?\\C:\\l');
  assert.equal((await root.list(''))[0]?.sizeBytes, 5 * 2 ** 32 + 7);
  assert.equal((await root.facts('big'))?.sizeBytes, 5 * 2 ** 32 + 7);
});

/** Records all arguments; every call returns 1 unless the test overrides it. */
class Recorded extends Calls {
  readonly made: (readonly unknown[])[] = [];
  readonly #answers: Partial<Record<FunctionName, (...parameters: readonly unknown[]) => unknown>>;

  constructor(answers: Partial<Record<FunctionName, (...parameters: readonly unknown[]) => unknown>> = {}) {
    super();
    this.#answers = answers;
  }

  override now(name: FunctionName, ...parameters: unknown[]): unknown {
    this.made.push([name, ...parameters]);
    return this.#answers[name]?.(...parameters) ?? 1n;
  }

  of(name: FunctionName): readonly unknown[] | undefined {
    return this.made.find(([known]) => known === name)?.slice(1);
  }
}

test('a root and a moved folder are passed to Windows by their long paths', async () => {
  const calls = new Recorded({ GetLastError: () => 2, CreateFileW: () => -1n });
  const files = new NativeFiles(calls);
  await assert.rejects(files.openRoot('C:\\home\\layer'), { code: 'NOT_FOUND' });
  // FILE_LIST_DIRECTORY | FILE_READ_ATTRIBUTES, sharing everything but deletion, FILE_FLAG_BACKUP_SEMANTICS.
  assert.deepEqual(calls.of('CreateFileW'), ['\\\\?\\C:\\home\\layer', 0x81, 3, null, 3, 0x0200_0000, null]);
});

test('a program’s own path is checked, without following links', () => {
  const calls = new Recorded({ CreateFileW: () => -1n, GetLastError: () => 2 });
  assert.throws(() => placeOf(calls, 'C:\\p\\app.exe'), { code: 'NOT_FOUND' });
  assert.deepEqual(calls.of('CreateFileW'), ['\\\\?\\C:\\p\\app.exe', 0x2_0080, 7, null, 3, 0x0220_0000, null]);
});

test("the driver's pipe is for administrators of this machine only, is the first of its name, and its client can't be impersonated", async () => {
  const calls = new Recorded({
    ConvertStringSecurityDescriptorToSecurityDescriptorW: (_list, _revision, out) => {
      (out as [unknown])[0] = 77n;
      return 1;
    },
    GetLastError: () => 535,
  });
  await using server = new NativePipeServer(calls, 'name');
  assert.equal(server.name, 'name');
  assert.equal(calls.of('ConvertStringSecurityDescriptorToSecurityDescriptorW')?.[0], 'D:P(A;;GA;;;SY)(A;;GA;;;BA)');
  assert.deepEqual(calls.of('CreateNamedPipeW'), [
    '\\\\.\\pipe\\name',
    0x4008_0003,
    8,
    1,
    65_536,
    65_536,
    0,
    { nLength: 24, lpSecurityDescriptor: 77n, bInheritHandle: 0 },
  ]);
  const client = new Recorded({ CreateFileW: () => -1n, GetLastError: () => 2 });
  assert.throws(() => connectPipe(client, 'name'));
  assert.deepEqual(client.of('CreateFileW'), ['\\\\.\\pipe\\name', 0xc000_0000, 0, null, 3, 0x4010_0000, null]);
});
