// The table of users' cases in README.md names tests that exist.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const ROOT = path.join(import.meta.dirname, '..');
const CASES = 15;

test('every case in README.md’s table of users’ cases names tests, and each of them exists', () => {
  const readme = readFileSync(path.join(import.meta.dirname, 'README.md'), 'utf8');
  const rows = [...readme.matchAll(/^\| ([^|]*) \| `([^|`]+)` \| ([^|]+) \|$/gm)];
  assert.equal(rows.filter(([, what]) => what?.trim() !== '').length, CASES);
  for (const [, , file = '', title = ''] of rows) {
    assert.ok(readFileSync(path.join(ROOT, file), 'utf8').includes(`test('${title}'`), `${file}: ${title}`);
  }
});
