// The Windows driver on Windows' own layer calls: see scripts/test-windows.ts. Under Wine it runs on the stand-in for vmcompute.dll
// (LAYERSCOPE_STAND_IN), with its own small layers.
import assert from 'node:assert/strict';
import { createReadStream, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { foldWindowsCase, toHex } from '#model';
import type { TarSource } from '../../src/driver/driver.ts';
import { openNative } from '../../src/driver/windows/ffi/open-native.ts';
import { WindowsDriver } from '../../src/driver/windows/windows-driver.ts';
import { directory, file, hardlink, pax, tar } from '../support/tar-builder.ts';
import { filterTar } from '../support/windows-tars.ts';

const standIn = process.env.LAYERSCOPE_STAND_IN;
const files = (process.env.LAYERSCOPE_LAYERS ?? '').split(path.delimiter).filter((file) => file !== '');
const real = openNative(standIn === undefined ? {} : { vmcompute: standIn, backup: standIn });
// Wine's user holds no privileges, and the stand-in needs none.
const native = standIn === undefined ? real : { ...real, enablePrivileges: () => {} };
const work = mkdtempSync(path.join(tmpdir(), 'layerscope-real-'));
const home = path.join(work, 'windowsfilter');
mkdirSync(home);
after(() => rmSync(work, { recursive: true, force: true }));

/** Layers, base first. */
const layers: (() => TarSource | Promise<TarSource>)[] =
  files.length > 0
    ? files.map((file) => () => createReadStream(file))
    : [
        async () => [await filterTar({ files: { 'a.txt': 'a' } }, true)],
        async () => [await filterTar({ files: { 'b.txt': 'b' }, removed: ['a.txt'] }, false)],
      ];

const driver = new WindowsDriver('windowsfilter', home, native);

test('layer names have the GUIDs that public logs show', {
  skip: standIn !== undefined && 'the stand-in has its own GUIDs',
}, async () => {
  for (const [name, guid] of [
    ['4e3c0eecb91d8fc28eda07ff06c6910a592b0ce4539476fb943b48e6934e9976', 'cd22d128-903e-550a-9d8f-aa8134ca1c9b'],
    ['e2a46135ff011a2ef9f193590ccddde95806850a0cdd7638b913e003c28e7fd0', '8f9dd02a-0f67-598e-921b-59884f08b5af'],
    ['CN=Microsoft_WindowsServerCore_10.0.10586.0', '84ea5d62-64ed-574d-a0b6-2d19ec831a27'],
  ] as const) {
    const bytes = await native.layers.nameToGuid(name);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
    const text = [
      hex(view.getUint32(0, true), 8),
      hex(view.getUint16(4, true), 4),
      hex(view.getUint16(6, true), 4),
      toHex(bytes.subarray(8, 10)),
      toHex(bytes.subarray(10)),
    ].join('-');
    assert.equal(text, guid, name);
  }
});

test('names are equal where the file system treats them as equal: letters that differ only in case, ς, title case, Cherokee and Georgian', {
  skip: standIn !== undefined && "Wine's file system folds names by a table of its own",
}, () => {
  const folder = mkdtempSync(path.join(work, 'case-'));
  const wrong: string[] = [];
  for (let unit = 0x80; unit < 0xd800; unit++) {
    const [name, upper] = [String.fromCharCode(unit), String.fromCharCode(unit).toUpperCase()];
    if (upper === name) continue;
    writeFileSync(path.join(folder, name), '');
    if (existsSync(path.join(folder, upper)) !== (foldWindowsCase(name) === foldWindowsCase(upper)))
      wrong.push(`${name} ${unit.toString(16)}`);
    rmSync(path.join(folder, name));
  }
  rmSync(folder, { recursive: true });
  assert.deepEqual(wrong, [], 'letters that model/windows-case.ts folds differently from NTFS');
});

test('the shared base images are listed', async () => {
  for (const image of await driver.baseImages()) assert.match(image.id, /^[0-9a-f]{64}$/);
});

test('layers are imported on top of each other and exported again', async () => {
  for (const [index, open] of layers.entries()) {
    await driver.create(`layer${index}`, index === 0 ? null : `layer${index - 1}`);
    const { sizeBytes } = await driver.applyDiff(`layer${index}`, await open());
    assert.ok(sizeBytes > 0);
    let entries = 0;
    for await (const change of driver.changes(`layer${index}`)) {
      entries++;
      assert.match(change.path, /^(Files|Hives|UtilityVM)(\/|$)/);
    }
    assert.ok(entries > 0);
    let bytes = 0;
    for await (const piece of driver.diff(`layer${index}`)) bytes += piece.length;
    assert.equal(bytes % 512, 0);
    assert.ok(bytes > 1024);
  }
});

test('a read-write layer is mounted and written to, and its changes list what was written', async () => {
  await driver.createReadWrite('run', `layer${layers.length - 1}`);
  {
    await using mount = await driver.mount('run');
    writeFileSync(path.join(mount.path, 'layerscope.txt'), 'written through the mount');
    assert.ok(readdirSync(mount.path).length > 0);
    assert.equal(readFileSync(path.join(mount.path, 'layerscope.txt'), 'utf8'), 'written through the mount');
  }
  const paths: string[] = [];
  for await (const change of driver.changes('run')) paths.push(change.path);
  assert.ok(paths.includes('Files/layerscope.txt'), paths.join(', '));
  await driver.remove('run');
});

test('whiteouts, hard links and folder times apply to a layer whose folders exist in the parent too', async () => {
  const parent = `layer${layers.length - 1}`;
  const folder = { name: 'Files/layerscope' };
  // Without hives, as in layers made by crane, because Windows would read made-up hives.
  await driver.create('own', parent);
  await driver.applyDiff('own', [
    await filterTar({ files: { 'layerscope/kept.txt': 'kept', 'layerscope/gone.txt': 'gone', 'layerscope/sub/old.txt': 'old' } }, true),
  ]);
  await driver.create('over', 'own');
  await driver.applyDiff('over', [
    tar(
      directory('Files/'),
      pax({ 'LIBARCHIVE.creationtime': '1500000000', mtime: '1500000000', 'MSWINDOWS.fileattr': '16' }),
      directory(`${folder.name}/`),
      file(`${folder.name}/.wh.gone.txt`),
      file(`${folder.name}/.wh.sub`),
      directory(`${folder.name}/sub/`),
      file(`${folder.name}/sub/new.txt`, 'new'),
      hardlink(`${folder.name}/again.txt`, `${folder.name}/kept.txt`),
    ),
  ]);
  const place = path.join(home, 'over', 'Files', 'layerscope');
  assert.equal(existsSync(path.join(place, 'gone.txt')), false);
  assert.equal(existsSync(path.join(place, 'sub', 'old.txt')), false);
  const at = (name: string) => path.join(home, name);
  assert.equal(statSync(path.join(place, 'again.txt')).ino, statSync(path.join(at('own'), 'Files', 'layerscope', 'kept.txt')).ino);
  assert.equal(statSync(place).mtimeMs, 1_500_000_000_000);
  const paths: string[] = [];
  for await (const change of driver.changes('over')) paths.push(`${change.kind} ${change.path}`);
  assert.ok(paths.includes(`removed ${folder.name}/gone.txt`), paths.join(', '));
  await driver.remove('over');
  await driver.remove('own');
});

test('a read-write layer that was left mounted can be released by its id, and one that was not released can be removed', async () => {
  const parent = `layer${layers.length - 1}`;
  const later = new WindowsDriver('windowsfilter', home, native);
  await driver.createReadWrite('left', parent);
  await driver.mount('left');
  await later.releaseLeft('left');
  await assert.rejects(later.releaseLeft('left'), { code: 'NOT_FOUND' });
  await later.remove('left');
  await driver.createReadWrite('attached', parent);
  // This mount isn't released, so the disk stays attached.
  await new WindowsDriver('windowsfilter', home, native).mount('attached');
  await later.remove('attached');
  assert.equal(existsSync(path.join(home, 'attached')), false);
});

test('a read-write layer is mounted at a folder, which is empty again afterwards', {
  skip: standIn !== undefined && 'the stand-in has no volumes',
}, async () => {
  const at = path.join(work, 'mounted');
  mkdirSync(at);
  await driver.createReadWrite('run', `layer${layers.length - 1}`);
  {
    await using mount = await driver.mount('run', { at });
    assert.equal(mount.path, at);
    writeFileSync(path.join(at, 'layerscope.txt'), 'through the folder');
  }
  assert.deepEqual(readdirSync(at), []);
  await driver.remove('run');
});

test('layers can be created in homes where a layer’s path is just below 260 characters, or longer', async () => {
  const top = await filterTar({ files: { 'b.txt': 'b' } }, true);
  // Lengths of a layer's path, including the separator and the name layer0 or layer1.
  for (const length of [247, 250, 259, 300]) {
    let long = path.join(work, 'long');
    while (long.length < length - 107) long = path.join(long, 'n'.repeat(90));
    long = path.join(long, 'n'.repeat(Math.max(1, length - 8 - long.length)));
    mkdirSync(path.toNamespacedPath(long), { recursive: true });
    await using deep = new WindowsDriver('windowsfilter', long, native);
    try {
      await deep.create('layer0', null);
      await deep.applyDiff('layer0', await (layers[0] as () => TarSource)());
      await deep.create('layer1', 'layer0');
      await deep.applyDiff('layer1', [top]);
      let bytes = 0;
      for await (const piece of deep.diff('layer1')) bytes += piece.length;
      assert.ok(bytes > 1024, `${length}`);
    } finally {
      for (const { id } of (await deep.list()).toReversed()) await deep.remove(id);
    }
  }
});

test('all layers are removed, and nothing is left in the home', async () => {
  for (let index = layers.length - 1; index >= 0; index--) await driver.remove(`layer${index}`);
  assert.deepEqual(readdirSync(home), []);
  await driver[Symbol.asyncDispose]();
});
