// Resolves hard links. A hard link is another name of a file and its body, or of a symbolic link, a device or a pipe. It refers to the
// entry that was at its target path when the link was made. That is an entry of the same layer, before the link (the table already resolves
// those) or after it. If the layer has none, it is an entry of the layers below, even if the link's own layer hides it. Links may point at
// other links, at themselves in a circle, or at nothing. (go-containerregistry#977)

import { type LayerTable, linkName } from '#format/layer';
import { NO_ENTRY, NO_LAYER, TYPE } from '#model';
import { findPath, type ImageTree, NOT_IN_TREE } from './image-tree.ts';
import type { EntryAt } from './types.ts';
import { ABSENT, type Applier, isFolder, type Staged, TOUCH } from './view.ts';

/** The visible hard links of one layer, in the order of its members, and their targets. */
export interface LinkTable {
  readonly members: Uint32Array;
  /** Layer and member of the target, never a folder or a hard link; {@link NO_LAYER} and {@link NO_ENTRY} if there is none. */
  readonly targetLayer: Uint16Array;
  readonly targetMember: Uint32Array;
}

/** Why a link has no target. `far`: looking for it took too many steps. */
export type LinkFault = 'missing' | 'circle' | 'folder' | 'far';

const RESOLVED = 1;
const ON_THE_WAY = 2;
/**
 * Limits how many bytes of targets are looked up for the dangling links of lower layers: this many for an image, and more for each of its
 * links. Each layer may change where such links lead, and every lookup may walk a long path, so a hostile image could require arbitrarily
 * many.
 */
const FREE_BYTES = 1 << 22;
const BYTES_PER_LINK = 256;

/** How many bytes may still be looked up for the dangling links of lower layers, in all layers of an image together. */
export class HopRoom {
  bytes = FREE_BYTES;
}

