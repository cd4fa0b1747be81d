// What body a hard link shows. A link keeps the body that its target had when its layer was applied: of the layer itself where the
// layer brings the target (before or after the link), else of the layers below, even where the same layer hides the target.
// Links may come before their targets, point at links, run in a circle, or at nothing. (go-containerregistry#977)

import { type LayerTable, linkName } from '#format/layer';
import { NO_ENTRY, NO_LAYER, TYPE } from '#model';
import { findPath, type ImageTree, NOT_IN_TREE } from './image-tree.ts';
import { ABSENT, type Applier, isFolder, type Staged, TOUCH } from './view.ts';

/** The hard links of one layer that count, by ascending member, and the bodies they show. */
export interface LinkTable {
  readonly members: Uint32Array;
  /** Layer and member of the regular file; {@link NO_LAYER} and {@link NO_ENTRY} where the link leads to none. */
  readonly bodyLayer: Uint16Array;
  readonly bodyMember: Uint32Array;
}

/** Why a link shows no file. `special`: its target is there, but is no regular file (a symlink, a device): that is no fault. */
export type LinkFault = 'missing' | 'circle' | 'folder' | 'special';

const RESOLVED = 1;
const ON_THE_WAY = 2;
/** Dangling links of lower layers that one link is followed through. */
const MAX_LOWER_HOPS = 64;

export function linkIndex(links: LinkTable | null | undefined, member: number): number {
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

/** Follows the links of the layer being staged. `onFault` is called for each that shows no regular file. */
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
    bodyLayer: new Uint16Array(members.length).fill(NO_LAYER),
    bodyMember: new Uint32Array(members.length).fill(NO_ENTRY),
  };
  const table = applier.tree.layers[layer] as LayerTable;
  const state = new Uint8Array(members.length);
  const faults: (LinkFault | undefined)[] = [];
  const way: number[] = [];
  for (let start = 0; start < members.length; start++) {
    let end: Body | LinkFault = 'circle';
    let at = start;
    for (;;) {
      if (state[at] === RESOLVED) {
        end = faults[at] ?? { layer: links.bodyLayer[at] as number, member: links.bodyMember[at] as number };
        break;
      }
      if (state[at] === ON_THE_WAY) break;
      state[at] = ON_THE_WAY;
      way.push(at);
      const target = follow(applier, layer, linkName(table, members[at] as number), lower);
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
        links.bodyLayer[index] = end.layer;
        links.bodyMember[index] = end.member;
      }
    }
    way.length = 0;
    const fault = faults[start];
    if (fault !== undefined) onFault(members[start] as number, fault);
  }
  return links;
}

interface Body {
  readonly layer: number;
  readonly member: number;
}

/** What a link name stands for: a regular file, a hard link of the layer itself, or none. */
function follow(applier: Applier, layer: number, name: Uint8Array | null, lower: readonly (LinkTable | null)[]): Body | LinkFault {
  const { tree, touch, brought, view } = applier;
  let path = name;
  for (let hop = 0; hop <= MAX_LOWER_HOPS; hop++) {
    const node: number = path === null ? NOT_IN_TREE : findPath(tree, path);
    if (node <= 0) return 'missing';
    const isBrought = ((touch[node] as number) & TOUCH.entry) !== 0;
    if (!isBrought && view.type[node] === ABSENT) return 'missing';
    const at: number = isBrought ? layer : (view.layer[node] as number);
    const member: number = isBrought ? (brought[node] as number) : (view.member[node] as number);
    const table = tree.layers[at] as LayerTable;
    const type = isBrought ? (table.type[member] as number) : (view.type[node] as number);
    if (type === TYPE.file || (type === TYPE.hardlink && isBrought)) return { layer: at, member };
    if (type !== TYPE.hardlink) return isFolder(type) ? 'folder' : 'special';
    const links = lower[at] as LinkTable;
    const index = linkIndex(links, member);
    if (links.bodyLayer[index] !== NO_LAYER) {
      return { layer: links.bodyLayer[index] as number, member: links.bodyMember[index] as number };
    }
    path = linkName(table, member);
  }
  return 'missing';
}

/** A body as one number: equal where two names show the same. -1: the entry has none. */
export function bodyKey(tree: ImageTree, links: readonly (LinkTable | null)[], layer: number, member: number): number {
  const type = tree.layers[layer]?.type[member];
  if (type === TYPE.file) return layer * 0x1_0000_0000 + member;
  if (type !== TYPE.hardlink) return -1;
  const table = links[layer];
  const index = linkIndex(table, member);
  if (!table || index < 0 || table.bodyLayer[index] === NO_LAYER) return -1;
  return (table.bodyLayer[index] as number) * 0x1_0000_0000 + (table.bodyMember[index] as number);
}

export function bodyKeyLayer(key: number): number {
  return Math.floor(key / 0x1_0000_0000);
}

export function bodyKeyMember(key: number): number {
  return key % 0x1_0000_0000;
}
