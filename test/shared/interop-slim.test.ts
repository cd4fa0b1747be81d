// Images that waste --if writes, read by skopeo and unpacked by umoci: they contain the same files as the original. Debian: skopeo, umoci.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { loadImage, packSlim, parseWhatIf, planOf } from '#engine';
import { diskTree } from '../support/disk-tree.ts';
import { dockerArchive } from '../support/docker-archive.ts';
import { interopLayers } from '../support/interop-image.ts';
import { runTool } from '../support/tools.ts';
import { testFolder, testReader } from '../support/workbench.ts';

const MAKE = path.resolve(import.meta.dirname, '../../../shared/meaning/findings/make.py');

before(() => void process.umask(0o022));

/** Copies a docker-archive to a layout with skopeo, which checks every digest. */
function toLayout(folder: string, archive: string, name: string): void {
  runTool('skopeo', ['copy', '--insecure-policy', `docker-archive:${archive}`, `oci:${name}:x`], { cwd: folder });
}

function unpacked(folder: string, name: string): unknown[] {
  const rootless = process.getuid?.() === 0 ? [] : ['--rootless'];
  runTool('umoci', ['unpack', ...rootless, '--image', `${name}:x`, `bundle-${name}`], { cwd: folder });
  const tree = diskTree(path.join(folder, `bundle-${name}`, 'rootfs'));
  // A folder's time is the time of the last change in it, so it isn't compared.
  return [...tree].map(([at, entry]) => [at, entry.type === 'directory' ? { ...entry, mtime: null, mtimeNs: null } : entry]);
}

/** Returns false if the plan can't be written. */
async function write(t: TestContext, source: string, text: string, target: string): Promise<boolean> {
  const reader = testReader(t);
  await using archive = await reader.open(source);
  const loaded = await loadImage(reader, archive, 0);
  const what = parseWhatIf(text);
  const plan = planOf(loaded, what);
  if (plan.obstacle !== null) return false;
  await using packed = await packSlim(loaded, what, plan);
  await packed.write(target);
  return true;
}

async function compare(t: TestContext, original: string, whats: readonly string[]): Promise<string[]> {
  const folder = testFolder(t);
  toLayout(folder, original, 'original');
  const expected = unpacked(folder, 'original');
  assert.ok(expected.length > 10);
  const refused: string[] = [];
  for (const text of whats) {
    const name = text.replace('=', '-');
    const made = path.join(folder, `${name}.tar`);
    if (!(await write(t, original, text, made))) {
      refused.push(text);
      continue;
    }
    toLayout(folder, made, name);
    // umoci 0.4 doesn't support zstd.
    if (text !== 'zstd') assert.deepEqual(unpacked(folder, name), expected, text);
  }
  return refused;
}

test('skopeo reads the images that waste --if writes, and umoci unpacks the original’s files from them', async (t) => {
  const folder = testFolder(t);
  const layers = interopLayers({ oldSparse: false });
  const whats = ['merge-removals', 'zstd', ...layers.map((_, from) => `squash=${from}`)];
  writeFileSync(path.join(folder, 'odd.tar'), dockerArchive({ name: 'app:1', layers }));
  // odd.tar has hard links to files that later layers remove, so some squashes are refused.
  const refused = await compare(t, path.join(folder, 'odd.tar'), whats);
  assert.ok(refused.every((text) => text.startsWith('squash=')) && refused.length < layers.length, refused.join());
  runTool('python3', ['-B', MAKE, folder, '1']);
  const waste = path.join(folder, 'waste.tar');
  writeFileSync(waste, gunzipSync(readFileSync(`${waste}.gz`)));
  assert.deepEqual(await compare(t, waste, ['merge-removals', 'zstd', 'squash=0', 'squash=1', 'squash=3']), []);
});
