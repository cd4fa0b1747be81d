import { type LayerTable, nodePath } from '#format/layer';
import { isWindowsFile, oddOnWindows } from '#format/path';
import { broughtNodes } from './case-collisions.ts';

/** A node of a layer's table with a name that Windows can't open. */
export interface OddName {
  readonly node: number;
  /** A clause without the name: `is a device on Windows`. */
  readonly reason: string;
}

/** Finds names in a layer of a Windows image that Windows reserves or refuses. */
export function windowsOddNames(table: LayerTable): OddName[] {
  const brought = broughtNodes(table);
  const odd: OddName[] = [];
  for (let node = 1; node < table.nodeCount; node++) {
    if (brought[node] === 0) continue;
    const reason = oddOnWindows(table.nodeNames.subarray(table.nodeNameStart[node], table.nodeNameStart[node + 1]));
    if (reason !== null && isWindowsFile(nodePath(table, node))) odd.push({ node, reason });
  }
  return odd;
}
