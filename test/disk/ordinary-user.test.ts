// Modes that deny access to the user who lays out the layer. Root isn't affected, so all of these tests also run as an ordinary user.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs, {
  accessSync,
  appendFileSync,
  chmodSync,
  constants,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { removeTree, setAttributes } from '#disk';
import { PortableDriver } from '../../src/driver/portable/index.ts';
import { attributesBelow } from '../support/attributes.ts';
import { runCommand } from '../support/command-line.ts';
import { directory, file, hardlink, pax, tar } from '../support/tar-builder.ts';
import { collect } from '../support/tar-collect.ts';

const NOBODY = 65534;
const IS_ROOT = process.getuid?.() === 0;

if (IS_ROOT) {
  test('all tests in this file also pass as an ordinary user', (t) => {
    const home = mkdtempSync(path.join(tmpdir(), 'layerscope-nobody-'));
    t.after(() => rmSync(home, { recursive: true, force: true }));
    chmodSync(home, 0o777);
    const { NODE_TEST_CONTEXT: _, ...rest } = process.env;
    const env = { ...rest, HOME: home, TMPDIR: home, LAYERSCOPE_CACHE: path.join(home, 'cache') };
    const user = { uid: NOBODY, gid: NOBODY };
    const sees = spawnSync(process.execPath, ['--check', import.meta.filename], { ...user, env, encoding: 'utf8' });
    if (sees.status !== 0) return t.skip(`nobody may not read these sources: ${sees.error?.message ?? sees.stderr.split('\n')[0]}`);
    const { status, stdout } = spawnSync(process.execPath, ['--test', import.meta.filename], { ...user, env, encoding: 'utf8' });
    assert.equal(status, 0, stdout);
    assert.deepEqual(
      readdirSync(home).filter((name) => name !== 'cache'),
      [],
      'nothing is left',
    );
  });
}

function newFolder(t: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-shut-'));
  t.after(() => removeTree(folder));
  return folder;
}

/** Folders as nix and others create them: none is writable, and some can't even be entered. */
const LOWER = tar(
  directory('./', { mode: 0o555 }),
  directory('nix/', { mode: 0o555, mtime: 1_500_000_000 }),
  directory('nix/store/', { mode: 0o555, mtime: 1_500_000_001 }),
  file('nix/store/a', 'a', { mode: 0o444 }),
  directory('root/', { mode: 0o550 }),
  file('root/secret', 'secret', { mode: 0 }),
  directory('none/', { mode: 0, mtime: 1_500_000_002 }),
  directory('none/below/', { mode: 0o300 }),
  file('none/below/f', 'unread', { mode: 0o200, mtime: 1_400_000_000 }),
  hardlink('none/same', 'none/below/f', { mode: 0o200, mtime: 1_400_000_000 }),
);
const UPPER = tar(file('nix/store/b', 'b', { mode: 0o444 }), file('root/.wh.secret', ''), file('none/below/g', 'g', { mode: 0o111 }));

/** Returns the mode of every path, read as root or by temporarily opening each folder. */
function modesBelow(folder: string): Record<string, string> {
  const found: Record<string, string> = {};
  const visit = (name: string): void => {
    const at = path.join(folder, name);
    const { mode } = lstatSync(at);
    const isFolder = lstatSync(at).isDirectory();
    found[name] = (mode & 0o7777).toString(8).padStart(4, '0');
    if (!isFolder) return;
    chmodSync(at, 0o700);
    for (const each of readdirSync(at).sort()) visit(path.join(name, each));
    chmodSync(at, mode & 0o7777);
  };
  for (const name of readdirSync(folder).sort()) visit(name);
  return found;
}

const MODES = {
  nix: '0555',
  'nix/store': '0555',
  'nix/store/a': '0444',
  'nix/store/b': '0444',
  none: '0000',
  'none/below': '0300',
  'none/below/f': '0200',
  'none/below/g': '0111',
  'none/same': '0200',
  root: '0550',
};

async function openStore(t: TestContext): Promise<PortableDriver> {
  const driver = await PortableDriver.open(path.join(newFolder(t), 'home'));
  t.after(() => driver[Symbol.asyncDispose]());
  await driver.create('lower', null);
  await driver.applyDiff('lower', [LOWER]);
  await driver.create('upper', 'lower');
  await driver.applyDiff('upper', [UPPER]);
  return driver;
}

test('a chain whose folders lock their owner out is mounted and unmounted', async (t) => {
  const driver = await openStore(t);
  const mount = await driver.mount('upper');
  chmodSync(mount.path, 0o755);
  assert.deepEqual(modesBelow(mount.path), MODES);
  assert.equal(lstatSync(path.join(mount.path, 'nix', 'store')).mtimeMs, 1_500_000_001_000);
  assert.equal(lstatSync(path.join(mount.path, 'none')).mtimeMs, 1_500_000_002_000);
  chmodSync(mount.path, 0o555);
  await mount[Symbol.asyncDispose]();
  assert.deepEqual(readdirSync(path.join(driver.home, 'mounts')), []);
});

test('a mount cancelled at any point leaves nothing behind', async (t) => {
  const driver = await openStore(t);
  for (const call of ['mkdirSync', 'openSync', 'lutimesSync'] as const) {
    const controller = new AbortController();
    const real = fs[call] as (...values: unknown[]) => unknown;
    const { mock } = t.mock.method(fs, call, ((...values: unknown[]) => {
      controller.abort();
      return real(...values);
    }) as never);
    await assert.rejects(driver.mount('upper', { signal: controller.signal }), { code: 'CANCELLED' }, call);
    mock.restore();
    assert.deepEqual(readdirSync(path.join(driver.home, 'mounts')), [], call);
  }
});

