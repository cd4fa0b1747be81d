import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bodyFates, breakDown, buildStack, changesOf, figuresWithout, wastedByLayer, wasteOf, wholeImage } from '#changes';
import { PathMatcher } from '#format/path';
import { type RowTable, rowPath } from '#model';
import { dir, file, layer, type MemberFixture } from '../support/layer-fixture.ts';
import { Random } from '../support/random-layers.ts';

const windows = (...layers: MemberFixture[][]) => buildStack(layers.map(layer), { caseInsensitive: true });
const linux = (...layers: MemberFixture[][]) => buildStack(layers.map(layer));
const rest = async (): Promise<void> => {};

const LAYERS = [
  [dir('Files'), file('Files/a.dll', 5), dir('Hives'), file('Hives/System_Delta', 100)],
  [file('Files/b.dll', 7), dir('Hives'), file('hives/SYSTEM_DELTA', 200), file('Hives/Software_Delta', 10)],
  [file('Files/a.dll', 6), dir('Hives'), file('Hives/System_Delta', 400), file('tombstones.txt', 1)],
  [file('tombstones.txt', 2)],
];

function rowOf(rows: RowTable, path: string) {
  const row = Array.from({ length: rows.length }, (_, at) => Buffer.from(rowPath(rows, at)).toString()).indexOf(path);
  assert.notEqual(row, -1, path);
  return { size: rows.size[row], hidden: rows.hiddenBytes[row] };
}

describe('files that Windows merges from all layers', () => {
  it('merged files are not wasted, unlike a file that a layer above overwrites', async () => {
    const stack = windows(...LAYERS);
    assert.deepEqual(stack.totals, { files: 5, fileBytes: 731, finalBytes: 726, wastedBytes: 5, efficiency: 726 / 731 });
    assert.deepEqual(wastedByLayer(stack), [5, 0, 0, 0]);
    const { files, groups } = wasteOf(stack, 10);
    assert.deepEqual(
      files.map(({ path, wastedBytes }) => [Buffer.from(path).toString(), wastedBytes]),
      [['Files/a.dll', 5]],
    );
    assert.deepEqual(groups, [{ cause: 'overwritten', bytes: 5, files: 1 }]);
    const all = await figuresWithout(stack, new PathMatcher(['*.none'], { ignoreCase: true }), rest);
    assert.deepEqual([all.fileBytes, all.finalBytes], [731, 726]);
    const none = await figuresWithout(stack, new PathMatcher(['Hives'], { ignoreCase: true }), rest);
    assert.deepEqual([none.fileBytes, none.finalBytes], [21, 16]);
  });

  it('merged files count with their full size in the image, and hide nothing in a layer’s changes', () => {
    const stack = windows(...LAYERS);
    const rows = wholeImage(stack);
    assert.deepEqual(rowOf(rows, 'Hives/System_Delta'), { size: 700, hidden: 0 });
    assert.deepEqual(rowOf(rows, 'Files/a.dll'), { size: 6, hidden: 5 });
    const sums = breakDown(rows, 'image', { limit: 10 });
    assert.deepEqual([sums.bytes, sums.hiddenBytes], [726, 5]);
    assert.deepEqual(rowOf(changesOf(stack, 2, 2), 'Hives/System_Delta'), { size: 400, hidden: 0 });
    assert.deepEqual(rowOf(changesOf(stack, 2, 2), 'Files/a.dll'), { size: 6, hidden: 5 });
  });

  it('merged files are visible as long as the image shows a file with that name', () => {
    const fates = (stack: ReturnType<typeof windows>) => bodyFates(stack, [{ layer: 0, member: 3 }]);
    assert.deepEqual(fates(windows(...LAYERS)), [{ isVisible: true, hiddenIn: null }]);
    assert.deepEqual(fates(linux(...LAYERS)), [{ isVisible: false, hiddenIn: 2 }]);
    assert.deepEqual(fates(windows(...LAYERS, [{ whiteout: 'Hives' }])), [{ isVisible: false, hiddenIn: 4 }]);
  });

  it('merged files are wasted if the same layer has them twice, if a layer removes them, and in images of other systems', () => {
    assert.equal(windows([file('Hives/System_Delta', 3), file('Hives/System_Delta', 4)]).totals.wastedBytes, 3);
    assert.equal(windows([file('Hives/System_Delta', 3)], [{ whiteout: 'Hives/System_Delta' }]).totals.wastedBytes, 3);
    assert.equal(windows([file('Hives/d/x', 3)], [file('Hives/d/x', 4)]).totals.wastedBytes, 3);
    assert.equal(windows([file('Files/Hives/x', 3)], [file('Files/Hives/x', 4)]).totals.wastedBytes, 3);
    assert.equal(linux([file('Hives/System_Delta', 3)], [file('Hives/System_Delta', 4)]).totals.wastedBytes, 3);
  });

  it('merged files add as many bytes to the totals and the waste as files with different names would', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = new Random(seed);
      const names = ['Hives/A_Delta', 'Hives/b_delta', 'Files/x', 'Files/y', 'UtilityVM/z'];
      const layers = Array.from({ length: 1 + random.below(5) }, () => names.filter(() => random.chance(60)));
      const made = layers.map((paths) => paths.map((path) => file(path, 1 + random.below(50))));
      const merged = windows(...made);
      const apart = windows(
        ...made.map((files, at) =>
          files.map((each) => (`${each.path}`.startsWith('Hives') ? { ...each, path: `${each.path}${at}` } : each)),
        ),
      );
      const { files: _, ...expected } = apart.totals;
      const { files: __, ...totals } = merged.totals;
      assert.deepEqual(totals, expected, `seed ${seed}`);
      assert.deepEqual(wastedByLayer(merged), wastedByLayer(apart), `seed ${seed}`);
      const { bytes, hiddenBytes } = breakDown(wholeImage(merged), 'image', { limit: 1 });
      assert.deepEqual([bytes, hiddenBytes], [expected.finalBytes, expected.wastedBytes], `seed ${seed}`);
    }
  });
});
