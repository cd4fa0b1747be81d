// What an image's layers would be if they had been made differently: which members each new layer keeps. Nothing is read or written here.
//
// A plan never loses what a hard link shows: a removal whose files another name still needs stays as it is. Folders that only their contents
// imply would vanish with them, so what is removed from such a folder stays too.
import { FLAG, type LayerTable, linkName } from '#format/layer';
import { NO_LAYER, TYPE } from '#model';
import { inodeOf } from './hard-links.ts';
import { findPath, type ImageTree, imageNodePath } from './image-tree.ts';
import { ImpliedFacts } from './implied-facts.ts';
import { laterRemovals } from './later-removals.ts';
import { nodeOf } from './shown-bodies.ts';
import { indexOf, viewAtLayer } from './stack.ts';
import type { Stack } from './types.ts';
import { ABSENT, IMPLIED, isFolder, type View } from './view.ts';

/** One layer of the image as it would be. */
export interface SlimLayer {
  /** The layers that it is made of, lowest first, and by member whether it is kept. */
  readonly sources: readonly { readonly layer: number; readonly keep: Uint8Array }[];
  /** The old layer as it is. */
  readonly isUnchanged: boolean;
  /** Paths (raw bytes) that need whiteouts of their own. */
  readonly whiteouts: readonly Uint8Array[];
  /** Paths (raw bytes) of folders of mode 0755 and owner 0 that need entries of their own, parents first. */
  readonly folders: readonly Uint8Array[];
}

export interface SlimPlan {
  readonly layers: readonly SlimLayer[];
  /** Why the layers can be computed, but not written; null if they can. */
  readonly obstacle: string | null;
}

/** Bytes of the regular files that a layer of a plan keeps. */
export function slimBytes(stack: Stack, { sources }: SlimLayer): number {
  let bytes = 0;
  for (const { layer, keep } of sources) {
    const table = stack.layers[layer];
    for (let member = 0; member < keep.length; member++) {
      if (keep[member] === 1 && table?.type[member] === TYPE.file && ((table.flags[member] as number) & NOT_STORED) === 0)
        bytes += table.size[member] as number;
    }
  }
  return bytes;
}

const NOT_STORED = FLAG.rawOnly | FLAG.whiteout | FLAG.opaque;

/** All layers as they are. */
export function unchangedPlan(stack: Stack): SlimPlan {
  return { layers: stack.layers.map((table, layer) => wholeLayer(table, layer)), obstacle: null };
}

function wholeLayer(table: LayerTable | null, layer: number): SlimLayer {
  return { sources: [{ layer, keep: new Uint8Array(table?.memberCount ?? 0).fill(1) }], isUnchanged: true, whiteouts: [], folders: [] };
}

/** The layers with these members left out; those that then have none are left out too. */
function keptLayers(stack: Stack, keeps: readonly Uint8Array[]): SlimLayer[] {
  const layers: SlimLayer[] = [];
  keeps.forEach((keep, layer) => {
    if (!keep.includes(0)) layers.push(wholeLayer(stack.layers[layer] ?? null, layer));
    else if (keep.includes(1)) layers.push({ sources: [{ layer, keep }], isUnchanged: false, whiteouts: [], folders: [] });
  });
  return layers;
}

/** Layers `from` to the top as one: what they show, and whiteouts of what they hide in the layers below. */
export function squashPlan(stack: Stack, from: number): SlimPlan {
  const top = stack.layers.length - 1;
  const below = stack.layers.slice(0, from).map((table, layer) => wholeLayer(table, layer));
  if (from >= top) return unchangedPlan(stack);
  const { tree } = indexOf(stack);
  const base = viewAtLayer(stack, from - 1);
  const view = viewAtLayer(stack, top);
  const sources = stack.layers.slice(from).map((table, at) => ({ layer: from + at, keep: shownMembers(stack, view, table, from + at) }));
  const whiteouts: Uint8Array[] = [];
  const folders: Uint8Array[] = [];
  let obstacle: string | null = linkObstacle(stack, sources, view);
  tree.impliedFacts ??= new ImpliedFacts(tree);
  // A parent's number is smaller than its children's.
  for (let node = 1; node < tree.count; node++) {
    const [was, now] = [base.type[node] as number, view.type[node] as number];
    if (now === ABSENT) {
      const parent = tree.parent[node] as number;
      if (was !== ABSENT && (parent === 0 || isFolder(view.type[parent] as number))) whiteouts.push(imageNodePath(tree, node));
    } else if (now === IMPLIED && (view.layer[node] as number) >= from) {
      const facts = tree.impliedFacts.of(0, view.layer[node] as number, node);
      if (isFolder(was) || facts !== null) obstacle ??= 'a folder without an entry takes its mode from one that is hidden';
      else folders.push(imageNodePath(tree, node));
    }
  }
  return { layers: [...below, { sources, isUnchanged: false, whiteouts, folders }], obstacle };
}

