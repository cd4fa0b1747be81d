// Bolt databases: whatever the pages say, a walk of all buckets ends and stays within the file.
import assert from 'node:assert/strict';
import { type BoltBucket, BoltFile } from '#format/bolt';
import { bolt } from '../../support/bolt-builder.ts';
import { expectRefusal } from '../engine/finding.ts';
import { textTokens } from '../engine/mutate.ts';
import { session, type Target } from '../engine/target.ts';

/** More entries than the longest input can have, unless a page is read twice. */
const MOST_ENTRIES = 100_000;

function walk(bucket: BoltBucket): void {
  const open: BoltBucket[] = [bucket];
  let entries = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const entry of next.entries()) {
      assert.ok(++entries <= MOST_ENTRIES, 'more entries than fit');
      if (entry.bucket !== null) open.push(entry.bucket);
    }
  }
}

function run(input: Uint8Array): void {
  try {
    walk(new BoltFile((offset, length) => input.subarray(offset, offset + length)).root);
  } catch (error) {
    expectRefusal(error, ['DAMAGED', 'UNSUPPORTED', 'TOO_LARGE']);
  }
}

export const target: Target = {
  name: 'bolt',
  seeds: () =>
    [
      bolt({}),
      bolt({ v1: { key: 'value', inner: { a: '1', b: '2' } } }),
      bolt({ v1: { images: { a: { target: { digest: 'x' } }, b: { target: {} } } } }, { pageSize: 1024, inlineBytes: 0, perPage: 2 }),
    ].map((bytes) => new Uint8Array(bytes)),
  tokens: textTokens('\x01\0\0\0', '\x02\0', '\x01\0', '\xff\xff\xff\xff', '\0\0\0\0\0\0\0\0', '\xed\xda\x0c\xed'),
  maxBytes: 24_576,
  batch: 64,
  open: () => session(run),
};
