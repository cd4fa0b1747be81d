// Checkpoints in gzip: our decoder unpacks what node:zlib unpacks, and node:zlib unpacks the same from every checkpoint.
import assert from 'node:assert/strict';
import { constants, gunzipSync, gzipSync, inflateRawSync } from 'node:zlib';
import { type Checkpoint, findBlock, GzipScanner, packedStart, resumedStream } from '#format/deflate';
import { expectRefusal } from '../engine/finding.ts';
import { joined, mutateBytes, textTokens } from '../engine/mutate.ts';
import type { Random } from '../engine/random.ts';
import { session, type Target } from '../engine/target.ts';

const MOST_BYTES = 4 * 1024 * 1024;
const SPAN_BYTES = 2000;

/** Unpacks with checkpoints; null if the data is refused or has too many bytes. */
function scan(packed: Uint8Array): { readonly plain: Buffer; readonly checkpoints: readonly Checkpoint[] } | null {
  const plain: Buffer[] = [];
  const checkpoints: Checkpoint[] = [];
  let bytes = 0;
  const scanner = new GzipScanner({
    spanBytes: SPAN_BYTES,
    plain: (piece, start, end) => {
      bytes += end - start;
      if (bytes <= MOST_BYTES) plain.push(Buffer.from(piece.subarray(start, end)));
    },
    checkpoint: (checkpoint) => checkpoints.push(checkpoint),
  });
  try {
    for (let at = 0; at < packed.length && bytes <= MOST_BYTES; at += 777) scanner.push(packed.subarray(at, at + 777));
    scanner.end();
  } catch (error) {
    expectRefusal(error, ['DAMAGED', 'TRUNCATED']);
    return null;
  }
  return bytes > MOST_BYTES ? null : { plain: Buffer.concat(plain), checkpoints };
}

function run(input: Uint8Array): void {
  findBlock(input, 0, input.length);
  const scanned = scan(input);
  let whole: Buffer;
  try {
    whole = gunzipSync(input, { maxOutputLength: MOST_BYTES });
  } catch {
    // Damaged or too large. Our scanner doesn't verify checksums, so it may accept what node:zlib refuses.
    return;
  }
  if (scanned === null) {
    assert.ok(whole.length >= MOST_BYTES, 'refused, but node:zlib unpacks it');
    return;
  }
  assert.ok(scanned.plain.equals(whole), 'differs from node:zlib');
  for (const { packedOffset, bits, plainOffset, window } of scanned.checkpoints) {
    const stream = resumedStream(bits, input.subarray(packedStart({ packedOffset, bits })));
    const dictionary = window.length === 0 ? {} : { dictionary: window };
    const rest = inflateRawSync(stream, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MOST_BYTES, ...dictionary });
    assert.ok(whole.subarray(plainOffset, plainOffset + rest.length).equals(rest), `differs from the checkpoint at ${plainOffset}`);
  }
}

function mutate(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  switch (random.int(4)) {
    case 0:
      return joined(bytes, gzipSync(other.subarray(0, random.int(other.length)), { level: random.int(10) }));
    case 1:
      return new Uint8Array(gzipSync(bytes, { level: random.int(10), strategy: random.int(5), memLevel: 1 + random.int(9) }));
    default:
      return mutateBytes(bytes, random, other);
  }
}

export const target: Target = {
  name: 'checkpoints',
  seeds: () => {
    const text = Buffer.from('a text that repeats itself, with numbers 0123456789\n'.repeat(300));
    const noise = Buffer.from(Array.from({ length: 6000 }, (_, at) => (at * 7919 + (at >> 3) * 104_729) & 0xff));
    return [text, noise, Buffer.concat([text, noise, text])].flatMap((plain) => [
      new Uint8Array(gzipSync(plain, { memLevel: 1 })),
      new Uint8Array(gzipSync(plain, { level: 0 })),
      new Uint8Array(gzipSync(plain, { strategy: constants.Z_FIXED })),
    ]);
  },
  tokens: textTokens('\x1f\x8b\x08\0\0\0\0\0\0\x03', '\0\0\0\xff\xff', '\x01\0\0\xff\xff', '\x03\0'),
  mutate,
  maxBytes: 16_384,
  batch: 8,
  open: () => session(run),
};
