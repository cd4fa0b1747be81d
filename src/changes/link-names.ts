// On disk, all names of a body are equal. Which name a tar stores as the file, and which as links, depends only on their order. That
// matters when file systems are compared; changes of layers, in contrast, show what the layers contain.

import type { LayerTable, MemberMeta } from '#format/layer';
import { DIFFERS } from '#model';
import { bodyKey, bodyKeyLayer, bodyKeyMember, type LinkTable } from './hard-links.ts';
import type { ImageTree } from './image-tree.ts';
import { sameAttributes } from './same-entry.ts';
import { isShownByItself, nodeOf } from './shown-bodies.ts';
import type { View } from './view.ts';
import type { ViewPair } from './view-pair.ts';

/** Differences that depend on which name is the file and which are links, even if the names and the body are the same. */
const BY_ROLE = DIFFERS.type | DIFFERS.link;

/** Returns, by body key, the nodes of all names in the view, ascending, for each body that has hard links. */
function namesOfLinkedBodies(tree: ImageTree, view: View, links: readonly (LinkTable | null)[]): ReadonlyMap<number, readonly number[]> {
  const names = new Map<number, number[]>();
  links.forEach((table, layer) => {
    if (table === null) return;
    for (const member of table.members) {
      const node = nodeOf(tree, layer, member);
      if (view.layer[node] !== layer || view.member[node] !== member) continue;
      const key = bodyKey(tree, links, layer, member);
      if (key < 0) continue;
      const known = names.get(key);
      if (known !== undefined) known.push(node);
      else names.set(key, isShownByItself(tree, view, key) ? [nodeOf(tree, bodyKeyLayer(key), bodyKeyMember(key)), node] : [node]);
    }
  });
  for (const nodes of names.values()) nodes.sort((a, b) => a - b);
  return names;
}

/** Which names share a body on both sides of a comparison; collected on first use. */
export class LinkNames {
  readonly #comparison: ViewPair;
  #before: ReadonlyMap<number, readonly number[]> | null = null;
  #after: ReadonlyMap<number, readonly number[]> | null = null;
  /**
   * Whether two bodies, given by their keys, have the same names. Cached because a body may have a million names, and without the cache,
   * all of them would be compared again for each.
   */
  readonly #areSame = new Map<number, Map<number, boolean>>();

  constructor(comparison: ViewPair) {
    this.#comparison = comparison;
  }

  /**
   * Returns `bits` of DIFFERS, for a node with a file on both sides, without differences that only come from the order of entries in a tar.
   * If the same names share the body on both sides, which of them are links doesn't matter, and the body's attributes apply.
   */
  withoutRoles(node: number, bits: number): number {
    if ((bits & (BY_ROLE | DIFFERS.attributes)) === 0) return bits;
    const { tree, before, after, links } = this.#comparison;
    const was = bodyKey(tree, links, before.layer[node] as number, before.member[node] as number);
    const is = bodyKey(tree, links, after.layer[node] as number, after.member[node] as number);
    if (!this.#haveSameNames(was, is, node)) return bits;
    const left = bits & ~BY_ROLE;
    return sameAttributes(metaOf(tree, was).attributes, metaOf(tree, is).attributes) ? left & ~DIFFERS.attributes : left;
  }

  /** Whether the body `was` on one side and the body `is` on the other have the same names. `node` is a name of both. */
  #haveSameNames(was: number, is: number, node: number): boolean {
    const { tree, before, after, links } = this.#comparison;
    this.#before ??= namesOfLinkedBodies(tree, before, links);
    this.#after ??= namesOfLinkedBodies(tree, after, links);
    const one = this.#before.get(was) ?? [node];
    const two = this.#after.get(is) ?? [node];
    if (one.length !== two.length) return false;
    let known = this.#areSame.get(was);
    if (known === undefined) {
      known = new Map();
      this.#areSame.set(was, known);
    }
    let same = known.get(is);
    if (same === undefined) {
      same = one.every((name, index) => name === two[index]);
      known.set(is, same);
    }
    return same;
  }
}

function metaOf(tree: ImageTree, key: number): MemberMeta {
  const table = tree.layers[bodyKeyLayer(key)] as LayerTable;
  return table.metas[table.meta[bodyKeyMember(key)] as number] as MemberMeta;
}
