import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CatalogHit, CatalogImage, CatalogLayer } from '#contract';
import { formatAddress, parseAddress } from '../../renderer/state/address.ts';
import {
  FIRST_ORDER,
  holdersOf,
  layersOf,
  layerTitle,
  nextColumnOrder,
  nextLayerOrder,
  placeName,
  repositoryRuns,
  runsOf,
  sharedStart,
  sortedLayers,
  tagGroups,
} from '../../renderer/state/catalog/catalog.ts';
import { hitGroups, searchedText } from '../../renderer/state/catalog/hit-groups.ts';
import { FIRST_LIST, imageGroups, imageRows, isImageFound, sortedImages } from '../../renderer/state/catalog/image-rows.ts';
import { twoLevels } from '../../renderer/state/catalog/two-levels.ts';
import { NOTHING } from '../../renderer/state/selection.ts';
import { words } from '../../renderer/words/index.ts';

const DAY = 86_400_000;

function image(tag: string | null, part: Partial<CatalogImage> = {}): CatalogImage {
  const reference = tag === null ? null : `shop/app:${tag}`;
  return {
    id: `sha256:${'0'.repeat(64)}`,
    digest: null,
    places: [{ source: '/images/app.tar', reference, repository: tag === null ? null : 'docker.io/shop/app', tag }],
    platform: 'linux/amd64',
    created: null,
    blobBytes: 5,
    finalBytes: 10,
    wastedBytes: 0,
    files: null,
    hasPackages: false,
    layers: [0],
    findings: null,
    ...part,
  };
}

test('groups and their children form one tree, by row number', () => {
  const tree = twoLevels([2, 0, 3]);
  assert.deepEqual([...tree.parent], [-1, 0, 0, -1, -1, 4, 4, 4]);
  assert.deepEqual([...tree.inSight(new Set())], [0, 3, 4]);
  assert.deepEqual([...tree.inSight(new Set([0]))], [0, 1, 2, 3, 4]);
  assert.deepEqual(
    [0, 2, 3, 7].map((row) => tree.at(row)),
    [
      { group: 0, child: -1 },
      { group: 0, child: 1 },
      { group: 1, child: -1 },
      { group: 2, child: 2 },
    ],
  );
  assert.deepEqual([...twoLevels([]).inSight(new Set())], []);
});

test('each layer lists the images that have it, each once', () => {
  const holders = holdersOf([image('1', { layers: [0, 1, 1] }), image('2', { layers: [0, 2] })], 3);
  assert.deepEqual(holders, [[0, 1], [0], [1]]);
  assert.deepEqual([layersOf(holders, 'shared'), layersOf(holders, 'alone'), layersOf(holders, 'all')], [[0], [1, 2], [0, 1, 2]]);
  assert.deepEqual(runsOf([0, 1, 2, 5, 7, 8]), [
    [0, 3],
    [5, 1],
    [7, 2],
  ]);
});

test('consecutive images of one repository are a run, and images without a repository are separate', () => {
  const other = { source: '/images/db.tar', reference: 'db:1', repository: 'docker.io/library/db', tag: '1' };
  assert.deepEqual(repositoryRuns([image('1'), image('2'), image('1', { places: [other] }), image(null), image(null), image('3')]), [
    { repository: 'docker.io/shop/app', name: 'app', start: 0, length: 2 },
    { repository: 'docker.io/library/db', name: 'db', start: 2, length: 1 },
    { repository: null, name: 'app.tar', start: 3, length: 1 },
    { repository: null, name: 'app.tar', start: 4, length: 1 },
    { repository: 'docker.io/shop/app', name: 'app', start: 5, length: 1 },
  ]);
});

test('repositories with the same last part are distinguished by the part before it', () => {
  const named = (repository: string) => image('1', { places: [{ source: '/a.tar', reference: `${repository}:1`, repository, tag: '1' }] });
  const names = repositoryRuns(['bazel/v1/tarball', 'bazel/v2/tarball', 'shop/app', 'app'].map(named)).map(({ name }) => name);
  assert.deepEqual(names, ['v1/tarball', 'v2/tarball', 'shop/app', 'app']);
});

