import type { LayerTable } from '#format/layer';
import type { ImageTree } from './image-tree.ts';

/** As the bytes of two nodes' names compare: below 0 where the first comes first. */
function compareNames(tree: ImageTree, a: number, b: number): number {
  const tableA = tree.layers[tree.nameLayer[a] as number] as LayerTable;
  const tableB = tree.layers[tree.nameLayer[b] as number] as LayerTable;
  const nodeA = tree.nameNode[a] as number;
  const nodeB = tree.nameNode[b] as number;
  const startA = tableA.nodeNameStart[nodeA] as number;
  const startB = tableB.nodeNameStart[nodeB] as number;
  const lengthA = (tableA.nodeNameStart[nodeA + 1] as number) - startA;
  const lengthB = (tableB.nodeNameStart[nodeB + 1] as number) - startB;
  const namesA = tableA.nodeNames;
  const namesB = tableB.nodeNames;
  const length = Math.min(lengthA, lengthB);
  for (let i = 0; i < length; i++) {
    const difference = (namesA[startA + i] as number) - (namesB[startB + i] as number);
    if (difference !== 0) return difference;
  }
  return lengthA - lengthB;
}

/**
 * All nodes but the root, depth first, siblings by the bytes of their names. Made once a tree: most layers come sorted, so mostly
 * nothing is to be sorted. Don't write into it.
 */
export function depthFirstOrder(tree: ImageTree): Uint32Array {
  if (tree.order !== null) return tree.order;
  const { firstChild, nextSibling, count } = tree;
  const order = new Uint32Array(count - 1);
  // Nodes still to visit, the next on top.
  const stack = new Uint32Array(count);
  let height = 1;
  let length = 0;
  while (height > 0) {
    const node = stack[--height] as number;
    if (node !== 0) order[length++] = node;
    const base = height;
    let sorted = true;
    for (let child = firstChild[node] as number; child !== 0; child = nextSibling[child] as number) {
      if (height > base && sorted && compareNames(tree, stack[height - 1] as number, child) < 0) sorted = false;
      stack[height++] = child;
    }
    if (!sorted) stack.subarray(base, height).sort((a, b) => compareNames(tree, b, a));
  }
  tree.order = order;
  return order;
}
