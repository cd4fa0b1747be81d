import type { RowTable } from '#model';

// Which folders are open, by row: 1 means open.

/** Folders opened together: all, or those in one folder (-1: at the top). */
export type Unfolding = 'all' | number | null;

/** Opens newly loaded folders, from row `from` on, that were meant to be opened before they were loaded. */
export function openNew(table: RowTable, expanded: Uint8Array, from: number, unfolding: Unfolding): void {
  if (unfolding === null) return;
  for (let row = from; row < table.length; row++) if (unfolding === 'all' || table.parent[row] === unfolding) expanded[row] = 1;
}

/** The folding with all folders above a row opened. */
export function withAncestors(table: RowTable, folding: Uint8Array, row: number): Uint8Array {
  if (row < 0) return folding;
  const expanded = folding.slice();
  for (let at = table.parent[row] as number; at >= 0; at = table.parent[at] as number) expanded[at] = 1;
  return expanded;
}

/** The row and its siblings, as far as they are folders with something in them. */
export function siblingFolders(table: RowTable, row: number): number[] {
  const parent = table.parent[row] as number;
  const end = parent < 0 ? table.length : (table.subtreeEnd[parent] as number);
  const found: number[] = [];
  for (let at = parent + 1; at < end; at = table.subtreeEnd[at] as number) {
    if ((table.subtreeEnd[at] as number) > at + 1) found.push(at);
  }
  return found;
}

/** Opens folders level by level while they fit in about `room` rows. A chain of single folders at the top is always opened. */
export function openFirst(table: RowTable, expanded: Uint8Array, room: number): void {
  let level: number[] = [];
  for (let row = 0; row < table.length; row = table.subtreeEnd[row] as number) level.push(row);
  let shown = level.length;
  while (level.length > 0) {
    const next: number[] = [];
    for (const row of level) {
      const end = table.subtreeEnd[row] as number;
      const children: number[] = [];
      for (let at = row + 1; at < end && children.length <= room; at = table.subtreeEnd[at] as number) children.push(at);
      if (children.length === 0 || (shown + children.length > room && !(level.length === 1 && children.length === 1))) continue;
      expanded[row] = 1;
      shown += children.length;
      next.push(...children);
    }
    level = next;
  }
}
