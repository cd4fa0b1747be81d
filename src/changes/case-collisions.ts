import { FLAG, type LayerTable } from '#format/layer';
import type { ImageTree } from './image-tree.ts';

/** Two paths in one layer that differ in case only, as nodes of the layer's table. `other` was written first. */
export interface CaseCollision {
  readonly node: number;
  readonly other: number;
}

/** Returns a column by node: 1 if the layer has an entry at or below the node. Whiteouts don't count. */
export function broughtNodes(table: LayerTable): Uint8Array {
  const brought = new Uint8Array(table.nodeCount);
  for (let member = 0; member < table.memberCount; member++) {
    if (((table.flags[member] as number) & (FLAG.rawOnly | FLAG.whiteout | FLAG.opaque)) === 0) brought[table.node[member] as number] = 1;
  }
  for (let node = table.nodeCount - 1; node > 0; node--) if (brought[node] === 1) brought[table.nodeParent[node] as number] = 1;
  return brought;
}

/**
 * Finds paths that a layer of a Windows image spells in two ways. Ignores whiteouts, because a layer changes the case of a file's name by
 * deleting the old name and adding the new one. `first`: a column of zeros by node of the image. The column is cleared again so that all
 * layers can share it: an image may have thousands of layers, and a million nodes.
 */
export function caseCollisions(tree: ImageTree, layer: number, first: Uint32Array): CaseCollision[] {
  const table = tree.layers[layer] as LayerTable;
  const map = tree.maps[layer] as Uint32Array;
  const brought = broughtNodes(table);
  const collisions: CaseCollision[] = [];
  for (let node = 1; node < table.nodeCount; node++) {
    if (brought[node] === 0) continue;
    const imageNode = map[node] as number;
    const other = first[imageNode] as number;
    // Folders that collide share a node of the image, so names that both of them contain collide too.
    if (other === 0) first[imageNode] = node;
    else collisions.push({ node, other });
  }
  for (const imageNode of map) first[imageNode] = 0;
  return collisions;
}
