import type { RowTable } from '#model';

/** The rows whose `keep` is not 0, and those that lead to them, as a table of its own. Columns are new, links are shared. */
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
  /** Of each old row, how many are kept before it. */
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
  const pick = (row: number): number => rows[row] as number;
  const indexes = Uint32Array.from(rows, (_, at) => at);
  return {
    length,
    parent: Int32Array.from(indexes, (at) => {
      const above = table.parent[pick(at)] as number;
      return above < 0 ? -1 : (place[above] as number);
    }),
    subtreeEnd: Uint32Array.from(indexes, (at) => place[table.subtreeEnd[pick(at)] as number] as number),
    kind: Uint8Array.from(rows, (row) => table.kind[row] as number),
    differs: Uint16Array.from(rows, (row) => table.differs[row] as number),
    reason: Uint8Array.from(rows, (row) => table.reason[row] as number),
    type: Uint8Array.from(rows, (row) => table.type[row] as number),
    size: Float64Array.from(rows, (row) => table.size[row] as number),
    previousSize: Float64Array.from(rows, (row) => table.previousSize[row] as number),
    counted: Uint8Array.from(rows, (row) => table.counted[row] as number),
    hiddenEntries: Uint32Array.from(rows, (row) => table.hiddenEntries[row] as number),
    hiddenBytes: Float64Array.from(rows, (row) => table.hiddenBytes[row] as number),
    mtime: Float64Array.from(rows, (row) => table.mtime[row] as number),
    mode: Uint16Array.from(rows, (row) => table.mode[row] as number),
    uid: Float64Array.from(rows, (row) => table.uid[row] as number),
    gid: Float64Array.from(rows, (row) => table.gid[row] as number),
    layer: Uint16Array.from(rows, (row) => table.layer[row] as number),
    entry: Uint32Array.from(rows, (row) => table.entry[row] as number),
    previousLayer: Uint16Array.from(rows, (row) => table.previousLayer[row] as number),
    previousEntry: Uint32Array.from(rows, (row) => table.previousEntry[row] as number),
    nameStart,
    names,
    links,
  };
}
