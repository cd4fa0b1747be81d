// Small inputs for which a naive implementation takes quadratic time. The tests count steps, not time.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { createReader } from '#archive';
import { buildStack, changesOfEachLayer, compareViews } from '#changes';
import { openDriver } from '#driver';
import { exportPath, loadImage } from '#engine';
import { LayerOrigins, matchDockerfile } from '#format/attestation';
import { LayerscopeError } from '#model';
import { buildTree } from '../../src/changes/image-tree.ts';
import { ImpliedFacts } from '../../src/changes/implied-facts.ts';
import { createApplier, stageLayer } from '../../src/changes/view.ts';
import { Chains, MAX_CHAIN } from '../../src/driver/portable/chains.ts';
import type { LayerRecord } from '../../src/driver/portable/layer-record.ts';
import { pairPackages } from '../../src/engine/packages/compare-packages.ts';
import { compareNeighbours } from '../../src/engine/packages/neighbours.ts';
import type { InstalledPackage } from '../../src/engine/packages/packages-of.ts';
import type { Installed } from '../../src/engine/packages/types.ts';
import type { BuildSteps } from '../../src/format/attestation/build-steps.ts';
import { parseStages, stageAt } from '../../src/format/attestation/dockerfile.ts';
import { readDpkg } from '../../src/packages/dpkg/debian.ts';
import { parseDepsJson } from '../../src/packages/languages/nuget.ts';
import { foundPackage } from '../../src/packages/package.ts';
import { createBench } from '../cli/run-cli.ts';
import { hasCode } from '../support/asserts.ts';
import { dockerArchive } from '../support/docker-archive.ts';
import { file as fileMember, layer } from '../support/layer-fixture.ts';
import { seenFiles, told } from '../support/seen-fixture.ts';
import { directory, file, tar, utf8 } from '../support/tar-builder.ts';
import { testFolder } from '../support/workbench.ts';

/** Wraps an array to count how many elements are read. */
function counted<T extends object>(array: T): { readonly array: T; reads: number } {
  const count = { array, reads: 0 };
  count.array = new Proxy(array, {
    get(target, name) {
      if (typeof name === 'string' && /^\d+$/.test(name)) count.reads++;
      return Reflect.get(target, name, target) as unknown;
    },
  });
  return count;
}

test('repeating an opaque marker for each path in its folder doesn’t take quadratic work', () => {
  const size = 2_000;
  const names = Array.from({ length: size }, (_, at) => at);
  const table = layer([...names.map((at) => ({ whiteout: `d/f${at}` })), ...names.map(() => ({ opaque: 'd' }))]);
  const tree = buildTree([table], false);
  const siblings = counted(tree.nextSibling);
  const staged = stageLayer(createApplier({ ...tree, nextSibling: siblings.array }), 0);
  assert.equal(staged?.aimless.length, 2 * size);
  assert.ok(siblings.reads <= 2 * size, `${siblings.reads} steps for ${2 * size} members`);
});

test('going through the changes of all layers doesn’t apply the layers below each one anew', () => {
  const table = layer(Array.from({ length: 200 }, (_, at) => fileMember(`f${at}`)));
  const flags = counted(table.flags);
  const stack = buildStack([{ ...table, flags: flags.array }, ...Array.from({ length: 300 }, (_, at) => layer([fileMember(`g${at}`)]))]);
  flags.reads = 0;
  assert.equal([...changesOfEachLayer(stack)].length, 301);
  assert.ok(flags.reads <= 2 * 200, `${flags.reads} steps for 200 members`);
});

test('going through the changes of tens of thousands of layers over tens of thousands of paths is refused', () => {
  const small = layer([fileMember('f')]);
  const stack = buildStack([layer(Array.from({ length: 40_000 }, (_, at) => fileMember(`f${at}`))), ...Array(60_000).fill(small)]);
  assert.throws(() => [...changesOfEachLayer(stack)], hasCode('TOO_LARGE'));
});

test('comparing two images of thousands of layers looks at each layer only a few times', () => {
  const layers = (name: string) => Array.from({ length: 2_000 }, (_, at) => layer([fileMember(`${name}${at}`)]));
  const [a, b] = [buildStack(layers('a')), buildStack(layers('b'))];
  const looked = counted([...a.layers]);
  const rows = compareViews({ ...a, layers: looked.array }, 1_999, b, 1_999);
  assert.equal(rows.length, 4_000);
  assert.ok(looked.reads <= 10 * 2_000, `${looked.reads} steps for 2,000 layers`);
});