function linkIndex(links: LinkTable | null | undefined, member: number): number {
  if (!links) return -1;
  let low = 0;
  let high = links.members.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const at = links.members[middle] as number;
    if (at === member) return middle;
    if (at < member) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/**
 * Resolves the links of the layer being staged. Calls `onFault` for each link without a valid target. Subtracts the bytes that it looks up
 * from `room`.
 */
export function resolveLinks(
  applier: Applier,
  staged: Staged,
  lower: readonly (LinkTable | null)[],
  room: HopRoom,
  onFault: (member: number, fault: LinkFault) => void,
): LinkTable | null {
  const { links: members, layer } = staged;
  if (members.length === 0) return null;
  const links: LinkTable = {
    members: Uint32Array.from(members),
    targetLayer: new Uint16Array(members.length).fill(NO_LAYER),
    targetMember: new Uint32Array(members.length).fill(NO_ENTRY),
  };
  const table = applier.tree.layers[layer] as LayerTable;
  const state = new Uint8Array(members.length);
  const faults: (LinkFault | undefined)[] = [];
  const way: number[] = [];
  const follower = new Follower(applier, layer, lower, room);
  room.bytes += members.length * BYTES_PER_LINK;
  for (let start = 0; start < members.length; start++) {
    let end: Target | LinkFault = 'circle';
    let at = start;
    for (;;) {
      if (state[at] === RESOLVED) {
        end = faults[at] ?? { layer: links.targetLayer[at] as number, member: links.targetMember[at] as number };
        break;
      }
      if (state[at] === ON_THE_WAY) break;
      state[at] = ON_THE_WAY;
      way.push(at);
      const target = follower.follow(members[at] as number);
      if (typeof target === 'object' && target.layer === layer && table.type[target.member] === TYPE.hardlink) {
        at = linkIndex(links, target.member);
        continue;
      }
      end = target;
      break;
    }
    for (const index of way) {
      state[index] = RESOLVED;
      if (typeof end === 'string') faults[index] = end;
      else {
        links.targetLayer[index] = end.layer;
        links.targetMember[index] = end.member;
      }
    }
    way.length = 0;
    const fault = faults[start];
    if (fault !== undefined) onFault(members[start] as number, fault);
  }
  return links;
}

interface Target {
  readonly layer: number;
  readonly member: number;
}

/** Follows the hard links of one layer, while it is staged. */
class Follower {
  readonly #applier: Applier;
  readonly #layer: number;
  readonly #lower: readonly (LinkTable | null)[];
  readonly #room: HopRoom;
  /** By layer and member: where dangling links of lower layers lead now. */
  readonly #known = new Map<number, Target | LinkFault>();

  constructor(applier: Applier, layer: number, lower: readonly (LinkTable | null)[], room: HopRoom) {
    this.#applier = applier;
    this.#layer = layer;
    this.#lower = lower;
    this.#room = room;
  }

  /** Follows a hard link one step: to an entry, another hard link of the same layer, or nothing. */
  follow(link: number): Target | LinkFault {
    const own = this.#applier.tree.layers[this.#layer] as LayerTable;
    const known = own.linkTarget[(own.link[link] as number) - 1] as number;
    if (known !== 0) return { layer: this.#layer, member: known - 1 };
    const way: number[] = [];
    let end = this.#at(linkName(own, link));
    while (typeof end === 'object' && 'dangling' in end) {
      const { dangling } = end;
      const before = this.#known.get(dangling);
      if (before !== undefined) {
        end = before;
        break;
      }
      // Until the end is known, a link that leads back to this one leads nowhere.
      this.#known.set(dangling, 'missing');
      way.push(dangling);
      const path = linkName(this.#applier.tree.layers[bodyKeyLayer(dangling)] as LayerTable, bodyKeyMember(dangling));
      this.#room.bytes -= path?.length ?? 0;
      end = this.#room.bytes < 0 ? 'far' : this.#at(path);
    }
    for (const dangling of way) this.#known.set(dangling, end as Target | LinkFault);
    return end as Target | LinkFault;
  }

  /** Returns what is at a path: an entry, a dangling link of a lower layer (by its key), or why a hard link can't lead there. */
  #at(path: Uint8Array | null): Target | LinkFault | { readonly dangling: number } {
    const { tree, touch, brought, view } = this.#applier;
    const node: number = path === null ? NOT_IN_TREE : findPath(tree, path);
    if (node <= 0) return 'missing';
    const isBrought = ((touch[node] as number) & TOUCH.entry) !== 0;
    if (!isBrought && view.type[node] === ABSENT) return 'missing';
    const layer = isBrought ? this.#layer : (view.layer[node] as number);
    const member = isBrought ? (brought[node] as number) : (view.member[node] as number);
    const type = isBrought ? ((tree.layers[layer] as LayerTable).type[member] as number) : (view.type[node] as number);
    if (isFolder(type)) return 'folder';
    if (type !== TYPE.hardlink || isBrought) return { layer, member };
    const links = this.#lower[layer] as LinkTable;
    const index = linkIndex(links, member);
    if (links.targetLayer[index] === NO_LAYER) return { dangling: keyOf(layer, member) };
    return { layer: links.targetLayer[index] as number, member: links.targetMember[index] as number };
  }
}

function keyOf(layer: number, member: number): number {
  return layer * 0x1_0000_0000 + member;
}

/** Returns the entry that a hard link is another name of; any other entry is returned itself. Null for a dangling hard link. */
export function inodeOf(tree: ImageTree, links: readonly (LinkTable | null)[], layer: number, member: number): EntryAt | null {
  if (tree.layers[layer]?.type[member] !== TYPE.hardlink) return { layer, member };
  const table = links[layer];
  const index = linkIndex(table, member);
  if (!table || index < 0 || table.targetLayer[index] === NO_LAYER) return null;
  return { layer: table.targetLayer[index] as number, member: table.targetMember[index] as number };
}

/** Returns a number that identifies the entry's body, equal for all names of that body; -1 if there is none. */
export function bodyKey(tree: ImageTree, links: readonly (LinkTable | null)[], layer: number, member: number): number {
  const type = tree.layers[layer]?.type[member];
  if (type === TYPE.file) return keyOf(layer, member);
  if (type !== TYPE.hardlink) return -1;
  const table = links[layer];
  const index = linkIndex(table, member);
  if (!table || index < 0 || table.targetLayer[index] === NO_LAYER) return -1;
  const targetLayer = table.targetLayer[index] as number;
  const targetMember = table.targetMember[index] as number;
  return tree.layers[targetLayer]?.type[targetMember] === TYPE.file ? keyOf(targetLayer, targetMember) : -1;
}

export function bodyKeyLayer(key: number): number {
  return Math.floor(key / 0x1_0000_0000);
}

export function bodyKeyMember(key: number): number {
  return key % 0x1_0000_0000;
}
