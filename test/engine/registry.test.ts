// The window's queries about a Windows image's registry.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { loadImage } from '#engine';
import { compareRegistries, ImageRegistry } from '#engine/registry';
import { OpenArchive } from '../../src/engine/library/open-archive.ts';
import { createRegistryQueries, type RegistryQueries } from '../../src/engine/library/registry-queries.ts';
import { hasCode } from '../support/asserts.ts';
import { dockerArchive } from '../support/docker-archive.ts';
import { deltaHive, dword, type HiveKeySpec, hive, sz } from '../support/hive-builder.ts';
import { file, tar } from '../support/tar-builder.ts';
import { testFile, testReader } from '../support/workbench.ts';

const REF = { archiveId: 'a1', image: 0 };
const MANY: readonly HiveKeySpec[] = Array.from({ length: 700 }, (_, at) => ({
  name: `k${String(at).padStart(3, '0')}`,
  layer: 3,
  values: [dword('n', at)],
}));

async function queries(t: TestContext): Promise<RegistryQueries> {
  const base = hive({ name: 'R', keys: [{ name: 'Old', keys: [{ name: 'below' }], values: [sz('Path', 'C:\\old'), dword('n', 1)] }] });
  const delta = deltaHive({
    name: 'R',
    keys: [
      { name: 'Old', values: [sz('Path', 'C:\\new')] },
      { name: 'Many', layer: 3, keys: MANY },
    ],
  });
  const layers = [
    tar(file('Files/Windows/System32/config/SOFTWARE', base)),
    tar(file('Hives/Software_Delta', delta), file('Hives/Sam_Delta', 'regf')),
  ];
  const reader = testReader(t);
  const archive = await reader.open(testFile(t, dockerArchive({ name: 'w:1', os: 'windows', layers })));
  t.after(() => archive[Symbol.asyncDispose]());
  const open = new OpenArchive({ ...REF, archive, path: null, isPart: false, title: 'w', sizeBytes: 0 });
  open.setLoaded(0, await loadImage(reader, archive, 0));
  return createRegistryQueries(() => open);
}

const { signal } = new AbortController();

test('registry changes come in pages, with the hives that could not be read', async (t) => {
  const asked = await queries(t);
  const wanted = { from: 0, to: 1, text: '', count: 500 };
  const first = await asked.registryChanges(REF, { ...wanted, start: 0 }, signal);
  const second = await asked.registryChanges(REF, { ...wanted, start: 500 }, signal);
  assert.deepEqual([first.total, first.items.length, second.items.length, first.complete], [705, 500, 205, true]);
  assert.deepEqual(
    first.items.slice(0, 4).map(({ kind }) => kind),
    ['hive', 'unreadable', 'hive', 'added'],
  );
  const old = second.items.at(-1);
  assert.ok(old?.kind === 'modified');
  assert.deepEqual(old.values, [
    { kind: 'modified', name: 'Path', now: { type: 'REG_SZ', text: 'C:\\new' }, before: { type: 'REG_SZ', text: 'C:\\old' } },
  ]);
  const found = await asked.registryChanges(REF, { ...wanted, text: 'K69', start: 0 }, signal);
  assert.equal(found.items.filter(({ kind }) => kind === 'added').length, 10);
});

test('a registry key has its values with their layers, and its subkeys in pages', async (t) => {
  const asked = await queries(t);
  assert.deepEqual(await asked.registryHives(REF, 1, signal), { hives: ['SAM', 'SOFTWARE'] });
  const at = { layer: 1, hive: 'SOFTWARE', start: 0, count: 500 };
  const root = await asked.registryKey(REF, { ...at, path: '' }, signal);
  assert.deepEqual(root.subkeys, [
    { name: 'Many', path: 'Many', hasSubkeys: true },
    { name: 'Old', path: 'Old', hasSubkeys: true },
  ]);
  const many = await asked.registryKey(REF, { ...at, path: 'many', start: 690 }, signal);
  assert.deepEqual([many.total, many.subkeys.length, many.subkeys[0]?.path, many.layers], [700, 10, 'Many\\k690', [1]]);
  const old = await asked.registryKey(REF, { ...at, path: 'OLD' }, signal);
  assert.deepEqual(
    old.values.map(({ name, text, layer }) => [name, text, layer]),
    [
      ['n', '0x00000001 (1)', 0],
      ['Path', 'C:\\new', 1],
    ],
  );
  assert.ok(
    old.security.some((line) => line.startsWith('O:')),
    old.security.join('\n'),
  );
  const below = await asked.registryKey(REF, { ...at, layer: 0, path: 'Old' }, signal);
  assert.deepEqual(
    below.values.map(({ text }) => text),
    ['0x00000001 (1)', 'C:\\old'],
  );
  await assert.rejects(asked.registryKey(REF, { ...at, layer: 0, path: 'Many' }, signal), hasCode('NOT_FOUND'));
  await assert.rejects(asked.registryKey(REF, { ...at, hive: 'SYSTEM', path: '' }, signal), hasCode('NOT_FOUND'));
});

test('a registry search covers all hives of a view, up to a limit', async (t) => {
  const asked = await queries(t);
  const search = (text: string, limit: number) => asked.registrySearch(REF, { layer: 1, text, limit }, signal);
  assert.deepEqual(await search('c:\\NEW', 10), { complete: true, matches: [{ hive: 'SOFTWARE', path: 'Old', value: 'Path' }] });
  assert.deepEqual(await search('below', 10), { complete: true, matches: [{ hive: 'SOFTWARE', path: 'Old\\below', value: null }] });
  const many = await search('k', 20);
  assert.deepEqual([many.complete, many.matches.length], [false, 20]);
});

