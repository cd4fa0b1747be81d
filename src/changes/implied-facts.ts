// Mode, owner, attributes and time of an implied folder. A container engine copies these from the same folder in the layers below. It
// searches those layers one at a time, nearest first, each unpacked on its own. So the source may be a folder that an opaque marker hides,
// or one that is reached through a link in a lower layer. If the nearest entry isn't a folder, or there is none, the folder gets 0755 and
// root. Source: containerd pkg/archive, mkparent.
import { FLAG, hashName, type LayerTable, linkName, nodeName } from '#format/layer';
import { TYPE } from '#model';
import { type FolderFacts, type ImageTree, imageNodeName } from './image-tree.ts';
import type { EntryAt } from './types.ts';

const MAX_LINKS = 40;
/**
 * Maximum number of steps for all folders of an image, after which no more facts are found. A step is a component that is looked up, or a
 * few bytes of a link's target.
 */
const MAX_STEPS = 1 << 26;
const BYTES_PER_STEP = 8;
/** Maximum number of cached places. A search caches one for each layer below the folder. */
const MAX_PLACES = 1 << 18;
/** What a layer has at a node, other than an entry. */
const NOTHING = 0;
const IMPLIED = -1;
const WHITEOUT = -2;

/** Where a path leads in a layer. */
interface Place {
  /** 1 + the member, or NOTHING, IMPLIED or WHITEOUT. */
  readonly holds: number;
  readonly node: number;
  /** Number of links followed to get there. */
  readonly links: number;
}

const ROOT: Place = { holds: IMPLIED, node: 0, links: 0 };
const NOWHERE: Place = { holds: NOTHING, node: 0, links: 0 };
const HIDDEN: Place = { holds: WHITEOUT, node: 0, links: 0 };

/** What one layer, unpacked on its own, has at each path. */
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

  /** Returns the image's nodes that the layer hides in the layers below, by a whiteout of the node or of a folder above it. */
  hidden(map: Uint32Array): ReadonlySet<number> {
    const hidden = new Set<number>();
    if (this.#whitedOut.size === 0) return hidden;
    const { nodeParent, nodeCount } = this.#table;
    for (let node = 1; node < nodeCount; node++) {
      const isBelow = hidden.has(map[nodeParent[node] as number] as number);
      if (isBelow || this.#whitedOut.has(node)) hidden.add(map[node] as number);
    }
    return hidden;
  }

  #isFolder(holds: number): boolean {
    return holds === IMPLIED || (holds > 0 && this.#table.type[holds - 1] === TYPE.directory);
  }

  /** Resolves `name` in a folder, following symbolic links. Subtracts the steps that this takes from `room.steps`. */
  below(folder: Place, name: Uint8Array, room: { steps: number }): Place {
    const { type, nodeParent } = this.#table;
    if (!this.#isFolder(folder.holds)) return folder.holds === NOTHING ? NOWHERE : HIDDEN;
    let { node, holds, links } = folder;
    const left = [name];
    room.steps--;
    for (let part = left.pop(); part !== undefined; part = left.pop()) {
      const isUp = part.length === 2 && part[0] === 0x2e && part[1] === 0x2e;
      const next = isUp ? (nodeParent[node] as number) : this.#find(node, part);
      holds = next === 0 && !isUp ? NOTHING : (this.#holds[next] as number);
      if (holds > 0 && type[holds - 1] === TYPE.symlink) {
        const target = linkName(this.#table, holds - 1) ?? new Uint8Array(0);
        room.steps -= target.length / BYTES_PER_STEP;
        if (++links > MAX_LINKS || room.steps < 0) return NOWHERE;
        const parts = partsOf(target);
        if (target[0] === 0x2f) node = 0;
        for (const each of parts.reverse()) left.push(each);
        holds = this.#holds[node] as number;
        continue;
      }
      node = next;
      // Below a whiteout or a file, nothing from the lower layers is visible.
      if (left.length > 0 && !this.#isFolder(holds)) return holds === NOTHING ? NOWHERE : HIDDEN;
    }
    return { holds, node, links };
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

/** The layers of a tree, each unpacked on its own when first needed. */
export class ImpliedFacts implements FolderFacts {
  readonly #tree: ImageTree;
  readonly #folders = new Map<number, OwnFolder>();
  readonly #known = new Map<number, EntryAt | null>();
  readonly #hidden = new Map<number, ReadonlySet<number>>();
  /** By layer and image node. */
  readonly #places = new Map<number, Place>();
  readonly #room = { steps: MAX_STEPS };

  constructor(tree: ImageTree) {
    this.#tree = tree;
  }

  /**
   * Finds the entry that an implied folder of `layer` takes its mode, owner and time from; null: 0755 and root. Doesn't search layers below
   * `lowest`. Always null for Windows images, to which the rule doesn't apply.
   */
  of(lowest: number, layer: number, node: number): EntryAt | null {
    if (this.#tree.caseInsensitive) return null;
    const key = layer * 0x1_0000_0000 + node;
    let known = this.#known.get(key);
    if (known === undefined) {
      known = layer <= lowest ? null : this.#search(lowest, layer, node);
      this.#known.set(key, known);
    }
    return known;
  }

  #search(lowest: number, from: number, node: number): EntryAt | null {
    const { layers, maps } = this.#tree;
    if (this.#hiddenBy(from).has(node)) return null;
    for (let layer = from - 1, at = node; layer >= lowest; layer--) {
      const { holds, node: found } = this.#place(layer, at);
      if (holds === NOTHING) continue;
      if (holds > 0) return layers[layer]?.type[holds - 1] === TYPE.directory ? { layer, member: holds - 1 } : null;
      if (holds === WHITEOUT) return null;
      // The folder is implied there as well, and takes its mode and owner from further down, by its own path.
      at = maps[layer]?.[found] as number;
    }
    return null;
  }

  /** Resolves an image node's path in a layer. Caches parent folders, so a deep tree costs one step per folder. */
  #place(layer: number, node: number): Place {
    const folder = this.#folder(layer);
    if (folder === null || this.#room.steps < 0) return NOWHERE;
    const { parent } = this.#tree;
    const keyOf = (at: number): number => layer * 0x1_0000_0000 + at;
    const way: number[] = [];
    let place: Place | undefined;
    for (let at = node; place === undefined; at = parent[at] as number) {
      place = at === 0 ? ROOT : this.#places.get(keyOf(at));
      if (place === undefined) way.push(at);
    }
    if (this.#places.size > MAX_PLACES) this.#places.clear();
    for (let at = way.pop(); at !== undefined; at = way.pop()) {
      place = folder.below(place, imageNodeName(this.#tree, at), this.#room);
      this.#places.set(keyOf(at), place);
    }
    return place;
  }

  #hiddenBy(layer: number): ReadonlySet<number> {
    let hidden = this.#hidden.get(layer);
    if (hidden === undefined) {
      const map = this.#tree.maps[layer];
      hidden = (map && this.#folder(layer)?.hidden(map)) ?? new Set<number>();
      this.#hidden.set(layer, hidden);
    }
    return hidden;
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
