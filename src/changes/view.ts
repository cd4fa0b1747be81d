// The file system that a stack of layers shows: for each node of the image's tree, the layer and member it comes from. A view is made by
// applying layers one after another, lowest first. Everything else is derived from views, so only `applyLayer` needs to know what
// whiteouts, opaque markers, replaced folders and implied folders do. How members of one layer affect each other (links in paths, folders
// replaced in the same layer) is already settled in the layer's table.
//
// Source: OCI image-spec layer.md (Applying Changesets). Where the specification leaves a choice: whiteouts hide only the layers below,
// regardless of the order in a layer; the last of several members with the same path wins; parents without a member are implied. A view
// takes 7 bytes per node of the image; the time to apply a layer grows with its size and with what it hides.

import { FLAG, type LayerTable } from '#format/layer';
import { NO_ENTRY, NO_LAYER, REASON, TYPE } from '#model';
import type { ImageTree } from './image-tree.ts';
import { sameMeta } from './same-entry.ts';

/** A folder without a member, but with content. Used in {@link View.type} alongside the codes of entry types. */
export const IMPLIED = 0xfe;
/** The path isn't in the view. The root is always absent. */
export const ABSENT = 0xff;

export interface View {
  /** Code of the entry's type, {@link IMPLIED} or {@link ABSENT}. */
  readonly type: Uint8Array;
  /** Layer that last wrote or implied the node: index in `tree.layers`; {@link NO_LAYER} if absent. */
  readonly layer: Uint16Array;
  /** Member of that layer, {@link NO_ENTRY} if implied or absent. */
  readonly member: Uint32Array;
}

export function emptyView(tree: ImageTree): View {
  return {
    type: new Uint8Array(tree.count).fill(ABSENT),
    layer: new Uint16Array(tree.count).fill(NO_LAYER),
    member: new Uint32Array(tree.count).fill(NO_ENTRY),
  };
}

export function copyView(view: View): View {
  return { type: view.type.slice(), layer: view.layer.slice(), member: view.member.slice() };
}

export function isFolder(type: number): boolean {
  return type === TYPE.directory || type === IMPLIED;
}

/** What a layer does to a node: bits of {@link Applier.touch} and {@link Watcher.marks}. */
export const TOUCH = {
  entry: 1, // the layer has a member for the node
  implied: 2, // the layer has members only below the node
  whiteout: 4,
  opaque: 8,
  replaced: 16, // a folder in the layers below, replaced by something else
  below: 32, // an ancestor hides the layers below
  counted: 64,
  aimless: 128, // the layer's opaque markers have nothing to hide
} as const;

const KEPT = TOUCH.entry | TOUCH.implied;
const CAUSE = TOUCH.whiteout | TOUCH.opaque | TOUCH.replaced;

/** Columns by node in which {@link applyLayer} records why nodes disappear. */
export interface Watcher {
  /** {@link REASON} of each node that disappeared: its nearest cause. */
  readonly reasons: Uint8Array;
  /** By node, which of the {@link TOUCH} bits `whiteout` and `opaque` any of the applied layers set. */
  readonly marks: Uint8Array;
}

/** A view under construction, with the scratch columns needed to apply a layer. Use the same applier for all layers of a view. */
export interface Applier {
  readonly tree: ImageTree;
  readonly view: View;
  /** By node, bits of {@link TOUCH} for the layer being applied; 0 between layers. */
  readonly touch: Uint8Array;
  /** The layer's member for the node, if `touch` has the bit `entry`. */
  readonly brought: Uint32Array;
  /** If set, {@link commitLayer} appends the topmost nodes that the layer removes, and the folders that it replaces. */
  removals: number[] | null;
  /** If set, {@link commitLayer} appends all nodes that disappear, even if the layer adds them again. */
  gone: number[] | null;
  /** The children that each node shows. Created for the first layer that hides something, because most layers hide nothing. */
  children: ShownChildren | null;
}

/**
 * The children that the nodes of a view show, as linked lists. The tree's own lists contain the children from all layers: a folder may show
 * none of a million children, and every layer above it might have to search them all again.
 */