/** Opens images whose layers are given. Their archives are `a0`, `a1` and so on. */
async function comparable(t: TestContext, ...images: readonly (readonly Uint8Array[])[]): Promise<RegistryQueries> {
  const opened = new Map<string, OpenArchive>();
  for (const [at, layers] of images.entries()) {
    const reader = testReader(t);
    const archive = await reader.open(testFile(t, dockerArchive({ name: 'w:1', os: 'windows', layers })));
    t.after(() => archive[Symbol.asyncDispose]());
    const open = new OpenArchive({ archiveId: `a${at}`, archive, path: null, isPart: false, title: 'w', sizeBytes: 0 });
    open.setLoaded(0, await loadImage(reader, archive, 0));
    opened.set(`a${at}`, open);
  }
  return createRegistryQueries((id) => opened.get(id) as OpenArchive);
}

const SOFTWARE_FILE = 'Files/Windows/System32/config/SOFTWARE';
const page = { text: '', start: 0, count: 500 };

test('registries of two images are compared in pages; a range of layers lacks what is below it', async (t) => {
  const base = tar(file(SOFTWARE_FILE, hive({ name: 'R', keys: [{ name: 'Old', values: [dword('n', 1)] }] })));
  const many = tar(file('Hives/Software_Delta', deltaHive({ name: 'R', keys: [{ name: 'Many', layer: 3, keys: MANY }] })));
  const asked = await comparable(t, [base], [base, many]);
  const [a, b] = [{ archiveId: 'a0', image: 0, layer: 0 } as const, { archiveId: 'a1', image: 0, layer: 1 } as const];
  const first = await asked.compareRegistries(a, b, page, signal);
  const second = await asked.compareRegistries(a, b, { ...page, start: 500 }, signal);
  assert.deepEqual([first.total, first.items.length, second.items.length, first.complete], [702, 500, 202, true]);
  assert.deepEqual(first.items[0], { kind: 'compared', hive: 'SOFTWARE', in: 'both' });
  // With the sides swapped, the topmost removed key stands for all keys below it.
  const removed = await asked.compareRegistries(b, a, page, signal);
  assert.deepEqual(
    removed.items.map((item) => ('path' in item ? [item.kind, item.layer, item.path, item.hidden] : item.kind)),
    ['compared', ['removed', 1, 'Many', { keys: 700, values: 700 }]],
  );
  // By itself, the upper layer has a delta but not the delta's base, so the base’s keys aren’t known.
  const alone = { ...b, since: 1 };
  const part = await asked.compareRegistries(a, alone, { ...page, text: 'k69' }, signal);
  assert.ok(part.items.length > 1 && part.items.every((item) => !('hasBase' in item) || !item.hasBase));
  const key = { hive: 'SOFTWARE', path: '', start: 0, count: 10 };
  assert.deepEqual(
    (await asked.registryKey(alone, { ...alone, ...key }, signal)).subkeys.map(({ name }) => name),
    ['Many'],
  );
  await assert.rejects(asked.compareRegistries(a, { ...b, since: 2 }, page, signal), hasCode('BAD_REQUEST'));
});

test('a hive is compared with one whose path differs only in case, and found by either path', async (t) => {
  const version = (text: string) => hive({ name: 'R', keys: [{ name: 'Key', values: [sz('v', text)] }] });
  const images = [[tar(file('Files/Users/U/ntuser.dat', version('1')))], [tar(file('Files/Users/u/NTUSER.DAT', version('2')))]];
  const asked = await comparable(t, ...images);
  const [sideA, sideB] = [{ archiveId: 'a0', image: 0, layer: 0 } as const, { archiveId: 'a1', image: 0, layer: 0 } as const];
  const { items } = await asked.compareRegistries(sideA, sideB, page, signal);
  const [compared, change] = items;
  assert.ok(compared?.kind === 'compared' && change?.kind === 'modified');
  assert.equal(compared.in, 'both');
  const { values } = await asked.registryKey(sideA, { ...sideA, hive: change.hive, path: 'Key', start: 0, count: 1 }, signal);
  assert.deepEqual(
    values.map(({ text }) => text),
    ['1'],
  );
});

test('a comparison of large hives without differences can be cancelled', async (t) => {
  const keys = (written: bigint): HiveKeySpec[] => MANY.slice(0, 200).map((key) => ({ ...key, written, keys: MANY.slice(0, 50) }));
  const control = new AbortController();
  const sides = [];
  for (const written of [1n, 2n]) {
    const layers = [tar(file(SOFTWARE_FILE, hive({ name: 'R', keys: keys(written) })))];
    const reader = testReader(t);
    const archive = await reader.open(testFile(t, dockerArchive({ name: 'w:1', os: 'windows', layers })));
    t.after(() => archive[Symbol.asyncDispose]());
    sides.push({ registry: new ImageRegistry(await loadImage(reader, archive, 0)), layer: 0 });
  }
  const [a, b] = sides as [(typeof sides)[number], (typeof sides)[number]];
  const differences = compareRegistries(a, b, control.signal);
  assert.equal((await differences.next()).value?.kind, 'compared');
  // No differences follow, so the signal is noticed only if the comparison lets the event loop run between equal keys.
  setImmediate(() => control.abort());
  await assert.rejects(differences.next(), hasCode('CANCELLED'));
});
