import type { RowTable } from '#model';
import type { SubtreeTotals } from './subtree-totals.ts';

/** About a screenful of rows. */
const FIRST_ROWS = 40;

/**
 * Returns the folders that a list opens initially, in ascending order. Repeatedly opens the largest visible folder whose children fit into
 * about `room` rows, if that folder has changes or at least a hundredth of all bytes, or if everything fits. A chain of only children at
 * the top is always opened, however many children the last one has, because a list with a single row says nothing. The result is
 * deterministic.
 */
export function firstOpen(table: RowTable, totals: SubtreeTotals, room = FIRST_ROWS): Uint32Array<ArrayBuffer> {
  const { size, hidden, added, modified, removed } = totals;
  const weight = (row: number): number => (size[row] as number) + (hidden[row] as number);
  const top = childrenOf(table, -1, table.length);
  const isFilled = (row: number): boolean => (table.subtreeEnd[row] as number) > row + 1;
  // Sorted only once, the largest last, because the top level may be huge, while opened folders add only a few.
  const waiting = top.filter(isFilled).sort((a, b) => weight(a) - weight(b) || b - a);
  const below: number[] = [];
  const next = (): number => {
    const [ours, theirs] = [waiting.at(-1), below.at(-1)];
    const isBelow = ours === undefined || (theirs !== undefined && weight(theirs) > weight(ours));
    return (isBelow ? below : waiting).pop() as number;
  };
  const opened: number[] = [];
  let shown = Math.min(top.length, room >> 1);
  const total = top.reduce((sum, row) => sum + weight(row), 0);
  const least = table.length <= room ? 0 : total / 100;
  const isWorthIt = (row: number): boolean =>
    weight(row) >= least || (added[row] as number) + (modified[row] as number) + (removed[row] as number) > 0;
  let isChain = top.length === 1;
  while (waiting.length + below.length > 0) {
    const row = next();
    const children = childrenOf(table, row, room + 1);
    if ((shown + children.length > room || !isWorthIt(row)) && !isChain) continue;
    isChain = isChain && children.length === 1;
    shown += children.length;
    opened.push(row);
    for (const child of children.filter(isFilled)) {
      let at = below.length;
      while (at > 0 && weight(below[at - 1] as number) >= weight(child)) at--;
      below.splice(at, 0, child);
    }
  }
  return Uint32Array.from(opened).sort();
}

/** Returns the rows directly below a folder (-1: the top), at most `most`. */
function childrenOf(table: RowTable, folder: number, most: number): number[] {
  const end = folder < 0 ? table.length : (table.subtreeEnd[folder] as number);
  const children: number[] = [];
  for (let row = folder + 1; row < end && children.length < most; row = table.subtreeEnd[row] as number) children.push(row);
  return children;
}
