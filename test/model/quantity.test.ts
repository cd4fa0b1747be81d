import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBinarySize } from '#model';

test('sizes with units use powers of 1024, whatever the unit is called', () => {
  for (const [text, bytes] of [
    ['127GB', 136_365_211_648],
    ['20GB', 20 * 2 ** 30],
    ['20g', 20 * 2 ** 30],
    ['20 GiB', 20 * 2 ** 30],
    ['1.5t', 1.5 * 2 ** 40],
    ['64MB', 64 * 2 ** 20],
    ['1k', 1024],
    ['1.0001k', 1024],
    ['512', 512],
    ['512b', 512],
    ['1p', 2 ** 50],
  ] as const) {
    assert.equal(parseBinarySize(text), bytes, text);
  }
  for (const text of ['', 'GB', '-1', '1x', '1ib', '1 2', '1e3', '20GBB', '9999p', '0x10', '1,5g', 'NaN']) {
    assert.equal(parseBinarySize(text), null, text);
  }
});
