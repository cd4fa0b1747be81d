import { breakDown, type Stack, wastedByLayer } from '#changes';
import type { FolderReport } from '#contract';
import { escapePath, type RowTable, rowPath } from '#model';

/** Maximum number of entries in each list. */
const MOST = 10;

/** Sums up a row of a view and everything below it, or the whole view for -1. */
export function folderFacts(rows: RowTable, row: number): FolderReport {
  const { bytes, files, folders, biggest, layers, extensions } = breakDown(rows, 'view', { row, limit: MOST });
  return {
    bytes,
    files,
    folders,
    biggest: biggest.filter((file) => file.bytes > 0).map((file) => ({ ...placeOf(rows, file.row), bytes: file.bytes })),
    layers: layers.map((each) => ({ layer: each.layer, files: each.files, bytes: each.bytes })),
    types: extensions.map((each) => ({ extension: each.extension.slice(1), files: each.files, bytes: each.bytes })),
  };
}

/** Like {@link folderFacts}, including what the image hides. `rows` are those of the whole image. */
export function wholeFolderFacts(stack: Stack, rows: RowTable, row: number): FolderReport {
  const { bytes, hiddenBytes, files, folders, biggest, layers, extensions } = breakDown(rows, 'image', { row, limit: MOST });
  const written = new Map(layers.map((each) => [each.layer, each]));
  const all = wastedByLayer(stack, rowPath(rows, row)).map((hidden, layer) => {
    const { files: ofLayer = 0, bytes: visible = 0 } = written.get(layer) ?? {};
    return { layer, files: ofLayer, bytes: visible, hiddenBytes: hidden };
  });
  return {
    bytes,
    hiddenBytes,
    files,
    folders,
    biggest: biggest
      .filter((file) => file.bytes + file.hiddenBytes > 0)
      .map((file) => ({ ...placeOf(rows, file.row), bytes: file.bytes, hiddenBytes: file.hiddenBytes })),
    layers: all.filter((each) => each.files > 0 || each.hiddenBytes > 0),
    types: extensions.map((each) => ({ ...each, extension: each.extension.slice(1) })),
  };
}

function placeOf(rows: RowTable, row: number): { readonly path: string; readonly layer: number } {
  return { path: escapePath(rowPath(rows, row)), layer: rows.layer[row] as number };
}
