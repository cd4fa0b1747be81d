import { compareBytes, decodeUtf8, foldWindowsCase, type RowTable, rowName } from '#model';

function sameName(a: Uint8Array, b: Uint8Array, caseInsensitive: boolean): boolean {
  if (compareBytes(a, b) === 0) return true;
  if (!caseInsensitive) return false;
  const [left, right] = [decodeUtf8(a), decodeUtf8(b)];
  return left !== null && right !== null && foldWindowsCase(left) === foldWindowsCase(right);
}

/** Finds the row of a path by its components; -1 for the root (no components), null if no row has that path. */
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