test('the root gets its own mode only after all other work', async (t) => {
  const driver = await openStore(t);
  await using mount = await driver.mount('upper');
  assert.equal(lstatSync(mount.path).mode & 0o7777, 0o555);
});

test('an image whose folders lock their owner out is exported, as a whole and folder by folder', async (t) => {
  const folder = newFolder(t);
  const image = path.join(folder, 'layer.tar');
  writeFileSync(image, LOWER);
  const all = await runCommand(['export', image, '/', '--to', path.join(folder, 'all')], path.join(folder, 'cache'));
  assert.equal(all.code, 0, all.stderr);
  const { 'nix/store/b': _b, 'none/below/g': _g, ...lower } = MODES;
  assert.deepEqual(modesBelow(path.join(folder, 'all')), { ...lower, 'root/secret': '0000' });
  assert.equal(lstatSync(path.join(folder, 'all', 'none')).mtimeMs, 1_500_000_002_000);
  for (const name of ['nix', 'root', 'none', 'nix/store']) {
    const one = await runCommand(['export', image, name, '--to', path.join(folder, 'each')], path.join(folder, 'cache'));
    assert.equal(one.code, 0, `${name}: ${one.stderr}`);
  }
  assert.deepEqual(readdirSync(path.join(folder, 'each')).sort(), ['nix', 'none', 'root', 'store']);
});

test('an export that fails while setting modes leaves nothing behind', async (t) => {
  const folder = newFolder(t);
  const image = path.join(folder, 'layer.tar');
  writeFileSync(image, LOWER);
  const to = path.join(folder, 'to');
  // Another export takes the name in the meantime, so that the target exists by the time of the move.
  const taken = runCommand(['export', image, 'none', '--to', to], path.join(folder, 'cache'));
  const other = runCommand(['export', image, 'none', '--to', to], path.join(folder, 'cache'));
  const codes = (await Promise.all([taken, other])).map(({ code }) => code).sort();
  assert.deepEqual(codes, [0, 3]);
  assert.deepEqual(readdirSync(to), ['none']);
});

test('a read-write layer over unreadable files initially has no changes, later lists only the changes made, and keeps its modes', async (t) => {
  const driver = await openStore(t);
  await driver.createReadWrite('run', 'upper');
  const changes = async (): Promise<string[]> => {
    const found: string[] = [];
    for await (const { kind, path: changed } of driver.changes('run')) found.push(`${kind} ${changed}`);
    return found;
  };
  await using mount = await driver.mount('run');
  const at = (...names: string[]): string => path.join(mount.path, ...names);
  assert.deepEqual(await changes(), []);
  chmodSync(mount.path, 0o755);
  assert.deepEqual(modesBelow(mount.path), MODES);
  chmodSync(at('none'), 0o700);
  chmodSync(at('none', 'below'), 0o700);
  appendFileSync(at('none', 'below', 'f'), ', and more');
  writeFileSync(at('none', 'below', 'new'), 'new', { mode: 0 });
  chmodSync(at('none', 'below'), 0o300);
  chmodSync(at('none'), 0);
  assert.deepEqual(await changes(), ['modified none/below/f', 'added none/below/new', 'modified none/same']);
  const pieces: Uint8Array[] = [];
  for await (const bytes of driver.diff('run')) pieces.push(bytes.slice());
  const members = collect(Buffer.concat(pieces)).members.map(({ name, mode, content }) => `${name} ${mode.toString(8)} ${content}`);
  assert.deepEqual(members, [
    'none/ 0 ',
    'none/below/ 300 ',
    'none/below/f 200 unread, and more',
    'none/below/new 0 new',
    'none/same 200 ',
  ]);
  assert.deepEqual(modesBelow(mount.path), { ...MODES, 'none/below/new': '0000' });
  chmodSync(mount.path, 0o555);
});

test('attributes of unreadable files are set and read', async (t) => {
  const probe = newFolder(t);
  writeFileSync(path.join(probe, 'f'), '');
  if (setAttributes(probe, [{ path: '', attributes: [['user.probe', 'x']] }]) > 0 || (await attributesBelow(probe)) === null)
    return t.skip('this system or file system has no user extended attributes');
  const driver = await PortableDriver.open(path.join(newFolder(t), 'home'));
  t.after(() => driver[Symbol.asyncDispose]());
  const note = (text: string): Uint8Array => pax({ 'SCHILY.xattr.user.note': text });
  await driver.create('a', null);
  await driver.applyDiff('a', [
    tar(note('folder'), directory('none/', { mode: 0 }), note('file'), file('none/f', 'x', { mode: 0, mtime: 1_400_000_000 })),
  ]);
  await driver.createReadWrite('run', 'a');
  const reported: string[] = [];
  await using mount = await driver.mount('run', { onFinding: ({ message }) => reported.push(message) });
  assert.deepEqual(
    reported.filter((message) => message.includes('attribute')),
    [],
  );
  assert.deepEqual([...((await attributesBelow(mount.path)) ?? [])].sort(), [
    ['none', [['user.note', 'folder']]],
    ['none/f', [['user.note', 'file']]],
  ]);
  assert.deepEqual(modesBelow(mount.path), { none: '0000', 'none/f': '0000' });
});

test('no other user can enter the folders of mounts', async (t) => {
  const driver = await openStore(t);
  await using mount = await driver.mount('lower');
  assert.equal(lstatSync(path.dirname(mount.path)).mode & 0o7777, 0o700);
  await driver.createReadWrite('run', 'lower');
  await using written = await driver.mount('run');
  assert.equal(lstatSync(path.dirname(written.path)).mode & 0o7777, 0o700);
  accessSync(written.path, constants.X_OK);
  assert.equal(readFileSync(path.join(written.path, 'nix', 'store', 'a'), 'utf8'), 'a');
});
