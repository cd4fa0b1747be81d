import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAddress, parseAddress } from '../../renderer/state/address.ts';
import {
  commonLayers,
  foldedRuns,
  isLater,
  obviousSide,
  sideBytes,
  sideChoices,
  signedSize,
  textReport,
} from '../../renderer/state/compare.ts';
import type { Selection } from '../../renderer/state/selection.ts';
import type { ArchiveSummary, ImageSummary } from '../../src/contract/index.ts';
import { COUNTED, DIFFERS, KIND, TYPE } from '../../src/model/index.ts';
import { numberedRows } from '../support/row-tables.ts';

const image = (index: number, chainIds: readonly (string | null)[]) =>
  ({ index, chainIds, layers: chainIds.map((_, layer) => ({ index: layer, createdBy: null })) }) as unknown as ImageSummary;
const archive = (archiveId: string, ...images: ImageSummary[]) => ({ archiveId, images }) as unknown as ArchiveSummary;
const at = (archiveId: string, from: number): Selection => ({ archiveId, image: 0, from, to: from, mode: 'layer', path: null });

// app/ (added 60, modified 10 to 30, removed 5), old/ (removed with 2 paths of 100 bytes)
const base = numberedRows(5);
const names = ['app', 'new', 'mod\n', 'gone', 'old'].map((name) => new TextEncoder().encode(name));
const table = {
  ...base,
  parent: Int32Array.of(-1, 0, 0, 0, -1),
  subtreeEnd: Uint32Array.of(4, 2, 3, 4, 5),
  kind: Uint8Array.of(KIND.unchanged, KIND.added, KIND.modified, KIND.removed, KIND.removed),
  differs: Uint16Array.of(0, 0, DIFFERS.content | DIFFERS.mode, 0, 0),
  type: Uint8Array.of(TYPE.directory, TYPE.file, TYPE.file, TYPE.file, TYPE.directory),
  size: Float64Array.of(0, 60, 30, 5, 0),
  previousSize: Float64Array.of(0, 0, 10, 0, 0),
  counted: Uint8Array.of(0, COUNTED.now, COUNTED.now | COUNTED.before, COUNTED.before, 0),
  reason: new Uint8Array(5),
  hiddenBytes: Float64Array.of(0, 0, 10, 5, 100),
  hiddenEntries: Uint32Array.of(0, 0, 0, 0, 2),
  nameStart: Uint32Array.from([0, ...names].map((_, i) => names.slice(0, i).reduce((sum, { length }) => sum + length, 0))),
  names: Uint8Array.from(names.flatMap((name) => [...name])),
};

test('a long run of layers that aren’t a side of the comparison is one item, and a short run is not', () => {
  const layers = Array.from({ length: 120 }, (_, at) => ({ index: 119 - at }));
  const numbers = (isSide: (layer: number) => boolean, some = layers) =>
    foldedRuns(some, isSide).map((run) => (run.length === 1 ? run[0]?.index : `${run[0]?.index}–${run.at(-1)?.index}`));
  assert.deepEqual(
    numbers((layer) => layer === 119),
    [119, '118–0'],
  );
  assert.deepEqual(
    numbers((layer) => layer === 60 || layer === 57),
    ['119–61', 60, 59, 58, 57, '56–0'],
  );
  assert.deepEqual(
    numbers(() => false, layers.slice(-3)),
    [2, 1, 0],
  );
});

test('a selection is compared with the only other image, or else with the layer below; if there is a choice, the user is asked', () => {
  const [one, two, three] = [
    archive('a1', image(0, ['x', 'y'])),
    archive('a2', image(0, ['x', 'z', 'q'])),
    archive('a3', image(0, ['x']), image(1, ['x'])),
  ];
  assert.deepEqual(obviousSide([one, two], at('a2', 1)), { archiveId: 'a1', image: 0, layer: 1 });
  assert.deepEqual(obviousSide([one, two], at('a1', 1)), { archiveId: 'a2', image: 0, layer: 2 });
  assert.deepEqual(obviousSide([three], at('a3', 0)), { archiveId: 'a3', image: 1, layer: 0 });
  assert.equal(obviousSide([one, two, three], at('a2', 1)), 'ask');
  assert.deepEqual(obviousSide([two], at('a2', 2)), { archiveId: 'a2', image: 0, layer: 1 });
  assert.deepEqual(obviousSide([two], { ...at('a2', 1), to: 2 }), { archiveId: 'a2', image: 0, layer: 0 });
  assert.equal(obviousSide([two], at('a2', 0)), 'ask');
  assert.equal(obviousSide([two], { ...at('a2', 0), to: 2, mode: 'image' }), 'ask');
});

