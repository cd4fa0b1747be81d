// A cell: its size as i32, negative if it is in use, then its contents. Offsets count from the end of the base block.
import { BASE_BLOCK_BYTES } from './base-block.ts';
import type { Hive } from './hive.ts';
import { Damage, hex } from './problems.ts';

/** The offset that means "none". */
export const NO_CELL = 0xffff_ffff;

const MIN_CELL = 8;

/** A cell's contents, as a range of the hive's bytes. */
export interface Cell {
  readonly at: number;
  readonly length: number;
}

/** Returns the contents of the cell at an offset, if it is in use and has at least `need` bytes. */
export function readCell({ view, end }: Hive, offset: number, need = 4): Cell | Damage {
  const at = BASE_BLOCK_BYTES + offset;
  if (offset === NO_CELL || at + 4 > end) return new Damage(`cell ${hex(offset)} is outside the bins`);
  const size = -view.getInt32(at, true);
  if (size <= 0) return new Damage(`cell ${hex(offset)} is free`);
  if (size < MIN_CELL || at + size > end) return new Damage(`cell ${hex(offset)} has a wrong size`);
  if (size - 4 < need) return new Damage(`cell ${hex(offset)} is too short`);
  return { at: at + 4, length: size - 4 };
}

/** Returns two letters at a position as a number to compare with {@link letters}. */
export function lettersAt({ view }: Hive, at: number): number {
  return view.getUint16(at, true);
}

export function letters(text: string): number {
  return text.charCodeAt(0) | (text.charCodeAt(1) << 8);
}
