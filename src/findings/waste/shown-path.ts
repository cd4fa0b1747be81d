import { type LayerTable, nodePath } from '#format/layer';
import { escapePath } from '#model';

/** Maximum number of bytes of a path that a finding shows. */
const MAX_SHOWN_BYTES = 4096;

/** A node's path as a finding shows it. */
export function shownPath(table: LayerTable, node: number): string {
  return escapePath(nodePath(table, node).subarray(0, MAX_SHOWN_BYTES));
}
