// Importing and exporting layers compared with hcsshim, for every case in ../shared/vectors/hcsshim-layers.json and hcsshim-layers-2.json.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { checkLayerCase, type LayerCase } from '../support/hcsshim-vectors.ts';

const vectors = path.resolve(import.meta.dirname, '..', '..', '..', 'shared', 'vectors');
const cases = ['hcsshim-layers.json', 'hcsshim-layers-2.json'].flatMap(
  (name) => JSON.parse(readFileSync(path.join(vectors, name), 'utf8')) as readonly LayerCase[],
);

describe('layers are imported and exported as hcsshim imports and exports them', () => {
  test('the vectors contain enough cases', () => assert.ok(cases.length >= 96));
  for (const vector of cases) {
    test(vector.case, async () => assert.deepEqual(await checkLayerCase(vector), []));
  }
});
