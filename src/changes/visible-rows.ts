import type { RowTable } from '#model';
import { makeScratch } from './scratch.ts';

const scratchRows = makeScratch();

export interface VisibleOptions {
  /** By row, 0: not shown, nor what is below it (see filterRows). */
  readonly mask?: Uint8Array | null;
  /** Rows depth first in another order of siblings (see sortChildren). */
  readonly order?: Uint32Array | null;
}

/** Rows in sight, top to bottom: those at the top, and those below rows that are open (`expanded` not 0), level by level. */
export function visibleRows(table: RowTable, expanded: Uint8Array, options: VisibleOptions = {}): Uint32Array<ArrayBuffer> {
  const { length, subtreeEnd } = table;
  const { mask = null, order = null } = options;
  const rows = scratchRows(length);
  let count = 0;
  for (let at = 0; at < length; ) {
    const row = order === null ? at : (order[at] as number);
    const isShown = mask === null || mask[row] !== 0;
    if (isShown) rows[count++] = row;
    // What is below a row is as long in any order of siblings.
    at += isShown && expanded[row] !== 0 ? 1 : (subtreeEnd[row] as number) - row;
  }
  return rows.slice(0, count);
}
