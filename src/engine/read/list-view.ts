import { compareViews, type Stack, viewAt } from '#changes';
import type { RowTable } from '#model';

/** The file system as seen at a layer; rows that the layer touches are marked by their kind. -1 (an image of no layers): nothing. */
export function listView(stack: Stack, layer: number): RowTable {
  return layer < 0 ? compareViews(stack, -1, stack, -1) : viewAt(stack, layer);
}
