// Regressions: faults once found in imports, and similar faults.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { FILE_ATTRIBUTE } from '#format/windows-tar';
import { importLayer } from '../../../src/driver/windows/import-layer.ts';
import { openLayerFiles } from '../../../src/driver/windows/layer-files.ts';
import { NativeError } from '../../../src/driver/windows/native-error.ts';
import { HEAD, refuses, type Work, withParent, workIn } from '../../support/import-work.ts';
import { gather } from '../../support/random-chunks.ts';
import { directory, file, hardlink, pax, symlink, tar } from '../../support/tar-builder.ts';
import { type WindowsMember, windowsTar } from '../../support/windows-tars.ts';

/** Imports a layer on a parent with `Files\a.txt`; `lay` creates what Windows puts into the layer from its parents. */
async function imported(work: Work, members: readonly WindowsMember[], lay: (layer: string) => void = () => {}): Promise<string> {
  const place = await withParent(work);
  work.layers.onImport = () => lay(place.layer);
  await importLayer(work.native, place, [await windowsTar([...HEAD, ...members])]);
  assert.deepEqual(work.left(), []);
  return place.layer;
}

function put(layer: string, name: string): void {
  mkdirSync(path.dirname(path.join(layer, name)), { recursive: true });
  writeFileSync(path.join(layer, name), "the parent's");
}

test('a whiteout doesn’t remove anything that its own layer adds, in any order and whatever the case', async (t) => {
  const own = { name: 'Files/name', content: 'own' };
  for (const name of ['Files/name', 'Files/NAME']) {
    const whiteout = { name, whiteout: true };
    for (const members of [
      [whiteout, own],
      [own, whiteout],
    ]) {
      const layer = await imported(workIn(t), members);
      assert.ok(existsSync(path.join(layer, 'Files/name')));
    }
  }
});

test('a whiteout of a folder that its layer adds again removes what only the parents have', async (t) => {
  const whiteout = { name: 'Files/d', whiteout: true };
  const own = [
    { name: 'Files/d' },
    { name: 'Files/d/new', content: 'new' },
    { name: 'Files/d/sub' },
    { name: 'Files/d/sub/new', content: 'new' },
    { name: 'Files/d/both', content: 'new' },
  ];
  for (const members of [
    [whiteout, ...own],
    [...own, whiteout],
  ]) {
    const layer = await imported(workIn(t), members, (at) => {
      for (const name of ['Files/d/old', 'Files/d/sub/old', 'Files/d/gone/old']) put(at, name);
    });
    const there = (name: string) => existsSync(path.join(layer, 'Files/d', name));
    assert.deepEqual(['new', 'sub/new', 'both', 'old', 'sub/old', 'gone'].map(there), [true, true, true, false, false, false]);
  }
});

test('a whiteout in the utility VM doesn’t remove anything that its own layer adds, and may occur twice', async (t) => {
  const whiteout = { name: 'UtilityVM/Files/kernel.exe', whiteout: true };
  const own = { name: 'UtilityVM/Files/kernel.exe', content: 'own' };
  const vm = [{ name: 'UtilityVM' }, { name: 'UtilityVM/Files' }];
  for (const members of [
    [...vm, whiteout, own],
    [...vm, own, whiteout],
  ]) {
    const layer = await imported(workIn(t), members);
    assert.equal(readFileSync(path.join(layer, 'UtilityVM/Files/kernel.exe'), 'utf8'), 'own');
  }
  const layer = await imported(workIn(t), [...vm, whiteout, whiteout]);
  assert.equal(existsSync(path.join(layer, 'UtilityVM/Files/kernel.exe')), false);
  await refuses(
    t,
    await windowsTar([...HEAD, ...vm, { name: 'UtilityVM/Files/none', whiteout: true }]),
    'NOT_FOUND',
    /no such file to remove/,
  );
});

test('for a folder that occurs twice, the last times and attributes win', async (t) => {
  const work = workIn(t);
  const hidden = FILE_ATTRIBUTE.directory | FILE_ATTRIBUTE.hidden;
  const place = await withParent(work);
  const at = (mtime: number, attributes: number) =>
    pax({ mtime: String(mtime), 'MSWINDOWS.fileattr': String(attributes), 'LIBARCHIVE.creationtime': String(mtime) });
  await importLayer(work.native, place, [
    tar(
      directory('Files/'),
      at(1_500_000_000, FILE_ATTRIBUTE.directory),
      directory('Files/d/'),
      directory('Files/d/below/'),
      at(1_600_000_000, hidden),
      directory('Files/d/'),
      file('Files/d/below/f', 'f'),
    ),
  ]);
  await using root = await work.files.openRoot(place.layer);
  await using folder = await root.open('Files\\d', { access: 0, create: 'existing' });
  const { writeTimeFiletime, creationTimeFiletime, attributes } = await folder.basicInfo();
  const wanted = 116_444_736_000_000_000n + 1_600_000_000n * 10_000_000n;
  assert.deepEqual([writeTimeFiletime, creationTimeFiletime, attributes], [wanted, wanted, hidden]);
});

