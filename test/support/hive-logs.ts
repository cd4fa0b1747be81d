// Writes the logs of registry hives. See src/format/registry-hive/old-log.ts and new-log.ts for the formats.
import { marvin32 } from '../../src/format/registry-hive/marvin32.ts';
import { BINS, setBaseSum } from './hive-builder.ts';

/** A page of a log: an offset after the base block, and its bytes. */
export interface LogPage {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface LogEntry {
  readonly sequence: number;
  readonly binsBytes: number;
  readonly pages: readonly LogPage[];
}

const PAGE = 512;

function logBase(hive: Buffer, type: number, sequence: number): Buffer {
  const base = Buffer.from(hive.subarray(0, PAGE));
  base.writeUInt32LE(sequence, 4);
  base.writeUInt32LE(sequence, 8);
  base.writeUInt32LE(type, 28);
  setBaseSum(base);
  return base;
}

/** Returns a log in the old format. `after`: the hive as it should be; `numbers`: the 512-byte pages that the log has. */
export function oldLog(after: Buffer, numbers: readonly number[], sequence = 2): Buffer {
  const base = logBase(after, 1, sequence);
  const bits = (after.length - BINS) / PAGE;
  const bitmap = Buffer.alloc(Math.ceil((4 + bits / 8) / PAGE) * PAGE);
  bitmap.write('DIRT', 0, 'latin1');
  for (const number of numbers) bitmap[4 + (number >> 3)] = (bitmap[4 + (number >> 3)] ?? 0) | (1 << (number & 7));
  const pages = numbers.map((number) => after.subarray(BINS + number * PAGE, BINS + (number + 1) * PAGE));
  return Buffer.concat([base, bitmap, ...pages]);
}

/** Returns a log in the new format. */
export function newLog(hive: Buffer, entries: readonly LogEntry[]): Buffer {
  const first = entries[0]?.sequence ?? 1;
  return Buffer.concat([logBase(hive, 6, first), ...entries.map(entryBytes)]);
}

function entryBytes({ sequence, binsBytes, pages }: LogEntry): Buffer {
  const used = 40 + pages.reduce((sum, { bytes }) => sum + 8 + bytes.length, 0);
  const entry = Buffer.alloc(Math.ceil(used / PAGE) * PAGE);
  entry.write('HvLE', 0, 'latin1');
  entry.writeUInt32LE(entry.length, 4);
  entry.writeUInt32LE(sequence, 12);
  entry.writeUInt32LE(binsBytes, 16);
  entry.writeUInt32LE(pages.length, 20);
  let at = 40;
  for (const { offset, bytes } of pages) {
    entry.writeUInt32LE(offset, at);
    entry.writeUInt32LE(bytes.length, at + 4);
    at += 8;
  }
  for (const { bytes } of pages) {
    entry.set(bytes, at);
    at += bytes.length;
  }
  signEntry(entry);
  return entry;
}

/** Writes the hashes of an entry that was changed. */
export function signEntry(entry: Buffer): void {
  const view = new DataView(entry.buffer, entry.byteOffset, entry.byteLength);
  const write = (at: number, [low, high]: readonly [number, number]): void => {
    entry.writeUInt32LE(low, at);
    entry.writeUInt32LE(high, at + 4);
  };
  write(24, marvin32(view, 40, entry.length - 40));
  write(32, marvin32(view, 0, 32));
}
