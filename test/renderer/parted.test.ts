import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partingFrom } from '../../renderer/state/details/parted.ts';

test('strings whose first difference would be cut off are shown from just before it', () => {
  assert.equal(partingFrom('abcd', 'xbcd', 3), 0);
  assert.equal(partingFrom('abcdef', 'abxdef', 3), 0);
  assert.equal(partingFrom('abcdefg', 'abcdexg', 3), 3);
  assert.equal(partingFrom('abcdefg', 'abcdefg', 3), 0);
  assert.equal(partingFrom('abcde', 'abcdefg', 3), 3);
  assert.equal(partingFrom('a\u{1F600}bc', 'a\u{1F600}bd', 4), 1);
});
