// One tree of all paths in the layers of an image: every node of every layer's table is mapped to a node of the image.
//
// Nodes are numbered in order of appearance, from the bottom layer up: a parent's number is smaller than its children's, and 0 is the root.
// A name is stored once, in the table of the lowest layer that has it. Children are found through one open-addressing hash table over
// (parent, name); the layer's table contains the hash of each name. Memory: per node of the image, 18 bytes (parent, first child, next
// sibling, name) and 6 to 12 in the hash table; per node of a layer, 4 bytes. No strings, no objects. The depth-first order with sorted
// siblings (4 bytes per node) is computed for the first row table, which `inspect` doesn't need.

import { finished, hashName, type LayerTable, nodeName, ProbeLimit, putNameBefore, release } from '#format/layer';
import { foldName } from './fold-case.ts';
import type { EntryAt } from './types.ts';

/** Finds the entry that an implied folder takes its mode, owner and time from; implemented by `ImpliedFacts`. */
export interface FolderFacts {
  of(lowest: number, layer: number, node: number): EntryAt | null;
}

export interface ImageTree {
  readonly layers: readonly (LayerTable | null)[];
  readonly caseInsensitive: boolean;
  readonly count: number;
  readonly parent: Uint32Array;
  /** The most recently added child; 0 if there is none. 0 is the root, which is never a child. */
  readonly firstChild: Uint32Array;
  readonly nextSibling: Uint32Array;
  /** Layer whose table contains the name, and the node there. */
  readonly nameLayer: Uint16Array;
  readonly nameNode: Uint32Array;
  /** For each layer, the image node of each of its nodes. */
  readonly maps: readonly (Uint32Array | null)[];
  /** Hash table of image nodes, 0 for a free slot. */
  readonly slots: Uint32Array;
  readonly limit: ProbeLimit;
  /** See {@link depthFirstOrder}. */
  order: Uint32Array | null;
  /** Mode, owner and time of implied folders; made on first use. */
  impliedFacts: FolderFacts | null;
}

