// Shared by targets for node:zlib's formats: src/archive unpacks a blob in memory, in pieces of several sizes.
import assert from 'node:assert/strict';
import { type Decompressed, decompress, type PackedAs } from '../../../src/archive/blob/decompress.ts';
import type { FileRange, SourceFile } from '../../../src/archive/blob/source-file.ts';
import { expectCleanText, expectRefusal } from '../engine/finding.ts';
import { expectSame } from '../engine/same.ts';

/** Limit on the unpacked bytes to examine, because a few bytes may unpack to gigabytes. */
const MOST_PLAIN_BYTES = 4 * 1024 * 1024;

/** Returns a range of a file that exists only in memory. */
export function inMemory(bytes: Uint8Array): FileRange {
  const read = (to: Uint8Array, position: number, length = to.length, at = 0): number => {
    const piece = bytes.subarray(position, position + length);
    to.set(piece, at);
    return piece.length;
  };
  return { file: { read } as unknown as SourceFile, start: 0, length: bytes.length };
}

export interface Unpacked extends Decompressed {
  readonly plain: Uint8Array;
}

export async function unpack(input: Uint8Array, compression: PackedAs, pieceBytes: number): Promise<Unpacked> {
  const parts: Uint8Array[] = [];
  let total = 0;
  const sink = (bytes: Uint8Array): boolean => {
    total += bytes.length;
    parts.push(bytes);
    return total < MOST_PLAIN_BYTES;
  };
  const ended = await decompress(inMemory(input), compression, sink, { pieceBytes });
  return { ...ended, plain: Buffer.concat(parts) };
}

/** Unpacks with two piece sizes, which must give the same result; null if refused. */
export async function unpackTwice(input: Uint8Array, compression: PackedAs): Promise<Unpacked | null> {
  try {
    const whole = await unpack(input, compression, 256 * 1024);
    if (whole.message !== null) expectCleanText(whole.message);
    if (whole.end === 'stopped') return null;
    assert.equal(whole.plainBytes, whole.plain.length);
    const pieces = await unpack(input, compression, Math.ceil((input.length + 1) / (2 + (input.length % 11))));
    if (compression === 'zstd' && whole.end === 'damaged' && pieces.end === 'damaged') {
      // How much of a damaged frame libzstd unpacks, and its message, depend on how much input libzstd gets at once.
      const length = Math.min(whole.plain.length, pieces.plain.length);
      assert.equal(Buffer.compare(whole.plain.subarray(0, length), pieces.plain.subarray(0, length)), 0, 'plain bytes differ');
      return whole;
    }
    const lengths = `${whole.plain.length} in one piece, ${pieces.plain.length} in many`;
    assert.equal(Buffer.compare(whole.plain, pieces.plain), 0, `plain bytes differ: ${lengths}`);
    expectSame({ ...pieces, plain: null }, { ...whole, plain: null });
    return whole;
  } catch (error) {
    expectRefusal(error);
    return null;
  }
}
