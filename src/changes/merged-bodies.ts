// Files in Windows layers that Windows merges, instead of showing only the topmost. For example, each layer has its own
// `Hives/System_Delta`, and the kernel applies the deltas of all layers one on top of another. A file with the same name in a layer above doesn't
// hide such a file.
//
// Source: hcsshim's layer formats, where `Hives` and `tombstones.txt` belong to a layer but not to its files.
import { FLAG, TOMBSTONES_FILE } from '#format/layer';
import { encodeUtf8, TYPE } from '#model';
import { findPath, type ImageTree } from './image-tree.ts';
import type { View } from './view.ts';

const HIVES = encodeUtf8('Hives');
const TOMBSTONES = encodeUtf8(TOMBSTONES_FILE);
const NOT_IN_VIEW = FLAG.rawOnly | FLAG.whiteout | FLAG.opaque | FLAG.superseded;
const NONE: ReadonlySet<number> = new Set();

/** Returns the nodes of the files that Windows merges; none in other images. */
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

/** Returns the keys of bodies (see bodyKey) that are in use although the view shows a higher layer's file at their path. */
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
