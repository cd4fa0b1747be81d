import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyFates, buildStack } from '#changes';
import type { LayerTable } from '#format/layer';
import { TYPE } from '#model';
import { LayerIndexer } from '../../src/archive/indexing/layer-indexer.ts';
import { directory, file, hardlink, tar } from '../support/tar-builder.ts';

function layerTable(bytes: Uint8Array): LayerTable {
  const indexer = new LayerIndexer(bytes.length);
  indexer.push(bytes);
  return indexer.finish(bytes.length, null).layer.table;
}

/** Each regular file's fate, by layer and member. */
function fates(...layers: Uint8Array[]): string[] {
  const stack = buildStack(layers.map(layerTable));
  const bodies = stack.layers.flatMap((table, layer) =>
    Array.from({ length: table?.memberCount ?? 0 }, (_, member) => ({ layer, member })).filter(
      ({ member }) => table?.type[member] === TYPE.file && (table.flags[member] as number) % 4 === 0,
    ),
  );
  return bodyFates(stack, bodies).map(
    ({ isVisible, hiddenIn }, at) => `${bodies[at]?.layer}/${bodies[at]?.member} ${isVisible ? 'visible' : `hidden in ${hiddenIn}`}`,
  );
}

test('a file stays, is removed or replaced, or is removed with its folder', () => {
  assert.deepEqual(
    fates(
      tar(file('stays', '1'), file('goes', '2'), file('again', '3'), file('d/inner', '4'), file('o/inner', '5')),
      tar(file('.wh.goes', ''), file('other', '6')),
      tar(file('again', '7'), file('.wh.d', ''), file('o/.wh..wh..opq', '')),
    ),
    ['0/0 visible', '0/1 hidden in 1', '0/2 hidden in 2', '0/3 hidden in 2', '0/4 hidden in 2', '1/1 visible', '2/0 visible'],
  );
});

test('a body is visible as long as any of its names is visible', () => {
  assert.deepEqual(
    fates(
      tar(file('a', '1'), hardlink('b', 'a'), file('c', '2')),
      tar(file('.wh.a', ''), hardlink('d', 'c')),
      tar(file('.wh.c', ''), directory('x/')),
      tar(file('.wh.b', '')),
    ),
    ['0/0 hidden in 3', '0/2 visible'],
  );
});

test('a file replaced within its own layer was never visible; a removed file that a later layer adds again is visible', () => {
  assert.deepEqual(fates(tar(file('a', '1'), file('a', '2')), tar(file('.wh.a', '')), tar(file('a', '3'))), [
    '0/0 hidden in 0',
    '0/1 hidden in 1',
    '2/0 visible',
  ]);
});
