import { compareBytes, decodeUtf8, type RowTable, rowName } from '#model';

function sameName(a: Uint8Array, b: Uint8Array, caseInsensitive: boolean): boolean {
  if (compareBytes(a, b) === 0) return true;
  if (!caseInsensitive) return false;
  const left = decodeUtf8(a);
  return left !== null && left.toLowerCase() === decodeUtf8(b)?.toLowerCase();
}

/** Finds the row of a path by its components; -1 for the root (no components), null if no row has it. */
export function findRow(rows: RowTable, parts: readonly Uint8Array[], caseInsensitive = false): number | null {
  let found = -1;
  for (const part of parts) {
    const end = found < 0 ? rows.length : (rows.subtreeEnd[found] as number);
    let row = found + 1;
    while (row < end && !sameName(rowName(rows, row), part, caseInsensitive)) row = rows.subtreeEnd[row] as number;
    if (row >= end) return null;
    found = row;
  }
  return found;
}
