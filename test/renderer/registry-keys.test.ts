import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyForest, type KeyNode, keysAbove, keysInSight, keyTree, openAtFirst } from '../../renderer/state/registry-keys.ts';
import type { RegistryChange } from '../../src/contract/index.ts';

const value = (name: string) => ({ kind: 'added', name, now: { type: 'REG_SZ', text: name }, before: null }) as const;

function change(path: string, values: number, more: Partial<RegistryChange> = {}): RegistryChange {
  return {
    kind: 'added',
    layer: 1,
    hive: 'SOFTWARE',
    path,
    hasBase: true,
    hidden: null,
    securityDiffers: false,
    classDiffers: false,
    values: Array.from({ length: values }, (_, at) => value(`v${at}`)),
    moreValues: 0,
    ...more,
  };
}

function treeOf(changes: readonly RegistryChange[]) {
  const forest = new KeyForest();
  for (const each of changes) forest.add(each).changes.push(each);
  forest.sort();
  return { roots: forest.roots, tree: keyTree(forest.roots) };
}

const CHANGES = [
  change('Vendor\\b', 2),
  change('Vendor', 1),
  change('vendor\\A', 3, { layer: 2, moreValues: 4 }),
  change('Run', 0, { kind: 'removed', hidden: { keys: 1, values: 5 } }),
];

test('keys are numbered depth first by name, with sums of what changed in and below each', () => {
  const { tree } = treeOf(CHANGES);
  const lines = tree.nodes.map(({ name }, row) => [name, tree.parent[row], tree.values[row], tree.added[row], tree.removed[row]]);
  assert.deepEqual(lines, [
    ['SOFTWARE', -1, 15, 3, 1],
    ['Run', 0, 5, 0, 1],
    ['Vendor', 0, 10, 3, 0],
    ['A', 2, 7, 1, 0],
    ['b', 2, 2, 1, 0],
  ]);
  assert.equal(tree.rowOf('software\\vendor\\a'), 3);
  assert.deepEqual([...keysInSight(tree, (id) => id === 'software\\')], [0, 1, 2]);
});

test('at first, the keys above the topmost changed ones are open, unless these are too many', () => {
  const { roots } = treeOf([change('Microsoft\\Windows\\Run', 1), change('Microsoft\\Windows\\Run\\Once', 1), change('Vendor', 1)]);
  assert.deepEqual([...openAtFirst(roots)], ['software\\', 'software\\microsoft', 'software\\microsoft\\windows']);
  const many = treeOf(Array.from({ length: 300 }, (_, at) => change(`Classes\\${at}\\shell`, 1)));
  assert.deepEqual([...openAtFirst(many.roots)], ['software\\', 'software\\classes'].slice(0, 1));
});

test('the keys above a key begin with its hive', () => {
  assert.deepEqual(
    keysAbove({ hive: 'S', path: 'a\\b\\c' }).map(({ path }) => path),
    ['', 'a', 'a\\b'],
  );
  assert.deepEqual(keysAbove({ hive: 'S', path: '' }), []);
});

test('a tree of twenty thousand keys in one key is numbered in order', () => {
  const forest = new KeyForest();
  for (let at = 0; at < 20_000; at++) forest.add({ hive: 'S', path: `k${String(at).padStart(5, '0')}` });
  const { nodes, end } = keyTree(forest.roots);
  assert.deepEqual([nodes.length, end[0], (nodes.at(-1) as KeyNode).name], [20_001, 20_001, 'k19999']);
});
