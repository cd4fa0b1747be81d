import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filetimeText } from '../../renderer/state/registry.ts';

test('a key’s time is shown as a date, unless it is 0 or out of range', () => {
  assert.match(filetimeText('133000000000000000'), /^Jun 18, 2022, .*UTC$/);
  assert.equal(filetimeText('0'), '');
  assert.equal(filetimeText('18446744073709551615'), filetimeText('18446744073709551614'));
  assert.doesNotThrow(() => filetimeText('99999999999999999999'));
});
