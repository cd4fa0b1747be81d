import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyFates, buildStack, type Stack } from '#changes';
import type { LayerTable } from '#format/layer';
import { TYPE } from '#model';
import { LayerIndexer } from '../../src/archive/indexing/layer-indexer.ts';
import { bodyKey } from '../../src/changes/hard-links.ts';
import { mergedNodes } from '../../src/changes/merged-bodies.ts';
import { nodeOf } from '../../src/changes/shown-bodies.ts';
import { indexOf, viewAtLayer } from '../../src/changes/stack.ts';
import type { EntryAt } from '../../src/changes/types.ts';
import { ABSENT } from '../../src/changes/view.ts';
import { file as fixtureFile, layer as fixtureLayer, hardlink as fixtureLink } from '../support/layer-fixture.ts';
import { randomLayers } from '../support/random-layers.ts';
import { directory, file, hardlink, tar } from '../support/tar-builder.ts';

function layerTable(bytes: Uint8Array): LayerTable {
  const indexer = new LayerIndexer(bytes.length);
  indexer.push(bytes);
  return indexer.finish(bytes.length, null).layer.table;
}

function regularFiles({ layers }: Stack): EntryAt[] {
  return layers.flatMap((table, layer) =>
    Array.from({ length: table?.memberCount ?? 0 }, (_, member) => ({ layer, member })).filter(
      ({ member }) => table?.type[member] === TYPE.file && (table.flags[member] as number) % 4 === 0,
    ),
  );
}

/** Returns each regular file's fate, by layer and member. */
function fates(...layers: Uint8Array[]): string[] {
  const stack = buildStack(layers.map(layerTable));
  const bodies = regularFiles(stack);
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

/** Returns each body's fate, found by looking at all of its names in every view, in the same form as {@link fates}. */
function slowFates(stack: Stack, bodies: readonly EntryAt[]): string[] {
  const { tree, links } = indexOf(stack);
  const merged = mergedNodes(tree);
  return bodies.map(({ layer, member }) => {
    const names = [{ layer, member }];
    links.forEach((table, at) => {
      for (const link of table?.members ?? []) {
        if (bodyKey(tree, links, at, link) === bodyKey(tree, links, layer, member)) names.push({ layer: at, member: link });
      }
    });
    let last = layer - 1;
    stack.layers.forEach((_, at) => {
      const view = viewAtLayer(stack, at);
      const isShown = names.some((name) => {
        const node = nodeOf(tree, name.layer, name.member);
        if (name.layer > at || view.type[node] === ABSENT) return false;
        if (view.layer[node] === name.layer && view.member[node] === name.member) return true;
        return merged.has(node) && view.type[node] === TYPE.file;
      });
      if (isShown) last = at;
    });
    return last === stack.layers.length - 1 ? 'visible' : `hidden in ${last + 1}`;
  });
}

test('in random stacks and Windows images, files’ fates match those found by looking at all names in all views', () => {
  for (let seed = 1; seed <= 400; seed++) {
    const names = seed % 2 === 0 ? ['a', 'b', 'c'] : ['Hives', 'a', 'b'];
    const stack = buildStack(randomLayers(seed, { names }).map(fixtureLayer), { caseInsensitive: seed % 2 === 1 });
    const bodies = regularFiles(stack);
    const found = bodyFates(stack, bodies).map(({ isVisible, hiddenIn }) => (isVisible ? 'visible' : `hidden in ${hiddenIn}`));
    assert.deepEqual(found, slowFates(stack, bodies), `seed ${seed}`);
  }
});

// This would take minutes if every layer visited every name.
test('100,000 names that a layer hides are not visited again in the 8,000 layers above', () => {
  const links = Array.from({ length: 100_000 }, (_, at) => fixtureLink(`d/${at}`, 'd/a'));
  const [below, hides] = [fixtureLayer([fixtureFile('d/a'), ...links]), fixtureLayer([{ whiteout: 'd' }])];
  const stack = buildStack([below, hides, ...Array<LayerTable>(8_000).fill(fixtureLayer([fixtureFile('x')]))]);
  assert.deepEqual(bodyFates(stack, [{ layer: 0, member: 0 }]), [{ isVisible: false, hiddenIn: 1 }]);
});
