import { TYPE } from '#model';
import type { PathTree } from './path-tree.ts';

/** Links followed on the way of one target; Linux follows 40. */
const MAX_LINKS = 40;

const OUT = -1;
const UNKNOWN = -2;

/** Where targets lead, as far as one layer can tell. Links of the layers below aren't known here. */
export class SymlinkEscapes {
  readonly #tree: PathTree;
  readonly #type: Uint8Array;
  /** Raw link target of a member. */
  readonly #target: (member: number) => Uint8Array;

  constructor(tree: PathTree, type: Uint8Array, target: (member: number) => Uint8Array) {
    this.#tree = tree;
    this.#type = type;
    this.#target = target;
  }

  /** Nodes below a symlink of this layer that leads out of the root; null where there are none. */
  below(): Uint8Array | null {
    const { tree } = { tree: this.#tree };
    let below: Uint8Array | null = null;
    let asked = 0;
    let answer = false;
    for (let node = 1; node < tree.count; node++) {
      const parent = tree.parent[node] as number;
      if (below !== null && below[parent] === 1) {
        below[node] = 1;
        continue;
      }
      if (!this.#isSymlink(parent)) continue;
      if (parent !== asked) {
        asked = parent;
        answer = this.#follow(parent, MAX_LINKS) === OUT;
      }
      if (!answer) continue;
      below ??= new Uint8Array(tree.count);
      below[node] = 1;
    }
    return below;
  }

  /** Does a hard link's target, taken from the root, pass through a symlink that leads out? */
  leadsOut(target: Uint8Array): boolean {
    return this.#resolve(0, target, MAX_LINKS) === OUT;
  }

  #isSymlink(node: number): boolean {
    const member = this.#tree.member[node] as number;
    return member !== 0 && this.#type[member - 1] === TYPE.symlink;
  }

  #follow(node: number, budget: number): number {
    if (budget === 0) return UNKNOWN;
    const target = this.#target((this.#tree.member[node] as number) - 1);
    if (target[0] === 0x2f) return OUT;
    return this.#resolve(this.#tree.parent[node] as number, target, budget - 1);
  }

  /** Node that a relative path leads to from a folder; OUT; or UNKNOWN below what this layer names. */
  #resolve(folder: number, path: Uint8Array, budget: number): number {
    const tree = this.#tree;
    let node = folder;
    // Folders below `node` that this layer doesn't name: counted, so that `..` takes them back.
    let unnamed = 0;
    for (let from = 0; from < path.length; ) {
      let to = from;
      while (to < path.length && path[to] !== 0x2f) to++;
      const length = to - from;
      if (length === 2 && path[from] === 0x2e && path[from + 1] === 0x2e) {
        if (unnamed > 0) unnamed--;
        else if (node === 0) return OUT;
        else node = tree.parent[node] as number;
      } else if (length > 0 && !(length === 1 && path[from] === 0x2e)) {
        const child = unnamed > 0 ? 0 : tree.find(node, path, from, to);
        if (child === 0) unnamed++;
        else if (!this.#isSymlink(child)) node = child;
        else {
          const next = this.#follow(child, budget);
          if (next < 0) return next;
          node = next;
        }
      }
      from = to + 1;
    }
    return unnamed > 0 ? UNKNOWN : node;
  }
}
