// Snapshots of working copies: whatever the lines are, the entries that are read are complete and in order, or the snapshot is reported as
// damaged.
import assert from 'node:assert/strict';
import type { FileHandle } from 'node:fs/promises';
import { compareWalked, readSnapshot } from '../../../src/driver/portable/snapshot.ts';
import { expectRefusal } from '../engine/finding.ts';
import { textTokens } from '../engine/mutate.ts';
import { session, type Target } from '../engine/target.ts';

const FACTS = { kind: 'file', mode: 0o644, uid: 0, gid: 0, size: 1, mtimeNs: '1', ctimeNs: '2', ino: '3', target: '', device: 0 };

/** Returns the part of a file handle used here. Pieces are short, so that lines are cut anywhere. */
function fileOf(input: Uint8Array): FileHandle {
  let at = 0;
  const read = async (buffer: Buffer) => {
    const piece = input.subarray(at, at + 7);
    at += piece.length;
    buffer.set(piece);
    return { bytesRead: piece.length, buffer };
  };
  return { read } as unknown as FileHandle;
}

async function run(input: Uint8Array): Promise<void> {
  let before = '';
  try {
    for await (const { path, size, mtimeNs, attributesSum } of readSnapshot(fileOf(input), 'x')) {
      assert.ok(compareWalked(before, path) < 0, 'out of order');
      assert.ok(Number.isSafeInteger(size) && BigInt(mtimeNs) !== null && (attributesSum === null || typeof attributesSum === 'string'));
      before = path;
    }
  } catch (error) {
    expectRefusal(error, ['DAMAGED', 'TOO_LARGE']);
  }
}

const linesOf = (...entries: readonly object[]): Uint8Array => Buffer.from(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));

export const target: Target = {
  name: 'snapshot',
  seeds: () => [
    linesOf(
      { path: 'a', ...FACTS, attributesSum: '' },
      { path: 'a/b', ...FACTS, attributesSum: null },
      { path: 'a-', ...FACTS, attributesSum: 'ff' },
    ),
    linesOf({ path: 'd', ...FACTS, ctimeNs: undefined, kind: 'directory', links: 2, attributes: [['user.a', 'b']] }),
    new Uint8Array(),
  ],
  tokens: textTokens('null', '[]', '{}', '\n', '"path":', '"-1"', '"/"', '\\u0000', '"attributes":[[1]]', '-', '1e9'),
  maxBytes: 4096,
  batch: 64,
  open: () => session(run),
};
