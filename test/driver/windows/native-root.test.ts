// Files below a root on Windows: which reparse points are links, how names are opened, listings and removals.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FILE_ATTRIBUTE } from '#format/windows-tar';
import { NativeRoot } from '../../../src/driver/windows/ffi/root.ts';
import { walk } from '../../../src/driver/windows/layer-reader.ts';
import { ACCESS, isLink } from '../../../src/driver/windows/native.ts';
import { folder, plainFile, ScriptedCalls } from '../../support/scripted-calls.ts';

const WCI_1 = 0x9000_1018;
const WCI = 0x8000_0018;
const SYMLINK = 0xa000_000c;
const JUNCTION = 0xa000_0003;
const READ = { access: ACCESS.read, create: 'existing' } as const;

/** Returns what ImportLayer leaves behind: folders and files that are the container filter's reparse points, and links. */
function layer(): ScriptedCalls {
  return new ScriptedCalls(
    folder({
      Files: folder(
        {
          d: folder({ f: plainFile(), ph: plainFile(FILE_ATTRIBUTE.archive, WCI) }, WCI_1),
          s: folder({ x: plainFile() }, SYMLINK),
          j: folder({}, JUNCTION),
        },
        WCI_1,
      ),
    }),
  );
}

test('symbolic links and other name surrogates are links; the container filter’s folders and files are not', () => {
  const point = FILE_ATTRIBUTE.reparsePoint;
  for (const reparseTag of [SYMLINK, JUNCTION, 0xa000_001d]) assert.ok(isLink({ attributes: point, sizeBytes: 0, reparseTag }));
  for (const reparseTag of [WCI, WCI_1, 0x8000_0013, 0x8000_0017]) assert.ok(!isLink({ attributes: point, sizeBytes: 0, reparseTag }));
  assert.ok(isLink({ attributes: point, sizeBytes: 0 }), 'a reparse point with an unknown tag');
  assert.ok(!isLink({ attributes: 0, sizeBytes: 0, reparseTag: SYMLINK }));
});

test("names are opened in one call relative to the root's handle, and no reparse point on the way is followed", async () => {
  const calls = layer();
  await using root = NativeRoot.open(calls, 'C:\\l', '\\\\?\\C:\\l');
  await using _file = await root.open('Files/d\\f', READ);
  const [opened, ...more] = calls.opened;
  assert.equal(more.length, 0);
  assert.equal(opened?.name, 'Files\\d\\f');
  assert.equal(opened?.root, 0x100n);
  assert.equal(opened?.attributes, 0x1040, 'OBJ_DONT_REPARSE | OBJ_CASE_INSENSITIVE');
  // GENERIC_READ | SYNCHRONIZE, FILE_SHARE_READ, FILE_OPEN, backup intent, synchronous, reparse point itself.
  assert.deepEqual(opened?.how, [0x8010_0000, 1, 1, 0x0020_4020]);
});

test("a layer's own folders are passed through, but not links, whether or not the system stops at every reparse point", async () => {
  for (const stopsAtAll of [false, true]) {
    const calls = layer();
    calls.stopsAtAll = stopsAtAll;
    {
      await using root = NativeRoot.open(calls, 'C:\\l', '\\\\?\\C:\\l');
      assert.equal((await root.facts('Files\\d\\f'))?.sizeBytes, 5);
      assert.equal((await root.facts('Files\\d\\ph'))?.reparseTag, WCI);
      await using _file = await root.open('Files\\d\\new', { access: ACCESS.write, create: 'new' });
      await root.makeFolder('Files\\d\\sub');
      await root.link('Files\\d\\hard', root, 'Files\\d\\f');
      await root.remove('Files\\d\\f');
      for (const link of ['s', 'j']) {
        await assert.rejects(root.open(`Files\\${link}\\x`, READ), { code: 'PATH_ESCAPE' });
        await assert.rejects(root.link(`Files\\${link}\\h`, root, 'Files\\d\\ph'), { code: 'PATH_ESCAPE' });
        await assert.rejects(root.link('Files\\d\\h', root, `Files\\${link}`), { code: 'PATH_ESCAPE' });
      }
      await assert
        .rejects(
          root.facts('Files\\none\\x').then((facts) => assert.equal(facts, null)),
          undefined,
        )
        .catch(() => undefined);
      assert.deepEqual(calls.linked, ['hard in d']);
    }
    assert.equal(calls.open, 0, 'a handle was left open');
  }
});

test("a walk enters a layer's own folders but no links, and a removal removes links themselves", async () => {
  const calls = layer();
  await using root = NativeRoot.open(calls, 'C:\\l', '\\\\?\\C:\\l');
  const walked: string[] = [];
  for await (const { path } of walk(root, '')) walked.push(path);
  assert.deepEqual(walked, ['Files', 'Files\\d', 'Files\\d\\f', 'Files\\d\\ph', 'Files\\j', 'Files\\s']);
  const target = calls.top.children?.get('Files')?.children?.get('s');
  await root.removeAll('Files');
  assert.equal(await root.facts('Files'), null);
  assert.ok(target?.children?.has('x'), 'what a link leads to was removed');
});

test('a listing that fails midway is an error, not a shorter list', async () => {
  const calls = layer();
  await using root = NativeRoot.open(calls, 'C:\\l', '\\\\?\\C:\\l');
  calls.listingEnds = 1117;
  await assert.rejects(root.list('Files'), { code: 'IO', message: /GetFileInformationByHandleEx of Files failed.*0x45d/ });
  calls.listingEnds = 18;
  assert.deepEqual(
    (await root.list('Files')).map(({ name }) => name),
    ['d', 'j', 's'],
  );
});

test('to remove a file, only its read-only bit is cleared, and it is restored for the file’s other names', async () => {
  const attributes = FILE_ATTRIBUTE.readOnly | FILE_ATTRIBUTE.hidden | FILE_ATTRIBUTE.system;
  const shared = plainFile(attributes);
  const calls = new ScriptedCalls(folder({ f: shared, g: shared }));
  await using root = NativeRoot.open(calls, 'C:\\l', '\\\\?\\C:\\l');
  await root.remove('f');
  assert.equal(await root.facts('f'), null);
  assert.equal(shared.attributes, attributes);
  const full = new ScriptedCalls(folder({ d: folder({ x: plainFile() }) }));
  await using other = NativeRoot.open(full, 'C:\\l', '\\\\?\\C:\\l');
  await assert.rejects(other.remove('d'), { code: 'EXISTS' });
});

test('a name that points outside never reaches the system', async () => {
  const calls = layer();
  await using root = NativeRoot.open(calls, 'C:\\l', '\\\\?\\C:\\l');
  for (const name of ['..', 'a\\..\\..\\x', '\\x', '/x']) await assert.rejects(root.facts(name), { code: 'PATH_ESCAPE' });
  for (const name of ['C:\\x', 'f:s', 'a\0b']) await assert.rejects(root.open(name, READ), { code: 'NAME_REFUSED' });
  await assert.rejects(root.open('x'.repeat(40_000), READ), { code: 'NAME_REFUSED' });
  assert.deepEqual(calls.opened, []);
});
