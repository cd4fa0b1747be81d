// Mode, owner, attributes and time of an implied folder. A container engine copies them from the same folder in the layers below, which it
// searches one at a time, the nearest first, each unpacked on its own. So they may come from a folder that an opaque marker hides, or that
// a link of a lower layer leads to. If the nearest entry is no folder, or there is none, the folder gets 0755 and root.
// Source: containerd pkg/archive, mkparent.
import { FLAG, hashName, type LayerTable, linkName, nodeName } from '#format/layer';
import { TYPE } from '#model';
import { type FolderFacts, type ImageTree, imageNodePath } from './image-tree.ts';
import type { EntryAt } from './types.ts';

const MAX_LINKS = 40;
/** What a layer has at a node, other than an entry. */
const NOTHING = 0;
const IMPLIED = -1;
const WHITEOUT = -2;

/** One layer unpacked on its own: what it has at each path. */
class OwnFolder {
  readonly #table: LayerTable;
  /** By node: 1 + the member, or one of the constants above. */
  readonly #holds: Int32Array;
  readonly #slots: Uint32Array;
  /** Nodes with a whiteout, whether or not they also have an entry. */
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

  /** Whether the layer hides the path in the layers below, by a whiteout of it or of a folder above. */
  hides(path: Uint8Array): boolean {
    let node = 0;
    for (const name of this.#whitedOut.size === 0 ? [] : partsOf(path)) {
      node = this.#find(node, name);
      if (node === 0) return false;
      if (this.#whitedOut.has(node)) return true;
    }
    return false;
  }

  /** Follows a path, symbolic links included: returns 1 + the member there or one of the constants above, and the path without links. */
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
        // Nothing of the layers further down is visible below a whiteout or a file.
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

/** The layers of a tree, each unpacked on its own when first needed. */
export class ImpliedFacts implements FolderFacts {
  readonly #tree: ImageTree;
  readonly #folders = new Map<number, OwnFolder>();
  readonly #known = new Map<number, EntryAt | null>();

  constructor(tree: ImageTree) {
    this.#tree = tree;
  }

  /**
   * The entry that an implied folder of `layer` takes its mode, owner and time from; null: 0755 and root. Searches no layer below `lowest`.
   * Always null in a Windows image, which has no such rule.
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
    if (this.#folder(from)?.hides(path)) return null;
    for (let layer = from - 1, at = path; layer >= lowest; layer--) {
      const { holds, parts } = this.#folder(layer)?.locate(at) ?? { holds: NOTHING, parts: [] };
      if (holds === NOTHING) continue;
      if (holds > 0) return this.#tree.layers[layer]?.type[holds - 1] === TYPE.directory ? { layer, member: holds - 1 } : null;
      if (holds === WHITEOUT) return null;
      // Implied there as well: that folder was copied from further below, by its own path.
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
