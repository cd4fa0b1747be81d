import { FLAG, type LayerTable } from '#format/layer';
import type { ImageTree } from './image-tree.ts';

/** Two paths of one layer whose names differ by case only: nodes of its table, `other` the one that came first. */
export interface CaseCollision {
  readonly node: number;
  readonly other: number;
}

/** By node 1: the layer brings it, or something below it; not where all that it has there are whiteouts. */
export function broughtNodes(table: LayerTable): Uint8Array {
  const brought = new Uint8Array(table.nodeCount);
  for (let member = 0; member < table.memberCount; member++) {
    if (((table.flags[member] as number) & (FLAG.rawOnly | FLAG.whiteout | FLAG.opaque)) === 0) brought[table.node[member] as number] = 1;
  }
  for (let node = table.nodeCount - 1; node > 0; node--) if (brought[node] === 1) brought[table.nodeParent[node] as number] = 1;
  return brought;
}

/**
 * Where a layer of a Windows image names one path in two ways. Whiteouts don't count: to delete a name and bring it in another case
 * is how it is renamed.
 */
export function caseCollisions(tree: ImageTree, layer: number): CaseCollision[] {
  const table = tree.layers[layer] as LayerTable;
  const map = tree.maps[layer] as Uint32Array;
  const brought = broughtNodes(table);
  const first = new Uint32Array(tree.count);
  const collisions: CaseCollision[] = [];
  for (let node = 1; node < table.nodeCount; node++) {
    if (brought[node] === 0) continue;
    const imageNode = map[node] as number;
    const other = first[imageNode] as number;
    // What lies below two folders that are one is no collision of its own, unless the names themselves differ.
    if (other === 0) first[imageNode] = node;
    else collisions.push({ node, other });
  }
  return collisions;
}
