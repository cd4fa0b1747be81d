// Small inputs for which a naive implementation takes quadratic time. The tests count steps, not time.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { createReader } from '#archive';
import { openDriver } from '#driver';
import { exportPath, loadImage } from '#engine';
import { buildTree } from '../../src/changes/image-tree.ts';
import { ImpliedFacts } from '../../src/changes/implied-facts.ts';
import { createApplier, stageLayer } from '../../src/changes/view.ts';
import { Chains, MAX_CHAIN } from '../../src/driver/portable/chains.ts';
import type { LayerRecord } from '../../src/driver/portable/layer-record.ts';
import { createBench } from '../cli/run-cli.ts';
import { dockerArchive } from '../support/docker-archive.ts';
import { file as fileMember, layer } from '../support/layer-fixture.ts';
import { directory, file, tar } from '../support/tar-builder.ts';
import { testFolder } from '../support/workbench.ts';

/** Wraps an array to count how many elements are read. */
function counted<T extends Uint32Array>(array: T): { readonly array: T; reads: number } {
  const count = { array, reads: 0 };
  count.array = new Proxy(array, {
    get(target, name) {
      if (typeof name === 'string' && /^\d+$/.test(name)) count.reads++;
      return Reflect.get(target, name, target) as unknown;
    },
  });
  return count;
}

test('a layer may repeat an opaque marker for each path of its folder', () => {
  const size = 2_000;
  const names = Array.from({ length: size }, (_, at) => at);
  const table = layer([...names.map((at) => ({ whiteout: `d/f${at}` })), ...names.map(() => ({ opaque: 'd' }))]);
  const tree = buildTree([table], false);
  const siblings = counted(tree.nextSibling);
  const staged = stageLayer(createApplier({ ...tree, nextSibling: siblings.array }), 0);
  assert.equal(staged?.aimless.length, 2 * size);
  assert.ok(siblings.reads <= 2 * size, `${siblings.reads} steps for ${2 * size} members`);
});

test('a tree may be as deep as it is large', () => {
  const depth = 1_000;
  const deep = layer([fileMember(`${'a/'.repeat(depth)}f`)]);
  for (const [what, layers] of [
    ['one layer', [deep]],
    ['a layer over another one', [layer([fileMember('other')]), deep]],
    ['a layer over itself', [deep, deep]],
    ['a layer of whiteouts over itself', [deep, layer([{ whiteout: 'b/c' }, fileMember(`${'a/'.repeat(depth)}f`)])]],
  ] as const) {
    const tree = buildTree(layers, false);
    const parents = counted(tree.parent);
    const facts = new ImpliedFacts({ ...tree, parent: parents.array });
    for (let node = 1; node < tree.count; node++) facts.of(0, layers.length - 1, node);
    assert.ok(parents.reads <= 4 * tree.count, `${what}: ${parents.reads} steps for ${tree.count} paths`);
  }
});

test('a store lists a long chain by looking up each layer a few times', () => {
  const record = (parent: string | null): LayerRecord => ({ version: 1, parent, readWrite: false, blob: null });
  const records = new Map(Array.from({ length: MAX_CHAIN + 1 }, (_, at) => [`l${at}`, record(at === 0 ? null : `l${at - 1}`)]));
  let reads = 0;
  const chains = new Chains({
    get(id) {
      reads++;
      return records.get(id);
    },
  });
  const problems = [...records.keys()].map((id) => chains.problemOf(id));
  assert.ok(reads <= 4 * records.size, `${reads} lookups for ${records.size} layers`);
  assert.deepEqual(new Set(problems.slice(0, MAX_CHAIN)), new Set([null]));
  assert.equal(problems.at(-1), 'its chain has 2,001 layers, and a store works with 2,000 at most');
  assert.deepEqual(chains.of('l2'), ['l1', 'l0']);
});

