import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  commandLines,
  onlyRemoves,
  plainCommand,
  STRATUM_MIN,
  STRATUM_ROOMY,
  STRATUM_TALL,
  splitVerb,
  strata,
  stratumHeights,
} from '../../renderer/state/chain.ts';
import type { ImageSummary } from '../../src/contract/index.ts';
import type { HistoryReport, LayerReport } from '../../src/model/index.ts';

test('commands are shown in plain words', () => {
  const cases: [string | null, string | null][] = [
    ['/bin/sh -c #(nop) ADD file:5a9d in / ', 'ADD file:5a9d in /'],
    ['/bin/sh -c #(nop)  CMD ["bash"]', 'CMD ["bash"]'],
    ['/bin/sh -c apt-get update', 'RUN apt-get update'],
    ['RUN /bin/sh -c npm ci # buildkit', 'RUN npm ci'],
    ['RUN |2 A=1 B=x /bin/sh -c make all # buildkit', 'RUN make all'],
    ['|1 A=1 /bin/sh -c make', 'RUN make'],
    ['RUN /bin/bash -o pipefail -c true', 'RUN true'],
    ['/bin/bash -ec true', 'RUN true'],
    ['COPY dist /app # buildkit', 'COPY dist /app'],
    ['ENV A=1', 'ENV A=1'],
    ['RUN /bin/sh -c a &&     b', 'RUN a && b'],
    ['bazel build ...', 'bazel build ...'],
    ['cmd /S /C powershell -Command x', 'RUN powershell -Command x'],
    ['', null],
    [null, null],
  ];
  for (const [createdBy, plain] of cases) assert.equal(plainCommand(createdBy), plain, String(createdBy));
});

test('control and bidi characters in a command are escaped', () => {
  assert.equal(plainCommand('RUN /bin/sh -c echo \u001b[31m\u202e'), 'RUN echo \\x1B[31m\\u202E');
});

test('the verb of a command is separated from the rest', () => {
  assert.deepEqual(splitVerb('RUN npm ci'), { verb: 'RUN', rest: 'npm ci' });
  assert.equal(splitVerb('bazel build'), null);
});

const layer = (index: number): LayerReport => ({
  index,
  digest: null,
  diffId: null,
  mediaType: null,
  compression: 'none',
  status: 'present',
  blobBytes: 0,
  tarBytes: 0,
  fileBytes: 0,
  entries: 0,
  added: 0,
  modified: 0,
  removed: 0,
  createdBy: null,
});
const step = (createdBy: string, emptyLayer: boolean): HistoryReport => ({ createdBy, created: null, comment: null, emptyLayer });
const image = (layers: LayerReport[], history: HistoryReport[]): ImageSummary => ({
  index: 0,
  names: [],
  platform: 'linux/amd64',
  configDigest: null,
  manifestDigest: null,
  loaded: true,
  layers,
  chainIds: [],
  history,
  totals: { files: 0, fileBytes: 0, finalBytes: 0, wastedBytes: 0, efficiency: 1 },
  attestations: [],
  scanned: false,
  hasRegistry: false,
});

test('strata are listed newest first, with runs of steps without a layer folded', () => {
  const history = [step('ADD', false), step('ENV', true), step('CMD', true), step('RUN', false), step('USER', true)];
  const lines = strata(image([layer(0), layer(1)], history));
  assert.deepEqual(
    lines.map((line) => (line.kind === 'layer' ? line.layer.index : line.steps.map(({ createdBy }) => createdBy))),
    [['USER'], 1, ['CMD', 'ENV'], 0],
  );
});

test('a history that doesn’t match is ignored, and only layers are shown', () => {
  for (const history of [[], [step('ADD', false)], [step('A', false), step('B', false), step('C', false)]]) {
    const lines = strata(image([layer(0), layer(1)], history));
    assert.deepEqual(
      lines.map((line) => line.kind === 'layer' && line.layer.index),
      [1, 0],
    );
  }
});

test('heights are to scale, and all are tall enough to read', () => {
  const [small = 0, big = 0, none = 0] = stratumHeights([1_000_000, 100_000_000, 0], 2_000);
  assert.deepEqual([small, none], [STRATUM_TALL, STRATUM_TALL]);
  assert.equal(big, 168);
  const [half = 0, whole = 0] = stratumHeights([50, 100], 2_000);
  assert.equal(half * 2, whole);
  assert.deepEqual(stratumHeights([0, 0], 2_000), [STRATUM_TALL, STRATUM_TALL]);
});

test('the largest stratum shrinks until all fit; then the small strata shrink, down to a limit', () => {
  const sizes = [100, 100, 100, 100];
  const sum = (heights: number[]) => heights.reduce((total, height) => total + height, 0);
  assert.ok(sum(stratumHeights(sizes, 500)) <= 500);
  assert.deepEqual(stratumHeights(sizes, 10), [24, 24, 24, 24]);
  // Even if the layers can't all fit, a layer that is larger than the others still stands out.
  const equal = Array.from({ length: 119 }, () => 10);
  assert.deepEqual(new Set(stratumHeights([...equal, 10], 500)), new Set([24]));
  assert.equal(stratumHeights([...equal, 1_000], 500).at(-1), 64);
  const many = [100, ...Array.from({ length: 10 }, () => 1)];
  assert.ok(stratumHeights(many, 600).every((height) => height >= STRATUM_TALL));
  assert.ok(sum(stratumHeights(many, 400)) <= 400);
  assert.equal(stratumHeights(many, 400)[1], STRATUM_MIN);
});

test('a layer that only removes files is distinguished from an empty one', () => {
  assert.equal(onlyRemoves({ ...layer(0), removed: 2 }), true);
  assert.equal(onlyRemoves(layer(0)), false);
  assert.equal(onlyRemoves({ ...layer(0), removed: 2, fileBytes: 1 }), false);
});

test('a stratum’s command takes all lines that its counts leave space for, and always at least one', () => {
  for (const [height, lines, counts] of [
    [STRATUM_MIN, 1, 0],
    [STRATUM_TALL, 1, 16],
    [57, 2, 16],
    [STRATUM_ROOMY, 2, 32],
    [110, 4, 32],
    [168, 7, 32],
  ] as const) {
    assert.equal(commandLines(height), lines, `${height} px`);
    assert.ok(lines * 18 + counts <= height, `${height} px`);
  }
});
