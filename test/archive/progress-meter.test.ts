import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProgressMeter } from '../../src/archive/control/progress-meter.ts';

test('progress is reported at most ten times a second, and never beyond the total', (t) => {
  let now = 1_000;
  t.mock.method(performance, 'now', () => now);
  const seen: number[] = [];
  const meter = new ProgressMeter('reading', 95, ({ doneBytes }) => seen.push(doneBytes));
  for (let step = 0; step < 50; step++) {
    meter.advance(2);
    now += 20;
  }
  assert.deepEqual(seen, [2, 12, 22, 32, 42, 52, 62, 72, 82, 92]);
  meter.advance(10);
  assert.deepEqual(seen.at(-1), 95);
});
