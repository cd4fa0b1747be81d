// Files of a Windows layer that Windows merges, rather than showing the topmost: each layer brings its own `Hives/System_Delta`, and the kernel
// lays the deltas of all layers over one another. A layer above with a file of the same name hides none of it.
//
// Source: meaning.md, A. Registry hives; hcsshim's layer formats, where `Hives` and `tombstones.txt` are part of a layer, and not of its files.
import { FLAG, TOMBSTONES_FILE } from '#format/layer';
import { encodeUtf8, TYPE } from '#model';
import { findPath, type ImageTree } from './image-tree.ts';
import type { View } from './view.ts';

const HIVES = encodeUtf8('Hives');
const TOMBSTONES = encodeUtf8(TOMBSTONES_FILE);
const NOT_IN_VIEW = FLAG.rawOnly | FLAG.whiteout | FLAG.opaque | FLAG.superseded;
const NONE: ReadonlySet<number> = new Set();

/** Nodes of the files that Windows merges; none in other images. */
export function mergedNodes(tree: ImageTree): ReadonlySet<number> {
  if (!tree.caseInsensitive) return NONE;
  const nodes = new Set<number>();
  const tombstones = findPath(tree, TOMBSTONES);
  if (tombstones > 0) nodes.add(tombstones);
  const folder = findPath(tree, HIVES);
  if (folder <= 0) return nodes;
  for (let node = tree.firstChild[folder] as number; node !== 0; node = tree.nextSibling[node] as number) nodes.add(node);
  return nodes;
}

/** Keys of the bodies (see bodyKey) that are in use although the view shows one of a layer above at their path. */
export function mergedBodies(tree: ImageTree, view: View): number[] {
  const nodes = mergedNodes(tree);
  const keys: number[] = [];
  if (nodes.size === 0) return keys;
  tree.layers.forEach((table, layer) => {
    const map = tree.maps[layer];
    if (!table || !map) return;
    for (let member = 0; member < table.memberCount; member++) {
      if (table.type[member] !== TYPE.file || ((table.flags[member] as number) & NOT_IN_VIEW) !== 0) continue;
      const node = map[table.node[member] as number] as number;
      if (!nodes.has(node) || view.type[node] !== TYPE.file) continue;
      if (view.layer[node] !== layer || view.member[node] !== member) keys.push(layer * 0x1_0000_0000 + member);
    }
  });
  return keys;
}
