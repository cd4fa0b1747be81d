// Shared by targets for our own unpackers, which must give the same bytes and the same ending for input in pieces of any size.
import assert from 'node:assert/strict';
import type { Unpacker } from '#format/compression';
import { asLayerscopeError } from '#model';
import { expectRefusal } from '../engine/finding.ts';

const MOST_PLAIN_BYTES = 2 * 1024 * 1024;

interface Outcome {
  readonly plain: Uint8Array;
  readonly end: string;
  readonly usedBytes: number;
  readonly isWhole: boolean;
}

function unpack(unpacker: Unpacker, input: Uint8Array, size: number): Outcome {
  const parts: Uint8Array[] = [];
  let total = 0;
  const ended = (end: string): Outcome => ({
    plain: Buffer.concat(parts),
    end,
    usedBytes: unpacker.usedBytes,
    isWhole: total < MOST_PLAIN_BYTES,
  });
  const drain = (): void => {
    for (let bytes = unpacker.next(); bytes !== null && total < MOST_PLAIN_BYTES; bytes = unpacker.next()) {
      assert.ok(bytes.length > 0, 'no bytes, but not null');
      parts.push(bytes.slice());
      total += bytes.length;
    }
  };
  try {
    for (let at = 0; at < input.length && !unpacker.done && total < MOST_PLAIN_BYTES; at += size) {
      unpacker.push(input.slice(at, at + size));
      drain();
    }
    unpacker.end();
    drain();
  } catch (error) {
    expectRefusal(error, ['DAMAGED', 'TRUNCATED', 'UNSUPPORTED', 'TOO_LARGE']);
    return ended(asLayerscopeError(error).code);
  }
  assert.ok(total >= MOST_PLAIN_BYTES || unpacker.done, 'neither done nor an error');
  return ended('done');
}

export function checkUnpacker(create: () => Unpacker, input: Uint8Array): void {
  const whole = unpack(create(), input, Math.max(1, input.length));
  const pieces = unpack(create(), input, 1 + (input.length % 13));
  if (!whole.isWhole || !pieces.isWhole) return;
  assert.equal(
    Buffer.compare(whole.plain, pieces.plain),
    0,
    `plain bytes differ: ${whole.plain.length} in one piece, ${pieces.plain.length} in many`,
  );
  assert.equal(pieces.end, whole.end);
  if (whole.end === 'done') assert.equal(pieces.usedBytes, whole.usedBytes);
}
