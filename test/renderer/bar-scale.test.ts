import assert from 'node:assert/strict';
import { test } from 'node:test';
import { barScale } from '../../renderer/state/bar-scale.ts';

test('a full bar is the largest value, unless that is an outlier', () => {
  assert.equal(barScale([10, 20, 30, 40]), 40);
  assert.equal(barScale([10, 12, 14, 1_000]), 14);
  // Two outliers of twenty.
  assert.equal(barScale([...Array.from({ length: 18 }, (_, at) => 20 + at), 900, 5_000]), 37);
});

test('sizes of two kinds have no outliers, neither have few values or none', () => {
  assert.equal(barScale([5, 5, 5, 5, 600, 600, 600, 600]), 600);
  assert.equal(barScale([1, 100, 0, 0, 0]), 100);
  assert.equal(barScale([]), 1);
  assert.equal(barScale([0, 0, 0, 0, 0]), 1);
});

test('the share of usual values can be chosen', () => {
  const values = [...Array.from({ length: 18 }, () => 30), 400, 500];
  assert.equal(barScale(values), 30);
  assert.equal(barScale(values, 0.98), 500);
});
