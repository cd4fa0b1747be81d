import { compareViews, type Stack, viewAt } from '#changes';
import type { RowTable } from '#model';

/**
 * Lists the file system as seen at a layer; the rows' `kind` marks what the layer changed. The table is empty for -1 (an image without
 * layers).
 */
export function listView(stack: Stack, layer: number): RowTable {
  return layer < 0 ? compareViews(stack, -1, stack, -1) : viewAt(stack, layer);
}
