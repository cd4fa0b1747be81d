// Finds and sums rows of a table, regardless of which are visible.
import type { SubtreeTotals } from '#changes';
import { compareBytes, type RowTable, rowName, TYPE } from '#model';

/** Returns the row of a path; -1 if the table doesn't have the path (yet). */
export function findRow(table: RowTable, path: Uint8Array): number {
  let start = 0;
  let end = table.length;
  let row = -1;
  for (let at = 0; at <= path.length; ) {
    let slash = path.indexOf(0x2f, at);
    if (slash < 0) slash = path.length;
    const name = path.subarray(at, slash);
    let found = -1;
    for (let each = start; each < end; each = table.subtreeEnd[each] as number) {
      if (compareBytes(rowName(table, each), name) === 0) {
        found = each;
        break;
      }
    }
    if (found < 0) return -1;
    row = found;
    start = found + 1;
    end = table.subtreeEnd[found] as number;
    at = slash + 1;
  }
  return row;
}

/** Whether a row is a folder, or has rows below it. */
export function isFolder(table: RowTable, row: number): boolean {
  return table.type[row] === TYPE.directory || (table.subtreeEnd[row] as number) > row + 1;
}

/** Returns how many rows are below a row. */
export function itemsBelow(table: RowTable, row: number): number {
  return (table.subtreeEnd[row] as number) - row - 1;
}

/** Whether something changed at a row or below it. */
export function touched(totals: SubtreeTotals, row: number): boolean {
  return (totals.added[row] as number) + (totals.modified[row] as number) + (totals.removed[row] as number) > 0;
}

/** Returns the sums of the whole table. */
export function wholeTotals(table: RowTable, totals: SubtreeTotals) {
  const sums = { added: 0, modified: 0, removed: 0, size: 0, hidden: 0 };
  for (let row = 0; row < table.length; row = table.subtreeEnd[row] as number) {
    sums.added += totals.added[row] as number;
    sums.modified += totals.modified[row] as number;
    sums.removed += totals.removed[row] as number;
    sums.size += totals.size[row] as number;
    sums.hidden += totals.hidden[row] as number;
  }
  return sums;
}