test('a problem in a chain is reported for each layer above it', () => {
  const record = (parent: string | null): LayerRecord => ({ version: 1, parent, readWrite: false, blob: null });
  const chains = new Chains(
    new Map([
      ['a', record('b')],
      ['b', record('a')],
      ['c', record('a')],
      ['d', record('gone')],
      ['e', record('d')],
      ['f', record('f')],
    ]),
  );
  for (const [id, problem] of [
    ['a', /^[ab] is below itself$/],
    ['b', /^[ab] is below itself$/],
    ['c', /^[ab] is below itself$/],
    ['d', /^its parent gone is missing$/],
    ['e', /^its parent gone is missing$/],
    ['f', /^f is below itself$/],
  ] as const) {
    assert.match(chains.problemOf(id) ?? '', problem, id);
    assert.deepEqual(chains.of(id), []);
  }
});

test('an image may name one layer many times, and a store accepts 2,000', async (t) => {
  const folder = testFolder(t);
  const content = tar(file('a', 'content'));
  const write = (count: number): string => {
    const archiveFile = path.join(folder, `${count}.tar`);
    writeFileSync(archiveFile, dockerArchive({ name: 'app:1', layers: Array.from({ length: count }, () => content) }));
    return archiveFile;
  };
  await using reader = createReader({ cacheFolder: null, workers: 0 });
  await using driver = await openDriver('portable', path.join(folder, 'store'));
  await using archive = await reader.open(write(300));
  let copied = 0;
  await driver.images?.add(archive, archive.roots(), { onProgress: (bytes) => (copied += bytes) });
  assert.ok(copied < 2 * content.length + 100_000, `${copied} bytes copied of a layer of ${content.length}`);
  const layers = await driver.list();
  assert.equal(layers.length, 300);
  assert.deepEqual(new Set(layers.map(({ chain }) => chain.length)).size, 300);
  await using long = await reader.open(write(MAX_CHAIN + 1));
  await assert.rejects(async () => driver.images?.add(long, long.roots()), {
    code: 'TOO_LARGE',
    message: 'image app:1 has 2,001 layers: a store takes 2,000 at most',
  });
});

test('an export moves each entry of the root into place without comparing it with all others', async (t) => {
  const folder = testFolder(t);
  const count = 200;
  const names = Array.from({ length: count }, (_, at) => `d${at}/`);
  writeFileSync(path.join(folder, 'image.tar'), dockerArchive({ name: 'app:1', layers: [tar(...names.map((name) => directory(name)))] }));
  mkdirSync(path.join(folder, 'to'));
  await using reader = createReader({ cacheFolder: null, workers: 0 });
  await using archive = await reader.open(path.join(folder, 'image.tar'));
  const loaded = await loadImage(reader, archive, 0);
  const compare = t.mock.method(Buffer, 'compare');
  await exportPath(loaded, { parts: [], folder: path.join(folder, 'to'), onRefused: () => assert.fail(), onSkipped: () => {} });
  assert.equal(readdirSync(path.join(folder, 'to')).length, count);
  assert.ok(compare.mock.callCount() <= 20 * count, `${compare.mock.callCount()} comparisons of ${count} names`);
});

test('a list of a store shows each layer after its parent', async (t) => {
  const bench = createBench(t);
  bench.write('image.tar', dockerArchive({ name: 'app:1', layers: ['a', 'b', 'c', 'd'].map((name) => tar(file(name, name))) }));
  bench.write('other.tar', dockerArchive({ name: 'other:1', layers: ['a', 'x'].map((name) => tar(file(name, name))) }));
  for (const name of ['image.tar', 'other.tar']) assert.equal((await bench.cli(['store', 'import', name, '--home', 'home'])).code, 0);
  const { stdout } = await bench.cli(['store', 'list', '--home', 'home']);
  const rows = [...stdout.matchAll(/^([0-9a-f]{12}) +([0-9a-f]{12}|·) +(\d+) +ready$/gm)];
  assert.equal(rows.length, 5);
  for (const [at, [, , parent]] of rows.entries()) {
    assert.ok(parent === '·' || rows.slice(0, at).some(([, id]) => id === parent), stdout);
  }
});
