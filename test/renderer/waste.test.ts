import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  causeLines,
  FIRST_WASTE_ORDER,
  fileLines,
  mayBeRewritten,
  nextWasteOrder,
  placeLines,
  sortedWaste,
} from '../../renderer/state/waste.ts';
import { bestWhatIf, whatIfCommand } from '../../renderer/state/weigh.ts';
import { words } from '../../renderer/words/index.ts';
import type { ArchiveSummary, ImageSummary, WasteReport, WhatIfReport } from '../../src/contract/index.ts';

test('files and places become lines, which are sorted by bytes or by path', () => {
  const report = {
    files: [
      { cause: 'deleted', path: 'b', wastedBytes: 9, layers: [0, 2], hiddenBy: 2 },
      { cause: 'overwritten', path: 'c', wastedBytes: 8, layers: [1], hiddenBy: 2 },
      { cause: 'deleted', path: 'a', wastedBytes: 7, layers: [1], hiddenBy: 3 },
    ],
  } as unknown as WasteReport;
  const files = fileLines(report, 'deleted');
  assert.deepEqual(
    files.map(({ path, bytes, writers, layer, hider }) => [path, bytes, writers, layer, hider]),
    [
      ['b', 9, [0], 0, 2],
      ['a', 7, [1], 1, 3],
    ],
  );
  const places = placeLines([
    { layer: 1, path: null, bytes: 5 },
    { layer: 0, path: 'tmp/x', bytes: 4, removedIn: 2, of: 'y' },
  ] as unknown as Parameters<typeof placeLines>[0]);
  assert.deepEqual(
    places.map(({ path, hider, sameAs }) => [path, hider, sameAs]),
    [
      [null, null, null],
      ['tmp/x', 2, 'y'],
    ],
  );
  const paths = (order: typeof FIRST_WASTE_ORDER) => sortedWaste([...files, ...places], order).map(({ path }) => path);
  assert.deepEqual(paths(FIRST_WASTE_ORDER), ['b', 'a', null, 'tmp/x']);
  const byPath = nextWasteOrder(FIRST_WASTE_ORDER, 'path');
  assert.deepEqual(paths(byPath), ['a', 'b', 'tmp/x', null]);
  assert.deepEqual(paths(nextWasteOrder(byPath, 'path')), [null, 'tmp/x', 'b', 'a']);
  assert.deepEqual(nextWasteOrder(byPath, 'bytes'), FIRST_WASTE_ORDER);
});

test('causes keep the report’s order, and those that hide nothing are left out', () => {
  const file = (cause: string, path: string) => ({ cause, path });
  const report = (bytes: Record<string, number>) =>
    ({
      groups: Object.entries(bytes).map(([cause, of]) => ({ cause, bytes: of, files: 1 })),
      files: [file('overwritten', 'a'), file('overwritten', 'b'), file('deleted', 'c')],
    }) as unknown as WasteReport;
  const lines = (of: WasteReport) => causeLines(of).map(({ cause, bytes, largest }) => `${cause} ${bytes} ${largest?.path ?? '-'}`);
  assert.deepEqual(lines(report({ overwritten: 10, deleted: 7 })), ['overwritten 10 a', 'deleted 7 c']);
  assert.deepEqual(lines(report({ deleted: 7, rewritten: 6, overwritten: 0 })), ['deleted 7 c', 'rewritten 6 -']);
  assert.deepEqual(
    [{ overwritten: 1 }, { overwritten: 1, rewritten: 2 }, { deleted: 7 }].map((of) => mayBeRewritten(report(of))),
    [true, false, false],
  );
});

const archive = (title: string, images = 1, reference?: string) =>
  ({
    title,
    images: Array.from({ length: images }, () => ({})),
    ...(reference === undefined ? {} : { source: { reference } }),
  }) as unknown as ArchiveSummary;
const image = { index: 2 } as ImageSummary;

test('a what-if’s command can be pasted into a shell, whatever the archive’s name', () => {
  const squash = { kind: 'squash', from: 3 } as const;
  assert.equal(whatIfCommand(archive('img.tar'), image, squash), 'layerscope waste img.tar --if squash=3 --to slim.tar');
  const zstd = { kind: 'zstd', from: null } as const;
  const command = (name: string) => whatIfCommand(archive(name), image, zstd);
  assert.equal(command("it's $(rm) .tar"), "layerscope waste 'it'\\''s $(rm) .tar' --if zstd --to slim.tar");
  assert.equal(command('-x.tar'), "layerscope waste '-x.tar' --if zstd --to slim.tar");
  assert.equal(command(''), "layerscope waste '' --if zstd --to slim.tar");
  const odd = command('a\n\u001b[201~rm -rf .tar');
  assert.ok(!odd.includes('\n') && !odd.includes('\u001b'), odd);
  assert.equal(whatIfCommand(archive('many.tar', 3), image, zstd), 'layerscope waste many.tar --image 2 --if zstd --to slim.tar');
  assert.equal(
    whatIfCommand(archive('x', 1, 'docker.io/library/alpine:3'), image, zstd),
    'layerscope waste docker.io/library/alpine:3 --if zstd --to slim.tar',
  );
});

test('the best what-if is the one with the fewest file bytes', () => {
  const report = (kind: WhatIfReport['kind'], fileBytes: number): WhatIfReport => ({
    kind,
    from: null,
    layers: 1,
    fileBytes,
    storedBytes: null,
    obstacle: null,
  });
  assert.equal(bestWhatIf([report('zstd', 10), report('drop-caches', 7), report('squash', 8)], 10)?.kind, 'drop-caches');
  assert.equal(bestWhatIf([report('zstd', 10)], 10), null);
  assert.equal(bestWhatIf([], 10), null);
});

test('the layers that wrote a file are listed, or are a range if there are many', () => {
  const textOf = words.waste.layersOfLargest;
  assert.equal(textOf([4], 5), 'layer 4 → 5');
  assert.equal(textOf([1, 2, 4], 5), 'layers 1, 2, 4 → 5');
  assert.equal(textOf([3, 2, 1, 0], 4), 'layers 0–3 → 4');
  assert.equal(textOf([0, 2, 5, 9], null), '4 of layers 0–9');
});
