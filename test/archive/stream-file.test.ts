// What is received is written while more arrives.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { StreamFile } from '../../src/archive/spool/stream-file.ts';
import { hasCode } from '../support/asserts.ts';
import { onTmpfs, smallDisk } from '../support/small-disk.ts';
import { testFolder } from '../support/workbench.ts';

const MIB = 1024 * 1024;

test('pieces of any size are written in order, though their memory is used again', async (t) => {
  for (const length of [1, 1000, 65_536, MIB - 1, MIB, 3 * MIB + 1]) {
    const file = path.join(testFolder(t), 'file');
    const count = length === 1 ? 100 : Math.ceil((7 * MIB) / length);
    const piece = new Uint8Array(length);
    const expected: Uint8Array[] = [];
    {
      await using written = await StreamFile.create(file);
      for (let at = 0; at < count; at++) {
        piece.fill(at % 251);
        expected.push(piece.slice());
        await written.take(piece);
        piece.fill(0xee);
      }
      await written.end();
    }
    assert.ok(Buffer.concat(expected).equals(readFileSync(file)), `${length} bytes at a time`);
  }
});

test('a disk that others filled meanwhile is reported: by a later piece, or at the end', onTmpfs, async (t) => {
  for (const most of [1, 3]) {
    const disk = smallDisk(t, 4096);
    await using file = await StreamFile.create(path.join(disk, 'file'));
    writeFileSync(path.join(disk, 'other'), new Uint8Array(3.5 * MIB));
    const writing = async (): Promise<void> => {
      for (let at = 0; at < most; at++) await file.take(new Uint8Array(MIB - 1));
      await file.end();
    };
    await assert.rejects(writing(), hasCode('IO'));
  }
});
