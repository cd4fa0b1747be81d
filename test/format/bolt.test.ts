import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BoltBucket, BoltFile, decodeVarint } from '#format/bolt';
import { decodeUtf8, encodeUtf8, LayerscopeError } from '#model';
import { hasCode } from '../support/asserts.ts';
import { type BoltTree, bolt, boltMeta } from '../support/bolt-builder.ts';
import { randomNumbers } from '../support/random-chunks.ts';

function open(bytes: Uint8Array): BoltFile {
  return new BoltFile((offset, length) => bytes.subarray(offset, offset + length));
}

/** Returns a bucket as a nested object. */
function treeOf(bucket: BoltBucket): BoltTree {
  const tree: Record<string, BoltTree[string]> = {};
  for (const entry of bucket.entries()) {
    tree[decodeUtf8(entry.key) ?? '?'] = entry.bucket === null ? (decodeUtf8(entry.value) ?? '?') : treeOf(entry.bucket);
  }
  return tree;
}

const IMAGES = Object.fromEntries(
  Array.from({ length: 500 }, (_, at) => [`image-${String(at).padStart(4, '0')}`, { target: { digest: `d${at}` } }]),
);
const TREE: BoltTree = { v1: { default: { images: IMAGES, long: 'x'.repeat(20_000) }, empty: {} }, version: '3' };

test('nested buckets are read with any page size, inline in the parent’s page or not', () => {
  for (const pageSize of [1024, 4096, 16_384, 65_536]) {
    for (const inlineBytes of [0, 256]) {
      assert.deepEqual(treeOf(open(bolt(TREE, { pageSize, inlineBytes, perPage: 7 })).root), TREE);
    }
  }
});

test('a key is found only in its own bucket', () => {
  const v1 = open(bolt(TREE)).root.bucket(encodeUtf8('v1'));
  assert.ok(v1);
  assert.equal(v1.bucket(encodeUtf8('images')), null);
  assert.equal(v1.bucket(encodeUtf8('default'))?.value(encodeUtf8('long'))?.length, 20_000);
  assert.equal(open(bolt(TREE)).root.value(encodeUtf8('v1')), null, 'a bucket is not a value');
});

test('the valid meta page with the later transaction takes precedence', () => {
  const bytes = bolt(TREE);
  const oldRoot = bytes.readBigUInt64LE(32);
  const late = Buffer.from(bytes);
  boltMeta(1, 9999, 4096, 99).copy(late, 4096);
  assert.throws(() => treeOf(open(late).root), hasCode('DAMAGED'), 'the later one leads nowhere');
  late[4096 + 40] = 1;
  assert.deepEqual(treeOf(open(late).root), TREE, 'the later one is torn');
  const first = Buffer.from(bytes);
  first.fill(0xff, 0, 80);
  assert.deepEqual(treeOf(open(first).root), TREE, 'the first one is torn');
  assert.notEqual(oldRoot, 0n);
  first.fill(0, 4096, 4096 + 80);
  assert.throws(() => open(first), hasCode('DAMAGED'));
  assert.throws(() => open(new Uint8Array(10)), hasCode('DAMAGED'));
  boltMeta(0, 3, 4096, 99, 3).copy(first);
  assert.throws(() => open(first), hasCode('UNSUPPORTED'));
});

test('pages with false sizes, in a cycle or beyond the file are errors', () => {
  const damage = (change: (bytes: Buffer, root: number) => void): (() => BoltTree) => {
    const bytes = bolt(TREE, { perPage: 7, inlineBytes: 0 });
    change(bytes, Number(bytes.readBigUInt64LE(32)) * 4096);
    return () => treeOf(open(bytes).root);
  };
  const cases: readonly (readonly [what: string, change: (bytes: Buffer, root: number) => void])[] = [
    ['the id of another page', (bytes, root) => bytes.writeBigUInt64LE(1n, root)],
    ['a free list page', (bytes, root) => bytes.writeUInt16LE(16, root + 8)],
    ['more elements than fit', (bytes, root) => bytes.writeUInt16LE(60_000, root + 10)],
    ['overflow beyond the file', (bytes, root) => bytes.writeUInt32LE(5000, root + 12)],
    ['overflow beyond reason', (bytes, root) => bytes.writeUInt32LE(0xffffffff, root + 12)],
    ['a key beyond the page', (bytes, root) => bytes.writeUInt32LE(0xfffffff0, root + 16 + 8)],
    ['an offset beyond the page', (bytes, root) => bytes.writeUInt32LE(5000, root + 16 + 4)],
    ['a value beyond the page', (bytes, root) => bytes.writeUInt32LE(5000, root + 32 + 12)],
    // Nested buckets that share bytes would be read billions of times.
    ['elements that share bytes', (bytes, root) => bytes.writeUInt32LE(bytes.readUInt32LE(root + 16 + 4) - 16, root + 32 + 4)],
    ['a bucket without its root', (bytes, root) => bytes.writeUInt32LE(3, root + 16 + 12)],
  ];
  for (const [what, change] of cases) assert.throws(damage(change), hasCode('DAMAGED'), what);
  // The root becomes a branch that is its own child.
  const circle = damage((bytes, root) => {
    bytes.writeUInt16LE(1, root + 8);
    bytes.writeUInt16LE(1, root + 10);
    bytes.writeBigUInt64LE(BigInt(root / 4096), root + 16 + 8);
  });
  assert.throws(circle, hasCode('DAMAGED'));
  const twice = damage((bytes, root) => {
    bytes.writeUInt16LE(1, root + 8);
    for (const at of [16, 32]) bytes.writeBigUInt64LE(2n, root + at + 8);
  });
  assert.throws(twice, (error: Error) => hasCode('DAMAGED')(error) && /used twice/.test(error.message));
  // A bucket whose root is the page that contains it.
  const nested = damage((bytes, root) =>
    bytes.writeBigUInt64LE(BigInt(root / 4096), root + 16 + bytes.readUInt32LE(root + 20) + bytes.readUInt32LE(root + 24)),
  );
  assert.throws(nested, hasCode('DAMAGED'));
});

test('randomly damaged files are read or refused', () => {
  const next = randomNumbers(18);
  const whole = bolt(TREE, { perPage: 7, inlineBytes: 100 });
  for (let round = 0; round < 300; round++) {
    const bytes = Buffer.from(whole);
    for (let count = 1 + (next() % 8); count > 0; count--) bytes[8192 + (next() % (bytes.length - 8192))] = next() & 0xff;
    try {
      treeOf(open(bytes).root);
    } catch (error) {
      assert.ok(error instanceof LayerscopeError && ['DAMAGED', 'TOO_LARGE'].includes(error.code), String(error));
    }
  }
});

test('varints are encoded as in Go’s encoding/binary', () => {
  const cases: readonly (readonly [hex: string, value: number])[] = [
    ['00', 0],
    ['01', -1],
    ['02', 1],
    ['f208', 569],
  ];
  for (const [hex, value] of cases) assert.equal(decodeVarint(Buffer.from(hex, 'hex')), value, hex);
  for (const hex of ['80', '', 'ffffffffffffffffffff01', '80808080808080808080'])
    assert.equal(decodeVarint(Buffer.from(hex, 'hex')), null, hex);
});