test('the later image is determined by time, or else by the version in its tag', () => {
  const of = (archiveId: string, name: string, created: string | null) =>
    archive(archiveId, { ...image(0, ['x']), names: [name], history: [{ created }] } as unknown as ImageSummary);
  const later = (...[one, other]: readonly (readonly [string, string | null])[]) => {
    const archives = [of('a1', ...(one ?? ['', null])), of('a2', ...(other ?? ['', null]))];
    const [a, b] = archives.map(({ archiveId }) => ({ archiveId, image: 0, layer: 0 }));
    if (a === undefined || b === undefined) throw new Error('two images');
    return [isLater(archives, a, b), isLater(archives, b, a)];
  };
  const [old, recent] = ['2024-01-01T00:00:00Z', '2025-01-01T00:00:00Z'];
  assert.deepEqual(later(['app:2', old], ['app:1', recent]), [false, true]);
  assert.deepEqual(later(['app:1.10', old], ['app:1.9', old]), [true, false]);
  assert.deepEqual(later(['host:5000/app:v2', null], ['app:v10', recent]), [false, true]);
  for (const [one, other] of [
    ['app:latest', 'app:1'],
    ['app:2', 'other:1'],
    ['host:5000/app', 'app:1'],
    ['app:1', 'app:1'],
  ] as const)
    assert.deepEqual(later([one, null], [other, null]), [false, false], one);
});

test('the choices for a comparison are every other image, an image that isn’t open yet, and every other layer', () => {
  const archives = [archive('a1', image(0, ['x', 'y'])), archive('a2', image(0, ['x', 'z', 'q']))].map((each, number) => ({
    ...each,
    title: `file${number}.tar`,
    images: each.images.map((of) => ({ ...of, names: [`acme/app:${number}`], platform: number === 0 ? 'unknown' : 'linux/amd64' })),
  }));
  const told = sideChoices(archives, { ...at('a1', 0), to: 1, mode: 'image' }).map(({ label, detail, side }) => [
    label,
    detail,
    side?.layer,
  ]);
  assert.deepEqual(told, [
    ['acme/app:1', 'file1.tar · linux/amd64', 2],
    ['Open…', 'compare with a file that isn’t open yet', undefined],
    ['Layer 0', 'command not recorded', 0],
  ]);
  const own = sideChoices(archives, at('a2', 1)).filter(({ id }) => id.startsWith('layer'));
  assert.deepEqual(
    own.map(({ label, side }) => [label, side]),
    [
      ['Layer 2, the whole image', { archiveId: 'a2', image: 0, layer: 2 }],
      ['Layer 0', { archiveId: 'a2', image: 0, layer: 0 }],
    ],
  );
});

test('layers are shared from the bottom up as long as their chain IDs are known and equal', () => {
  assert.equal(commonLayers(image(0, ['a', 'b', 'c']), image(0, ['a', 'b', 'd', 'e'])), 2);
  assert.equal(commonLayers(image(0, ['a', null]), image(0, ['a', null])), 1);
  assert.equal(commonLayers(image(0, []), image(0, ['a'])), 0);
});

test('bytes on both sides and what B adds are summed for folders', () => {
  const { before, net } = sideBytes(table);
  assert.deepEqual([...before], [15, 0, 10, 5, 100]);
  assert.deepEqual([...net], [75, 60, 20, -5, -100]);
  assert.equal(signedSize(75), '+75 B');
  assert.equal(signedSize(-100), '−100 B');
});

test('a comparison’s report names what was compared, with one line per path and the totals, and escapes names', () => {
  const configs = [
    { field: 'Cmd', a: '["a"]', b: '["b"]' },
    { field: 'User', a: null, b: 'root' },
  ];
  assert.deepEqual(textReport(table, { titleA: 'web:1', titleB: 'web:2', configs }).split('\n'), [
    'A  web:1',
    'B  web:2',
    '',
    '+       60 B  app/new',
    '~       30 B  app/mod\\x0A  (content, mode, was 10 B)',
    '−        5 B  app/gone',
    '−             old/  (and 2 below, 100 B)',
    '~ config Cmd: ["a"] → ["b"]',
    '+ config User: root',
    '',
    '+1 ~1 −2, net −25 B, 2 in the config',
    '',
  ]);
});

test('a comparison and a treemap have addresses', () => {
  const selection: Selection = {
    ...at('a2', 3),
    mode: 'compare',
    against: { archiveId: 'a1', image: 2, layer: 7 },
    path: 'etc/passwd',
    view: 'treemap',
  };
  const address = formatAddress(selection);
  assert.equal(address, '#/image/a2/layer/3?path=etc/passwd&mode=compare&against=a1.2@7&view=treemap');
  assert.deepEqual(parseAddress(address), selection);
  assert.equal(parseAddress('#/image/a2/layer/3?mode=compare')?.mode, 'layer');
});
