// Unusual tars of Windows layers, from public bug reports: which are imported, which are refused, and that a refused tar leaves nothing
// behind.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { FILE_ATTRIBUTE } from '#format/windows-tar';
import type { Finding } from '#model';
import { exportLayer } from '../../../src/driver/windows/export-layer.ts';
import { importLayer } from '../../../src/driver/windows/import-layer.ts';
import { readLayerEntries } from '../../../src/driver/windows/layer-reader.ts';
import { HEAD, refuses, withParent, workIn } from '../../support/import-work.ts';
import { directory, file, hardlink, pax, symlink, tar } from '../../support/tar-builder.ts';
import { sketchOf, windowsTar } from '../../support/windows-tars.ts';

test('a Linux layer is refused before anything is written (for-win#2422)', async (t) => {
  const work = workIn(t);
  const place = await withParent(work);
  work.files.calls.length = 0;
  await assert.rejects(importLayer(work.native, place, [tar(directory('bin/'), file('bin/sh', '#!'))]), { code: 'UNSUPPORTED' });
  assert.deepEqual(work.files.calls, []);
  assert.deepEqual(readdirSync(place.layer), []);
});

test('an empty tar is not a Windows layer', (t) => refuses(t, tar(), 'UNSUPPORTED', /without a Files folder/));

test('an opaque marker and a bare whiteout are refused with an error that names them', async (t) => {
  const folder = [...HEAD, { name: 'Files/d' }];
  await refuses(
    t,
    await windowsTar([...folder, { name: 'Files/d/.wh..opq', whiteout: true }]),
    'NAME_REFUSED',
    /Files\/d\/\.wh\.\.wh\.\.opq/,
  );
  await refuses(t, tar(directory('Files/'), file('Files/.wh.', '')), 'NAME_REFUSED', /Files\/\.wh\.: a whiteout without a name/);
});

test('a whiteout outside Files and UtilityVM\\Files is refused with an error that names it', async (t) => {
  await refuses(
    t,
    await windowsTar([...HEAD, { name: 'Hives/System_Delta', whiteout: true }]),
    'NAME_REFUSED',
    /invalid tombstone Hives\\System_Delta/,
  );
  await refuses(t, await windowsTar([...HEAD, { name: 'Files', whiteout: true }]), 'NAME_REFUSED', /invalid tombstone Files/);
});

test('a utility VM needs its folder first, and contains nothing but Files', async (t) => {
  await refuses(t, await windowsTar([...HEAD, { name: 'UtilityVM/Files/a.exe', content: 'x' }]), 'NOT_FOUND', /UtilityVM\\Files\\a\.exe/);
  await refuses(
    t,
    await windowsTar([...HEAD, { name: 'UtilityVM' }, { name: 'UtilityVM/other', content: 'x' }]),
    'UNSUPPORTED',
    /UtilityVM\/other/,
  );
});

test('an entry whose folder has no entry is refused, and the error names the folder', (t) =>
  windowsTar([...HEAD, { name: 'Files/x/y/z.txt', content: 'z' }]).then((bytes) =>
    refuses(t, bytes, 'NOT_FOUND', /no entry for its folder Files\\x\\y/),
  ));

test('a truncated tar never reaches Windows', async (t) => {
  const whole = await windowsTar([...HEAD, { name: 'Files/big', content: 'x'.repeat(5000) }]);
  for (const length of [whole.length - 2000, whole.length - 4096]) await refuses(t, whole.subarray(0, length), 'TRUNCATED', /./);
});

test('names that point outside, and names that Windows doesn’t allow, are refused', async (t) => {
  for (const [name, code] of [
    ['Files/../../x', 'PATH_ESCAPE'],
    ['/Files/x', 'PATH_ESCAPE'],
    ['Files\\..\\..\\x', 'PATH_ESCAPE'],
    ['C:\\x', 'NAME_REFUSED'],
    ['Files/a?b', 'NAME_REFUSED'],
    ['Files/a|b', 'NAME_REFUSED'],
    ['Files/lonely:stream', 'NAME_REFUSED'],
  ] as const) {
    await refuses(t, tar(directory('Files/'), file(name, 'x')), code, /./);
  }
});

