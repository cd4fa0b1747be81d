import assert from 'node:assert/strict';
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { directory, file, gnuSparse, hardlink, header, symlink, tar } from '../support/tar-builder.ts';
import { createBench, dockerArchive } from './run-cli.ts';

const IMAGE = dockerArchive([
  [
    tar(
      directory('etc/', { mode: 0o755, mtime: 1_500_000_000 }),
      file('etc/motd', 'hello\n', { mode: 0o640, mtime: 1_600_000_000 }),
      file('etc/tool', '#!', { mode: 0o4755 }),
      directory('etc/shut/', { mode: 0o555 }),
      file('etc/shut/x', 'x', { mode: 0o444 }),
      hardlink('etc/again', 'etc/motd', { mode: 0o640, mtime: 1_600_000_000 }),
      symlink('etc/out', '/etc/passwd', { mtime: 1_400_000_000 }),
      symlink('etc/up', '../../..'),
      symlink('conf', 'etc'),
      file('deep/er/file', 'deep'),
      header({ name: 'etc/null', typeflag: '3', devMajor: 1, devMinor: 3 }),
      header({ name: 'etc/pipe', typeflag: '6' }),
    ),
    tar(file('etc/motd', 'newer\n')),
  ],
]);

test('export writes a folder under its own name with modes, times and links', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  const { code, stdout, stderr } = await bench.cli(['export', 'image.tar', '/etc', '--to', 'out']);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /out\/etc: 4 files, 2 folders, 2 links/);
  assert.deepEqual(stderr.trimEnd().split('\n'), [
    'layerscope: warning: etc/null: a device, not created',
    'layerscope: warning: etc/pipe: a pipe, not created',
    'layerscope: warning: etc/tool: its set-user-ID and set-group-ID bits were left out',
  ]);
  const at = (name: string) => path.join(bench.folder, 'out', 'etc', name);
  assert.deepEqual(readdirSync(path.join(bench.folder, 'out')), ['etc']);
  assert.deepEqual(readdirSync(at('')).sort(), ['again', 'motd', 'out', 'shut', 'tool', 'up']);
  assert.equal(readFileSync(at('motd'), 'utf8'), 'newer\n');
  assert.equal(readFileSync(at('again'), 'utf8'), 'hello\n');
  assert.equal(readlinkSync(at('out')), '/etc/passwd');
  assert.equal(readlinkSync(at('up')), '../../..');
  assert.equal(lstatSync(at('out')).mtimeMs, 1_400_000_000_000);
  assert.equal(statSync(at('again')).mtimeMs, 1_600_000_000_000);
  assert.equal(statSync(at('again')).mode & 0o7777, 0o640);
  assert.equal(statSync(at('')).mtimeMs, 1_500_000_000_000);
  assert.equal(statSync(at('shut')).mode & 0o7777, 0o555);
  assert.equal(statSync(at('tool')).mode & 0o7777, 0o755, 'set-id bits of an image are dropped');
});

test('export writes the content as seen at the selected layer, and hard links stay one file', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  const { code } = await bench.cli(['export', 'image.tar', 'etc', '--to', 'out', '--layer', '0']);
  assert.equal(code, 0);
  const [motd, again] = ['motd', 'again'].map((name) => statSync(path.join(bench.folder, 'out', 'etc', name)));
  assert.equal(motd?.ino, again?.ino);
  assert.equal(readFileSync(path.join(bench.folder, 'out', 'etc', 'motd'), 'utf8'), 'hello\n');
});

test('exporting the whole image needs an empty folder; a single file doesn’t', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  mkdirSync(path.join(bench.folder, 'out'));
  assert.equal((await bench.cli(['export', 'image.tar', '/', '--to', 'out'])).code, 0);
  assert.deepEqual(readdirSync(path.join(bench.folder, 'out')).sort(), ['conf', 'deep', 'etc']);
  assert.equal((await bench.cli(['export', 'image.tar', 'conf/motd', '--to', 'out'])).code, 0);
  assert.equal(readFileSync(path.join(bench.folder, 'out', 'motd'), 'utf8'), 'newer\n');
  const link = await bench.cli(['export', 'image.tar', 'conf', '--to', 'links']);
  assert.equal(link.code, 0);
  assert.equal(readlinkSync(path.join(bench.folder, 'links', 'conf')), 'etc');
});

test('nothing is overwritten, and a failed export leaves nothing behind', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', IMAGE);
  mkdirSync(path.join(bench.folder, 'out'));
  writeFileSync(path.join(bench.folder, 'out', 'etc'), 'mine');
  for (const name of ['etc', '/']) {
    const { code, stdout, stderr } = await bench.cli(['export', 'image.tar', name, '--to', 'out']);
    assert.equal(code, 3);
    assert.equal(stdout, '');
    assert.match(stderr, /^layerscope: EXISTS: [^\n]+\n$/);
  }
  assert.deepEqual(readdirSync(path.join(bench.folder, 'out')), ['etc']);
  assert.equal(readFileSync(path.join(bench.folder, 'out', 'etc'), 'utf8'), 'mine');
  const missing = await bench.cli(['export', 'image.tar', 'nope', '--to', 'a/b/c']);
  assert.equal(missing.code, 3);
  const device = await bench.cli(['export', 'image.tar', 'etc/null', '--to', 'a/b/c']);
  assert.match(device.stderr, /^layerscope: UNSUPPORTED: etc\/null: a device, not created\n$/);
  assert.deepEqual(readdirSync(bench.folder).sort(), ['image.tar', 'out']);
});

test('a sparse file’s holes are kept', async (t) => {
  const bench = createBench(t);
  const size = 1 << 30;
  bench.write(
    'layer.tar',
    tar(
      gnuSparse(
        'big',
        size,
        [
          [1 << 20, 4],
          [size, 0],
        ],
        'data',
      ),
    ),
  );
  const { code, stderr } = await bench.cli(['export', 'layer.tar', 'big', '--to', 'out']);
  assert.equal(code, 0, stderr);
  const stat = statSync(path.join(bench.folder, 'out', 'big'));
  assert.equal(stat.size, size);
  assert.ok(stat.blocks * 512 < 1 << 20, `${stat.blocks} blocks`);
});