test('names that the transport folder reserves are refused next to the folder, in either order and whatever their case', async (t) => {
  const folder = { name: 'Files/e' };
  for (const name of ['Files/e.$wcidirs$', 'Files/E.$WCIDIRS$', 'Hives/x.$wcidirs$']) {
    const own = { name, content: 'own' };
    for (const members of [[own, folder], [folder, own], [own]]) {
      await refuses(
        t,
        await windowsTar([...HEAD, ...members]),
        'NAME_REFUSED',
        /wcidirs\$: .*the folder (Files|Hives)\\[eEx] under that name$/i,
      );
    }
  }
  await refuses(
    t,
    tar(directory('Files/'), file('Files/f', 'f'), hardlink('Files/e.$wcidirs$', 'Files/f')),
    'NAME_REFUSED',
    /the folder Files\\e under that name$/,
  );
});

test('a folder below Hives has an empty attributes file next to it in the transport folder', async (t) => {
  const work = workIn(t);
  const place = await withParent(work);
  let found: Buffer | null = null;
  work.layers.onImport = (folder) => {
    found = readFileSync(path.join(folder, 'Hives/sub.$wcidirs$'));
  };
  await importLayer(work.native, place, [
    await windowsTar([...HEAD, { name: 'Hives/sub' }, { name: 'Hives/sub/deep' }, { name: 'Hives/sub/f', content: 'f' }]),
  ]);
  assert.deepEqual(found, Buffer.alloc(0));
});

test('a hard link to anything but a file is refused before anything is imported', async (t) => {
  const head = [directory('Files/'), directory('Files/d/'), symlink('Files/l', 'a.txt')];
  await refuses(t, tar(...head, hardlink('Files/h', 'Files/d')), 'NAME_REFUSED', /Files\\h: a hard link to Files\\d, which is not a file/);
  await refuses(t, tar(...head, hardlink('Files/h', 'Files/l')), 'NAME_REFUSED', /Files\\l, which is not a file/);
  // Only the parent has the target, but the utility VM's files are looked up in the layer itself.
  await refuses(t, tar(directory('Files/'), hardlink('Files/h', 'UtilityVM/Files/EFI')), 'NOT_FOUND', /failed to find link target/);
  const work = workIn(t);
  const place = await withParent(work);
  mkdirSync(path.join(place.parents[0] as string, 'Files/folder'));
  await assert.rejects(importLayer(work.native, place, [tar(directory('Files/'), hardlink('Files/h', 'Files/folder'))]), {
    code: 'NAME_REFUSED',
    message: /Files\\folder, which is not a file/,
  });
  assert.deepEqual(work.layers.calls, []);
  const linked = workIn(t);
  const base = linked.place('base');
  await importLayer(linked.native, base, [tar(directory('Files/'), symlink('Files/l', 'x'))]);
  linked.layers.calls.length = 0;
  const top = linked.place('top', [base.layer]);
  await assert.rejects(importLayer(linked.native, top, [tar(directory('Files/'), hardlink('Files/h', 'Files/l'))]), {
    code: 'NAME_REFUSED',
    message: /Files\\l, which is not a file/,
  });
  assert.deepEqual(linked.layers.calls, []);
});

test('hard links to hard links lead to the first file, in this layer or a parent', async (t) => {
  const work = workIn(t);
  const place = await withParent(work);
  await importLayer(work.native, place, [
    tar(
      directory('Files/'),
      file('Files/own', 'own'),
      hardlink('Files/own2', 'Files/own'),
      hardlink('Files/own3', 'files/own2'),
      hardlink('Files/b', 'Files/a.txt'),
      hardlink('Files/c', 'Files/b'),
      hardlink('Files/d', 'Files/c'),
    ),
  ]);
  const text = (name: string) => readFileSync(path.join(place.layer, 'Files', name), 'utf8');
  assert.deepEqual(['b', 'c', 'd'].map(text), ['a', 'a', 'a']);
  assert.equal(text('own3'), text('own'));
});

