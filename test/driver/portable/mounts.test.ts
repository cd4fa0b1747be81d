// A chain laid out: whiteouts in any order, links, holes, modes, times, names that lead out, links on the way.
import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { PortableDriver } from '../../../src/driver/portable/index.ts';
import { directory, file, gnuSparse, hardlink, header, latin1, symlink, tar } from '../../support/tar-builder.ts';

async function laidOut(t: TestContext, ...layers: readonly Uint8Array[]): Promise<{ root: string; outside: string[] }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'layerscope-mounts-'));
  const driver = await PortableDriver.open(path.join(folder, 'home'));
  t.after(async () => {
    await driver[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  for (const [index, layer] of layers.entries()) {
    await driver.create(`l${index}`, index === 0 ? null : `l${index - 1}`);
    await driver.applyDiff(`l${index}`, [layer]);
  }
  const { path: root } = await driver.mount(`l${layers.length - 1}`);
  return {
    root,
    outside: readdirSync(folder)
      .concat(readdirSync(path.dirname(root)))
      .sort(),
  };
}

const below = tar(
  directory('d/', { mode: 0o750, mtime: 1_500_000_000 }),
  file('d/old', 'old'),
  file('d/keep', 'keep'),
  directory('gone/'),
  file('gone/a', 'a'),
  symlink('lib', 'usr/lib'),
  directory('usr/lib/'),
);

for (const [what, order] of [
  ['before', [file('gone/.wh..wh..opq', ''), file('gone/new', 'new')]],
  ['behind', [file('gone/new', 'new'), file('gone/.wh..wh..opq', '')]],
] as const) {
  test(`an opaque marker ${what} its folder's content hides what lies below only`, async (t) => {
    const { root } = await laidOut(t, below, tar(directory('gone/'), ...order));
    assert.deepEqual(readdirSync(path.join(root, 'gone')), ['new']);
  });
}

test('a whiteout hides a file or a whole folder, and not what its own layer brings of it', async (t) => {
  const { root } = await laidOut(
    t,
    below,
    tar(file('d/.wh.old', ''), directory('gone/'), file('gone/own', 'own'), file('.wh.gone', ''), file('.wh.nothing', '')),
  );
  assert.deepEqual(readdirSync(path.join(root, 'd')), ['keep']);
  assert.deepEqual(readdirSync(path.join(root, 'gone')), ['own']);
});

test('a folder becomes a file and a file a folder; the last of one path counts', async (t) => {
  const { root } = await laidOut(
    t,
    below,
    tar(file('gone', 'now a file'), directory('d/old/'), file('d/old/x', 'x'), file('twice', '1'), file('twice', '2')),
  );
  assert.equal(readFileSync(path.join(root, 'gone'), 'utf8'), 'now a file');
  assert.equal(readFileSync(path.join(root, 'd', 'old', 'x'), 'utf8'), 'x');
  assert.equal(readFileSync(path.join(root, 'twice'), 'utf8'), '2');
});

test('a link on the way is followed inside the root, as in a container', async (t) => {
  const { root } = await laidOut(t, below, tar(file('lib/x.so', 'x'), symlink('abs', '/usr'), file('abs/y', 'y')));
  assert.equal(lstatSync(path.join(root, 'lib')).isSymbolicLink(), true);
  assert.equal(readFileSync(path.join(root, 'usr', 'lib', 'x.so'), 'utf8'), 'x');
  assert.equal(readFileSync(path.join(root, 'usr', 'y'), 'utf8'), 'y');
});

test('nothing is written outside, whatever names and links say', async (t) => {
  const hostile = tar(
    file('../escaped', 'x'),
    file('a/../../escaped', 'x'),
    file('/absolute', 'x'),
    symlink('up', '../../..'),
    file('up/escaped', 'x'),
    symlink('out', '/tmp'),
    file('out/layerscope-escaped', 'x'),
    symlink('loop', 'loop'),
    hardlink('hard', '../../home/oci-layout'),
    hardlink('hard2', '/etc/passwd'),
  );
  const { root, outside } = await laidOut(t, hostile);
  assert.deepEqual(outside, ['home', 'owner', 'root']);
  assert.equal(existsSync('/tmp/layerscope-escaped'), false);
  assert.equal(existsSync(path.join(root, 'hard')), false);
  assert.equal(existsSync(path.join(root, 'hard2')), false);
  assert.equal(readFileSync(path.join(root, 'absolute'), 'utf8'), 'x');
  assert.equal(readFileSync(path.join(root, 'escaped'), 'utf8'), 'x', 'up leads to the root, as `/..` does');
});

test('links that lead in a circle are refused by name', async (t) => {
  await assert.rejects(laidOut(t, tar(symlink('a', 'b'), symlink('b', 'a'), file('a/x', 'x'))), { code: 'PATH_ESCAPE' });
});

test('modes, times, hard links, holes and raw names are kept; a link to a lower file keeps its bytes', async (t) => {
  const { root } = await laidOut(
    t,
    below,
    tar(
      file('exec', '#!', { mode: 0o4755, mtime: 1_400_000_000 }),
      hardlink('d/link', 'd/old'),
      file('d/.wh.old', ''),
      gnuSparse('sparse', 1 << 20, [[(1 << 20) - 4, 4]], 'tail'),
      file(latin1('caf\u00e9'), 'raw'),
      symlink('dangling', '/no/where', { mtime: 1_300_000_000 }),
      directory('shut/', { mode: 0o500 }),
      file('shut/in', 'in', { mode: 0o400 }),
      header({ name: 'null', typeflag: '3', devMajor: 1, devMinor: 3 }),
    ),
  );
  const at = (name: string) => path.join(root, name);
  assert.equal(statSync(at('exec')).mode & 0o7777, 0o4755);
  assert.equal(statSync(at('exec')).mtimeMs, 1_400_000_000_000);
  assert.equal(statSync(at('d')).mode & 0o7777, 0o750);
  assert.equal(readFileSync(at('d/link'), 'utf8'), 'old');
  const sparse = readFileSync(at('sparse'));
  assert.equal(sparse.length, 1 << 20);
  assert.ok(sparse.subarray(0, -4).every((byte) => byte === 0) && sparse.subarray(-4).toString() === 'tail');
  assert.ok(statSync(at('sparse')).blocks * 512 < 1 << 20, 'holes stay holes');
  assert.ok(readdirSync(root, { encoding: 'buffer' }).some((name) => name.equals(Buffer.from('636166e9', 'hex'))));
  assert.equal(readlinkSync(at('dangling')), '/no/where');
  assert.equal(lstatSync(at('dangling')).mtimeMs, 1_300_000_000_000);
  assert.equal(statSync(at('shut')).mode & 0o7777, 0o500);
  assert.equal(existsSync(at('null')), false);
});
