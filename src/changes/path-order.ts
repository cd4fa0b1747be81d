import type { RowTable } from '#model';

const SLASH = 0x2f;

/** Whether `folder/…` sorts before the sibling's path. Requires that the folder's name doesn't sort after the sibling's. */
function subtreeComesFirst(rows: RowTable, folder: number, sibling: number): boolean {
  const { names, nameStart } = rows;
  const end = nameStart[folder + 1] as number;
  let at = nameStart[sibling] as number;
  for (let i = nameStart[folder] as number; i < end; i++, at++) if (names[i] !== names[at]) return true;
  return (names[at] as number) > SLASH;
}

/**
 * Returns all row numbers in the byte order of the full paths. The rows' own order differs: `a-b` sorts before `a/x`, because `-` is less
 * than `/`. Takes one pass over the rows and doesn't build paths: a folder's content waits until siblings that sort before it have been
 * output.
 */
export function sortedByPathBytes(rows: RowTable): Uint32Array<ArrayBuffer> {
  const order = new Uint32Array(rows.length);
  let length = 0;
  // Folders that were output without their content. The content of the one added last comes next.
  const waiting: number[] = [];
  // By level of siblings: the next row, the end, and the number of folders waiting at outer levels.
  const next: number[] = [0];
  const ends: number[] = [rows.length];
  const floors: number[] = [0];
  for (let level = 0; level >= 0; ) {
    const row = next[level] as number;
    const isEnd = row >= (ends[level] as number);
    const folder = waiting.length > (floors[level] as number) ? (waiting.at(-1) as number) : -1;
    if (folder >= 0 && (isEnd || subtreeComesFirst(rows, folder, row))) {
      waiting.pop();
      level++;
      next[level] = folder + 1;
      ends[level] = rows.subtreeEnd[folder] as number;
      floors[level] = waiting.length;
    } else if (isEnd) {
      level--;
    } else {
      order[length++] = row;
      const end = rows.subtreeEnd[row] as number;
      if (end > row + 1) waiting.push(row);
      next[level] = end;
    }
  }
  return order;
}
