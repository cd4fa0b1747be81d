import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CatalogImage } from '#contract';
import { holdersOf, inOrder } from '../../renderer/state/catalog/catalog.ts';
import { FIRST_LIST, imageRows } from '../../renderer/state/catalog/image-rows.ts';
import { type Lineage, lineageOf, lineageWith, nodesInSight } from '../../renderer/state/catalog/lineage.ts';

function image(name: string, layers: readonly number[], created: number | null = null): CatalogImage {
  return {
    id: `sha256:${name}`,
    digest: null,
    places: [{ source: '/images/app.tar', reference: `${name}:1`, repository: name, tag: '1' }],
    platform: null,
    created,
    blobBytes: null,
    finalBytes: null,
    wastedBytes: null,
    files: null,
    hasPackages: false,
    layers,
    findings: null,
  };
}

function rowsOf(images: readonly CatalogImage[]) {
  const layers = Array.from({ length: 8 }, (_, at) => ({ layer: `sha256:${at}`, digest: null, bytes: 10 ** at, createdBy: `RUN ${at}` }));
  return { images, layers, holders: holdersOf(images, layers.length), problems: [] };
}

const lineage = (rows: ReturnType<typeof rowsOf>) => lineageOf(rows, imageRows(rows), FIRST_LIST.order);
const shown = ({ nodes, parent }: Lineage, rows: ReturnType<typeof rowsOf>) =>
  nodes.map(({ row, addedLayers, addedBytes, derived }, at) => [
    row === null ? null : rows.images[row.image]?.places[0]?.repository,
    parent[at],
    addedLayers,
    addedBytes,
    derived,
  ]);

test('an image is below the one it is built on, and first layers shared by images with different names get their own row', () => {
  const rows = rowsOf([image('shop', [0, 1, 3, 4]), image('node', [0, 1]), image('java', [0, 2]), image('other', [5])]);
  const tree = lineage(rows);
  assert.deepEqual(shown(tree, rows), [
    ['other', -1, 1, 100_000, 0],
    [null, -1, 1, 1, 3],
    ['java', 1, 1, 100, 0],
    ['node', 1, 1, 10, 1],
    ['shop', 3, 2, 11_000, 0],
  ]);
  assert.deepEqual([...nodesInSight(tree, (node) => node.row === null)], [0, 1]);
  // Matches stay below the images that they are built on.
  assert.deepEqual(
    shown(
      lineageWith(tree, (node) => rows.images[node.row?.image ?? -1]?.layers.length === 4),
      rows,
    ),
    [
      [null, -1, 1, 1, 3],
      ['node', 0, 1, 10, 1],
      ['shop', 1, 2, 11_000, 0],
    ],
  );
});

test('layers shared only by images of one name are not a base; if images have the same layers, the oldest is the base', () => {
  const own = { ...image('shop', [0, 2]), id: 'sha256:b' };
  const tags = rowsOf([image('shop', [0, 1]), own]);
  assert.deepEqual(shown(lineage(tags), tags), [
    ['shop', -1, 2, 11, 0],
    ['shop', -1, 2, 101, 0],
  ]);
  const same = rowsOf([image('late', [0], 2_000_000_000_000), image('early', [0], 1_000_000_000_000), image('unread', [])]);
  assert.deepEqual(shown(lineage(same), same), [
    ['early', -1, 1, 1, 1],
    ['late', 0, 0, 0, 0],
    ['unread', -1, 0, 0, 0],
  ]);
});

test('the earlier of two images to compare comes first', () => {
  const images = [
    image('late', [0], 2_000_000_000_000),
    image('early', [0], 1_000_000_000_000),
    image('long', [0, 1]),
    image('short', [0]),
  ];
  assert.deepEqual(inOrder({ images }, 0, 1), [1, 0]);
  assert.deepEqual(inOrder({ images }, 1, 0), [1, 0]);
  assert.deepEqual(inOrder({ images }, 2, 3), [3, 2]);
});
