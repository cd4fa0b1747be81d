import { KIND, REASON, type RowTable } from '#model';
import { whatDiffers } from './row-text.ts';

/** Widths in px that show a table's longest values uncut, estimated from their lengths in characters. */
export interface ColumnNeeds {
  readonly name: number;
  /** The same for all names but the longest tenth. */
  readonly mostNames: number;
  readonly what: number;
}

/** Maximum number of rows whose values are measured. A longer table has long names anyway. */
const LOOKED_AT = 20_000;
/** Maximum number of rows whose descriptions of changes are measured. */
const DESCRIBED = 2_000;
/** Part of the names that are not among the longest. */
const MOST = 0.9;
const CHARACTER = 7;
/** Mean width of a character in the smaller font size, px. */
const SMALL_CHARACTER = 6.9;
/** Width of everything before a name at the top level: triangle, mark and icon. */
export const BEFORE_NAME = 56;
/** Space in px for the slash after a folder's name, and for characters that are wider than estimated. */
const AROUND_NAME = 10;
/** Indentation per level in px: `INDENT` down to level `DEEP`, and `DEEP_INDENT` below it, so that deep names keep some space. */
const INDENT = 14;
const DEEP = 4;
const DEEP_INDENT = 10;

/** Returns how far a name at a level of the tree is indented, px. */
export function indentOf(level: number): number {
  return Math.min(level, DEEP) * INDENT + Math.max(0, level - DEEP) * DEEP_INDENT;
}

/** Estimates how much space the names and the descriptions of changes need. */
export function columnNeeds(table: RowTable): ColumnNeeds {
  const length = Math.min(table.length, LOOKED_AT);
  const levels = new Uint16Array(length);
  const names = new Float64Array(length);
  let what = 0;
  let described = 0;
  for (let row = 0; row < length; row++) {
    const above = table.parent[row] as number;
    const level = above < 0 ? 0 : (levels[above] as number) + 1;
    levels[row] = level;
    const bytes = (table.nameStart[row + 1] as number) - (table.nameStart[row] as number);
    names[row] = BEFORE_NAME + AROUND_NAME + indentOf(level) + bytes * CHARACTER;
    const kind = table.kind[row];
    const isDescribed = kind === KIND.modified || kind === KIND.removed || table.reason[row] !== REASON.none;
    if (isDescribed && described++ < DESCRIBED) what = Math.max(what, whatDiffers(table, row).length * SMALL_CHARACTER);
  }
  names.sort();
  const longest = (part: number) => Math.ceil(names[Math.ceil(length * part) - 1] ?? 0);
  return { name: longest(1), mostNames: longest(MOST), what: Math.ceil(what) };
}
