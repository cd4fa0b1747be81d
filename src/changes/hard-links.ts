// Resolves hard links. A hard link is another name of a file and its body, or of a symbolic link, a device or a pipe. The link refers to
// the entry that its target was when the link was made: an entry of the same layer, before the link (the table already resolves those) or
// after it, or otherwise an entry of the layers below, even if the same layer hides the target. Links may point at other links, at
// themselves in a circle, or at nothing. (go-containerregistry#977)

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

/** Why a link has no target. */
export type LinkFault = 'missing' | 'circle' | 'folder';

const RESOLVED = 1;
const ON_THE_WAY = 2;
/** Maximum number of dangling links in lower layers that one link is followed through. */
const MAX_LOWER_HOPS = 64;

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

/** Resolves the links of the layer being staged. Calls `onFault` for each link without a valid target. */
export function resolveLinks(
  applier: Applier,
  staged: Staged,
  lower: readonly (LinkTable | null)[],
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
      const target = follow(applier, layer, members[at] as number, lower);
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

/** Follows a hard link by one step: to an entry, another hard link of the same layer, or nothing. */
function follow(applier: Applier, layer: number, link: number, lower: readonly (LinkTable | null)[]): Target | LinkFault {
  const { tree, touch, brought, view } = applier;
  const own = tree.layers[layer] as LayerTable;
  const known = own.linkTarget[(own.link[link] as number) - 1] as number;
  if (known !== 0) return { layer, member: known - 1 };
  let path = linkName(own, link);
  for (let hop = 0; hop <= MAX_LOWER_HOPS; hop++) {
    const node: number = path === null ? NOT_IN_TREE : findPath(tree, path);
    if (node <= 0) return 'missing';
    const isBrought = ((touch[node] as number) & TOUCH.entry) !== 0;
    if (!isBrought && view.type[node] === ABSENT) return 'missing';
    const at: number = isBrought ? layer : (view.layer[node] as number);
    const member: number = isBrought ? (brought[node] as number) : (view.member[node] as number);
    const table = tree.layers[at] as LayerTable;
    const type = isBrought ? (table.type[member] as number) : (view.type[node] as number);
    if (isFolder(type)) return 'folder';
    if (type !== TYPE.hardlink || isBrought) return { layer: at, member };
    const links = lower[at] as LinkTable;
    const index = linkIndex(links, member);
    if (links.targetLayer[index] !== NO_LAYER) {
      return { layer: links.targetLayer[index] as number, member: links.targetMember[index] as number };
    }
    path = linkName(table, member);
  }
  return 'missing';
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
  if (type === TYPE.file) return layer * 0x1_0000_0000 + member;
  if (type !== TYPE.hardlink) return -1;
  const table = links[layer];
  const index = linkIndex(table, member);
  if (!table || index < 0 || table.targetLayer[index] === NO_LAYER) return -1;
  const targetLayer = table.targetLayer[index] as number;
  const targetMember = table.targetMember[index] as number;
  return tree.layers[targetLayer]?.type[targetMember] === TYPE.file ? targetLayer * 0x1_0000_0000 + targetMember : -1;
}

export function bodyKeyLayer(key: number): number {
  return Math.floor(key / 0x1_0000_0000);
}

export function bodyKeyMember(key: number): number {
  return key % 0x1_0000_0000;
}