test('a file below a symbolic link or a junction is refused', async (t) => {
  await refuses(t, tar(directory('Files/'), symlink('Files/l', '..\\..'), file('Files/l/x', 'x')), 'PATH_ESCAPE', /Files\\l is a link/);
  const junction = pax({
    'MSWINDOWS.fileattr': String(FILE_ATTRIBUTE.directory | FILE_ATTRIBUTE.reparsePoint),
    'MSWINDOWS.mountpoint': '1',
  });
  await refuses(
    t,
    tar(directory('Files/'), junction, symlink('Files/j', 'C:\\Windows'), file('Files/j/x', 'x')),
    'PATH_ESCAPE',
    /Files\\j is a link/,
  );
});

test('a hard link to a hive, or to a missing file, is refused', async (t) => {
  await refuses(
    t,
    tar(directory('Files/'), directory('Hives/'), file('Hives/H', 'x'), hardlink('Files/h', 'Hives/H')),
    'NAME_REFUSED',
    /invalid hard link/,
  );
  await refuses(t, tar(directory('Files/'), hardlink('Files/h', 'Files/none')), 'NOT_FOUND', /failed to find link target/);
});

test('a second file with the same name, in any case, is refused; of two entries for a folder, the last wins (crane)', async (t) => {
  await refuses(t, await windowsTar([...HEAD, { name: 'Files/t', content: '1' }, { name: 'Files/T', content: '2' }]), 'EXISTS', /Files\\T/);
  const work = workIn(t);
  const place = await withParent(work);
  let attributes = 0;
  work.layers.onImport = (folder) => {
    attributes = readFileSync(path.join(folder, 'Files.$wcidirs$')).readUInt32LE(0);
  };
  const hidden = FILE_ATTRIBUTE.directory | FILE_ATTRIBUTE.hidden;
  await importLayer(work.native, place, [
    await windowsTar([...HEAD, { name: 'Files', attributes: hidden }, { name: 'Files/f', content: 'f' }]),
  ]);
  assert.equal(attributes, hidden);
});

test('a reparse attribute on a regular file is dropped and reported (hcsshim#1873)', async (t) => {
  const work = workIn(t);
  const place = await withParent(work);
  const findings: Finding[] = [];
  let attributes = 0;
  work.layers.onImport = (folder) => {
    attributes = readFileSync(path.join(folder, 'Files/r.txt')).readUInt32LE(0);
  };
  const bytes = await windowsTar([...HEAD, { name: 'Files/r.txt', content: 'x', attributes: 0x410 & ~FILE_ATTRIBUTE.directory }]);
  await importLayer(work.native, place, [bytes], { onFinding: (found) => findings.push(found) });
  assert.equal(attributes & FILE_ATTRIBUTE.reparsePoint, 0);
  assert.equal(findings[0]?.path, 'Files/r.txt');
});

test('paths over 260 characters are imported and exported completely', async (t) => {
  const work = workIn(t);
  const place = await withParent(work);
  const folders = [1, 2, 3].map((count) => ({ name: `Files/${Array.from({ length: count }, () => 'n'.repeat(200)).join('/')}` }));
  const deep = `${folders[2]?.name}/file.txt`;
  await importLayer(work.native, place, [await windowsTar([...HEAD, ...folders, { name: deep, content: 'deep' }])]);
  const parts: Uint8Array[] = [];
  for await (const bytes of exportLayer(work.native, place)) parts.push(Uint8Array.from(bytes));
  assert.equal((await sketchOf(Buffer.concat(parts))).files?.[deep.slice('Files/'.length)], 'deep');
});

test('a path component too long for any file system is an error (moby#15775)', (t) =>
  refuses(
    t,
    tar(directory('Files/'), pax({ path: `Files/${'n'.repeat(256)}` }), file('x', 'x')),
    'NAME_REFUSED',
    /^Files\/n+: a name of 256/,
  ));

