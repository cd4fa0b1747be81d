import assert from 'node:assert/strict';
import { test } from 'node:test';
import { causeLines, groupBy, mayBeRewritten } from '../../renderer/state/waste.ts';
import { bestWhatIf, whatIfCommand } from '../../renderer/state/weigh.ts';
import type { ArchiveSummary, ImageSummary, WasteReport, WhatIfReport } from '../../src/contract/index.ts';

test('groups keep the order of their first items', () => {
  const groups = groupBy([5, 2, 7, 4], (each) => (each % 2 === 0 ? 'even' : 'odd'));
  assert.deepEqual(groups, [
    { key: 'odd', items: [5, 7] },
    { key: 'even', items: [2, 4] },
  ]);
  assert.deepEqual(
    groupBy([], () => ''),
    [],
  );
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

test('the command of a what-if can be pasted into a shell, whatever the archive is called', () => {
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

test('the best what-if is the one with the fewest bytes of files', () => {
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
