// Mode, owner, attributes and time of a folder that a layer implies: a container engine copies them from the folder below, which it looks
// for in the layers below by themselves, the nearest first, each laid out in a folder of its own. So a folder that an opaque marker hid
// still lends its mode, and one that a link of a lower layer leads to does, too. Where the nearest thing there is no folder, or nothing is
// anywhere: 0755 of root. Source: containerd pkg/archive, mkparent.
import { FLAG, hashName, type LayerTable, linkName, nodeName } from '#format/layer';
import { TYPE } from '#model';
import { type FolderFacts, type ImageTree, imageNodePath } from './image-tree.ts';
import type { EntryAt } from './types.ts';

const MAX_LINKS = 40;
/** What a layer holds at a node, where it is no entry. */
const NOTHING = 0;
const IMPLIED = -1;
const WHITEOUT = -2;

/** One layer's own folder: what it holds, found by name. */
class OwnFolder {
  readonly #table: LayerTable;
  /** By node: 1 + the member that stands there, or one of the words above. */
  readonly #holds: Int32Array;
  readonly #slots: Uint32Array;
  /** Nodes with a whiteout, whatever else is there. */
  readonly #whitedOut = new Set<number>();

  constructor(table: LayerTable) {
    this.#table = table;
    this.#holds = held(table, this.#whitedOut);
    let slots = 64;
    while (slots < table.nodeCount * 2) slots *= 2;
    this.#slots = new Uint32Array(slots);
    for (let node = 1; node < table.nodeCount; node++) {
      let slot = this.#slot(table.nodeParent[node] as number, table.nodeHash[node] as number);
      while (this.#slots[slot] !== 0) slot = (slot + 1) & (slots - 1);
      this.#slots[slot] = node;
    }
  }

  #slot(parent: number, hash: number): number {
    const mixed = Math.imul(hash ^ Math.imul(parent, 0x9e3779b1), 0x85ebca6b);
    return (mixed ^ (mixed >>> 15)) & (this.#slots.length - 1);
  }

  #find(parent: number, name: Uint8Array): number {
    const { nodeParent, nodeHash } = this.#table;
    const hash = hashName(name, 0, name.length);
    for (let slot = this.#slot(parent, hash); ; slot = (slot + 1) & (this.#slots.length - 1)) {
      const node = this.#slots[slot] as number;
      if (node === 0) return 0;
      if (nodeParent[node] === parent && nodeHash[node] === hash && sameBytes(nodeName(this.#table, node), name)) return node;
    }
  }

  /** Does the layer take away what lies below at a path, by a whiteout of it or of a folder above? */
  takesAway(path: Uint8Array): boolean {
    let node = 0;
    for (const name of this.#whitedOut.size === 0 ? [] : partsOf(path)) {
      node = this.#find(node, name);
      if (node === 0) return false;
      if (this.#whitedOut.has(node)) return true;
    }
    return false;
  }

  /** What lies where a path leads, links followed, the last one too: an entry's member, or a word above; and the path without links. */
  locate(path: Uint8Array): { readonly holds: number; readonly parts: readonly Uint8Array[] } {
    const { type } = this.#table;
    const left = partsOf(path).reverse();
    const way: { node: number; name: Uint8Array }[] = [];
    let holds: number = IMPLIED;
    let links = 0;
    for (let name = left.pop(); name !== undefined; name = left.pop()) {
      if (name.length === 2 && name[0] === 0x2e && name[1] === 0x2e) {
        way.pop();
        continue;
      }
      const node = this.#find(way.at(-1)?.node ?? 0, name);
      holds = node === 0 ? NOTHING : (this.#holds[node] as number);
      if (holds > 0 && type[holds - 1] === TYPE.symlink) {
        if (++links > MAX_LINKS) return { holds: NOTHING, parts: [] };
        const target = linkName(this.#table, holds - 1) ?? new Uint8Array(0);
        if (target[0] === 0x2f) way.length = 0;
        left.push(...partsOf(target).reverse());
        holds = IMPLIED;
        continue;
      }
      way.push({ node, name });
      const isFolder = holds === IMPLIED || (holds > 0 && type[holds - 1] === TYPE.directory);
      if (!isFolder) {
        // Below a whiteout or a file nothing of the layers further down is left.
        return { holds: left.length > 0 && node !== 0 && holds !== NOTHING ? WHITEOUT : left.length > 0 ? NOTHING : holds, parts: [] };
      }
    }
    return { holds, parts: way.map(({ name }) => name) };
  }
}

function held(table: LayerTable, whitedOut: Set<number>): Int32Array {
  const holds = new Int32Array(table.nodeCount);
  for (let member = 0; member < table.memberCount; member++) {
    const flags = table.flags[member] as number;
    if ((flags & (FLAG.rawOnly | FLAG.superseded)) !== 0) continue;
    const node = table.node[member] as number;
    if ((flags & FLAG.whiteout) !== 0) {
      whitedOut.add(node);
      holds[node] ||= WHITEOUT;
    } else if ((flags & FLAG.opaque) === 0) holds[node] = member + 1;
    else if ((holds[node] as number) <= 0) holds[node] = IMPLIED;
  }
  for (let node = table.nodeCount - 1; node > 0; node--) {
    const parent = table.nodeParent[node] as number;
    if (holds[node] !== NOTHING && (holds[parent] as number) <= 0) holds[parent] = IMPLIED;
  }
  return holds;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

function partsOf(path: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let from = 0; from <= path.length; ) {
    const slash = path.indexOf(0x2f, from);
    const to = slash < 0 ? path.length : slash;
    if (to > from && !(to === from + 1 && path[from] === 0x2e)) parts.push(path.subarray(from, to));
    from = to + 1;
  }
  return parts;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const path = new Uint8Array(parts.reduce((sum, part) => sum + part.length + 1, 0));
  let at = 0;
  for (const part of parts) {
    path.set(part, at);
    path[at + part.length] = 0x2f;
    at += part.length + 1;
  }
  return path;
}

/** The layers of a tree, each by itself; made for those that are asked for. */
export class ImpliedFacts implements FolderFacts {
  readonly #tree: ImageTree;
  readonly #folders = new Map<number, OwnFolder>();
  readonly #known = new Map<number, EntryAt | null>();

  constructor(tree: ImageTree) {
    this.#tree = tree;
  }

  /**
   * The folder's entry whose facts an implied folder of `layer` has; null: 0755 of root. Layers from `lowest` on are looked at. In a
   * Windows image, where folders lend nothing, always null.
   */
  of(lowest: number, layer: number, node: number): EntryAt | null {
    if (this.#tree.caseInsensitive) return null;
    const key = layer * 0x1_0000_0000 + node;
    let known = this.#known.get(key);
    if (known === undefined) {
      known = this.#search(lowest, layer, imageNodePath(this.#tree, node));
      this.#known.set(key, known);
    }
    return known;
  }

  #search(lowest: number, from: number, path: Uint8Array): EntryAt | null {
    if (this.#folder(from)?.takesAway(path)) return null;
    for (let layer = from - 1, at = path; layer >= lowest; layer--) {
      const { holds, parts } = this.#folder(layer)?.locate(at) ?? { holds: NOTHING, parts: [] };
      if (holds === NOTHING) continue;
      if (holds > 0) return this.#tree.layers[layer]?.type[holds - 1] === TYPE.directory ? { layer, member: holds - 1 } : null;
      if (holds === WHITEOUT) return null;
      // Implied there as well: what that one has was copied from further below, by its own path.
      at = joined(parts);
    }
    return null;
  }

  #folder(layer: number): OwnFolder | null {
    const table = this.#tree.layers[layer];
    if (!table) return null;
    let folder = this.#folders.get(layer);
    if (folder === undefined) {
      folder = new OwnFolder(table);
      this.#folders.set(layer, folder);
    }
    return folder;
  }
}
