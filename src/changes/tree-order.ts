import type { LayerTable } from '#format/layer';
import type { ImageTree } from './image-tree.ts';

/** For each node of the image, the layer and the node of its table whose name is shown. */
export type NodeNames = Pick<ImageTree, 'nameLayer' | 'nameNode'>;

/** Compares the bytes of two nodes' names: returns a negative number if the first sorts first. */
function compareNames(layers: ImageTree['layers'], names: NodeNames, a: number, b: number): number {
  const tableA = layers[names.nameLayer[a] as number] as LayerTable;
  const tableB = layers[names.nameLayer[b] as number] as LayerTable;
  const nodeA = names.nameNode[a] as number;
  const nodeB = names.nameNode[b] as number;
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
 * Returns all nodes but the root, depth first, siblings in the byte order of their names. The result for the tree's own names is cached:
 * don't modify it. Most layers are sorted already, so there is little to do.
 */
export function depthFirstOrder(tree: ImageTree, names: NodeNames = tree): Uint32Array {
  if (names === tree && tree.order !== null) return tree.order;
  const { firstChild, nextSibling, count, layers } = tree;
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
      if (height > base && sorted && compareNames(layers, names, stack[height - 1] as number, child) < 0) sorted = false;
      stack[height++] = child;
    }
    if (!sorted) stack.subarray(base, height).sort((a, b) => compareNames(layers, names, b, a));
  }
  if (names === tree) tree.order = order;
  return order;
}
