import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ArchiveSummary, StoredLayerReport, StoreReport } from '#contract';
import { isStored, layersAlone, parentChoices, sharedBases, storeTitle } from '../../renderer/state/stores/stores.ts';

const layer = (id: string, parent: string | null, below: number, more: Partial<StoredLayerReport> = {}): StoredLayerReport => ({
  id,
  parent,
  below,
  state: 'ready',
  problem: null,
  sizeBytes: 10,
  isReadWrite: false,
  ofImage: false,
  mountPath: null,
  ...more,
});
const store = (part: Partial<StoreReport>): StoreReport => ({
  storeId: 's1',
  driver: 'portable',
  home: '/home/me/store',
  isOwn: true,
  readOnlyReason: null,
  elevation: 'none',
  images: [],
  layers: [],
  sizeBytes: 0,
  problem: null,
  checked: null,
  ...part,
});
const stored = (name: string, ids: readonly string[]) => ({
  name,
  names: [name],
  platform: 'linux/amd64',
  layers: ids.map((id) => ({ id, sizeBytes: 100 })),
  sizeBytes: 100 * ids.length,
  problem: null,
});
const archive = (archiveId: string, name: string, ids: readonly string[]) =>
  ({
    archiveId,
    title: `${name}.tar`,
    format: 'docker-archive',
    images: [
      {
        index: 0,
        names: [name],
        configDigest: null,
        chainIds: ids.map((id) => `sha256:${id}`),
        layers: ids.map(() => ({ blobBytes: 100 })),
      },
    ],
  }) as unknown as ArchiveSummary;

test('layers that belong to no image come after their parents, including broken layers in loops', () => {
  const layers = [
    layer('c', 'b', 2),
    layer('a', null, 0),
    layer('b', 'a', 1),
    layer('i', null, 0, { ofImage: true }),
    layer('on-image', 'i', 1),
    layer('x', 'y', 0, { state: 'broken' }),
    layer('y', 'x', 0, { state: 'broken' }),
  ];
  assert.deepEqual(
    layersAlone(store({ layers })).map(({ id, depth }) => [id, depth]),
    [
      ['a', 0],
      ['b', 1],
      ['c', 2],
      ['on-image', 0],
      ['x', 0],
      ['y', 0],
    ],
  );
});

test('a layer’s possible parents exclude working copies and broken layers; tops of images come first', () => {
  const layers = [
    layer('low', null, 0),
    layer('top', 'low', 1, { ofImage: true }),
    layer('run', 'low', 1, { isReadWrite: true }),
    layer('bad', null, 0, { state: 'broken' }),
  ];
  const choices = parentChoices(store({ layers, images: [stored('docker.io/library/app:1', ['low', 'top'])] }));
  assert.deepEqual(
    choices.map(({ id, label }) => [id, label]),
    [
      ['top', 'app:1'],
      ['low', 'low'],
    ],
  );
});

test('shared bases are the longest runs of lowest layers for each set of images; an image with two names counts once', () => {
  const stores = [store({ images: [stored('app:1', ['base', 'node', 'app1']), stored('db:1', ['base', 'db'])] })];
  const archives = [archive('a1', 'app:1', ['base', 'node', 'app1']), archive('a2', 'app:2', ['base', 'node', 'app2'])];
  const bases = sharedBases(archives, stores);
  assert.deepEqual(
    bases.map(({ layers, images, sizeBytes, shown }) => [layers, images, sizeBytes, shown?.archiveId]),
    [
      [2, ['app:1', 'app:2'], 200, 'a1'],
      [1, ['app:1', 'app:2', 'db:1'], 100, 'a1'],
    ],
  );
  assert.deepEqual(sharedBases([archives[0] as ArchiveSummary], stores.slice(0, 0)), []);
});

test('an archive needs no import if the store has all its images under their names', () => {
  const there = store({ images: [stored('app:1', ['base', 'app1'])] });
  assert.equal(isStored(archive('a1', 'app:1', ['base', 'app1']), there), true);
  assert.equal(isStored(archive('a1', 'app:latest', ['base', 'app1']), there), false);
  assert.equal(isStored(archive('a1', 'app:1', ['base', 'app2']), there), false);
});

test('a store is named after its folder, on any system', () => {
  assert.equal(storeTitle(store({})), 'Store');
  assert.equal(storeTitle(store({ isOwn: false, home: 'C:\\ProgramData\\docker\\windowsfilter' })), 'windowsfilter');
  assert.equal(storeTitle(store({ isOwn: false, home: '/' })), '/');
});
