// A value's data: in the value's own cell (at most four bytes), in a cell, or, if longer than 16,344 bytes, in segments:
//
//   "db" · 2 number of segments u16 · 4 list of segments, an offset        the list: an offset u32 for each
import { letters, lettersAt, readCell } from './cell.ts';
import type { Hive } from './hive.ts';
import { Damage, hex } from './problems.ts';

/** A value's data as a list of views of the hive's bytes. */
export type DataPieces = readonly Uint8Array[];

const BIG_DATA = letters('db');
const BIG_DATA_HEAD = 8;
const SEGMENT = 16_344;
const MAX_RESIDENT = 4;
/** Hives up to this minor version have no segments. */
const LAST_WITHOUT_SEGMENTS = 3;

/** Returns the data stored in a value's own field at `at`. */
export function residentData({ bytes }: Hive, at: number, size: number): DataPieces | Damage {
  return size > MAX_RESIDENT ? new Damage(`${size} bytes in a field of four`) : [bytes.subarray(at, at + size)];
}

/** Returns the data that a value refers to. `size`: the stated size, not 0. */
export function cellData(hive: Hive, offset: number, size: number): DataPieces | Damage {
  const cell = readCell(hive, offset, 0);
  if (cell instanceof Damage) return cell;
  if (size > SEGMENT && hive.base.minor > LAST_WITHOUT_SEGMENTS && lettersAt(hive, cell.at) === BIG_DATA) {
    return segments(hive, offset, size);
  }
  if (cell.length < size) return new Damage(`cell ${hex(offset)} has only ${cell.length} of ${size} bytes`);
  return [hive.bytes.subarray(cell.at, cell.at + size)];
}

function segments(hive: Hive, offset: number, size: number): DataPieces | Damage {
  const cell = readCell(hive, offset, BIG_DATA_HEAD);
  if (cell instanceof Damage) return cell;
  const count = hive.view.getUint16(cell.at + 2, true);
  const list = readCell(hive, hive.view.getUint32(cell.at + 4, true));
  if (list instanceof Damage) return list;
  const pieces: Uint8Array[] = [];
  let left = size;
  for (let index = 0; index < count && left > 0; index++) {
    if (4 * index + 4 > list.length) return new Damage(`the list of segments of ${hex(offset)} is too short`);
    const segment = readCell(hive, hive.view.getUint32(list.at + 4 * index, true), 0);
    if (segment instanceof Damage) return segment;
    const length = Math.min(SEGMENT, left, segment.length);
    pieces.push(hive.bytes.subarray(segment.at, segment.at + length));
    left -= length;
  }
  return left > 0 ? new Damage(`the segments of ${hex(offset)} have only ${size - left} of ${size} bytes`) : pieces;
}

/** Returns the data as one array: a view if there is only one piece. */
export function joinData(pieces: DataPieces): Uint8Array {
  if (pieces.length === 1) return pieces[0] ?? new Uint8Array(0);
  const joined = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}

/** Whether two values have the same data. */
export function isSameData(a: DataPieces, b: DataPieces): boolean {
  if (a === b) return true;
  const left = joinData(a);
  const right = joinData(b);
  if (left.length !== right.length) return false;
  for (let at = 0; at < left.length; at++) if (left[at] !== right[at]) return false;
  return true;
}
