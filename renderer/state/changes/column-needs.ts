import { KIND, REASON, type RowTable } from '#model';
import { whatDiffers } from './row-text.ts';

/** Widths in px at which the longest texts of a table are not cut, estimated from their numbers of characters. */
export interface ColumnNeeds {
  readonly name: number;
  readonly what: number;
}

/** Rows of which the texts are looked at; a longer table has long names anyway. */
const LOOKED_AT = 20_000;
/** Rows of which the changes are described. */
const DESCRIBED = 2_000;
const CHARACTER = 7;
/** Mean width of a character of the smaller text, px. */
export const SMALL_CHARACTER = 6.9;
/** Width of what is before the name at the top level: triangle, mark and icon. */
export const BEFORE_NAME = 56;
/** Room for the slash after a folder's name, and for letters that are wider than estimated. */
const AROUND_NAME = 10;
/** Indentation per level, down to a level, and below it, so that deep names keep some room. */
const INDENT = 14;
const DEEP = 4;
const DEEP_INDENT = 10;

/** Returns how far a name at a level of the tree is indented, px. */
export function indentOf(level: number): number {
  return Math.min(level, DEEP) * INDENT + Math.max(0, level - DEEP) * DEEP_INDENT;
}

/** Estimates how much room the names and the descriptions of changes need. */
export function columnNeeds(table: RowTable): ColumnNeeds {
  const length = Math.min(table.length, LOOKED_AT);
  const levels = new Uint16Array(length);
  let name = 0;
  let what = 0;
  let described = 0;
  for (let row = 0; row < length; row++) {
    const above = table.parent[row] as number;
    const level = above < 0 ? 0 : (levels[above] as number) + 1;
    levels[row] = level;
    const bytes = (table.nameStart[row + 1] as number) - (table.nameStart[row] as number);
    name = Math.max(name, BEFORE_NAME + AROUND_NAME + indentOf(level) + bytes * CHARACTER);
    const kind = table.kind[row];
    const isDescribed = kind === KIND.modified || kind === KIND.removed || table.reason[row] !== REASON.none;
    if (isDescribed && described++ < DESCRIBED) what = Math.max(what, whatDiffers(table, row).length * SMALL_CHARACTER);
  }
  return { name: Math.ceil(name), what: Math.ceil(what) };
}
