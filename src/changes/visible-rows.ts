import type { RowTable } from '#model';
import { makeScratch } from './scratch.ts';

const scratchRows = makeScratch();

export interface VisibleOptions {
  /** By row: 0 hides the row and everything below it (see filterRows). */
  readonly mask?: Uint8Array | null;
  /** Rows depth first, siblings in another order (see sortChildren). */
  readonly order?: Uint32Array | null;
}

/** Returns the visible rows, top to bottom: those of the top level, and the children of visible rows that are expanded (nonzero). */
export function visibleRows(table: RowTable, expanded: Uint8Array, options: VisibleOptions = {}): Uint32Array<ArrayBuffer> {
  const { length, subtreeEnd } = table;
  const { mask = null, order = null } = options;
  const rows = scratchRows(length);
  let count = 0;
  for (let at = 0; at < length; ) {
    const row = order === null ? at : (order[at] as number);
    const isShown = mask === null || mask[row] !== 0;
    if (isShown) rows[count++] = row;
    // A subtree has the same length in any order of siblings, so this skips it in any order.
    at += isShown && expanded[row] !== 0 ? 1 : (subtreeEnd[row] as number) - row;
  }
  return rows.slice(0, count);
}
