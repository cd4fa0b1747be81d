import type { RowTable } from '#model';

// Open folders are marked by row: 1 means open.

/** Folders to open together: all, or only the folders in one folder, given by its row (-1 is the top). Null: none. */
export type Unfolding = 'all' | number | null;

/** Opens newly loaded folders (rows `from` and up) according to `unfolding`. */
export function openNew(table: RowTable, expanded: Uint8Array, from: number, unfolding: Unfolding): void {
  if (unfolding === null) return;
  for (let row = from; row < table.length; row++) if (unfolding === 'all' || table.parent[row] === unfolding) expanded[row] = 1;
}

/** Opens the listed folders that are newly loaded (rows `from` and up). `folders` is ascending. */
export function openListed(folders: Uint32Array, expanded: Uint8Array, from: number): void {
  for (const row of folders) if (row >= from && row < expanded.length) expanded[row] = 1;
}

/** Returns `folding` with all folders above a row opened. */
export function withAncestors(table: RowTable, folding: Uint8Array, row: number): Uint8Array {
  if (row < 0) return folding;
  const expanded = folding.slice();
  for (let at = table.parent[row] as number; at >= 0; at = table.parent[at] as number) expanded[at] = 1;
  return expanded;
}

/** Returns the non-empty folders among the row and its siblings. */
export function siblingFolders(table: RowTable, row: number): number[] {
  const parent = table.parent[row] as number;
  const end = parent < 0 ? table.length : (table.subtreeEnd[parent] as number);
  const found: number[] = [];
  for (let at = parent + 1; at < end; at = table.subtreeEnd[at] as number) {
    if ((table.subtreeEnd[at] as number) > at + 1) found.push(at);
  }
  return found;
}
