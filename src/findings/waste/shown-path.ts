import { type LayerTable, nodePath } from '#format/layer';
import { escapePath } from '#model';

/** Maximum length of the path in a finding, in bytes. */
const MAX_SHOWN_BYTES = 4096;

/** Returns a node's path for a finding. */
export function shownPath(table: LayerTable, node: number): string {
  return escapePath(nodePath(table, node).subarray(0, MAX_SHOWN_BYTES));
}