/** Why hard links can't stay hard links; null if they can: the names of their files are shown too. */
function linkObstacle(stack: Stack, sources: SlimLayer['sources'], view: View): string | null {
  const { tree, links } = indexOf(stack);
  for (const { layer, keep } of sources) {
    const table = links[layer];
    for (const [at, member] of table?.members.entries() ?? []) {
      const [bodyLayer, body] = [table?.targetLayer[at] as number, table?.targetMember[at] as number];
      if (keep[member] !== 1 || bodyLayer === NO_LAYER) continue;
      const own = nodeOf(tree, bodyLayer, body);
      const named = findPath(tree, linkName(stack.layers[layer] as LayerTable, member) ?? new Uint8Array(0));
      const isShown = view.layer[own] === bodyLayer && view.member[own] === body;
      if (!isShown || named <= 0 || !isSameInode(stack, view, named, bodyLayer, body)) return 'a hard link names a path that is hidden';
    }
  }
  return null;
}

/** Whether the view shows this entry at a node, by itself or through a hard link. */
function isSameInode(stack: Stack, view: View, node: number, layer: number, member: number): boolean {
  const { tree, links } = indexOf(stack);
  if (view.type[node] === ABSENT || view.type[node] === IMPLIED) return false;
  const shown = inodeOf(tree, links, view.layer[node] as number, view.member[node] as number);
  return shown?.layer === layer && shown.member === member;
}

/** By member: 1 for the entries that the view shows. */
function shownMembers(stack: Stack, view: View, table: LayerTable | null, layer: number): Uint8Array {
  const keep = new Uint8Array(table?.memberCount ?? 0);
  if (table === null) return keep;
  const { tree } = indexOf(stack);
  for (let member = 0; member < keep.length; member++) {
    if (((table.flags[member] as number) & NOT_STORED) !== 0) continue;
    const node = nodeOf(tree, layer, member);
    if (node !== 0 && view.layer[node] === layer && view.member[node] === member) keep[member] = 1;
  }
  return keep;
}

/** Files that a later layer removes are left out of the layer that added them, and so are the whiteouts. */
export function mergeRemovalsPlan(stack: Stack): SlimPlan {
  const { tree } = indexOf(stack);
  const pinned = impliedParents(stack);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const keeps = withoutRemovals(stack, pinned);
    const before = pinned.size;
    for (const needed of neededNodes(stack, keeps)) for (const node of withAncestors(tree, needed)) pinned.add(node);
    if (pinned.size === before) return { layers: keptLayers(stack, keeps), obstacle: null };
  }
  return unchangedPlan(stack);
}

/** Maximum number of passes to find what hard links need: a link may need a file whose folder has more links. */
const MAX_ROUNDS = 8;

/** Nodes that are removed from a folder that nothing else implies. */
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

/** Whether the view has an entry below a folder. Entries that it shows are never left out. */
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

/** By layer and member: 0 for what later layers remove, and for whiteouts that then hide nothing. `pinned`: removals that stay. */
function withoutRemovals(stack: Stack, pinned: ReadonlySet<number>): Uint8Array[] {
  const { tree, removals } = indexOf(stack);
  const keeps = stack.layers.map((table) => new Uint8Array(table?.memberCount ?? 0).fill(1));
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

/** Nodes of members that are left out, though a hard link that is kept names or shows them. */
function neededNodes(stack: Stack, keeps: readonly Uint8Array[]): Set<number> {
  const { tree, links } = indexOf(stack);
  const needed = new Set<number>();
  if (links.every((table) => table === null)) return needed;
  const dropped = droppedNodes(stack, keeps);
  links.forEach((table, layer) => {
    table?.members.forEach((member, at) => {
      if (keeps[layer]?.[member] !== 1) return;
      const target = table.targetLayer[at] as number;
      // A link may name another link.
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
 * Files below some folders are left out; `below`: by node of a layer's table, 1 for those. Folders stay, and so does what hard links show.
 */
export function dropPlan(stack: Stack, below: (table: LayerTable) => Uint8Array | null): SlimPlan {
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
  return { layers: keptLayers(stack, keeps), obstacle: null };
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
