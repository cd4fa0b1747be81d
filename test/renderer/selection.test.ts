import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ArchiveSummary } from '#contract';
import { clampSelection, extendTo, NOTHING, type Selection, showsRegistry, stepLayer, viewsOf } from '../../renderer/state/selection.ts';

const at = (from: number, to = from): Selection => ({ archiveId: 'a1', image: 0, from, to, mode: 'layer', path: null });
const lit = ({ from, to }: Selection) => [from, to];

test('a step goes one layer older or newer, and stays within the image', () => {
  assert.deepEqual(lit(stepLayer(at(3), -1, 9, false)), [2, 2]);
  assert.deepEqual(lit(stepLayer(at(3), 1, 9, false)), [4, 4]);
  assert.deepEqual(lit(stepLayer(at(0), -1, 9, false)), [0, 0]);
  assert.deepEqual(lit(stepLayer(at(8), 1, 9, false)), [8, 8]);
});

test('a step from a range leaves it in the direction of the step', () => {
  assert.deepEqual(lit(stepLayer(at(3, 6), -1, 9, false)), [2, 2]);
  assert.deepEqual(lit(stepLayer(at(3, 6), 1, 9, false)), [7, 7]);
});

test('widening a selection moves one end of it', () => {
  assert.deepEqual(lit(stepLayer(at(3, 6), -1, 9, true)), [2, 6]);
  assert.deepEqual(lit(stepLayer(at(3, 6), 1, 9, true)), [3, 7]);
  assert.deepEqual(lit(stepLayer(at(0, 8), 1, 9, true)), [0, 8]);
});

test('a range goes from the anchor to the layer, whichever is lower', () => {
  assert.deepEqual(lit(extendTo(at(4), 4, 7)), [4, 7]);
  assert.deepEqual(lit(extendTo(at(4, 7), 4, 1)), [1, 4]);
});

test('layer numbers that the image doesn’t have are clamped', () => {
  assert.deepEqual(lit(clampSelection(at(3, 12), 5)), [3, 4]);
  assert.deepEqual(lit(clampSelection(at(3), 0)), [0, 0]);
  const fits = at(1, 2);
  assert.equal(clampSelection(fits, 5), fits);
});

test('the whole image has all layers, and is above the top one', () => {
  const whole: Selection = { ...at(0, 3), mode: 'image' };
  assert.deepEqual(lit(clampSelection(whole, 9)), [0, 8]);
  const older = stepLayer(whole, -1, 9, false);
  assert.deepEqual([lit(older), older.mode], [[8, 8], 'layer']);
  assert.equal(stepLayer(whole, 1, 9, false), whole);
  assert.equal(stepLayer(whole, -1, 9, true), whole);
});

test('Windows images have a registry and others packages; a comparison has a registry if a side has one', () => {
  const common = ['tree', 'treemap', 'breakdown'];
  const [linux, windows] = [{ hasRegistry: false }, { hasRegistry: true }];
  assert.deepEqual(viewsOf(linux, null), [...common, 'packages']);
  assert.deepEqual(viewsOf(windows, null), [...common, 'registry']);
  assert.deepEqual(viewsOf(linux, linux), [...common, 'packages']);
  assert.deepEqual(viewsOf(windows, windows), [...common, 'registry']);
  assert.deepEqual(viewsOf(windows, linux), [...common, 'registry']);
  assert.deepEqual(viewsOf(linux, windows), [...common, 'packages', 'registry']);
});

test('a comparison opened from a registry shows files if neither side has a registry', () => {
  const archive = (archiveId: string, hasRegistry: boolean) =>
    ({ archiveId, images: [{ index: 0, hasRegistry }] }) as unknown as ArchiveSummary;
  const archives = [archive('windows', true), archive('linux', false), archive('other', false)];
  const selected = (a: string, b: string): Selection => ({
    ...NOTHING,
    archiveId: b,
    mode: 'compare',
    view: 'registry',
    against: { archiveId: a, image: 0, layer: 0 },
  });
  assert.equal(showsRegistry(archives, selected('windows', 'linux')), true);
  assert.equal(showsRegistry(archives, selected('linux', 'windows')), true);
  assert.equal(showsRegistry(archives, selected('other', 'linux')), false);
  const { view: _, ...files } = selected('windows', 'windows');
  assert.equal(showsRegistry(archives, files), false);
});
