import type { RowTable } from '#model';
import { bytesBefore, bytesNow } from './counted-bodies.ts';
import { criteriaTest, type RowCriteria } from './row-criteria.ts';
import { addRow, emptyTotals, type SubtreeTotals } from './subtree-totals.ts';

/** Sums by row, of those rows at and below it that a filter leaves. */
export interface MatchedSums extends SubtreeTotals {
  /** By row: 1 if the row itself counts. */
  readonly counts: Uint8Array;
  /** How many rows below count. */
  readonly items: Float64Array;
  /** Of a comparison: bytes on side A, and how many more side B has (negative if fewer). */
  readonly sides: { readonly before: Float64Array; readonly net: Float64Array } | null;
}

export interface MatchedOptions {
  /** By row: 1 matches (see filterRows). */
  readonly matches: Uint8Array;
  readonly compares: boolean;
  /** Length of the columns, at least that of the table; default: that of the table. */
  readonly room?: number;
}

/** Rows per step. */
const STEP_ROWS = 65_536;

/**
 * Sums what a filter leaves, in steps of a few milliseconds, for a thread that also draws a window. A row counts if it matches. So does one
 * below a folder that matches, unless the criteria leave it out: who looks for `node_modules`, or for folders, wants to know how much is in
 * them. The table must not change meanwhile.
 */
export function* matchedSumSteps(
  table: RowTable,
  criteria: RowCriteria,
  { matches, compares, room = table.length }: MatchedOptions,
): Generator<undefined, MatchedSums> {
  const { length, parent } = table;
  const counts = yield* countingRows(table, criteria, matches, room);
  const totals = emptyTotals(room);
  const items = new Float64Array(room);
  const sides = compares ? { before: new Float64Array(room), net: new Float64Array(room) } : null;
  const { size, hidden, added, modified, removed } = totals;
  for (let row = length - 1; row >= 0; row--) {
    if (row % STEP_ROWS === 0) yield;
    const isCounted = counts[row] === 1;
    // What leads to no row that counts has nothing to add.
    if (!isCounted && items[row] === 0) continue;
    if (isCounted) {
      addRow(table, totals, row);
      if (sides !== null) {
        const was = bytesBefore(table, row);
        sides.before[row] = (sides.before[row] as number) + was;
        sides.net[row] = (sides.net[row] as number) + bytesNow(table, row) - was;
      }
    }
    const above = parent[row] as number;
    if (above < 0) continue;
    items[above] = (items[above] as number) + (items[row] as number) + (isCounted ? 1 : 0);
    size[above] = (size[above] as number) + (size[row] as number);
    hidden[above] = (hidden[above] as number) + (hidden[row] as number);
    added[above] = (added[above] as number) + (added[row] as number);
    modified[above] = (modified[above] as number) + (modified[row] as number);
    removed[above] = (removed[above] as number) + (removed[row] as number);
    if (sides === null) continue;
    sides.before[above] = (sides.before[above] as number) + (sides.before[row] as number);
    sides.net[above] = (sides.net[above] as number) + (sides.net[row] as number);
  }
  return { ...totals, counts, items, sides };
}

function* countingRows(
  table: RowTable,
  criteria: RowCriteria,
  matches: Uint8Array,
  room: number,
): Generator<undefined, Uint8Array<ArrayBuffer>> {
  const { length, parent } = table;
  const meets = criteriaTest(table, criteria);
  const counts = new Uint8Array(room);
  // By row: 1 at and below a folder that matches.
  const covered = new Uint8Array(length);
  for (let row = 0; row < length; row++) {
    if (row % STEP_ROWS === 0) yield;
    if (matches[row] === 1) {
      counts[row] = 1;
      covered[row] = 1;
      continue;
    }
    const above = parent[row] as number;
    if (above < 0 || covered[above] === 0) continue;
    covered[row] = 1;
    if (meets === null || meets(row)) counts[row] = 1;
  }
  return counts;
}