test("a hard link to a parent's file leads to the layer that has the file, not to a placeholder in another layer", async (t) => {
  const work = workIn(t);
  const base = work.place('base');
  await importLayer(work.native, base, [tar(directory('Files/'), file('Files/a', 'real'))]);
  const middle = work.place('middle', [base.layer]);
  put(middle.layer, 'Files/a');
  const opened = work.files.openRoot.bind(work.files);
  work.files.openRoot = async (folder) => {
    const root = await opened(folder);
    if (folder !== middle.layer) return root;
    const facts = root.facts.bind(root);
    root.facts = async (name) => {
      const found = await facts(name);
      return found === null ? null : { ...found, attributes: found.attributes | FILE_ATTRIBUTE.reparsePoint, reparseTag: 0x8000_0018 };
    };
    return root;
  };
  const top = work.place('top', [middle.layer, base.layer]);
  await importLayer(work.native, top, [tar(directory('Files/'), hardlink('Files/h', 'Files/a'))]);
  assert.equal(readFileSync(path.join(top.layer, 'Files/h'), 'utf8'), 'real');
});

test('a name or path that Windows doesn’t allow is refused with its entry, before any call', async (t) => {
  for (const [name, words] of [
    [`Files/${'n'.repeat(256)}`, /^Files\/n+: a name of 256 characters/],
    [`Files/${'ä'.repeat(256)}`, /a name of 256 characters/],
    ['Files/CON', /Files\/CON: .*a device/],
    ['Files/aux.txt', /a device/],
    ['Files/d/com1', /a device/],
    ['Files/a.', /a dot or a space/],
    ['Files/b ', /a dot or a space/],
    ['Files/c. /d', /a dot or a space/],
    [`Files/${'d/'.repeat(16_000)}f`, /a path too long/],
  ] as const) {
    await refuses(t, tar(directory('Files/'), pax({ path: name }), file('x', 'x')), 'NAME_REFUSED', words);
  }
  const folder = tar(directory('Files/'), pax({ path: `Files/${'n'.repeat(246)}` }), directory('x/'));
  await refuses(t, folder, 'NAME_REFUSED', /a folder's name of 246 characters/);
});

test('a stream whose name Windows doesn’t allow is refused before any call', async (t) => {
  for (const name of [`Files/f:${'s'.repeat(256)}`, 'Files/f:a:b', 'Files/f:a/b', 'Files/f:a\\b']) {
    await refuses(
      t,
      tar(directory('Files/'), file('Files/f', 'x'), pax({ path: name }), file('x', 'y')),
      'NAME_REFUSED',
      /f:.*for a stream$/,
    );
  }
});

test("a file's alternate data streams are read by their names in the tar", async (t) => {
  const work = workIn(t);
  const place = work.place('base');
  const content = 'x'.repeat(200_000);
  await importLayer(work.native, place, [
    tar(directory('Files/'), file('Files/a.txt', content), file('Files/a.txt:s', 'stream'), file('Files/a.txt:Übung', 'other')),
  ]);
  await using files = openLayerFiles(await work.files.openRoot(place.layer));
  const text = async (name: string) => Buffer.from(await gather(files.open(name))).toString();
  assert.equal(await text('Files/a.txt'), content);
  assert.equal(await text('Files/a.txt:s'), 'stream');
  assert.equal(await text('Files\\a.txt:S:$data'), 'stream');
  assert.equal(await text('Files/a.txt:übung'), 'other');
  for (const [name, code] of [
    ['Files/a.txt:none', 'NOT_FOUND'],
    ['Files/none:s', 'NOT_FOUND'],
    ['Files/a.txt:', 'NAME_REFUSED'],
    ['Files/:s', 'NAME_REFUSED'],
    ['Files/a.txt:s:t', 'NAME_REFUSED'],
    ['Files/a:b/c', 'NAME_REFUSED'],
    ['../a.txt:s', 'PATH_ESCAPE'],
  ] as const) {
    await assert.rejects(text(name), { code }, name);
  }
});

test('the error for a reparse point on a path is PATH_ESCAPE, and for a file that isn’t a reparse point it is IO', () => {
  assert.equal(new NativeError('NtCreateFile', 4395, '').code, 'PATH_ESCAPE');
  assert.equal(new NativeError('DeviceIoControl', 4390, '').code, 'IO');
});