class ShownChildren {
  readonly #parent: Uint32Array;
  readonly first: Uint32Array;
  readonly next: Uint32Array;
  readonly #previous: Uint32Array;

  constructor({ parent, count }: ImageTree, { type }: View) {
    this.#parent = parent;
    this.first = new Uint32Array(count);
    this.next = new Uint32Array(count);
    this.#previous = new Uint32Array(count);
    for (let node = 1; node < count; node++) if (type[node] !== ABSENT) this.add(node);
  }

  add(node: number): void {
    const parent = this.#parent[node] as number;
    const next = this.first[parent] as number;
    this.next[node] = next;
    this.#previous[node] = 0;
    if (next !== 0) this.#previous[next] = node;
    this.first[parent] = node;
  }

  remove(node: number): void {
    const next = this.next[node] as number;
    const previous = this.#previous[node] as number;
    if (next !== 0) this.#previous[next] = previous;
    if (previous !== 0) this.next[previous] = next;
    else this.first[this.#parent[node] as number] = next;
  }
}

function childrenOf(applier: Applier): ShownChildren {
  applier.children ??= new ShownChildren(applier.tree, applier.view);
  return applier.children;
}

export function createApplier(tree: ImageTree, view: View = emptyView(tree)): Applier {
  return {
    tree,
    view,
    touch: new Uint8Array(tree.count),
    brought: new Uint32Array(tree.count),
    removals: null,
    gone: null,
    children: null,
  };
}

/** What a layer is about to do. */
export interface Staged {
  readonly layer: number;
  added: number;
  modified: number;
  /** Nodes with a whiteout, an opaque marker, or a replaced folder. */
  readonly causes: number[];
  /** Members that are visible hard links, in order. */
  readonly links: number[];
  /** Members that are whiteouts and opaque markers with nothing to hide. */
  readonly aimless: number[];
  /** Nodes of the layer's table where an implied folder replaces a symbolic link. */
  readonly lostLinks: number[];
}

/** Applies a layer of the tree to the applier's view of the layers below. */
export function applyLayer(applier: Applier, layer: number, watcher: Watcher | null = null): void {
  const staged = stageLayer(applier, layer);
  if (staged !== null) commitLayer(applier, staged, watcher);
}

/** Returns the view of only the layers from `from` to `to` (inclusive). */
export function viewOf(tree: ImageTree, from: number, to: number): View {
  const applier = createApplier(tree);
  for (let layer = from; layer <= to; layer++) applyLayer(applier, layer);
  return applier.view;
}

/**
 * First half of applying a layer: marks and counts the nodes that it touches, without changing the view. Null for a layer without a table.
 */
export function stageLayer(applier: Applier, layer: number): Staged | null {
  const table = applier.tree.layers[layer];
  const map = applier.tree.maps[layer];
  if (!table || !map) return null;
  const staged: Staged = { layer, added: 0, modified: 0, causes: [], links: [], aimless: [], lostLinks: [] };
  stageMembers(applier, staged, table, map);
  stageNodes(applier, staged, table, map);
  return staged;
}

function stageMembers(applier: Applier, staged: Staged, table: LayerTable, map: Uint32Array): void {
  const { touch, brought, view } = applier;
  const { node: nodes, flags, type } = table;
  let hasLinks = false;
  for (let member = 0; member < table.memberCount; member++) {
    const flag = flags[member] as number;
    if ((flag & (FLAG.rawOnly | FLAG.superseded)) !== 0) continue;
    const node = map[nodes[member] as number] as number;
    const touched = touch[node] as number;
    if ((flag & (FLAG.whiteout | FLAG.opaque)) !== 0) {
      if ((touched & (TOUCH.whiteout | TOUCH.opaque)) === 0) staged.causes.push(node);
      const isWhiteout = (flag & FLAG.whiteout) !== 0;
      touch[node] = touched | (isWhiteout ? TOUCH.whiteout : opaqueTouch(applier, node, touched));
      if (isWhiteout ? view.type[node] === ABSENT : ((touch[node] as number) & TOUCH.aimless) !== 0) staged.aimless.push(member);
    } else if (node !== 0) {
      // The last member of a path wins, even if in a Windows image their names differ in case.
      touch[node] = touched | TOUCH.entry;
      brought[node] = member;
      if (type[member] === TYPE.hardlink) hasLinks = true;
    }
  }
  if (!hasLinks) return;
  for (let member = 0; member < table.memberCount; member++) {
    if (type[member] !== TYPE.hardlink || ((flags[member] as number) & FLAG.rawOnly) !== 0) continue;
    const node = map[nodes[member] as number] as number;
    if (node !== 0 && ((touch[node] as number) & TOUCH.entry) !== 0 && brought[node] === member) staged.links.push(member);
  }
}

/** Returns the bits for an opaque marker. A layer may contain the same marker many times. */
function opaqueTouch(applier: Applier, node: number, touched: number): number {
  if ((touched & TOUCH.opaque) !== 0) return TOUCH.opaque;
  return childrenOf(applier).first[node] === 0 ? TOUCH.opaque | TOUCH.aimless : TOUCH.opaque;
}

/** Finds implied folders, and what the layer adds, modifies and replaces. Visits children before parents. */
function stageNodes(applier: Applier, staged: Staged, table: LayerTable, map: Uint32Array): void {
  const { touch, brought, view, tree } = applier;
  const { nodeParent, type } = table;
  for (let layerNode = table.nodeCount - 1; layerNode > 0; layerNode--) {
    const node = map[layerNode] as number;
    let touched = touch[node] as number;
    // An opaque marker implies its folder, as any entry does.
    if ((touched & (KEPT | TOUCH.opaque)) === TOUCH.opaque) touched = touch[node] = touched | TOUCH.implied;
    if ((touched & (KEPT | TOUCH.whiteout)) === 0) continue;
    const parent = map[nodeParent[layerNode] as number] as number;
    if (parent !== 0 && ((touch[parent] as number) & KEPT) === 0) touch[parent] = (touch[parent] as number) | TOUCH.implied;
    if ((touched & KEPT) === 0 || (touched & TOUCH.counted) !== 0) continue;
    touch[node] = touched | TOUCH.counted;
    if ((touched & TOUCH.entry) === 0) {
      stageImplied(staged, view.type[node] as number, layerNode);
      continue;
    }
    const below = view.type[node] as number;
    if (below === ABSENT) {
      staged.added++;
      continue;
    }
    const member = brought[node] as number;
    if (type[member] === TYPE.directory) {
      if (!isSameFolder(tree, view, node, staged.layer, member)) staged.modified++;
      continue;
    }
    staged.modified++;
    if (!isFolder(below)) continue;
    if ((touched & CAUSE) === 0) staged.causes.push(node);
    touch[node] = touched | TOUCH.counted | TOUCH.replaced;
  }
}

/** Stages an implied folder, which replaces anything that isn't a folder. */
function stageImplied(staged: Staged, below: number, layerNode: number): void {
  if (below === ABSENT || isFolder(below)) return;
  staged.modified++;
  if (below === TYPE.symlink) staged.lostLinks.push(layerNode);
}

/** Columns of a view. */
export interface ViewColumns {
  readonly type: ArrayLike<number>;
  readonly layer: ArrayLike<number>;
  readonly member: ArrayLike<number>;
}

/** Whether the view has a folder at the node with the same mode, owner and attributes as the folder `member`. */
export function isSameFolder(tree: ImageTree, view: ViewColumns, node: number, layer: number, member: number): boolean {
  if (view.type[node] !== TYPE.directory) return false;
  const below = tree.layers[view.layer[node] as number] as LayerTable;
  const above = tree.layers[layer] as LayerTable;
  return sameMeta(below, below.meta[view.member[node] as number] as number, above, above.meta[member] as number);
}

/**
 * Second half of applying a layer: changes the view and clears the scratch columns. Returns the number of removals that a list of changes
 * shows.
 */
export function commitLayer(applier: Applier, staged: Staged, watcher: Watcher | null = null): number {
  const { tree, touch, view } = applier;
  const { layer, causes } = staged;
  const table = tree.layers[layer] as LayerTable;
  const map = tree.maps[layer] as Uint32Array;
  let removed = 0;
  if (causes.length > 0) {
    markBelowCauses(touch, table, map);
    for (const node of causes) {
      if (watcher !== null)
        watcher.marks[node] = (watcher.marks[node] as number) | ((touch[node] as number) & (TOUCH.whiteout | TOUCH.opaque));
      if (((touch[node] as number) & TOUCH.below) === 0) removed += hideBelow(applier, node, watcher);
    }
  }
  for (let layerNode = 0; layerNode < table.nodeCount; layerNode++) {
    const node = map[layerNode] as number;
    const touched = touch[node] as number;
    if (touched === 0) continue;
    touch[node] = 0;
    if (applier.children !== null && (touched & KEPT) !== 0 && view.type[node] === ABSENT) applier.children.add(node);
    if ((touched & TOUCH.entry) !== 0) {
      const member = applier.brought[node] as number;
      view.type[node] = table.type[member] as number;
      view.layer[node] = layer;
      view.member[node] = member;
    } else if ((touched & TOUCH.implied) !== 0 && !isFolder(view.type[node] as number)) {
      view.type[node] = IMPLIED;
      view.layer[node] = layer;
      view.member[node] = NO_ENTRY;
    }
  }
  return removed;
}

function markBelowCauses(touch: Uint8Array, table: LayerTable, map: Uint32Array): void {
  for (let layerNode = 1; layerNode < table.nodeCount; layerNode++) {
    const parent = map[table.nodeParent[layerNode] as number] as number;
    if (((touch[parent] as number) & (CAUSE | TOUCH.below)) === 0) continue;
    const node = map[layerNode] as number;
    touch[node] = (touch[node] as number) | TOUCH.below;
  }
}

/**
 * Removes from the view what the topmost cause at `top` and the causes below `top` hide. Walks only present nodes, because nothing is below
 * an absent node. Returns the number of topmost paths that disappeared: paths below them, or below a replaced folder, aren't counted.
 */
function hideBelow(applier: Applier, top: number, watcher: Watcher | null): number {
  const { touch, view, removals, gone } = applier;
  const children = childrenOf(applier);
  if (top !== 0 && view.type[top] === ABSENT) return 0;
  let removed = 0;
  // Node, whether an ancestor was removed or replaced, and the inherited reason, in one number: (node * 2 + covered) * 4 + reason.
  const walk: number[] = [top * 8];
  for (let next = walk.pop(); next !== undefined; next = walk.pop()) {
    const node = Math.floor(next / 8);
    const touched = touch[node] as number;
    const reason = (touched & TOUCH.whiteout) !== 0 ? REASON.whiteout : next & 3;
    let covered = next & 4;
    if (reason !== REASON.none) {
      if ((touched & KEPT) === 0) {
        if (covered === 0) {
          removed++;
          removals?.push(node);
        }
        if (watcher !== null) watcher.reasons[node] = reason;
        covered = 4;
      }
      gone?.push(node);
      children.remove(node);
      view.type[node] = ABSENT;
      view.layer[node] = NO_LAYER;
      view.member[node] = NO_ENTRY;
    }
    let reasonBelow = reason;
    if ((touched & TOUCH.whiteout) === 0) {
      if ((touched & TOUCH.opaque) !== 0) reasonBelow = REASON.opaque;
      else if ((touched & TOUCH.replaced) !== 0) reasonBelow = REASON.replaced;
    }
    if ((touched & TOUCH.replaced) !== 0) {
      if (covered === 0) removals?.push(node);
      covered = 4;
    }
    for (let child = children.first[node] as number; child !== 0; child = children.next[child] as number) {
      walk.push(child * 8 + covered + reasonBelow);
    }
  }
  return removed;
}
