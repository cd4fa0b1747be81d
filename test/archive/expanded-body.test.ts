import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ExpandedBody } from '../../src/archive/indexing/expanded-body.ts';

test('a sparse file is passed on with zeros in place of its holes, however its stored bytes arrive', () => {
  const stored = Buffer.from('abcdefg');
  const files: readonly (readonly [number, readonly (readonly [number, number])[], string])[] = [
    [5, [], '.....'],
    [
      10,
      [
        [2, 3],
        [7, 2],
      ],
      '..abc..de.',
    ],
    [7, [[0, 7]], 'abcdefg'],
    [
      9,
      [
        [1, 0],
        [3, 0],
        [4, 2],
        [6, 1],
        [9, 0],
      ],
      '....abc..',
    ],
  ];
  const parts: Buffer[] = [];
  const body = new ExpandedBody((bytes, start, end) => parts.push(Buffer.from(bytes.subarray(start, end))));
  for (const step of [1, 2, 7]) {
    for (const [size, runs, expected] of files) {
      parts.length = 0;
      body.begin(size, runs);
      const length = runs.reduce((sum, [, count]) => sum + count, 0);
      for (let at = 0; at < length; at += step) body.push(stored, at, Math.min(length, at + step));
      assert.equal(Buffer.concat(parts).toString('latin1').replaceAll('\0', '.'), expected);
    }
  }
});