test('layers are initially sorted by the bytes that sharing saves, then as the user chooses', () => {
  const layer = (createdBy: string, bytes: number) => ({ layer: `sha256:${'0'.repeat(64)}`, createdBy, bytes }) as unknown as CatalogLayer;
  const images = [image('1', { layers: [0, 1, 2] }), image('2', { layers: [0, 1] }), image('3', { layers: [0, 3] })];
  const layers = [layer('b', 10), layer('c', 90), layer('d', 500), layer('a', 7)];
  const rows = { images, layers, holders: holdersOf(images, 4), problems: [] };
  const sorted = (order: typeof FIRST_ORDER) => sortedLayers(rows, [0, 1, 2, 3], order);
  // Twice 10 bytes is less than once 90.
  assert.deepEqual(sorted(FIRST_ORDER), [1, 0, 2, 3]);
  const byImages = nextLayerOrder(FIRST_ORDER, 'images');
  assert.deepEqual(sorted(byImages), [0, 1, 2, 3]);
  assert.deepEqual(sorted(nextLayerOrder(byImages, 'images')), [2, 3, 1, 0]);
  assert.deepEqual(sorted(nextLayerOrder(byImages, 'size')), [2, 1, 0, 3]);
  assert.deepEqual(sorted(nextLayerOrder(byImages, 'layer')), [3, 0, 1, 2]);
});

test('an image’s row has its tags, its bytes, and the bytes of layers that no other image has', () => {
  const layer = (bytes: number) => ({ layer: `sha256:${'0'.repeat(64)}`, digest: null, createdBy: null, bytes });
  const place = (repository: string, tag: string | null) => ({ source: '/a.tar', reference: `${repository}:${tag}`, repository, tag });
  const images = [
    image('1', { layers: [0, 1], blobBytes: 110, created: 3 * DAY }),
    image(null, { layers: [0, 2, 2], blobBytes: null, created: 0 }),
    image('2', {
      layers: [0],
      places: [place('docker.io/shop/app', '2'), place('docker.io/shop/app', 'latest'), place('ghcr.io/shop/app', '2')],
      created: 2 * DAY,
    }),
    image('10', { layers: [0, 1], created: 4 * DAY }),
  ];
  const rows = imageRows({ images, layers: [100, 10, 7].map(layer), holders: holdersOf(images, 3), problems: [] });
  assert.deepEqual(
    rows.map(({ name, tags, otherNames, size, unique, layers, created }) => [name, tags, otherNames, size, unique, layers, created]),
    [
      ['shop/app', ['1'], 0, 110, 0, 2, 3 * DAY],
      // Each layer counts once.
      ['app.tar', [], 0, 107, 7, 3, null],
      ['shop/app', ['2', 'latest'], 1, 5, 0, 1, 2 * DAY],
      ['shop/app', ['10'], 0, 5, 0, 2, 4 * DAY],
    ],
  );
  const sorted = (order: typeof FIRST_LIST.order) => sortedImages(rows, order).map((row) => row.image);
  assert.deepEqual(sorted(FIRST_LIST.order), [1, 3, 0, 2]);
  assert.deepEqual(sorted(nextColumnOrder(FIRST_LIST.order, 'name', 'name')), [3, 0, 2, 1]);
  assert.deepEqual(sorted(nextColumnOrder(FIRST_LIST.order, 'size', 'name')), [0, 1, 3, 2]);
  assert.deepEqual(sorted({ by: 'unique', descending: true })[0], 1);
  assert.deepEqual(sorted({ by: 'created', descending: false }), [1, 2, 0, 3]);
});

test('an image whose layers can’t be read has an unknown number of layers, and an image without layers has 0', () => {
  const images = [
    image('1', { layers: [], blobBytes: 7 }),
    image('2', { layers: [], blobBytes: null }),
    image('3', { layers: [], blobBytes: 0 }),
  ];
  const made = imageRows({ images, layers: [], holders: [], problems: [] });
  assert.deepEqual(
    made.map(({ layers }) => layers),
    [null, null, 0],
  );
});

test('images of one repository form a group that counts each layer once, and are found if they contain every word of a text', () => {
  const layer = (bytes: number) => ({ layer: `sha256:${'0'.repeat(64)}`, digest: null, createdBy: null, bytes });
  const images = [
    image('1', { layers: [0, 1], created: DAY }),
    image(null, { layers: [0, 2] }),
    image('2', { layers: [0, 1, 3], created: 2 * DAY }),
  ];
  const rows = { images, layers: [100, 10, 7, 5].map(layer), holders: holdersOf(images, 4), problems: [] };
  const made = imageRows(rows);
  const groups = imageGroups(rows, made);
  assert.deepEqual(
    groups.map(({ sum, images: members }) => [sum.name, sum.size, sum.unique, sum.layers, members.map((each) => each.image)]),
    [
      // A layer that only this repository's images have is unique to it, even if two of them have it.
      ['shop/app', 115, 15, 3, [0, 2]],
      ['app.tar', made[1]?.size, 7, 2, [1]],
    ],
  );
  assert.equal(groups[0]?.sum.created, 2 * DAY);
  const found = (text: string) => made.filter((row) => isImageFound(rows, row, text)).map((row) => row.image);
  assert.deepEqual(found('SHOP 2'), [2]);
  assert.deepEqual(found('shop'), [0, 2]);
  assert.deepEqual(found('shop nothing'), []);
});

