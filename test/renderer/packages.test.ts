import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextOrder, sortedPackages } from '../../renderer/state/packages.ts';
import type { PackageRow } from '../../src/contract/index.ts';

const row = (name: string, version: string, bytes: number) => ({ name, version, files: bytes / 10, bytes, filesKnown: true }) as PackageRow;
const rows = [row('b', '1.10', 30), row('a', '1.9', 10), row('c', '1.9', 20)];
const names = (order: Parameters<typeof sortedPackages>[1]) => sortedPackages(rows, order).map(({ name }) => name);

test('packages are sorted by any column, versions by their numbers', () => {
  assert.deepEqual(names(null), ['b', 'a', 'c']);
  assert.deepEqual(names({ by: 'name', descending: false }), ['a', 'b', 'c']);
  assert.deepEqual(names({ by: 'version', descending: false }), ['a', 'c', 'b']);
  assert.deepEqual(names({ by: 'version', descending: true }), ['b', 'a', 'c']);
  assert.deepEqual(names({ by: 'bytes', descending: true }), ['b', 'c', 'a']);
  assert.deepEqual(names({ by: 'files', descending: false }), ['a', 'c', 'b']);
});

test('packages with unknown files come last, whichever way numbers are sorted', () => {
  const unknown = { ...row('d', '2', 0), filesKnown: false };
  for (const by of ['files', 'bytes'] as const) {
    for (const descending of [true, false]) assert.equal(sortedPackages([unknown, ...rows], { by, descending }).at(-1), unknown);
  }
  assert.equal(sortedPackages([...rows, unknown], { by: 'name', descending: true })[0], unknown);
});

test('repeated clicks on a heading sort, reverse, and restore the host’s order', () => {
  const once = nextOrder(null, 'bytes');
  assert.deepEqual(once, { by: 'bytes', descending: true });
  const twice = nextOrder(once, 'bytes');
  assert.deepEqual(twice, { by: 'bytes', descending: false });
  assert.equal(nextOrder(twice, 'bytes'), null);
  assert.deepEqual(nextOrder(twice, 'name'), { by: 'name', descending: false });
});
