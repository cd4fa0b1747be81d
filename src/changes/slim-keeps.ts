// Which members of an image's layers are kept if removals are merged into the layers below, or caches are left out. Columns by layer and
// member: 1 for kept, 0 for left out.
//
// What a hard link shows is never lost: a removal stays if another name still needs the files it removes. Folders that only their contents
// imply would vanish with them, so removals from such a folder stay too.
import { FLAG, type LayerTable, linkName } from '#format/layer';
import { NO_LAYER, TYPE } from '#model';
import { findPath, type ImageTree } from './image-tree.ts';
import { laterRemovals } from './later-removals.ts';
import { nodeOf } from './shown-bodies.ts';
import { indexOf, viewAtLayer } from './stack.ts';
import type { Stack } from './types.ts';
import { ABSENT, IMPLIED, type View } from './view.ts';

/** Flags of members that no view shows, and whose bytes aren't counted in any layer's figures. */
export const NOT_STORED: number = FLAG.rawOnly | FLAG.whiteout | FLAG.opaque;

/** Keeps every member. */
export function allKept(stack: Stack): Uint8Array[] {
  return stack.layers.map((table) => new Uint8Array(table?.memberCount ?? 0).fill(1));
}

/** Leaves out files that a later layer removes, and the whiteouts that then hide nothing. */
export function keptWithoutRemovals(stack: Stack): Uint8Array[] {
  const { tree } = indexOf(stack);
  const pinned = impliedParents(stack);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const keeps = withoutRemovals(stack, pinned);
    const before = pinned.size;
    for (const needed of neededNodes(stack, keeps)) for (const node of withAncestors(tree, needed)) pinned.add(node);
    if (pinned.size === before) return keeps;
  }
  return allKept(stack);
}

/**
 * Maximum number of searches for what hard links need. One may not be enough: a link may need a file in a folder that contains more links.
 */
const MAX_ROUNDS = 8;

/**
 * Returns the removed nodes whose folder is implied in the top view but contains no entries there. Without the removals, the folder would
 * vanish.
 */
function impliedParents(stack: Stack): Set<number> {
  const { tree, removals } = indexOf(stack);
  const view = viewAtLayer(stack, stack.layers.length - 1);
  const pinned = new Set<number>();
  const known = new Map<number, boolean>();
  for (const nodes of removals) {
    for (const node of nodes) {
      const parent = tree.parent[node] as number;
      if (view.type[parent] !== IMPLIED) continue;
      let stays = known.get(parent);
      if (stays === undefined) {
        stays = showsEntryBelow(tree, view, parent);
        known.set(parent, stays);
      }
      if (!stays) pinned.add(node);
    }
  }
  return pinned;
}

/** Whether the view has an entry below a folder. Entries that the view shows are never left out. */
function showsEntryBelow(tree: ImageTree, view: View, folder: number): boolean {
  const walk = [folder];
  for (let node = walk.pop(); node !== undefined; node = walk.pop()) {
    for (let child = tree.firstChild[node] as number; child !== 0; child = tree.nextSibling[child] as number) {
      if (view.type[child] === IMPLIED) walk.push(child);
      else if (view.type[child] !== ABSENT) return true;
    }
  }
  return false;
}

/**
 * Returns, by layer and member, 0 for what later layers remove and for whiteouts that then hide nothing, otherwise 1. `pinned`: nodes whose
 * removal stays.
 */
function withoutRemovals(stack: Stack, pinned: ReadonlySet<number>): Uint8Array[] {
  const { tree, removals } = indexOf(stack);
  const keeps = allKept(stack);
  for (const { layer, removedIn, top } of laterRemovals(stack)) {
    const table = stack.layers[layer] as LayerTable;
    const map = tree.maps[layer] as Uint32Array;
    const keep = keeps[layer] as Uint8Array;
    for (let member = 0; member < keep.length; member++) {
      if (((table.flags[member] as number) & FLAG.rawOnly) !== 0) continue;
      const node = table.node[member] as number;
      if (removedIn[node] !== 0 && !pinned.has(map[top[node] as number] as number)) keep[member] = 0;
    }
  }
  stack.layers.forEach((table, layer) => {
    const removed = new Set(removals[layer]);
    if (table === null || removed.size === 0) return;
    const keep = keeps[layer] as Uint8Array;
    for (let member = 0; member < keep.length; member++) {
      if (((table.flags[member] as number) & FLAG.whiteout) === 0) continue;
      const node = nodeOf(tree, layer, member);
      if (removed.has(node) && !pinned.has(node)) keep[member] = 0;
    }
  });
  return keeps;
}

/** Returns the nodes of members that are left out although a kept hard link names or shows them. */
function neededNodes(stack: Stack, keeps: readonly Uint8Array[]): Set<number> {
  const { tree, links } = indexOf(stack);
  const needed = new Set<number>();
  if (links.every((table) => table === null)) return needed;
  const dropped = droppedNodes(stack, keeps);
  links.forEach((table, layer) => {
    table?.members.forEach((member, at) => {
      if (keeps[layer]?.[member] !== 1) return;
      const target = table.targetLayer[at] as number;
      // A link may name another link, so look up the named path as well as the final target.
      const named = findPath(tree, linkName(stack.layers[layer] as LayerTable, member) ?? new Uint8Array(0));
      const shown = target === NO_LAYER ? 0 : nodeOf(tree, target, table.targetMember[at] as number);
      for (const node of [named, shown]) if (dropped.has(node)) needed.add(node);
    });
  });
  return needed;
}

function droppedNodes(stack: Stack, keeps: readonly Uint8Array[]): Set<number> {
  const { tree } = indexOf(stack);
  const dropped = new Set<number>();
  keeps.forEach((keep, layer) => {
    for (let member = keep.indexOf(0); member >= 0; member = keep.indexOf(0, member + 1)) dropped.add(nodeOf(tree, layer, member));
  });
  return dropped;
}

function withAncestors(tree: ImageTree, node: number): number[] {
  const nodes: number[] = [];
  for (let at = node; at !== 0; at = tree.parent[at] as number) nodes.push(at);
  return nodes;
}

/**
 * Leaves out the files at some paths, but not folders or what hard links show. `below`: by node of a layer's table, 1 for those paths; null
 * for none.
 */
export function keptWithoutFiles(stack: Stack, below: (table: LayerTable) => Uint8Array | null): Uint8Array[] {
  const keeps = stack.layers.map((table) => {
    const keep = new Uint8Array(table?.memberCount ?? 0).fill(1);
    const dropped = table === null ? null : below(table);
    if (table === null || dropped === null) return keep;
    for (let member = 0; member < keep.length; member++) {
      if (
        ((table.flags[member] as number) & NOT_STORED) === 0 &&
        table.type[member] !== TYPE.directory &&
        dropped[table.node[member] as number] === 1
      )
        keep[member] = 0;
    }
    return keep;
  });
  keepNodes(stack, keeps, neededNodes(stack, keeps));
  return keeps;
}

function keepNodes(stack: Stack, keeps: readonly Uint8Array[], nodes: ReadonlySet<number>): void {
  if (nodes.size === 0) return;
  const { tree } = indexOf(stack);
  keeps.forEach((keep, layer) => {
    for (let member = keep.indexOf(0); member >= 0; member = keep.indexOf(0, member + 1)) {
      if (nodes.has(nodeOf(tree, layer, member))) keep[member] = 1;
    }
  });
}
