// Sequences of zstd frames, including skippable ones, unpack the same in pieces of any size, and a single frame unpacks as in node:zlib.
import assert from 'node:assert/strict';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { skippableFrame } from '../../support/image-builder.ts';
import { joined, mutateBytes, textTokens } from '../engine/mutate.ts';
import type { Random } from '../engine/random.ts';
import { session, type Target } from '../engine/target.ts';
import { unpackTwice } from './packed.ts';

const TEXT = Buffer.from('a text that repeats itself, a text that repeats itself\n'.repeat(20));
/** An empty frame: no size, one empty raw block. */
const EMPTY = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58, 0x01, 0x00, 0x00);
/** A frame with one RLE block of 65 bytes. */
const RLE = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x41, 0x0b, 0x02, 0x00, 0x78);

async function run(input: Uint8Array): Promise<void> {
  const ours = await unpackTwice(input, 'zstd');
  if (ours === null || ours.end !== 'complete' || ours.trailing) return;
  let first: Uint8Array;
  try {
    first = zstdDecompressSync(input, { maxOutputLength: 4 * 1024 * 1024 });
  } catch {
    return;
  }
  // node:zlib drops everything after the first frame.
  assert.equal(Buffer.compare(Buffer.from(ours.plain.subarray(0, first.length)), first), 0, 'differs from node:zlib');
}

function mutate(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  switch (random.int(6)) {
    case 0:
      return joined(bytes, other);
    case 1:
      return joined(bytes, skippableFrame('x'.repeat(random.int(200))), other);
    case 2:
      return joined(bytes, random.pick([EMPTY, RLE]));
    case 3:
      return new Uint8Array(zstdCompressSync(bytes));
    default:
      return mutateBytes(bytes, random, other);
  }
}

export const target: Target = {
  name: 'zstd',
  seeds: () => {
    const packed = new Uint8Array(zstdCompressSync(TEXT));
    const skipped = skippableFrame('toc');
    return [
      packed,
      EMPTY,
      RLE,
      joined(packed, packed),
      joined(skipped, packed, skipped),
      joined(packed, TEXT),
      packed.slice(0, 30),
      new Uint8Array(zstdCompressSync(new Uint8Array(300_000))),
    ];
  },
  tokens: textTokens('\x28\xb5\x2f\xfd', '\x50\x2a\x4d\x18', '\x5f\x2a\x4d\x18\xff\xff\xff\xff', '\x01\0\0'),
  mutate,
  maxBytes: 16_384,
  batch: 8,
  open: () => session(run),
};