function mix(parent: number, hash: number): number {
  const mixed = Math.imul(hash ^ Math.imul(parent, 0x9e3779b1), 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}

function slotCount(nodes: number): number {
  let count = 64;
  while (count * 2 < nodes * 3) count *= 2;
  return count;
}

/** Returns the name of an image node, as a view into its table. The root's name is empty. */
export function imageNodeName(tree: ImageTree, node: number): Uint8Array {
  const table = tree.layers[tree.nameLayer[node] as number];
  return node === 0 || !table ? new Uint8Array(0) : nodeName(table, tree.nameNode[node] as number);
}

/** Returns the full path of an image node, raw bytes joined by `/`. */
export function imageNodePath(tree: ImageTree, node: number): Uint8Array<ArrayBuffer> {
  const { parent, nameLayer, nameNode } = tree;
  let length = -1;
  for (let at = node; at !== 0; at = parent[at] as number) {
    const { nodeNameStart } = tree.layers[nameLayer[at] as number] as LayerTable;
    const own = nameNode[at] as number;
    length += (nodeNameStart[own + 1] as number) - (nodeNameStart[own] as number) + 1;
  }
  const path = new Uint8Array(Math.max(length, 0));
  let end = path.length;
  for (let at = node; at !== 0; at = parent[at] as number) {
    end = putNameBefore(path, end, tree.layers[nameLayer[at] as number] as LayerTable, nameNode[at] as number);
    if (end > 0) path[--end] = 0x2f;
  }
  return path;
}

/** Whether two names have the same bytes. */
function sameName(a: LayerTable, nodeA: number, b: LayerTable, nodeB: number): boolean {
  const startA = a.nodeNameStart[nodeA] as number;
  const startB = b.nodeNameStart[nodeB] as number;
  const length = (a.nodeNameStart[nodeA + 1] as number) - startA;
  if ((b.nodeNameStart[nodeB + 1] as number) - startB !== length) return false;
  const namesA = a.nodeNames;
  const namesB = b.nodeNames;
  for (let i = 0; i < length; i++) if (namesA[startA + i] !== namesB[startB + i]) return false;
  return true;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Maps layer after layer into one tree. */
class TreeBuilder {
  readonly #layers: readonly (LayerTable | null)[];
  readonly #fold: boolean;
  #count = 1;
  readonly #parent: Uint32Array<ArrayBuffer>;
  readonly #firstChild: Uint32Array<ArrayBuffer>;
  readonly #nextSibling: Uint32Array<ArrayBuffer>;
  readonly #nameLayer: Uint16Array<ArrayBuffer>;
  readonly #nameNode: Uint32Array<ArrayBuffer>;
  /** Hash of the case-folded name, used while building; null if names are case-sensitive, because the tables already have that hash. */
  readonly #folded: Uint32Array | null;
  #slots: Uint32Array<ArrayBuffer> = new Uint32Array(64);
  readonly #limit = new ProbeLimit();

  constructor(layers: readonly (LayerTable | null)[], caseInsensitive: boolean) {
    this.#layers = layers;
    this.#fold = caseInsensitive;
    let bound = 1;
    for (const table of new Set(layers)) bound += table === null ? 0 : table.nodeCount - 1;
    this.#parent = new Uint32Array(bound);
    this.#firstChild = new Uint32Array(bound);
    this.#nextSibling = new Uint32Array(bound);
    this.#nameLayer = new Uint16Array(bound);
    this.#nameNode = new Uint32Array(bound);
    this.#folded = caseInsensitive ? new Uint32Array(bound) : null;
  }

  build(): ImageTree {
    // If a layer occurs twice, its nodes map to the same image nodes both times.
    const known = new Map<LayerTable, Uint32Array>();
    const maps = this.#layers.map((table, layer) => {
      if (table === null) return null;
      const map = known.get(table) ?? this.#addLayer(table, layer);
      known.set(table, map);
      return map;
    });
    const count = this.#count;
    return {
      layers: this.#layers,
      caseInsensitive: this.#fold,
      count,
      parent: finished(this.#parent, count),
      firstChild: finished(this.#firstChild, count),
      nextSibling: finished(this.#nextSibling, count),
      nameLayer: finished(this.#nameLayer, count),
      nameNode: finished(this.#nameNode, count),
      maps,
      slots: this.#slots,
      limit: this.#limit,
      order: null,
      impliedFacts: null,
    };
  }

  #addLayer(table: LayerTable, layer: number): Uint32Array {
    this.#reserve(table.nodeCount);
    const map = new Uint32Array(table.nodeCount);
    const { nodeParent, nodeHash } = table;
    const slots = this.#slots;
    const mask = slots.length - 1;
    const firstNew = this.#count;
    for (let node = 1; node < table.nodeCount; node++) {
      const parent = map[nodeParent[node] as number] as number;
      const hash = this.#fold ? this.#foldedHash(table, node) : (nodeHash[node] as number);
      const first = mix(parent, hash) & mask;
      let slot = first;
      let found = 0;
      // A folder that is new in this layer has no children to find, because a table contains each path only once.
      const isFresh = !this.#fold && parent >= firstNew;
      for (let at = slots[slot] as number; at !== 0; at = slots[slot] as number) {
        if (!isFresh && this.#parent[at] === parent && this.#hashOf(at) === hash && this.#isNamed(at, table, node)) {
          found = at;
          break;
        }
        slot = (slot + 1) & mask;
      }
      this.#limit.passed((slot - first) & mask);
      map[node] = found === 0 ? this.#addNode(parent, layer, node, hash, slot) : found;
    }
    return map;
  }

  #addNode(parent: number, layer: number, node: number, hash: number, slot: number): number {
    const added = this.#count++;
    this.#parent[added] = parent;
    this.#nextSibling[added] = this.#firstChild[parent] as number;
    this.#firstChild[parent] = added;
    this.#nameLayer[added] = layer;
    this.#nameNode[added] = node;
    if (this.#folded !== null) this.#folded[added] = hash;
    this.#slots[slot] = added;
    return added;
  }

  #hashOf(at: number): number {
    if (this.#folded !== null) return this.#folded[at] as number;
    return (this.#layers[this.#nameLayer[at] as number] as LayerTable).nodeHash[this.#nameNode[at] as number] as number;
  }

  #isNamed(at: number, table: LayerTable, node: number): boolean {
    const owner = this.#layers[this.#nameLayer[at] as number] as LayerTable;
    const ownerNode = this.#nameNode[at] as number;
    if (sameName(owner, ownerNode, table, node)) return true;
    return this.#fold && sameBytes(foldName(nodeName(owner, ownerNode)), foldName(nodeName(table, node)));
  }

  #foldedHash(table: LayerTable, node: number): number {
    const name = nodeName(table, node);
    const folded = foldName(name);
    return folded === name ? (table.nodeHash[node] as number) : hashName(folded, 0, folded.length);
  }

  /** Grows the hash table to make space for `nodes` more nodes. */
  #reserve(nodes: number): void {
    const length = slotCount(this.#count + nodes);
    if (length <= this.#slots.length) return;
    const slots = new Uint32Array(length);
    const mask = length - 1;
    for (let node = 1; node < this.#count; node++) {
      let slot = mix(this.#parent[node] as number, this.#hashOf(node)) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = node;
    }
    release(this.#slots);
    this.#slots = slots;
  }
}

/** Builds the tree of all paths of the layers, lowest first. */
export function buildTree(layers: readonly (LayerTable | null)[], caseInsensitive: boolean): ImageTree {
  return new TreeBuilder(layers, caseInsensitive).build();
}

/** Returns the child named bytes[start..end], 0 if no layer has it. Throws TOO_LARGE if lookups took too long in total (see ProbeLimit). */
export function findChild(tree: ImageTree, parent: number, bytes: Uint8Array, start: number, end: number): number {
  const { slots } = tree;
  const mask = slots.length - 1;
  const name = bytes.subarray(start, end);
  const wanted = tree.caseInsensitive ? foldName(name) : name;
  const first = mix(parent, hashName(wanted, 0, wanted.length)) & mask;
  let slot = first;
  let at = slots[slot] as number;
  for (; at !== 0; at = slots[slot] as number) {
    if (tree.parent[at] === parent) {
      const other = imageNodeName(tree, at);
      if (sameBytes(tree.caseInsensitive ? foldName(other) : other, wanted)) break;
    }
    slot = (slot + 1) & mask;
  }
  tree.limit.passed((slot - first) & mask);
  return at;
}

/** Returned by {@link findPath} for a path that no layer has, or that contains `..`. */
export const NOT_IN_TREE = -1;

/** Finds the node of a path, 0 for the root. The path needn't be normalized: empty components and `.` are skipped. */
export function findPath(tree: ImageTree, path: Uint8Array): number {
  let node = 0;
  for (let start = 0; start < path.length; ) {
    let end = start;
    while (end < path.length && path[end] !== 0x2f) end++;
    const length = end - start;
    const first = path[start];
    if (length === 2 && first === 0x2e && path[start + 1] === 0x2e) return NOT_IN_TREE;
    if (length > 0 && !(length === 1 && first === 0x2e)) {
      node = findChild(tree, node, path, start, end);
      // Stop here, because a later `..` must not lead back from a name that doesn't exist.
      if (node === 0) return NOT_IN_TREE;
    }
    start = end + 1;
  }
  return node;
}
