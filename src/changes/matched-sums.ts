import type { RowTable } from '#model';
import { bytesBefore, bytesNow } from './counted-bodies.ts';
import { criteriaTest, type RowCriteria } from './row-criteria.ts';
import { addRow, emptyTotals, type SubtreeTotals } from './subtree-totals.ts';

/** Sums by row over the row itself and those below it, counting only rows that pass a filter. */
export interface MatchedSums extends SubtreeTotals {
  /** By row: 1 if the row itself counts. */
  readonly counts: Uint8Array;
  /** Number of counted rows below the row. */
  readonly items: Float64Array;
  /** For a comparison: bytes on side A, and how many more side B has (negative if fewer). */
  readonly sides: { readonly before: Float64Array; readonly net: Float64Array } | null;
}

export interface MatchedOptions {
  /** By row: 1 if it matches (see filterRows). */
  readonly matches: Uint8Array;
  readonly compares: boolean;
  /** Length of the columns, at least the table's; default: the table's. */
  readonly room?: number;
}

const STEP_ROWS = 65_536;

/**
 * Sums the rows that pass a filter, in steps of a few milliseconds, for a thread that also draws a window. A row counts if it matches. A
 * row below a matching folder counts too, unless it fails the criteria: a search for `node_modules`, or for folders, should show how much
 * they contain. The table must not change between steps.
 */
export function* matchedSumSteps(
  table: RowTable,
  criteria: RowCriteria,
  { matches, compares, room = table.length }: MatchedOptions,
): Generator<undefined, MatchedSums> {
  const { length } = table;
  const meets = criteriaTest(table, criteria);
  const counts = new Uint8Array(room);
  // By row: 1 for matching folders and everything below them.
  const covered = new Uint8Array(length);
  for (let from = 0; from < length; from += STEP_ROWS) {
    markCounted(table, { matches, meets, counts, covered }, from, Math.min(length, from + STEP_ROWS));
    yield;
  }
  const sides = compares ? { before: new Float64Array(room), net: new Float64Array(room) } : null;
  const sums = { ...emptyTotals(room), counts, items: new Float64Array(room), sides };
  for (let end = length; end > 0; end -= STEP_ROWS) {
    const from = Math.max(0, end - STEP_ROWS);
    addCounted(table, sums, from, end);
    if (sides !== null) addSides(table, sides, sums, from, end);
    yield;
  }
  return sums;
}

interface Marks {
  readonly matches: Uint8Array;
  readonly meets: ((row: number) => boolean) | null;
  readonly counts: Uint8Array;
  readonly covered: Uint8Array;
}

function markCounted({ parent }: RowTable, { matches, meets, counts, covered }: Marks, from: number, end: number): void {
  for (let row = from; row < end; row++) {
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
}

/** Adds rows to their own sums and to those of the folders above. The sums of the rows below must already be complete. */
function addCounted(table: RowTable, sums: MatchedSums, from: number, end: number): void {
  const { parent } = table;
  const { counts, items, size, hidden, added, modified, removed } = sums;
  for (let row = end - 1; row >= from; row--) {
    const count = (items[row] as number) + (counts[row] as number);
    // Folders without any counted rows have nothing to add.
    if (count === 0) continue;
    if (counts[row] === 1) addRow(table, sums, row);
    const above = parent[row] as number;
    if (above < 0) continue;
    items[above] = (items[above] as number) + count;
    size[above] = (size[above] as number) + (size[row] as number);
    // Zeros aren't added: most rows have zeros here, and a page of zeros that is never written takes no memory.
    if (hidden[row] !== 0) hidden[above] = (hidden[above] as number) + (hidden[row] as number);
    if (added[row] !== 0) added[above] = (added[above] as number) + (added[row] as number);
    if (modified[row] !== 0) modified[above] = (modified[above] as number) + (modified[row] as number);
    if (removed[row] !== 0) removed[above] = (removed[above] as number) + (removed[row] as number);
  }
}

function addSides(
  table: RowTable,
  { before, net }: NonNullable<MatchedSums['sides']>,
  { counts, items }: MatchedSums,
  from: number,
  end: number,
): void {
  const { parent } = table;
  for (let row = end - 1; row >= from; row--) {
    if (counts[row] === 0 && items[row] === 0) continue;
    if (counts[row] === 1) {
      const was = bytesBefore(table, row);
      before[row] = (before[row] as number) + was;
      net[row] = (net[row] as number) + bytesNow(table, row) - was;
    }
    const above = parent[row] as number;
    if (above < 0) continue;
    before[above] = (before[above] as number) + (before[row] as number);
    net[above] = (net[above] as number) + (net[row] as number);
  }
}
