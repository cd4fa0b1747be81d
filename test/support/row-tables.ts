import { NO_ENTRY, NO_LAYER, type RowTable } from '#model';

/**
 * Makes a table of `length` rows whose values differ from row to row, for tests that transfer tables. Every fourth row is a folder with the
 * three rows that follow; every seventh is a link.
 */
export function numberedRows(length: number): RowTable {
  const rows = Array.from({ length }, (_, row) => row);
  const names = rows.map((row) => Buffer.from(row % 5 === 0 ? `ä${row}` : `name-${row}`));
  const nameStart = new Uint32Array(length + 1);
  names.forEach((name, row) => {
    nameStart[row + 1] = (nameStart[row] as number) + name.length;
  });
  const top = (row: number): number => row - (row % 4);
  const links = rows
    .filter((row) => row % 7 === 3)
    .map((row): [number, Uint8Array] => [row, new Uint8Array(Buffer.from(`../target-${row}`))]);
  return {
    length,
    parent: Int32Array.from(rows, (row) => (row % 4 === 0 ? -1 : top(row))),
    subtreeEnd: Uint32Array.from(rows, (row) => (row % 4 === 0 ? Math.min(row + 4, length) : row + 1)),
    kind: Uint8Array.from(rows, (row) => row % 4),
    differs: Uint16Array.from(rows, (row) => row % 512),
    reason: Uint8Array.from(rows, (row) => row % 4),
    type: Uint8Array.from(rows, (row) => (row % 7 === 3 ? 2 : row % 4 === 0 ? 1 : 0)),
    size: Float64Array.from(rows, (row) => row * 2 ** 33 + 1),
    previousSize: Float64Array.from(rows, (row) => row * 3),
    counted: Uint8Array.from(rows, (row) => row % 4),
    hiddenEntries: Uint32Array.from(rows, (row) => row * 5),
    hiddenBytes: Float64Array.from(rows, (row) => row * 7),
    mtime: Float64Array.from(rows, (row) => row + 0.5),
    mode: Uint16Array.from(rows, (row) => row % 4096),
    previousMode: Uint16Array.from(rows, (row) => row % 512),
    uid: Float64Array.from(rows, (row) => row * 11),
    gid: Float64Array.from(rows, (row) => row * 13),
    layer: Uint16Array.from(rows, (row) => row % 9),
    entry: Uint32Array.from(rows, (row) => row),
    previousLayer: Uint16Array.from(rows, () => NO_LAYER),
    previousEntry: Uint32Array.from(rows, () => NO_ENTRY),
    hiddenBy: Uint16Array.from(rows, (row) => row % 8),
    nameStart,
    names: new Uint8Array(Buffer.concat(names)),
    links: new Map(links),
  };
}
