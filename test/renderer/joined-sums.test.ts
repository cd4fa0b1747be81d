import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joinSums } from '../../renderer/state/joined-sums.ts';

const sum = (name: string, bytes: number) => ({ name, bytes });

test('two sides’ sums are joined by name, the largest difference first, then the largest sum', () => {
  const a = [sum('usr', 100), sum('var', 70), sum('etc', 5), sum('bin', 9)];
  const b = [sum('usr', 110), sum('etc', 5), sum('bin', 9), sum('app', 30)];
  assert.deepEqual(
    joinSums(a, b, ({ name }) => name).map(({ key, a: one, b: other, before, now }) => [key, one === null, other === null, before, now]),
    [
      ['var', false, true, 70, 0],
      ['app', true, false, 0, 30],
      ['usr', false, false, 100, 110],
      ['bin', false, false, 9, 9],
      ['etc', false, false, 5, 5],
    ],
  );
  assert.deepEqual(
    joinSums([], [], ({ name }: { name: string; bytes: number }) => name),
    [],
  );
});
