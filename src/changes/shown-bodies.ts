import type { LayerTable } from '#format/layer';
import { TYPE } from '#model';
import { bodyKey, bodyKeyLayer, bodyKeyMember, type LinkTable } from './hard-links.ts';
import type { ImageTree } from './image-tree.ts';
import { mergedBodies } from './merged-bodies.ts';
import type { View } from './view.ts';

/** Returns the image node of a member that is part of the view. */
export function nodeOf(tree: ImageTree, layer: number, member: number): number {
  const table = tree.layers[layer] as LayerTable;
  return (tree.maps[layer] as Uint32Array)[table.node[member] as number] as number;
}

/** Whether the view shows the body at the file's own name. `twins`: see ViewPair; default: no two layers have the same content. */
export function isShownByItself(tree: ImageTree, view: View, key: number, twins?: readonly number[]): boolean {
  const layer = bodyKeyLayer(key);
  const member = bodyKeyMember(key);
  const node = nodeOf(tree, layer, member);
  if (view.member[node] !== member) return false;
  const shown = view.layer[node] as number;
  return shown === layer || (twins !== undefined && twins[shown] === twins[layer]);
}

/**
 * Returns the keys of the bodies that a view shows through hard links only, without duplicates, ascending. Goes through the view's nodes:
 * thousands of layers may have the same thousands of links.
 */
export function linkedBodies(tree: ImageTree, view: View, links: readonly (LinkTable | null)[]): number[] {
  const keys = new Set<number>();
  for (let node = 1; node < tree.count; node++) {
    if (view.type[node] !== TYPE.hardlink) continue;
    const key = bodyKey(tree, links, view.layer[node] as number, view.member[node] as number);
    if (key >= 0 && !isShownByItself(tree, view, key)) keys.add(key);
  }
  return [...keys].sort((a, b) => a - b);
}

/**
 * Returns the keys of the bodies that are in use although the view doesn't show them at their own paths: those from {@link linkedBodies},
 * and those that Windows merges with others that have the same name. Ascending, without duplicates.
 */
export function bodiesInUse(tree: ImageTree, view: View, links: readonly (LinkTable | null)[]): number[] {
  const linked = linkedBodies(tree, view, links);
  const merged = mergedBodies(tree, view);
  return merged.length === 0 ? linked : [...new Set([...linked, ...merged])].sort((a, b) => a - b);
}
