// Compares the portable store with independent programs. The corpus images' layers keep their digests. A mounted chain equals what umoci
// unpacks, entry by entry. umoci accepts a layer made from changes to a chain, and unpacks it to the same files. LAYERSCOPE_IMAGES: paths
// of more images, separated by `:`.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { setAttributes } from '#disk';
import { PortableDriver } from '../../src/driver/portable/index.ts';
import { attributesBelow } from '../support/attributes.ts';

const corpus = path.resolve(import.meta.dirname, '..', '..', '..', 'shared', 'corpus');
const work = mkdtempSync(path.join(tmpdir(), 'layerscope-umoci-'));
after(() => rmSync(work, { recursive: true, force: true }));

function runs(command: string, ...args: string[]): boolean {
  const { status, error } = spawnSync(command, args, { stdio: 'ignore', timeout: 600_000 });
  if (error !== undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') throw error;
  return status === 0;
}

/** Returns the corpus images that skopeo reads and umoci unpacks, as layouts. */
function images(): { readonly name: string; readonly layout: string; readonly rootfs: string }[] {
  const found: { name: string; layout: string; rootfs: string }[] = [];
  let tried = 0;
  const names = readdirSync(corpus, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.tar'));
  const more = (process.env.LAYERSCOPE_IMAGES ?? '').split(':').filter((file) => file !== '');
  for (const name of [...names.sort(), ...more.map((file) => path.resolve(file))]) {
    const file = path.resolve(corpus, name);
    // Check member names first, because skopeo would read a whole sparse tar of 60 GB only to find no image.
    const bytes = more.includes(name) ? Buffer.from('manifest.json index.json') : readFileSync(file);
    for (const [kind, mark] of [
      ['docker-archive', 'manifest.json'],
      ['oci-archive', 'index.json'],
    ] as const) {
      if (!bytes.includes(mark)) continue;
      const layout = path.join(work, `layout${tried}`);
      const bundle = path.join(work, `bundle${tried++}`);
      const policy = ['--insecure-policy', '--override-os', 'linux', '--override-arch', 'amd64'];
      if (!runs('skopeo', ...policy, 'copy', `${kind}:${file}`, `oci:${layout}:image`)) continue;
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

/** The attribute in which `umoci unpack --rootless` records owners that it isn't allowed to set. */
const ROOTLESS_OWNER = 'user.rootlesscontainers';

/**
 * Describes each path with everything that both sides preserve. Times are in microseconds, the limit of Node.js, and a file with several
 * names is listed by its first name.
 */
async function describeTree(root: string): Promise<string[]> {
  const lines: string[] = [];
  const firsts = new Map<number, string>();
  const attributes = await attributesBelow(root);
  assert.ok(attributes !== null, 'getfattr, of the attr package');
  for (const name of readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()) {
    const file = path.join(root, name);
    const stats = lstatSync(file);
    const owner = process.getuid?.() === 0 ? `${stats.uid}:${stats.gid}` : '';
    const time = stats.isSymbolicLink() ? '' : Math.round(stats.mtimeMs);
    let what = `${stats.isFIFO() ? 'pipe' : 'device'} ${stats.rdev}`;
    if (stats.isDirectory()) what = 'directory';
    else if (stats.isSymbolicLink()) what = `-> ${readlinkSync(file)}`;
    else if (stats.isFile()) {
      const first = firsts.get(stats.ino) ?? name;
      firsts.set(stats.ino, first);
      what = `${stats.size} ${createHash('sha256').update(readFileSync(file)).digest('hex')} ${first === name ? '' : `= ${first}`}`;
    }
    const kept = (attributes.get(Buffer.from(name).toString('latin1')) ?? []).filter(([key]) => key !== ROOTLESS_OWNER);
    lines.push(`${name} ${(stats.mode & 0o7777).toString(8)} ${owner} ${time} ${what} ${JSON.stringify(kept)}`);
  }
  return lines;
}

const found = images();

test('umoci accepts a layer made from what was written into a chain', async () => {
  const [first] = found;
  assert.ok(first !== undefined);
  await using driver = await PortableDriver.open(mkdtempSync(path.join(work, 'home-')));
  let parent: string | null = null;
  for (const [index, layer] of layersOf(first.layout).entries()) {
    await driver.create(`layer${index}`, parent);
    parent = `layer${index}`;
    await driver.blobs.apply(parent, blob(first.layout, layer));
  }
  assert.ok(parent !== null);
  await driver.createReadWrite('run', parent);
  const tar = path.join(work, 'written.tar');
  {
    await using mount = await driver.mount('run');
    write(mount.path);
    await writeFile(tar, driver.diff('run'));
    assert.ok(runs('umoci', 'raw', 'add-layer', '--image', `${first.layout}:image`, '--tag', 'more', tar));
    assert.ok(
      runs('skopeo', '--insecure-policy', 'copy', `oci:${first.layout}:more`, `docker-archive:${path.join(work, 'more.tar')}:more:1`),
    );
    const bundle = path.join(work, 'more');
    assert.ok(runs('umoci', 'unpack', ...(process.getuid?.() === 0 ? [] : ['--rootless']), '--image', `${first.layout}:more`, bundle));
    assert.deepEqual(await describeTree(mount.path), await describeTree(path.join(bundle, 'rootfs')));
  }
  // The store also accepts the diff as a separate layer.
  await driver.create('more', parent);
  await driver.blobs.apply('more', tar);
  await using written = await driver.mount('run');
  await using taken = await driver.mount('more', { asIs: true });
  assert.deepEqual(await describeTree(taken.path), await describeTree(written.path));
});

/** Makes every kind of change to a folder: created, changed, removed, replaced by another type, linked, marked. */
function write(root: string): void {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
  const [file, other] = names.filter((name) => lstatSync(path.join(root, name)).isFile());
  const folder = names.find((name) => lstatSync(path.join(root, name)).isDirectory());
  const at = (...parts: string[]) => path.join(root, ...parts);
  mkdirSync(at('new', 'deep', 'empty'), { recursive: true });
  writeFileSync(at('new', 'a'), 'a');
  linkSync(at('new', 'a'), at('new', 'deep', 'same'));
  symlinkSync('../a', at('new', 'deep', 'link'));
  writeFileSync(at('new', 'gr\u00fc\u00dfe \u{1F40B} '), '');
  writeFileSync(at('new', 'x'.repeat(200)), 'long');
  chmodSync(at('new', 'a'), 0o4711);
  utimesSync(at('new', 'deep', 'empty'), 1_234_567_890.25, 1_234_567_890.25);
  assert.equal(spawnSync('mkfifo', [at('new', 'pipe')]).status, 0);
  assert.equal(setAttributes(root, [{ path: 'new/a', attributes: [['user.mark', 'm\0\n']] }]), 0);
  if (file !== undefined) writeFileSync(at(file), 'other content');
  if (other !== undefined) rmSync(at(other));
  if (folder !== undefined) {
    rmSync(at(folder), { recursive: true });
    writeFileSync(at(folder), 'a folder was here');
  }
}

describe('images of the corpus in the portable store', { concurrency: false }, () => {
  test('enough images of the corpus were found', () => assert.ok(found.length >= 8, String(found.length)));
  for (const { name, layout, rootfs } of found) {
    test(name, async () => {
      const home = mkdtempSync(path.join(work, 'home-'));
      await using driver = await PortableDriver.open(home);
      let parent: string | null = null;
      for (const [index, layer] of layersOf(layout).entries()) {
        const id = `layer${index}`;
        await driver.create(id, parent);
        await driver.blobs.apply(id, blob(layout, layer));
        assert.equal((await driver.metadata(id)).digest, layer.digest);
        assert.ok(readFileSync(path.join(home, 'blobs', 'sha256', layer.digest.slice(7))).equals(readFileSync(blob(layout, layer))));
        parent = id;
      }
      if (parent === null) return;
      await using mount = await driver.mount(parent);
      assert.deepEqual(await describeTree(mount.path), await describeTree(rootfs));
    });
  }
});
