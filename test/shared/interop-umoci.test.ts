// Compares our view at every layer with what umoci unpacks, and with our export. Debian: umoci.
import assert from 'node:assert/strict';
import { chmodSync, linkSync, lutimesSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { chooseImage, loadImage } from '#engine';
import { commandLines, runCommand } from '../support/command-line.ts';
import { diskTree, imageTree, type Tree, type TreeEntry } from '../support/disk-tree.ts';
import { Files, ociImage, ociLayout, type Packing, writeFolder } from '../support/image-builder.ts';
import { interopLayers } from '../support/interop-image.ts';
import { runTool } from '../support/tools.ts';
import { testFolder, testReader } from '../support/workbench.ts';

const LAYERS = interopLayers({ oldSparse: false });
const PACKINGS: readonly Packing[] = ['gzip', 'none'];
const IS_ROOT = process.getuid?.() === 0;

before(() => void process.umask(0o022));

/** Writes a layout folder with an image for each number of layers, from `v0` with only the bottom layer. */
function writeLayout(t: TestContext): string {
  const folder = testFolder(t);
  const files = new Files();
  const images = LAYERS.map((_, top) => {
    // umoci 0.4 doesn't support zstd.
    const layers = LAYERS.slice(0, top + 1).map((tar, index) => ({ tar, packed: PACKINGS[index % 2] ?? 'none' }));
    return ociImage(files, { layers, annotations: { 'org.opencontainers.image.ref.name': `v${top}` } });
  });
  writeFolder(path.join(folder, 'layout'), ociLayout(files, images));
  return folder;
}

/** Asserts that two trees are equal. `timeStep`: the precision, in nanoseconds, to which times are compared. */
function assertSameTree(actual: Tree, expected: Tree, what: string, timeStep: bigint, shape: (entry: TreeEntry) => unknown): void {
  assert.deepEqual([...actual.keys()], [...expected.keys()], `${what}: paths`);
  for (const [name, entry] of expected) {
    const other = actual.get(name);
    assert.ok(other);
    assert.deepEqual(shape(other), shape(entry), `${what}: ${name}`);
    // A folder's time changes when a later layer adds something, and an implied folder has no time.
    if (entry.mtime === null || entry.type === 'directory') continue;
    assert.ok((other.mtime ?? 0n) / timeStep === entry.mtime / timeStep, `${what}: ${name}: time ${other.mtime}, expected ${entry.mtime}`);
  }
}

/** Everything except times, and owners if this user can't change them. */
const shape = ({ type, mode, uid, gid, size, link, group, sha256 }: TreeEntry) => ({
  type,
  mode: type === 'symlink' ? null : mode.toString(8),
  owner: IS_ROOT ? `${uid}:${gid}` : null,
  size,
  link,
  group,
  sha256,
});

test('umoci unpacks what our view shows, at every layer', async (t) => {
  const folder = writeLayout(t);
  const reader = testReader(t);
  const archive = await reader.open(path.join(folder, 'layout'));
  for (const [top] of LAYERS.entries()) {
    const rootless = IS_ROOT ? [] : ['--rootless'];
    runTool('umoci', ['unpack', ...rootless, '--image', `layout:v${top}`, `bundle-${top}`], { cwd: folder });
    const disk = diskTree(path.join(folder, `bundle-${top}`, 'rootfs'));
    const loaded = await loadImage(reader, archive, chooseImage(archive, { image: `v${top}`, platform: undefined }).index, {});
    assertSameTree(await imageTree(loaded, top), disk, `v${top}`, 1n, shape);
    // The image with all layers, viewed at this layer, equals the image that ends with this layer.
    if (top === LAYERS.length - 1) {
      for (let layer = 0; layer < top; layer++) {
        const below = diskTree(path.join(folder, `bundle-${layer}`, 'rootfs'));
        assertSameTree(await imageTree(loaded, layer), below, `layer ${layer} of v${top}`, 1n, shape);
      }
    }
  }
});

test('export writes what umoci unpacks, except pipes, owners and set-id bits', async (t) => {
  const folder = writeLayout(t);
  const layout = path.join(folder, 'layout');
  for (const top of [0, 3, LAYERS.length - 1]) {
    const rootless = IS_ROOT ? [] : ['--rootless'];
    runTool('umoci', ['unpack', ...rootless, '--image', `layout:v${top}`, `bundle-${top}`], { cwd: folder });
    const theirs = new Map([...diskTree(path.join(folder, `bundle-${top}`, 'rootfs'))].filter(([, { type }]) => type !== 'fifo'));
    const target = path.join(folder, `export-${top}`);
    const { code, stderr } = await runCommand(['export', layout, '/', '--to', target, '--image', `v${top}`]);
    assert.equal(code, 0, stderr);
    const setIds = /^layerscope: warning: usr\/bin\/(su|wall): its set-user-ID and set-group-ID bits were left out\n/gm;
    assert.equal(stderr.replace(setIds, ''), 'layerscope: warning: run/pipe: a pipe, not created\n');
    assertSameTree(diskTree(target), theirs, `export of v${top}`, 1000n, ({ type, mode, size, link, group, sha256 }) => ({
      type,
      mode: type === 'symlink' ? null : (mode & 0o1777).toString(8),
      size,
      link,
      group,
      sha256,
    }));
  }
});

test('a layer that umoci packs from changes on disk lists those changes, and its view equals the disk', async (t) => {
  const folder = writeLayout(t);
  const rootless = IS_ROOT ? [] : ['--rootless'];
  runTool('umoci', ['unpack', ...rootless, '--image', 'layout:v0', 'bundle'], { cwd: folder });
  const at = (name: string): string => path.join(folder, 'bundle', 'rootfs', name);
  rmSync(at('gone'), { recursive: true });
  rmSync(at('etc/shadow'));
  rmSync(at('folder-to-file'), { recursive: true });
  writeFileSync(at('folder-to-file'), 'a file now');
  rmSync(at('file-to-folder'));
  mkdirSync(at('file-to-folder/new'), { recursive: true });
  writeFileSync(at('file-to-folder/new/file'), 'x');
  writeFileSync(at('etc/passwd'), 'other');
  linkSync(at('usr/bin/busybox'), at('usr/bin/ash'));
  chmodSync(at('tmp'), 0o700);
  symlinkSync('tmp', at('größe/link'));
  // umoci keeps only whole seconds.
  for (const name of ['folder-to-file', 'file-to-folder/new/file', 'etc/passwd', 'größe/link'])
    lutimesSync(at(name), 1_700_000_000, 1_700_000_000);
  runTool('umoci', ['repack', '--image', 'layout:next', 'bundle'], { cwd: folder });

  const layout = path.join(folder, 'layout');
  const reader = testReader(t);
  const archive = await reader.open(layout);
  const loaded = await loadImage(reader, archive, chooseImage(archive, { image: 'next', platform: undefined }).index, {});
  assertSameTree(await imageTree(loaded, 1), diskTree(at('')), 'repacked', 1n, shape);
  const changes = await commandLines(['changes', layout, '--image', 'next', '--layer', '1', '--json']);
  const reported = new Map(changes.map(({ kind, path: name, reason }) => [name, reason ?? kind]));
  const expected: [string, string][] = [
    ['etc/passwd', 'modified'],
    ['etc/shadow', 'whiteout'],
    ['file-to-folder', 'modified'],
    ['file-to-folder/new', 'added'],
    ['file-to-folder/new/file', 'added'],
    ['folder-to-file', 'modified'],
    ['gone', 'whiteout'],
    ['größe/link', 'added'],
    ['tmp', 'modified'],
    // The file has another name now, so umoci packs all its names.
    ['usr/bin/[', 'modified'],
    ['usr/bin/ash', 'added'],
    ['usr/bin/busybox', 'modified'],
    ['usr/bin/test', 'modified'],
  ];
  assert.deepEqual([...reported], expected);
});
