// A security descriptor, which many keys share:
//
//   0 "sk" · 4 and 8 neighbours, offsets · 12 number of keys u32 · 16 size u32 · 20 the descriptor, self-relative
import { letters, lettersAt, readCell } from './cell.ts';
import type { Hive } from './hive.ts';
import { Damage, hex } from './problems.ts';

const SECURITY = letters('sk');
const HEAD = 20;

/** A security descriptor in a hive. */
export interface SecurityAt {
  /** Offset of its cell. Keys that refer to the same cell share the descriptor. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export function readSecurity(hive: Hive, offset: number): SecurityAt | Damage {
  const cell = readCell(hive, offset, HEAD);
  if (cell instanceof Damage) return cell;
  if (lettersAt(hive, cell.at) !== SECURITY) return new Damage(`security ${hex(offset)} has the wrong signature`);
  const size = hive.view.getUint32(cell.at + 16, true);
  if (HEAD + size > cell.length) return new Damage(`the descriptor ${hex(offset)} is longer than its cell`);
  return { offset, bytes: hive.bytes.subarray(cell.at + HEAD, cell.at + HEAD + size) };
}
