// The faults of `npm run test:mutants` are strings in the sources, which go stale when a line or its comment is edited.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { MUTANTS } from '../mutants/index.ts';

const root = path.resolve(import.meta.dirname, '..', '..');

test('every mutant’s search text occurs once in its file', () => {
  for (const { id, file, search } of MUTANTS) {
    const count = readFileSync(path.join(root, file), 'utf8').split(search).length - 1;
    assert.equal(count, 1, `${id}: its text occurs ${count} times in ${file}`);
  }
});
