import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildStack, slimPlan } from '#changes';
import type { LayerTable } from '#format/layer';
import { LayerIndexer } from '../../src/archive/indexing/layer-indexer.ts';
import { file as fixtureFile, layer } from '../support/layer-fixture.ts';
import { file, pax, tar } from '../support/tar-builder.ts';

/** Maximum depth of a path in a layer's table, in components. */
const DEPTH = 4_000;

/** Returns a layer whose few entries imply 4,000 folders each, all with the same name, in paths of 16,000 bytes. */
function deepLayer(entries: number, name: string): LayerTable {
  const members = Array.from({ length: entries }, (_, at) => [
    pax({ path: `Files/${at}/${`${name}/`.repeat(DEPTH)}f` }),
    file('short', ''),
  ]);
  const bytes = tar(...members.flat());
  const indexer = new LayerIndexer(bytes.length);
  indexer.push(bytes);
  return indexer.finish(bytes.length, null).layer.table;
}

test('16,000 folders with a reserved name in deep paths are counted', () => {
  const { findings } = buildStack([deepLayer(4, 'con')], { caseInsensitive: true });
  assert.equal(findings.length, 1_000);
  assert.match(findings.at(-1)?.message ?? '', /^15001 more/);
});

test('colliding names have at most 1,000 findings in each layer', () => {
  const names = Array.from({ length: 3_000 }, (_, at) => at);
  const collide = layer(names.flatMap((at) => [fixtureFile(`Files/a${at}`), fixtureFile(`Files/A${at}`)]));
  const { findings } = buildStack([collide, collide], { caseInsensitive: true });
  assert.equal(findings.length, 2_000);
  assert.equal(findings.filter(({ code, layer: at }) => code === 'case-collision' && at === 1).length, 1_000, 'in the layer above too');
});

test('joining layers is refused before their new folders take too much memory', () => {
  const plan = slimPlan(buildStack([deepLayer(4, 'a'), deepLayer(4, 'b'), deepLayer(4, 'c')]), {
    mergeRemovals: false,
    dropped: null,
    squashFrom: 0,
  });
  assert.match(plan.obstacle ?? '', /too many/);
  const planned = plan.layers[0]?.folders.reduce((sum, path) => sum + path.length, 0) ?? 0;
  assert.ok(planned < 70_000_000, `${planned} bytes of paths`);
});
