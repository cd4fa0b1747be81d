// What umoci unpacks of an image, and what our export lays out of it, against our view, at every layer. Debian: umoci.
import assert from 'node:assert/strict';
import path from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { chooseImage, loadImage } from '#engine';
import { runCommand } from '../support/command-line.ts';
import { diskTree, imageTree, type Tree, type TreeEntry } from '../support/disk-tree.ts';
import { Files, ociImage, ociLayout, type Packing, writeFolder } from '../support/image-builder.ts';
import { interopLayers } from '../support/interop-image.ts';
import { runTool } from '../support/tools.ts';
import { testFolder, testReader } from '../support/workbench.ts';

const LAYERS = interopLayers({ oldSparse: false });
const PACKINGS: readonly Packing[] = ['gzip', 'none'];
const IS_ROOT = process.getuid?.() === 0;

before(() => void process.umask(0o022));

/** A layout folder with an image for each number of layers, `v0` of the lowest alone. */
function writeLayout(t: TestContext): string {
  const folder = testFolder(t);
  const files = new Files();
  const images = LAYERS.map((_, top) => {
    // umoci 0.4 knows no zstd.
    const layers = LAYERS.slice(0, top + 1).map((tar, index) => ({ tar, packed: PACKINGS[index % 2] ?? 'none' }));
    return ociImage(files, { layers, annotations: { 'org.opencontainers.image.ref.name': `v${top}` } });
  });
  writeFolder(path.join(folder, 'layout'), ociLayout(files, images));
  return folder;
}

function assertSameTree(actual: Tree, expected: Tree, what: string, shape: (entry: TreeEntry) => unknown): void {
  assert.deepEqual([...actual.keys()], [...expected.keys()], `${what}: paths`);
  for (const [name, entry] of expected) {
    const other = actual.get(name);
    assert.ok(other);
    assert.deepEqual(shape(other), shape(entry), `${what}: ${name}`);
    // A folder's time changes with what a later layer puts in it; a folder that is implied has none.
    if (entry.mtime === null || entry.type === 'directory') continue;
    assert.ok((other.mtime ?? 0n) / 1000n === entry.mtime / 1000n, `${what}: ${name}: time ${other.mtime}, expected ${entry.mtime}`);
  }
}

test('umoci unpacks what our view shows, at every layer', async (t) => {
  const folder = writeLayout(t);
  const reader = testReader(t);
  const archive = await reader.open(path.join(folder, 'layout'));
  for (const [top] of LAYERS.entries()) {
    const rootless = IS_ROOT ? [] : ['--rootless'];
    runTool('umoci', ['unpack', ...rootless, '--image', `layout:v${top}`, `bundle-${top}`], { cwd: folder });
    const disk = diskTree(path.join(folder, `bundle-${top}`, 'rootfs'));
    const loaded = await loadImage(reader, archive, chooseImage(archive, { image: `v${top}`, platform: undefined }).index, {});
    const shape = ({ type, mode, uid, gid, size, link, group, sha256 }: TreeEntry) => ({
      type,
      mode: type === 'symlink' ? null : mode.toString(8),
      owner: IS_ROOT ? `${uid}:${gid}` : null,
      size,
      link,
      group,
      sha256,
    });
    assertSameTree(await imageTree(loaded, top), disk, `v${top}`, shape);
    // The image of all layers, seen at this one, is the image that ends here.
    if (top === LAYERS.length - 1) {
      for (let layer = 0; layer < top; layer++) {
        const below = diskTree(path.join(folder, `bundle-${layer}`, 'rootfs'));
        assertSameTree(await imageTree(loaded, layer), below, `layer ${layer} of v${top}`, shape);
      }
    }
  }
});

test('export lays out what umoci unpacks, but for pipes, owners and set-id bits', async (t) => {
  const folder = writeLayout(t);
  const layout = path.join(folder, 'layout');
  for (const top of [0, 3, LAYERS.length - 1]) {
    const rootless = IS_ROOT ? [] : ['--rootless'];
    runTool('umoci', ['unpack', ...rootless, '--image', `layout:v${top}`, `bundle-${top}`], { cwd: folder });
    const theirs = new Map([...diskTree(path.join(folder, `bundle-${top}`, 'rootfs'))].filter(([, { type }]) => type !== 'fifo'));
    const target = path.join(folder, `export-${top}`);
    const { code, stderr } = await runCommand(['export', layout, '/', '--to', target, '--image', `v${top}`]);
    assert.equal(code, 0, stderr);
    assert.equal(stderr, 'layerscope: warning: run/pipe: a pipe, not made\n');
    assertSameTree(diskTree(target), theirs, `export of v${top}`, ({ type, mode, size, link, group, sha256 }) => ({
      type,
      mode: type === 'symlink' ? null : (mode & 0o1777).toString(8),
      size,
      link,
      group,
      sha256,
    }));
  }
});
