import { COUNTED, KIND, REASON, type RowTable } from '#model';

/** Sums by row, over the row itself and all rows below it. */
export interface SubtreeTotals {
  /** Bytes of the regular files in the view, each body once (see COUNTED). */
  readonly size: Float64Array<ArrayBuffer>;
  /** Hidden bytes: removed, replaced or overwritten, but still part of the image. */
  readonly hidden: Float64Array<ArrayBuffer>;
  readonly added: Uint32Array<ArrayBuffer>;
  readonly modified: Uint32Array<ArrayBuffer>;
  readonly removed: Uint32Array<ArrayBuffer>;
}

/** Sums a whole table. */
export function subtreeTotals(table: RowTable): SubtreeTotals {
  const totals = emptyTotals(table.length);
  addTotals(table, totals, 0);
  return totals;
}

/** Returns totals for `length` rows, all zero. */
export function emptyTotals(length: number): SubtreeTotals {
  return {
    size: new Float64Array(length),
    hidden: new Float64Array(length),
    added: new Uint32Array(length),
    modified: new Uint32Array(length),
    removed: new Uint32Array(length),
  };
}

/**
 * Adds all rows starting at `from` to the sums, in place: to their own and to those of the folders that contain them. So a table that is
 * loaded page by page is summed once, not once per page.
 */
export function addTotals(table: RowTable, totals: SubtreeTotals, from: number): void {
  const { parent } = table;
  const { size, hidden, added, modified, removed } = totals;
  for (let row = table.length - 1; row >= from; row--) {
    addRow(table, totals, row);
    // The loop won't visit folders before `from` again, so add to all of them now.
    for (let above = parent[row] as number; above >= 0; above = parent[above] as number) {
      size[above] = (size[above] as number) + (size[row] as number);
      hidden[above] = (hidden[above] as number) + (hidden[row] as number);
      added[above] = (added[above] as number) + (added[row] as number);
      modified[above] = (modified[above] as number) + (modified[row] as number);
      removed[above] = (removed[above] as number) + (removed[row] as number);
      if (above >= from) break;
    }
  }
}

/** Adds a row's own figures to its sums, in place. */
export function addRow(table: RowTable, { size, hidden, added, modified, removed }: SubtreeTotals, row: number): void {
  const kind = table.kind[row];
  if (kind === KIND.added) added[row] = (added[row] as number) + 1;
  else if (kind === KIND.modified) modified[row] = (modified[row] as number) + 1;
  else if (kind === KIND.removed) removed[row] = (removed[row] as number) + 1;
  if (kind !== KIND.removed && ((table.counted[row] as number) & COUNTED.now) !== 0)
    size[row] = (size[row] as number) + (table.size[row] as number);
  if (!repeatsHidden(table, row)) hidden[row] = (hidden[row] as number) + (table.hiddenBytes[row] as number);
}

/** Whether the row sums up what its opaque marker or whiteout hid, so that rows below repeat the same bytes. */
export function repeatsHidden(table: RowTable, row: number): boolean {
  const reason = table.reason[row];
  return table.kind[row] !== KIND.removed && (reason === REASON.opaque || reason === REASON.whiteout);
}
