import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkThrift } from '../../../src/catalog/browse/thrift-check.ts';
import { hasCode } from '../../support/asserts.ts';

const check = (...bytes: number[]) => checkThrift(Uint8Array.from(bytes), 100);

test('checking a Thrift structure returns its length', () => {
  // Field 1: a number; field 2: a string of two bytes; field 3: a list of two numbers; field 4: true; end.
  assert.equal(check(0x15, 0x02, 0x18, 0x02, 0x61, 0x62, 0x19, 0x25, 0x02, 0x04, 0x11, 0x00, 0xff), 12);
});

test('Thrift input that hyparquet would read endlessly is refused', () => {
  assert.throws(() => check(0x15, ...Array<number>(11).fill(0x80), 0x01, 0x00), hasCode('DAMAGED'), 'a number of more than ten bytes');
  assert.throws(() => check(0x19, 0xf5, 0xff, 0xff, 0xff, 0xff, 0x0f), hasCode('TOO_LARGE'), 'a list of billions');
  assert.throws(() => check(...Array<number>(30).fill(0x1c)), hasCode('TOO_LARGE'), 'structs in structs');
  assert.throws(() => check(0x18, 0x7f, 0x61), hasCode('DAMAGED'), 'a string longer than the input');
  assert.throws(() => check(0x15), hasCode('DAMAGED'), 'no end');
  assert.throws(() => check(0x1b, 0x00), hasCode('DAMAGED'), 'a map, which Parquet doesn’t have');
  assert.throws(() => check(...Array.from({ length: 101 }, () => [0x15, 0x00]).flat(), 0x00), hasCode('TOO_LARGE'), 'too many values');
});