test('a layer without a command is titled by its digest and an image that has it', () => {
  const layer = { layer: `sha256:${'ab'.repeat(32)}`, digest: null, bytes: 1, createdBy: null };
  const images = [image('1')];
  const rows = { images, layers: [layer, layer], holders: [[0], []], problems: [] };
  assert.deepEqual(
    [0, 1].map((number) => layerTitle(rows, number)),
    ['abababababab of shop/app:1', 'abababababab'],
  );
});

test('tags are sorted by time, each compared with the previous one for its platform', () => {
  const arm = { platform: 'linux/arm64' };
  const [group, unnamed] = tagGroups([
    image('2', { created: 2 * DAY, finalBytes: 30 }),
    image('1', { created: 1 * DAY, finalBytes: 10 }),
    image('1', { created: 1 * DAY, finalBytes: 7, ...arm }),
    image('3', { created: 3 * DAY, finalBytes: 25 }),
    image('3', { created: 3 * DAY, finalBytes: null, ...arm }),
    image(null),
  ]);
  assert.deepEqual(
    group?.tags.filter(({ platform }) => platform === 'linux/amd64').map(({ label, grown }) => [label, grown]),
    [
      ['3', -5],
      ['2', 20],
      ['1', null],
    ],
  );
  assert.deepEqual([group?.grown, group?.hasPlatforms], [15, true]);
  assert.deepEqual([group?.tagCount, group?.images], [3, 5]);
  assert.deepEqual([unnamed?.tagCount, unnamed?.images], [0, 1]);
  // Stored bytes are a different measure, so they don't stand in for an unknown size.
  assert.equal(group?.tags.find(({ label, platform }) => label === '3' && platform === 'linux/arm64')?.bytes, null);
  assert.deepEqual([unnamed?.repository, unnamed?.tags[0]?.label, unnamed?.grown], [null, 'app.tar', null]);
});

test('a placeholder time, which some builds write, is shown as unknown', () => {
  const times = [Date.parse('0001-01-01T00:00:00Z'), 0, 1000, null, Date.parse('1980-01-01T00:00:01Z')];
  const [group] = tagGroups(times.map((created, index) => image(String(index), { created })));
  assert.deepEqual(
    group?.tags.map(({ label, created }) => [label, created]),
    [['4', times[4]], ...['3', '2', '1', '0'].map((label) => [label, null])],
  );
});

test('an image whose name is only a tag gets its archive’s name, as does its group, and is found by both', () => {
  const place = { source: '/images/dpkg.tar', reference: '1', repository: null, tag: '1' };
  const images = [image(null, { places: [place] }), image(null, { places: [{ ...place, reference: '2', tag: '2' }] })];
  const rows = { images, layers: [], holders: [], problems: [] };
  const made = imageRows(rows);
  assert.deepEqual(
    made.map(({ name, tags }) => [name, tags]),
    [
      ['dpkg', ['1']],
      ['dpkg', ['2']],
    ],
  );
  assert.equal(imageGroups(rows, made).length, 1);
  assert.deepEqual(
    made.map((row) => isImageFound(rows, row, 'dpkg:2')),
    [false, true],
  );
});

test('a tag in several places shows the place in each of its rows', () => {
  const place = (source: string) => ({ source, reference: 'bazel:a', repository: 'bazel', tag: 'a' });
  const [group] = tagGroups([image('a', { places: [place('/a.tar'), place('/b.tar')] })]);
  assert.deepEqual([group?.tagCount, group?.images, group?.tags.map(({ isRepeated }) => isRepeated)], [1, 1, [true, true]]);
  assert.equal(words.catalog.inGroup(1, 1, 2), '1 tag · in 2 places');
});

test('an image in two files is one image', () => {
  const place = (source: string) => ({ source, reference: null, repository: null, tag: null });
  const [unnamed] = tagGroups([image(null, { places: [place('/a.tar'), place('/b.tar')] })]);
  assert.deepEqual([unnamed?.tags.length, unnamed?.images], [2, 1]);
});

