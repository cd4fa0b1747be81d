// Layers become tables, a stack, change lists and views: the same for input in pieces of any size, and with well-formed trees of rows.
import assert from 'node:assert/strict';
import { buildStack, changesOf, viewAt } from '#changes';
import type { BuiltLayer } from '#format/layer';
import type { RowTable } from '#model';
import { buildLayer, type Feeder, inPieces } from '../../support/tar-collect.ts';
import { expectCleanText, expectRefusal } from '../engine/finding.ts';
import { mutateTar, TAR_TOKENS } from '../engine/mutate-tar.ts';
import { Random } from '../engine/random.ts';
import { expectSame } from '../engine/same.ts';
import { tarSeeds } from '../engine/seeds.ts';
import { session, type Target } from '../engine/target.ts';
import { joinLayers, mutateLayers, splitLayers } from './layers-in-one.ts';

function built(bytes: Uint8Array, feed?: Feeder): BuiltLayer | null {
  try {
    return buildLayer(bytes, feed);
  } catch (error) {
    expectRefusal(error, ['BAD_TAR', 'TOO_LARGE']);
    return null;
  }
}

function checkRows(rows: RowTable): void {
  for (let row = 0; row < rows.length; row++) {
    const name = Buffer.from(rows.names.subarray(rows.nameStart[row], rows.nameStart[row + 1])).toString('latin1');
    assert.ok(name !== '' && name !== '..' && name !== '.' && !name.includes('/'), `a row with the name ${JSON.stringify(name)}`);
    const [parent, end] = [rows.parent[row] as number, rows.subtreeEnd[row] as number];
    assert.ok(parent < row && end > row && end <= rows.length, 'a row outside its tree');
    if (parent >= 0) assert.ok(end <= (rows.subtreeEnd[parent] as number), 'a row ends outside its folder');
  }
}

function run(input: Uint8Array): void {
  const tables = splitLayers(input).map((bytes) => {
    const whole = built(bytes);
    const random = new Random(bytes.length);
    expectSame(
      built(
        bytes,
        inPieces(() => 1 + random.int(900)),
      ),
      whole,
    );
    for (const { message } of whole?.findings ?? []) expectCleanText(message);
    return whole?.table ?? null;
  });
  if (tables.length === 0) return;
  const stack = buildStack(tables);
  for (let layer = 0; layer < tables.length; layer++) checkRows(viewAt(stack, layer));
  checkRows(changesOf(stack, 0, tables.length - 1));
}

export const target: Target = {
  name: 'layer',
  seeds: () => {
    const tars = tarSeeds();
    return [...tars, joinLayers(tars.slice(0, 3)), joinLayers(tars.slice(9, 14)), joinLayers(tars.slice(14))];
  },
  tokens: TAR_TOKENS,
  mutate: (bytes, random, other) => mutateLayers(bytes, random, other, mutateTar),
  open: () => session(run),
};
