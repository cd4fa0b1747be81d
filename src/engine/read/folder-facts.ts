import { breakDown } from '#changes';
import type { FolderReport } from '#contract';
import { escapePath, type RowTable, rowPath } from '#model';

/** Maximum number of entries in each list. */
const MOST = 10;

/** Sums up a row of a view and everything below it; -1: the whole view. */
export function folderFacts(rows: RowTable, row: number): FolderReport {
  const { bytes, files, folders, biggest, layers, extensions } = breakDown(rows, 'view', { row, limit: MOST });
  return {
    bytes,
    files,
    folders,
    biggest: biggest
      .filter((file) => file.bytes > 0)
      .map((file) => ({ path: escapePath(rowPath(rows, file.row)), bytes: file.bytes, layer: rows.layer[file.row] as number })),
    layers: layers.map((each) => ({ layer: each.layer, files: each.files, bytes: each.bytes })),
    types: extensions.map((each) => ({ ...each, extension: each.extension.slice(1) })),
  };
}
