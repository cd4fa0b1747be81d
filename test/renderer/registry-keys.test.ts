import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  changedValues,
  KeyForest,
  type KeyNode,
  keysAbove,
  keysInSight,
  keyTree,
  openAtFirst,
  removedKeys,
  sumOfChanges,
} from '../../renderer/state/registry-keys.ts';
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

test('registry keys are numbered depth first by name, with sums of the changes in and below each', () => {
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

test('by default, the keys above the topmost changed ones are open, unless there are too many', () => {
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

test('successive changes to a registry key are combined into one, from before the first to after the last', () => {
  const kinds = (...all: RegistryChange['kind'][]) => sumOfChanges(all.map((kind) => ({ kind })));
  assert.equal(kinds(), null);
  assert.equal(kinds('added', 'modified'), 'added');
  assert.equal(kinds('modified', 'modified'), 'modified');
  assert.equal(kinds('added', 'removed'), 'removed');
  assert.equal(kinds('removed', 'added'), 'modified');
});

test('keys that no longer exist after all changes are listed under the key above them, with the layer that removed them', () => {
  const { tree } = treeOf([
    change('Vendor\\Back', 0, { kind: 'removed' }),
    change('Vendor\\Gone', 0, { kind: 'removed', layer: 2, hidden: { keys: 3, values: 0 } }),
    change('Vendor\\Back', 1, { layer: 3 }),
  ]);
  const removed = [...removedKeys(tree)].map(([id, nodes]) => [
    id,
    nodes.map(({ path, removedIn, hasSubkeys }) => [path, removedIn, hasSubkeys]),
  ]);
  assert.deepEqual(removed, [['software\\vendor', [['Vendor\\Gone', 2, true]]]]);
});

test('a key’s values are combined by name ignoring case, and removed values keep their last data', () => {
  const data = (text: string) => ({ type: 'REG_SZ', text });
  const { kinds, before, removed } = changedValues([
    change('Run', 0, {
      values: [
        { kind: 'added', name: 'New', now: data('1'), before: null },
        { kind: 'modified', name: 'Old', now: data('2'), before: data('1') },
        { kind: 'modified', name: 'Kept', now: data('5'), before: data('4') },
      ],
    }),
    change('Run', 0, {
      layer: 2,
      values: [
        { kind: 'modified', name: 'new', now: data('3'), before: data('1') },
        { kind: 'removed', name: 'Old', now: null, before: data('2') },
      ],
    }),
    // A change without a base only sets values; what they were before isn't known.
    change('Run', 2, { layer: 3, hasBase: false }),
  ]);
  assert.deepEqual(
    [...kinds],
    [
      ['new', 'added'],
      ['old', 'removed'],
      ['kept', 'modified'],
    ],
  );
  // An added or removed value isn't included, because it has no second data to show.
  assert.deepEqual([...before], [['kept', data('4')]]);
  assert.deepEqual(removed, [{ name: 'Old', type: 'REG_SZ', text: '2', layer: 2 }]);
});
