import assert from 'node:assert/strict';
import { serialize } from 'node:v8';

/** Like assert.deepEqual, but fast if both are equal. */
export function expectSame(actual: unknown, expected: unknown): void {
  if (Buffer.compare(serialize(actual), serialize(expected)) !== 0) assert.deepEqual(actual, expected);
}