test("a utility VM starts as hard links to its parent's files, except for boot files, which are copied and backed up", async (t) => {
  const work = workIn(t);
  const place = await withParent(work);
  const boot = 'UtilityVM/Files/EFI/Microsoft/Boot';
  await importLayer(work.native, place, [
    await windowsTar([
      ...HEAD,
      { name: 'UtilityVM' },
      { name: 'UtilityVM/Files' },
      { name: 'UtilityVM/Files/EFI' },
      { name: 'UtilityVM/Files/EFI/Microsoft' },
      { name: boot },
      { name: `${boot}/BCD`, content: 'changed' },
    ]),
  ]);
  assert.deepEqual(work.layers.calls, ['ImportLayer', 'ProcessUtilityImage']);
  const at = (layer: string, name: string) => readFileSync(path.join(work.folder, layer, name), 'utf8');
  assert.equal(at('top', 'UtilityVM/Files/kernel.exe'), 'kernel');
  assert.equal(at('top', `${boot}/BCD`), 'changed');
  assert.equal(at('top', 'bcd.bak'), 'changed');
  assert.equal(at('base', `${boot}/BCD`), 'boot', "the parent's is unchanged");
  assert.equal(at('base', 'bcd.bak'), 'boot');
  assert.deepEqual(work.left(), []);
});

test('an entry named tombstones.txt is refused', (t) =>
  windowsTar([...HEAD, { name: 'tombstones.txt', content: '\ufeffVersion 1.0\n\\x\n' }]).then((bytes) =>
    refuses(t, bytes, 'UNSUPPORTED', /tombstones\.txt/),
  ));

test('an export with a malformed tombstones.txt fails and leaves nothing behind', async (t) => {
  const work = workIn(t);
  const place = await withParent(work);
  await importLayer(work.native, place, [await windowsTar([...HEAD, { name: 'Files/f', content: 'f' }])]);
  const drain = async (): Promise<void> => {
    for await (const _ of exportLayer(work.native, place));
  };
  for (const text of ['Version 1.0\n\\x\n', '\ufeffVersion 2.0\n', '', '\ufeffVersion 1.0\nFiles\\x\n']) {
    work.layers.tombstones = text;
    await assert.rejects(drain(), { code: 'DAMAGED' });
    assert.deepEqual(work.left(), []);
  }
  work.layers.tombstones = '\ufeffVersion 1.0\r\n\\gone.txt\r\n';
  const parts: Uint8Array[] = [];
  for await (const bytes of exportLayer(work.native, place)) parts.push(Uint8Array.from(bytes));
  assert.deepEqual((await sketchOf(Buffer.concat(parts))).removed, ['gone.txt']);
  assert.equal(existsSync(path.join(place.layer, 'Files')), true);
});

test('an export finds tombstone folders whatever their case, and gives each hive and folder one time for creation, access and write', async (t) => {
  const work = workIn(t);
  const place = await withParent(work);
  const hives = [{ name: 'Hives' }, { name: 'Hives/Sam_Delta', content: 'sam', later: 5n }, { name: 'Hives/System_Delta', content: 's' }];
  await importLayer(work.native, place, [await windowsTar([{ name: 'Files', later: 9n }, ...hives, { name: 'Files/Dir' }])]);
  work.layers.tombstones = '\ufeffVersion 1.0\n\\DIR\\gone.txt\n';
  const times = new Map<string, readonly bigint[]>();
  const removed: string[] = [];
  for await (const { path: at, file: entry } of readLayerEntries(work.native, place)) {
    if (entry === null) removed.push(at);
    else times.set(at, [entry.info.creationTimeFiletime, entry.info.accessTimeFiletime, entry.info.writeTimeFiletime]);
  }
  assert.deepEqual(removed, ['Files\\DIR\\gone.txt']);
  const [system] = times.get('Hives\\System_Delta') ?? [];
  const [sam] = times.get('Hives\\Sam_Delta') ?? [];
  assert.notEqual(sam, system);
  assert.deepEqual(times.get('Hives\\Sam_Delta'), [sam, sam, sam]);
  for (const name of ['Hives\\System_Delta', 'Hives', 'Files']) assert.deepEqual(times.get(name), [system, system, system], name);
});
