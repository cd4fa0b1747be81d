import assert from 'node:assert/strict';
import test from 'node:test';
import type { RowTable } from '#model';
import { createTableCache } from '../../src/engine/library/table-cache.ts';
import { numberedRows } from '../support/row-tables.ts';

/** Returns a function that makes tables and counts its calls. */
function counted(length = 1) {
  const make = async (): Promise<RowTable> => {
    make.count++;
    return numberedRows(length);
  };
  make.count = 0;
  return make;
}

test('a table is made once for all its pages', async () => {
  const cache = createTableCache();
  const make = counted();
  const [first, second] = await Promise.all([cache.get('a/0/view/1', make), cache.get('a/0/view/1', make)]);
  assert.equal(first, second);
  assert.equal(await cache.get('a/0/view/1', make), first);
  assert.equal(make.count, 1);
});

test('the least recently used table is dropped first', async () => {
  const cache = createTableCache({ maxTables: 2 });
  const [a, b, c] = [counted(), counted(), counted()];
  await cache.get('a', a);
  await cache.get('b', b);
  await cache.get('a', a);
  await cache.get('c', c);
  await cache.get('a', a);
  assert.deepEqual([a.count, b.count, c.count], [1, 1, 1]);
  await cache.get('b', b);
  assert.equal(b.count, 2);
});

test('large tables leave less space for others, but the latest is always kept', async () => {
  const cache = createTableCache({ maxBytes: 1_000 });
  const [a, b] = [counted(100), counted(100)];
  await cache.get('a', a);
  await cache.get('a', a);
  assert.equal(a.count, 1);
  await cache.get('b', b);
  await cache.get('a', a);
  assert.deepEqual([a.count, b.count], [2, 1]);
});

test('a failure to make a table is thrown and not cached', async () => {
  const cache = createTableCache();
  const fail = async (): Promise<RowTable> => {
    throw new Error('no such layer');
  };
  await assert.rejects(cache.get('a', fail), /no such layer/);
  const make = counted();
  await cache.get('a', make);
  assert.equal(make.count, 1);
});

test('a closed archive’s tables are dropped; other archives’ tables are kept', async () => {
  const cache = createTableCache();
  const [a, b] = [counted(), counted()];
  await cache.get('a1/0/view/0', a);
  await cache.get('a10/0/view/0', b);
  cache.drop('a1/');
  await cache.get('a1/0/view/0', a);
  await cache.get('a10/0/view/0', b);
  assert.deepEqual([a.count, b.count], [2, 1]);
});
