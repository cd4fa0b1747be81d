import { pickColumns, type RowTable } from '#model';

/**
 * Returns a new table with the rows whose `keep` is not 0, and the folders that lead to them. Columns are copied, link targets are shared.
 */
export function keepRows(table: RowTable, keep: ArrayLike<number>): RowTable {
  const kept = new Uint8Array(table.length);
  let length = 0;
  let nameBytes = 0;
  for (let row = table.length - 1; row >= 0; row--) {
    if (keep[row] !== 0) kept[row] = 1;
    if (kept[row] === 0) continue;
    length++;
    nameBytes += (table.nameStart[row + 1] as number) - (table.nameStart[row] as number);
    const above = table.parent[row] as number;
    if (above >= 0) kept[above] = 1;
  }
  const rows = new Uint32Array(length);
  /** By row of the old table: the number of kept rows before it. */
  const place = new Uint32Array(table.length + 1);
  for (let row = 0; row < table.length; row++) {
    if (kept[row] !== 0) rows[place[row] as number] = row;
    place[row + 1] = (place[row] as number) + (kept[row] as number);
  }
  const names = new Uint8Array(nameBytes);
  const nameStart = new Uint32Array(length + 1);
  const links = new Map<number, Uint8Array>();
  rows.forEach((row, at) => {
    const name = table.names.subarray(table.nameStart[row], table.nameStart[row + 1]);
    names.set(name, nameStart[at]);
    nameStart[at + 1] = (nameStart[at] as number) + name.length;
    const link = table.links.get(row);
    if (link !== undefined) links.set(at, link);
  });
  const columns = pickColumns(table, rows);
  for (let at = 0; at < length; at++) {
    const above = columns.parent[at] as number;
    if (above >= 0) columns.parent[at] = place[above] as number;
    columns.subtreeEnd[at] = place[columns.subtreeEnd[at] as number] as number;
  }
  return {
    length,
    ...columns,
    nameStart,
    names,
    links,
  };
}
