// Both mounts and exports lay out a layer's unusual entries, times and links exactly, or leave them out and report them.
import assert from 'node:assert/strict';
import fs, { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { runCommand } from '../support/command-line.ts';
import { allTold, layOut, newRoot } from '../support/laid-chain.ts';
import { directory, file, hardlink, header, pax, symlink, tar } from '../support/tar-builder.ts';

/** Lays a layer out in both ways; returns the folder and the reported findings of each. */
async function bothWays(
  t: TestContext,
  layer: Uint8Array,
): Promise<{ readonly how: string; readonly root: string; readonly reported: string }[]> {
  const mounted = newRoot(t);
  const reported = await layOut(mounted, layer);
  const exported = newRoot(t);
  const image = path.join(path.dirname(exported), 'layer.tar');
  writeFileSync(image, layer);
  const { stderr } = await runCommand(['export', image, '/', '--to', exported]);
  return [
    { how: 'mount', root: mounted, reported: reported.join('\n') },
    { how: 'export', root: exported, reported: stderr },
  ];
}

const second = 1_000_000_000n;
function timeOf(name: string): bigint {
  return lstatSync(name, { bigint: true }).mtimeNs;
}

test('times of files, folders and links before 1970 are kept, with their fraction', async (t) => {
  const at = (seconds: string): Uint8Array => pax({ mtime: seconds });
  const layer = tar(
    ...[at('-1'), directory('d/'), at('-2.75'), file('d/old', 'x'), at('-1000000000.5'), symlink('link', 'd/old')],
    ...[at('-1'), file('last', '')],
  );
  for (const { how, root, reported } of await bothWays(t, layer)) {
    assert.equal(reported, '', how);
    assert.equal(timeOf(path.join(root, 'd')), -second, how);
    assert.equal(timeOf(path.join(root, 'd', 'old')), -2_750_000_000n, how);
    assert.equal(timeOf(path.join(root, 'link')), -1_000_000_000_500_000_000n, how);
    assert.equal(timeOf(path.join(root, 'last')), -second, how);
  }
});

test('a time is kept to the microsecond, and never rounded into the next second', async (t) => {
  const layer = tar(pax({ mtime: '1700000000.123456789' }), file('f', ''), pax({ mtime: '1700000000.999999999' }), file('g', ''));
  for (const { how, root } of await bothWays(t, layer)) {
    const difference = 1_700_000_000_123_456_789n - timeOf(path.join(root, 'f'));
    assert.ok(difference >= -1000n && difference <= 1000n, `${how}: ${difference}`);
    assert.equal(timeOf(path.join(root, 'g')) / second, 1_700_000_000n, how);
  }
});

test('a time that the file system can’t store is reported; a time after 2242 that it can store is kept', async (t) => {
  const late = 10_000_000_000n; // in the year 2286
  const layer = tar(
    ...[pax({ mtime: String(late) }), file('late', ''), pax({ mtime: '253402300800' }), file('y10000', ''), file('now', '')],
    ...[pax({ mtime: '9000000000000000' }), symlink('endless', 'now')],
  );
  for (const { how, root, reported } of await bothWays(t, layer)) {
    for (const [name, seconds] of [
      ['late', late],
      ['y10000', 253_402_300_800n],
      ['endless', 9_000_000_000_000_000n],
    ] as const) {
      const isKept = timeOf(path.join(root, name)) / second === seconds;
      assert.equal(reported.includes(`${name}: this file system cannot store its time`), !isKept, `${how} ${name}: ${reported}`);
    }
    assert.doesNotMatch(reported, /now:/, how);
  }
});

test('a time that the file system silently changes is reported', async (t) => {
  const real = fs.futimesSync;
  t.mock.method(fs, 'futimesSync', (descriptor: number) => real(descriptor, 2 ** 31 - 1, 2 ** 31 - 1));
  const reported = await layOut(newRoot(t), tar(file('a', '', { mtime: 2 ** 31 }), file('b', '', { mtime: 2 ** 31 - 1 })));
  assert.deepEqual(reported, ['not-kept a: this file system cannot store its time']);
});

test('an entry that the system refuses is reported and left out, and the rest is laid out', async (t) => {
  const layer = tar(
    symlink('empty', ''),
    ...[pax({ linkpath: 't'.repeat(5000) }), symlink('far', 'x')],
    ...[pax({ path: `${'n'.repeat(256)}/x` }), file('n', 'x')],
    ...[pax({ path: 'n'.repeat(300) }), file('n', 'x')],
    ...[pax({ path: `${'deep/'.repeat(1000)}x` }), file('n', 'x')],
    file('between', 'here'),
    symlink('ok', 'between'),
  );
  for (const { how, root, reported } of await bothWays(t, layer)) {
    const names = readdirSync(root).filter((name) => name !== 'deep');
    assert.deepEqual(names.sort(), ['between', 'ok'], `${how}: ${reported}`);
    assert.equal(readFileSync(path.join(root, 'between'), 'utf8'), 'here');
    for (const named of [
      /empty: a symbolic link whose target is empty/,
      /far: .*ENAMETOOLONG/,
      /nnn.*ENAMETOOLONG/,
      /deep\/deep.*ENAMETOOLONG/,
    ])
      assert.match(reported, named, how);
  }
});

for (const code of ['EINVAL', 'EPERM', 'ENOTSUP', 'EILSEQ', 'ELOOP', 'ENXIO', 'EOVERFLOW', 'EACCES']) {
  test(`${code} for one entry leaves out only that entry`, async (t) => {
    const real = fs.symlinkSync;
    t.mock.method(fs, 'symlinkSync', (target: Buffer, at: Buffer) => {
      if (String(at).endsWith('bad')) throw Object.assign(new Error(code), { code });
      real(target, at);
    });
    for (const { how, root, reported } of await bothWays(t, tar(symlink('bad', 'x'), symlink('good', 'x'), file('f', 'x')))) {
      assert.deepEqual(readdirSync(root).sort(), ['f', 'good'], how);
      assert.match(reported, new RegExp(`bad: the system refuses it: ${code}`), how);
    }
  });
}

for (const code of ['ENOSPC', 'EDQUOT', 'EIO', 'EROFS', 'EMFILE']) {
  test(`${code} affects the whole disk: the work stops, and an export leaves nothing behind`, async (t) => {
    t.mock.method(fs, 'symlinkSync', () => {
      throw Object.assign(new Error(code), { code });
    });
    const layer = tar(directory('shut/', { mode: 0 }), file('shut/f', 'x'), symlink('bad', 'x'));
    await assert.rejects(layOut(newRoot(t), layer), { code: 'IO' });
    const root = newRoot(t);
    const image = path.join(path.dirname(root), 'layer.tar');
    writeFileSync(image, layer);
    const { code: exit, error } = await runCommand(['export', image, '/', '--to', path.join(root, 'to')]);
    assert.deepEqual([exit, error?.code], [3, 'IO']);
    assert.deepEqual(readdirSync(root), []);
  });
}

test('if moving into place fails half-way, whatever was moved is removed again, whatever its mode', async (t) => {
  const real = fs.renameSync;
  let moves = 0;
  t.mock.method(fs, 'renameSync', (from: Buffer, to: Buffer) => {
    if (++moves === 2) throw Object.assign(new Error('EIO'), { code: 'EIO' });
    real(from, to);
  });
  const root = newRoot(t);
  const image = path.join(path.dirname(root), 'layer.tar');
  writeFileSync(image, tar(directory('a/', { mode: 0o555 }), file('a/f', 'x'), directory('b/', { mode: 0 }), file('b/f', 'x')));
  // Entries are moved one by one into an existing folder.
  mkdirSync(path.join(root, 'to'));
  const { error } = await runCommand(['export', image, '/', '--to', path.join(root, 'to')]);
  assert.deepEqual([error?.code, moves], ['IO', 2]);
  assert.deepEqual(readdirSync(path.join(root, 'to')), []);
});

test('hard links to symbolic links, pipes and devices become further names for them', async (t) => {
  const layer = tar(
    symlink('s', 'nowhere', { mtime: 1_400_000_000 }),
    hardlink('s2', 's', { mtime: 1_400_000_000 }),
    header({ name: 'pipe', typeflag: '6', mode: 0o620, mtime: 1_300_000_000 }),
    hardlink('pipe2', 'pipe', { mode: 0o620, mtime: 1_300_000_000 }),
    header({ name: 'null', typeflag: '3', mode: 0o666, devMajor: 1, devMinor: 3 }),
    hardlink('null2', 'null', { mode: 0o666 }),
  );
  const [mounted, exported] = await bothWays(t, layer);
  assert.ok(mounted !== undefined && exported !== undefined);
  for (const { how, root } of [mounted, exported]) {
    assert.equal(readlinkSync(path.join(root, 's2')), 'nowhere', how);
    assert.equal(timeOf(path.join(root, 's2')), 1_400_000_000n * second, how);
  }
  assert.deepEqual(readdirSync(exported.root).sort(), ['s', 's2']);
  for (const name of ['pipe2: a pipe, not created', 'null2: a device, not created']) assert.match(exported.reported, new RegExp(name));
  const at = (name: string) => lstatSync(path.join(mounted.root, name));
  assert.ok(at('pipe2').isFIFO());
  assert.deepEqual([at('pipe2').mode & 0o7777, at('pipe2').mtimeMs], [0o620, 1_300_000_000_000]);
  if (process.platform === 'linux') assert.deepEqual([at('s').ino, at('pipe').ino], [at('s2').ino, at('pipe2').ino]);
  if (/null: a device/.test(mounted.reported)) assert.match(mounted.reported, /null2: a device/);
  else assert.deepEqual([at('null2').rdev, at('null2').mode & 0o7777, at('null2').ino], [0x103, 0o666, at('null').ino]);
});

test('a device or pipe is created under any name', async (t) => {
  const root = newRoot(t);
  await layOut(root, tar(directory(Uint8Array.of(0xe4, 0x2f)), header({ name: Uint8Array.of(0xe4, 0x2f, 0xf6), typeflag: '6' })));
  const name = Buffer.concat([Buffer.from(`${root}/`), Buffer.of(0xe4, 0x2f, 0xf6)]);
  assert.ok(lstatSync(name).isFIFO());
  assert.deepEqual(readdirSync(path.dirname(root)).sort(), ['0.tar', 'root']);
});

test('a file hidden by an upper layer is never written, and a body is written once for all its names', async (t) => {
  const writes = t.mock.method(fs, 'writeSync');
  const root = newRoot(t);
  const hidden = 'hidden'.repeat(100);
  await layOut(
    root,
    tar(file('a', hidden), file('b', hidden), file('keep', 'kept'), hardlink('kept2', 'keep')),
    tar(file('.wh.a', ''), file('b', 'new')),
  );
  assert.deepEqual(readdirSync(root).sort(), ['b', 'keep', 'kept2']);
  // Longer writes are those of the layers' tar files.
  const written = writes.mock.calls.map(({ arguments: [, bytes] }) => Buffer.from(bytes as unknown as Uint8Array).toString());
  assert.deepEqual(written.filter((text) => text.length < 1024).sort(), ['kept', 'new']);
});

test('owners that no system can represent are reported, and the entry is laid out', async (t) => {
  const reported = await allTold(newRoot(t), tar(pax({ uid: '5000000000' }), file('far', 'x'), file('near', 'x')));
  const named = process.getuid?.() === 0 ? 'far: its owner could not be preserved' : 'only root can change owners';
  assert.match(reported.join('\n'), new RegExp(named));
});
