// The portable store against independent programs: layers of the corpus' images keep their digests, and a mounted chain is what umoci
// unpacks, entry by entry.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { PortableDriver } from '../../src/driver/portable/index.ts';

const corpus = path.resolve(import.meta.dirname, '..', '..', '..', 'shared', 'corpus');
const work = mkdtempSync(path.join(tmpdir(), 'layerscope-umoci-'));
after(() => rmSync(work, { recursive: true, force: true }));

function runs(command: string, ...args: string[]): boolean {
  const { status, error } = spawnSync(command, args, { stdio: 'ignore', timeout: 60_000 });
  if (error !== undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') throw error;
  return status === 0;
}

/** Images of the corpus that skopeo reads and umoci unpacks, as layouts. */
function images(): { readonly name: string; readonly layout: string; readonly rootfs: string }[] {
  const found: { name: string; layout: string; rootfs: string }[] = [];
  let tried = 0;
  for (const name of readdirSync(corpus, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.tar'))
    .sort()) {
    // By a glance at its names: skopeo would read all of a sparse tar of 60 GB to find none.
    const bytes = readFileSync(path.join(corpus, name));
    for (const [kind, mark] of [
      ['docker-archive', 'manifest.json'],
      ['oci-archive', 'index.json'],
    ] as const) {
      if (!bytes.includes(mark)) continue;
      const layout = path.join(work, `layout${tried}`);
      const bundle = path.join(work, `bundle${tried++}`);
      const policy = ['--insecure-policy', '--override-os', 'linux', '--override-arch', 'amd64'];
      if (!runs('skopeo', ...policy, 'copy', `${kind}:${path.join(corpus, name)}`, `oci:${layout}:image`)) continue;
      if (!runs('umoci', 'unpack', ...(process.getuid?.() === 0 ? [] : ['--rootless']), '--image', `${layout}:image`, bundle)) continue;
      found.push({ name, layout, rootfs: path.join(bundle, 'rootfs') });
      break;
    }
  }
  return found;
}

interface Descriptor {
  readonly digest: string;
}

function blob(layout: string, { digest }: Descriptor): string {
  return path.join(layout, 'blobs', 'sha256', digest.slice('sha256:'.length));
}

function layersOf(layout: string): Descriptor[] {
  const index = JSON.parse(readFileSync(path.join(layout, 'index.json'), 'utf8')) as { manifests: Descriptor[] };
  const [manifest] = index.manifests;
  assert.ok(manifest !== undefined);
  return (JSON.parse(readFileSync(blob(layout, manifest), 'utf8')) as { layers: Descriptor[] }).layers;
}

/** Each path with all that both keep of it. Times to the microsecond, as Node.js sets no finer ones; names of one file by its first. */
function describeTree(root: string): string[] {
  const lines: string[] = [];
  const firsts = new Map<number, string>();
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()) {
    const file = path.join(root, name);
    const stats = lstatSync(file);
    const owner = process.getuid?.() === 0 ? `${stats.uid}:${stats.gid}` : '';
    const time = stats.isSymbolicLink() ? '' : Math.round(stats.mtimeMs);
    let what = 'other';
    if (stats.isDirectory()) what = 'directory';
    else if (stats.isSymbolicLink()) what = `-> ${readlinkSync(file)}`;
    else if (stats.isFile()) {
      const first = firsts.get(stats.ino) ?? name;
      firsts.set(stats.ino, first);
      what = `${stats.size} ${createHash('sha256').update(readFileSync(file)).digest('hex')} ${first === name ? '' : `= ${first}`}`;
    }
    lines.push(`${name} ${(stats.mode & 0o7777).toString(8)} ${owner} ${time} ${what}`);
  }
  return lines;
}

describe('images of the corpus in the portable store', { concurrency: false }, () => {
  const found = images();
  test('there are some', () => assert.ok(found.length >= 8, String(found.length)));
  for (const { name, layout, rootfs } of found) {
    test(name, async () => {
      const home = mkdtempSync(path.join(work, 'home-'));
      await using driver = await PortableDriver.open(home);
      let parent: string | null = null;
      for (const [index, layer] of layersOf(layout).entries()) {
        const id = `layer${index}`;
        await driver.create(id, parent);
        await driver.applyBlob(id, blob(layout, layer));
        assert.equal((await driver.metadata(id)).digest, layer.digest);
        assert.ok(readFileSync(path.join(home, 'blobs', 'sha256', layer.digest.slice(7))).equals(readFileSync(blob(layout, layer))));
        parent = id;
      }
      if (parent === null) return;
      await using mount = await driver.mount(parent);
      assert.deepEqual(describeTree(mount.path), describeTree(rootfs));
    });
  }
});
