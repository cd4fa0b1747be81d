import { DIFFERS, KIND, type RowTable } from '#model';

/** How a modified row differs, most important first. Each row has one class. */
export const DIFFERENCE_CLASS = {
  content: 1, // different type, target, device or content, or content that was not compared
  metadata: 2, // mode, owner or attributes
  time: 4, // only the time, or nothing: the layer rewrote the file unchanged
} as const;

/** Bits of {@link DIFFERENCE_CLASS}. */
export const ALL_DIFFERENCES = 7;

const CONTENT = DIFFERS.content | DIFFERS.type | DIFFERS.link | DIFFERS.device | DIFFERS.unread;
const METADATA = DIFFERS.mode | DIFFERS.owner | DIFFERS.attributes;

/** Returns the class of a row; 0 if the row is not modified. */
export function differenceClass(table: RowTable, row: number): number {
  if (table.kind[row] !== KIND.modified) return 0;
  const bits = table.differs[row] as number;
  if ((bits & CONTENT) !== 0) return DIFFERENCE_CLASS.content;
  return (bits & METADATA) !== 0 ? DIFFERENCE_CLASS.metadata : DIFFERENCE_CLASS.time;
}

/** Counts the rows of each class. */
export function countDifferences(table: RowTable): { readonly content: number; readonly metadata: number; readonly time: number } {
  let content = 0;
  let metadata = 0;
  let time = 0;
  for (let row = 0; row < table.length; row++) {
    const found = differenceClass(table, row);
    if (found === DIFFERENCE_CLASS.content) content++;
    else if (found === DIFFERENCE_CLASS.metadata) metadata++;
    else if (found === DIFFERENCE_CLASS.time) time++;
  }
  return { content, metadata, time };
}
