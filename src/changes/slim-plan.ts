// Plans an image's layers as they would be if they had been made differently: which members each new layer keeps. Nothing is read or
// written here.
import { FLAG, type LayerTable, linkName } from '#format/layer';
import { NO_LAYER, TYPE } from '#model';
import { inodeOf } from './hard-links.ts';
import { findPath, imageNodePath } from './image-tree.ts';
import { ImpliedFacts } from './implied-facts.ts';
import { nodeOf } from './shown-bodies.ts';
import { allKept, keptWithoutFiles, keptWithoutRemovals, NOT_STORED } from './slim-keeps.ts';
import { buildStack, indexOf, viewAtLayer } from './stack.ts';
import type { Stack } from './types.ts';
import { ABSENT, IMPLIED, isFolder, type View } from './view.ts';

/** One layer of the planned image. */
export interface SlimLayer {
  /** The layers that the new one is made from, lowest first, each with a column by member: whether it is kept. */
  readonly sources: readonly { readonly layer: number; readonly keep: Uint8Array }[];
  /** Whether the layer is one of the original layers, unchanged. */
  readonly isUnchanged: boolean;
  /** Paths (raw bytes) that need new whiteouts. */
  readonly whiteouts: readonly Uint8Array[];
  /** Paths (raw bytes) of folders with mode 0755 and owner 0 that need new entries, parents first. */
  readonly folders: readonly Uint8Array[];
}

export interface SlimPlan {
  readonly layers: readonly SlimLayer[];
  /** Why the layers can be planned but not written; null if they can be written. */
  readonly obstacle: string | null;
}

/**
 * How the layers should be made differently. Wishes can be combined: they apply in the order below, and refer to layers by their present
 * numbers.
 */
export interface SlimWishes {
  /** Leave files that a later layer removes out of the layer that added them, together with the whiteouts. */
  readonly mergeRemovals: boolean;
  /** By node of a layer's table: 1 for paths whose files are left out; null for none. */
  readonly dropped: ((table: LayerTable) => Uint8Array | null) | null;
  /** The lowest of the layers that are joined into one, up to the top; null for none. */
  readonly squashFrom: number | null;
}

/** Maximum total length of the paths that need new entries, in bytes. Even the paths of a small image may add up to gigabytes. */
const MAX_NEW_PATH_BYTES = 67_108_864;

/** Returns the bytes of the regular files that a planned layer keeps. */
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

/** Plans the layers. Layers left without members are omitted. */
export function slimPlan(stack: Stack, { mergeRemovals, dropped, squashFrom }: SlimWishes): SlimPlan {
  let keeps = allKept(stack);
  let slim = stack;
  const narrow = (next: readonly Uint8Array[]): void => {
    keeps = keeps.map((keep, layer) => keep.map((kept, member) => kept & (next[layer]?.[member] ?? 0)));
    slim = withMembers(stack, keeps);
  };
  if (mergeRemovals) narrow(keptWithoutRemovals(slim));
  if (dropped !== null) narrow(keptWithoutFiles(slim, dropped));
  if (squashFrom === null || squashFrom >= stack.layers.length - 1) return { layers: keptLayers(keeps), obstacle: null };
  return squashPlan(slim, keptLayers(keeps.slice(0, squashFrom)), squashFrom);
}

/** Returns the stack with only some members. Member numbers stay the same: the others become raw-only. */
function withMembers(stack: Stack, keeps: readonly Uint8Array[]): Stack {
  if (keeps.every((keep) => !keep.includes(0))) return stack;
  const layers = stack.layers.map((table, layer) => {
    const keep = keeps[layer];
    if (table === null || !keep?.includes(0)) return table;
    return { ...table, flags: table.flags.map((flags, member) => (keep[member] === 1 ? flags : flags | FLAG.rawOnly)) };
  });
  return buildStack(layers, { caseInsensitive: stack.caseInsensitive });
}

/** Returns the lowest layers, one for each column of `keeps`, but omits those that lose all their members. */
function keptLayers(keeps: readonly Uint8Array[]): SlimLayer[] {
  const layers: SlimLayer[] = [];
  keeps.forEach((keep, layer) => {
    const isUnchanged = !keep.includes(0);
    if (isUnchanged || keep.includes(1)) layers.push({ sources: [{ layer, keep }], isUnchanged, whiteouts: [], folders: [] });
  });
  return layers;
}

/** Joins the layers from `from` to the top into one: what they show, and whiteouts for what they hide in the layers below. */
function squashPlan(stack: Stack, below: readonly SlimLayer[], from: number): SlimPlan {
  const top = stack.layers.length - 1;
  const { tree } = indexOf(stack);
  const base = viewAtLayer(stack, from - 1);
  const view = viewAtLayer(stack, top);
  const sources = stack.layers.slice(from).map((table, at) => ({ layer: from + at, keep: shownMembers(stack, view, table, from + at) }));
  const whiteouts: Uint8Array[] = [];
  const folders: Uint8Array[] = [];
  let obstacle: string | null = linkObstacle(stack, sources, view);
  tree.impliedFacts ??= new ImpliedFacts(tree);
  let pathBytes = 0;
  const addTo = (paths: Uint8Array[], node: number): void => {
    if (pathBytes > MAX_NEW_PATH_BYTES) {
      obstacle ??= 'it would need too many new entries';
      return;
    }
    const path = imageNodePath(tree, node);
    pathBytes += path.length;
    paths.push(path);
  };
  // Folders come first, because a parent's number is smaller than its children's.
  for (let node = 1; node < tree.count; node++) {
    const [was, now] = [base.type[node] as number, view.type[node] as number];
    if (now === ABSENT) {
      const parent = tree.parent[node] as number;
      if (was !== ABSENT && (parent === 0 || isFolder(view.type[parent] as number))) addTo(whiteouts, node);
    } else if (now === IMPLIED && (view.layer[node] as number) >= from) {
      const facts = tree.impliedFacts.of(0, view.layer[node] as number, node);
      if (isFolder(was) || facts !== null) obstacle ??= 'a folder without an entry takes its mode from one that is hidden';
      else addTo(folders, node);
    }
  }
  return { layers: [...below, { sources, isUnchanged: false, whiteouts, folders }], obstacle };
}

/**
 * Returns why hard links can't stay hard links; null if they can. A link can stay if the view still shows the body at the file's own path,
 * and at the path that the link names.
 */
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

/** Whether the view shows this entry at a node, directly or through a hard link. */
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
