// Importing and exporting layers compared with hcsshim, for every case in ../shared/vectors/hcsshim-layers.json.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { checkLayerCase, type LayerCase } from '../support/hcsshim-vectors.ts';

const file = path.resolve(import.meta.dirname, '..', '..', '..', 'shared', 'vectors', 'hcsshim-layers.json');
const cases = JSON.parse(readFileSync(file, 'utf8')) as readonly LayerCase[];

describe('layers are imported and exported as by hcsshim', () => {
  test('there are enough cases', () => assert.ok(cases.length >= 22));
  for (const vector of cases) {
    test(vector.case, async () => assert.deepEqual(await checkLayerCase(vector), []));
  }
});