test('a tree that is as deep as it is large doesn’t take quadratic work', () => {
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

test('an image may list one layer many times, and a store accepts 2,000 layers', async (t) => {
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

test('an export moves each of the root’s entries into place without comparing it with all others', async (t) => {
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

test('a store’s list shows each layer after its parent', async (t) => {
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

/** Returns a `rest` function that counts its calls. */
function countedRest(): { readonly rest: () => Promise<void>; count: number } {
  const counts = { count: 0, rest: async () => void counts.count++ };
  return counts;
}

test('a line’s stage is found by looking at few of a Dockerfile’s stages', () => {
  const stages = counted(parseStages('FROM a\n'.repeat(4_096)));
  for (const line of [1, 2_000, 4_096]) assert.equal(stageAt(stages.array, line)?.name, String(line - 1));
  assert.ok(stages.reads <= 60, `${stages.reads} stages for three lines`);
});

type BuildStep = BuildSteps['steps'] extends ReadonlyMap<string, infer Step> ? Step : never;

/** Returns a build in which every layer copied from one step with many lines. */
function copiesOf(ranges: number, layers: number): BuildSteps {
  const names = Array.from({ length: layers }, (_, at) => `k${at}`);
  const shared = { inputs: [], lines: Array.from({ length: ranges }, (_, at) => [2 * at + 2, 2 * at + 2] as const), source: null };
  return {
    file: { name: 'Dockerfile', lines: Array.from({ length: 2 * ranges + 2 }, () => 'FROM a') },
    steps: new Map<string, BuildStep>([
      ['s', shared],
      ...names.map((name): [string, BuildStep] => [name, { inputs: ['s'], lines: [[1, 1]], source: null }]),
    ]),
    layerLists: names.map((step) => ({ step, digests: [step] })),
  };
}

test('the Dockerfile lines of all layers share one limit, and other work can run in between', async () => {
  const origins = new LayerOrigins(
    copiesOf(20_000, 200),
    Array.from({ length: 200 }, (_, at) => `k${at}`),
  );
  const rests = countedRest();
  const first = await origins.of(0, rests.rest);
  assert.equal(first.dockerfile?.from.length, 20_000);
  assert.ok(rests.count >= 20, `${rests.count} rests for 20,000 lines`);
  let found = 0;
  const all = async (): Promise<void> => {
    for (let layer = 0; layer < 200; layer++, found++) await origins.of(layer, rests.rest);
  };
  await assert.rejects(all, hasCode('TOO_LARGE'));
  assert.ok(found < 100, `${found} layers of 20,000 lines`);
});

test('stages built on each other count as work, even without instructions', async () => {
  const chain = Array.from({ length: 20_000 }, (_, at) => `FROM s${at} AS s${at + 1}`).join('\n');
  const rests = countedRest();
  assert.deepEqual(await matchDockerfile(`${chain}\nRUN a`, ['RUN a'], rests.rest), [
    {
      lines: [[20_001, 20_001]],
      from: [],
      stage: 's20000',
      stageBase: 's19999',
      fromStages: [],
      fromStageBases: [],
      text: 'RUN a',
      fromText: '',
    },
  ]);
  assert.ok(rests.count < 1_000, `${rests.count} rests for a bounded number of stages`);
});

test('a Dockerfile instruction with variables is parsed once, and other work can run after each row of comparisons', async (t) => {
  const split = t.mock.method(String.prototype, 'split');
  const rests = countedRest();
  const dockerfile = `FROM x\n${'COPY $A /to\n'.repeat(100)}`;
  const found = await matchDockerfile(
    dockerfile,
    Array.from({ length: 500 }, (_, at) => `COPY ${at} /to # buildkit`),
    rests.rest,
  );
  assert.equal(found.filter((guess) => guess !== null).length, 100);
  assert.ok(split.mock.callCount() < 1_000, `${split.mock.callCount()} times for 100 instructions and 500 commands`);
  assert.ok(rests.count >= 100, `${rests.count} rests`);
});

test('searching Dockerfile instructions for variables around long strings takes a bounded number of steps', async (t) => {
  const search = t.mock.method(String.prototype, 'indexOf');
  const dockerfile = `FROM x\n${`COPY $A${'a'.repeat(1_500)}b$B\n`.repeat(100)}`;
  const commands = Array.from({ length: 900 }, () => `COPY ${'a'.repeat(3_900)}`);
  const found = await matchDockerfile(dockerfile, commands, async () => {});
  assert.equal(found.length, 900);
  assert.ok(search.mock.callCount() < 1_000, `${search.mock.callCount()} searches`);
});

test('each path is compared only with its own dpkg diversion', async (t) => {
  const count = 1_000;
  let visits = 0;
  const { find, filter } = Array.prototype;
  // The runner's mocks refuse a prototype that is an array.
  const restore = (): void => void Object.assign(Array.prototype, { find, filter });
  t.after(restore);
  for (const [name, original] of Object.entries({ find, filter })) {
    Object.defineProperty(Array.prototype, name, {
      configurable: true,
      writable: true,
      value(this: unknown[], ...parameters: unknown[]) {
        visits += this.length;
        return Reflect.apply(original, this, parameters);
      },
    });
  }
  const number = (at: number): string => String(at).padStart(4, '0');
  const names = Array.from({ length: count }, (_, at) => number(at));
  const rests = countedRest();
  const seen = {
    ...seenFiles({
      'd/status': 'Package: a\nVersion: 1\n\nPackage: b\nVersion: 1\n',
      'd/diversions': names.map((at) => `/d${at}\n/x${at}\nb\n`).join(''),
      'd/info/a.list': names.map((at) => `/d${at}\n`).join(''),
      'd/info/b.list': '/d0000\n',
    }),
    rest: rests.rest,
  };
  const [a, b] = await readDpkg(seen, 'd');
  restore();
  assert.ok(a && b);
  assert.deepEqual((told(a).paths as string[]).slice(-1), [`/x${number(count - 1)}`]);
  assert.deepEqual(told(b).paths, ['/d0000']);
  assert.ok(visits <= 10 * count, `${visits} steps for ${count} paths`);
  assert.equal(rests.count, 2);
});

test('many versions of a package are paired by looking at each a few times', () => {
  const count = 1_000;
  let reads = 0;
  const version = (at: number): InstalledPackage =>
    ({
      type: 'deb',
      name: 'a',
      arch: null,
      location: 'l',
      get version() {
        reads++;
        return String(at);
      },
    }) as InstalledPackage;
  const before = Array.from({ length: count }, (_, at) => version(at));
  const now = Array.from({ length: count }, (_, at) => version(count - 1 - at));
  assert.deepEqual(pairPackages(before, now), []);
  assert.ok(reads <= 10 * count, `${reads} reads of ${2 * count} versions`);
});

test('other work can run while packages of neighbouring layers are compared', async () => {
  const site = { kind: 'dpkg', path: utf8('s'), location: 's', also: [] } as const;
  const found = foundPackage('deb', 'a', '1');
  assert.ok(found);
  const now = Array.from({ length: 1_000 }, (_, at): Installed => ({ found, site, identity: String(at), since: 0 }));
  let left = 500;
  const rest = async (): Promise<void> => {
    if (left-- === 0) throw new LayerscopeError('CANCELLED', 'cancelled');
  };
  await assert.rejects(compareNeighbours([], now, 0, new Map(), rest), hasCode('CANCELLED'));
});

test('a .NET library is looked for only in targets that have it', (t) => {
  const count = 1_000;
  const numbered = (make: (at: number) => [string, object]) => Object.fromEntries(Array.from({ length: count }, (_, at) => make(at)));
  const document = {
    targets: { first: { 'l5/1': { runtime: { 'lib/l5.dll': {} } } }, ...numbered((at) => [`t${at}`, {}]) },
    libraries: numbered((at) => [`l${at}/1`, { type: 'package' }]),
  };
  const bytes = utf8(JSON.stringify(document));
  const lookups = t.mock.method(Object, 'keys');
  const found = parseDepsJson(bytes, utf8('app'));
  assert.equal(found.length, count);
  assert.deepEqual(told(found[5] as (typeof found)[number]).paths, ['app/l5.dll']);
  assert.ok(lookups.mock.callCount() <= 10 * count, `${lookups.mock.callCount()} lookups`);
});
