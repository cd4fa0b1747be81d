import { type LayerTable, nodeName, nodePath } from '#format/layer';
import { isWindowsFile, oddOnWindows } from '#format/path';
import { broughtNodes } from './case-collisions.ts';

/** How many of a path's first components decide the result of `isWindowsFile`: `UtilityVM/Files/…` has three. */
const DECIDED_DEPTH = 3;

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
    const reason = oddOnWindows(nodeName(table, node));
    if (reason !== null) odd.push({ node, reason });
  }
  if (odd.length === 0) return odd;
  const isFile = windowsFiles(table);
  return odd.filter(({ node }) => isFile[node] === 1);
}

/**
 * Returns a column by node: 1 if Windows shows it as a file. Below the third level, a node takes its parent's value. Building each path
 * instead would be too slow: there may be a million, with thousands of components each.
 */
function windowsFiles(table: LayerTable): Uint8Array {
  const depth = new Uint8Array(table.nodeCount);
  const isFile = new Uint8Array(table.nodeCount);
  for (let node = 1; node < table.nodeCount; node++) {
    const parent = table.nodeParent[node] as number;
    depth[node] = Math.min((depth[parent] as number) + 1, DECIDED_DEPTH + 1);
    const isDecided = (depth[node] as number) > DECIDED_DEPTH;
    isFile[node] = isDecided ? (isFile[parent] as number) : Number(isWindowsFile(nodePath(table, node)));
  }
  return isFile;
}
