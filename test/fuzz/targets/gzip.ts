// Sequences of gzip members unpack the same in pieces of any size, and as in node:zlib.
import assert from 'node:assert/strict';
import { gunzipSync, gzipSync } from 'node:zlib';
import { joined, mutateBytes, textTokens } from '../engine/mutate.ts';
import type { Random } from '../engine/random.ts';
import { session, type Target } from '../engine/target.ts';
import { unpackTwice } from './packed.ts';

const TEXT = Buffer.from('a text that repeats itself, a text that repeats itself\n'.repeat(20));

/** Replaces the header with one that has every field of RFC 1952: extra field, name, comment. */
function withHeader(packed: Uint8Array): Uint8Array {
  const head = Uint8Array.of(0x1f, 0x8b, 8, 0x1c, 0, 0, 0, 0, 0, 255, 4, 0, 0x41, 0x70, 0, 0);
  return joined(head, Buffer.from('name\0comment\0'), packed.subarray(10));
}

async function run(input: Uint8Array): Promise<void> {
  const ours = await unpackTwice(input, 'gzip');
  let whole: Uint8Array | null = null;
  try {
    whole = gunzipSync(input, { maxOutputLength: 4 * 1024 * 1024 });
  } catch {
    return;
  }
  if (ours === null || whole.length >= 4 * 1024 * 1024) return;
  assert.equal(ours.end, 'complete', ours.message ?? '');
  assert.equal(Buffer.compare(ours.plain, whole), 0, 'differs from node:zlib');
}

function mutate(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  switch (random.int(5)) {
    case 0:
      return joined(bytes, other);
    case 1:
      return joined(bytes, gzipSync(other.subarray(0, random.int(other.length))));
    case 2:
      return new Uint8Array(gzipSync(bytes, { level: random.int(10), strategy: random.int(5) }));
    default:
      return mutateBytes(bytes, random, other);
  }
}

export const target: Target = {
  name: 'gzip',
  seeds: () => {
    const packed = new Uint8Array(gzipSync(TEXT));
    const stored = new Uint8Array(gzipSync(TEXT, { level: 0 }));
    return [
      packed,
      stored,
      withHeader(packed),
      joined(packed, stored),
      joined(packed, new Uint8Array(600)),
      joined(packed, TEXT),
      packed.slice(0, 40),
      new Uint8Array(gzipSync(new Uint8Array(100_000))),
    ];
  },
  tokens: textTokens('\x1f\x8b', '\x1f\x8b\x08', '\x1f\x8b\x08\0\0\0\0\0\0\x03', '\0\0\0\0'),
  mutate,
  maxBytes: 16_384,
  batch: 8,
  open: () => session(run),
};
