// Lists of subkeys, each with a count u16 at 2 and elements from 4 on:
//
//   "li"  offset u32                 "lf"  offset u32, first four letters        "ri"  offset u32 of another list, never of another ri
//                                    "lh"  offset u32, hash of the name
import { type Cell, letters, lettersAt, readCell } from './cell.ts';
import type { Hive } from './hive.ts';
import { Damage, hex } from './problems.ts';

const HEAD = 4;
const INDEX = letters('ri');
const ELEMENT_BYTES = new Map([
  [letters('li'), 4],
  [letters('lf'), 8],
  [letters('lh'), 8],
  [INDEX, 4],
]);

interface List {
  readonly cell: Cell;
  readonly isIndex: boolean;
  readonly step: number;
  readonly count: number;
}

/**
 * Returns the offsets of the subkeys in the list at an offset, in order, up to any damage, which is passed to `onDamage`. `take` is called
 * before each list with its number of elements, and returns whether the list may be read.
 */
export function readSubkeyList(
  hive: Hive,
  offset: number,
  { take, onDamage }: { take(elements: number): boolean; onDamage(reason: string): void },
): number[] {
  const offsets: number[] = [];
  const read = (at: number): List | null => {
    const list = listAt(hive, at);
    if (list instanceof Damage) {
      onDamage(list.reason);
      return null;
    }
    const room = Math.floor((list.cell.length - HEAD) / list.step);
    if (list.count > room) onDamage(`list ${hex(at)} counts more elements than its cell holds`);
    const count = Math.min(list.count, room);
    if (take(count)) return { ...list, count };
    onDamage('lists have more elements than the hive has bytes for');
    return null;
  };
  const list = read(offset);
  if (list === null) return offsets;
  for (let index = 0; index < list.count; index++) {
    const element = elementOf(hive, list, index);
    if (!list.isIndex) {
      offsets.push(element);
      continue;
    }
    const inner = read(element);
    if (inner?.isIndex) onDamage(`list ${hex(offset)} of lists contains another one`);
    if (inner === null || inner.isIndex) break;
    for (let at = 0; at < inner.count; at++) offsets.push(elementOf(hive, inner, at));
  }
  return offsets;
}

function elementOf({ view }: Hive, { cell, step }: List, index: number): number {
  return view.getUint32(cell.at + HEAD + index * step, true);
}

function listAt(hive: Hive, offset: number): List | Damage {
  const cell = readCell(hive, offset);
  if (cell instanceof Damage) return cell;
  const signature = lettersAt(hive, cell.at);
  const step = ELEMENT_BYTES.get(signature);
  if (step === undefined) return new Damage(`list ${hex(offset)} has the wrong signature`);
  return { cell, isIndex: signature === INDEX, step, count: hive.view.getUint16(cell.at + 2, true) };
}