test('tags alone aren’t a history: each image has the name of its archive', () => {
  const alone = (file: string, created: number): CatalogImage =>
    image('1', { created, places: [{ source: `/images/${file}`, reference: '1', repository: null, tag: '1' }] });
  const groups = tagGroups([alone('dpkg.tar', DAY), alone('cache.oci.tar', 2 * DAY)]);
  assert.deepEqual(
    groups.map(({ repository, grown, tags }) => [repository, grown, tags.map((tag) => [tag.label, tag.grown])]),
    [
      [
        null,
        null,
        [
          ['cache:1', null],
          ['dpkg:1', null],
        ],
      ],
    ],
  );
});

test('a package in many images is one group', () => {
  const hit: CatalogHit = { kind: 'package', name: 'zlib', type: 'deb', version: '1', bytes: 3, content: null, layer: 0, image: 0 };
  const entry: CatalogHit = { ...hit, kind: 'entry', name: 'lib/zlib.so', version: null, image: null };
  const groups = hitGroups([hit, { ...hit, image: 1 }, { ...hit, version: '2', image: 2 }, entry], [[0, 1, 2]]);
  assert.deepEqual(
    groups.map(({ hits, places }) => [hits.length, places.map(({ image }) => image)]),
    [
      [1, [0, 1]],
      [1, [2]],
      [1, [0, 1, 2]],
    ],
  );
});

test('a path in several layers is one group, sorted by image, and folders come last', () => {
  const hit: CatalogHit = { kind: 'entry', name: 'lib', type: 'directory', version: null, bytes: 0, content: null, layer: 0, image: null };
  const file = { ...hit, name: 'lib/a.so', type: 'file' };
  const groups = hitGroups([hit, file, { ...hit, layer: 1 }, { ...file, kind: 'whiteout', type: null, layer: 1 }], [[0, 1], [1]]);
  assert.deepEqual(
    groups.map(({ id, images, places }) => [id, images, places.map(({ image, hit: { layer } }) => [image, layer])]),
    [1, 0].map((id) => [
      id,
      2,
      [
        [0, 0],
        [1, 0],
        [1, 1],
      ],
    ]),
  );
});

test('the part of a search that every match contains is marked', () => {
  assert.deepEqual(
    [searchedText('path', '/usr/lib'), searchedText('path', '*.so'), searchedText('package', 'lib ssl 3.0')],
    ['usr/lib', '', 'lib ssl'],
  );
});

test('an image is titled by its name, or else by its file, with control characters shown', () => {
  assert.equal(placeName(image('1'), 0), 'shop/app:1');
  assert.equal(placeName(image(null), 0), 'app.tar');
  const hostile = image(null, { places: [{ source: 'C:\\images\\a\u001b[2Jb.tar', reference: null, repository: null, tag: null }] });
  assert.ok(!placeName(hostile, 0).includes('\u001b'));
});

test('a catalog and a search in it have addresses', () => {
  for (const catalog of [
    { catalogId: 'c1', view: 'images', what: 'path', text: '' },
    { catalogId: 'c1', view: 'layers', what: 'path', text: '' },
    { catalogId: 'c1', view: 'search', what: 'package', text: 'log4j 2 & more' },
  ] as const) {
    const selection = { ...NOTHING, catalog };
    assert.deepEqual(parseAddress(formatAddress(selection)), selection);
  }
  assert.equal(parseAddress('#/catalog/c1/nothing'), null);
  // A field of limited length may cut pasted text anywhere.
  const cut = { ...NOTHING, catalog: { catalogId: 'c1', view: 'search', what: 'path', text: 'a\ud835' } } as const;
  assert.equal(formatAddress(cut), '#/catalog/c1/search?what=path&text=a%EF%BF%BD');
});

test('the start shared by image names is the registry and folders that all of them begin with', () => {
  const named = (...names: readonly string[]) =>
    sharedStart(
      names.map((name) => image('1', { places: [{ source: '/images/app.tar', reference: `${name}:1`, repository: name, tag: '1' }] })),
    );
  assert.equal(named('registry.example.com/shop/checkout', 'registry.example.com/shop/chat'), 'registry.example.com/shop/');
  assert.equal(named('registry.example.com/shop/mail', 'registry.example.com/base/node'), 'registry.example.com/');
  assert.equal(named('shop/mail', 'other/mail'), '');
  assert.equal(named('shop/mail'), '');
  assert.equal(named(), '');
});
