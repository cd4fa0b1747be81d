import { TYPE } from '#model';
import { bodyKey } from './hard-links.ts';
import { mergedNodes } from './merged-bodies.ts';
import { bodiesInUse, nodeOf } from './shown-bodies.ts';
import { indexOf, viewAtLayer } from './stack.ts';
import type { Stack } from './types.ts';
import type { View } from './view.ts';

/** What higher layers remove from one layer, in columns by node of the layer's table. */
export interface LaterRemovals {
  readonly layer: number;
  /** The first layer above that removes the path or a folder it is in; 0 if none does (layer 0 has nothing to remove). */
  readonly removedIn: Uint16Array;
  /** The node that `removedIn` removes: the path itself or a folder it is in. */
  readonly top: Uint32Array;
}

/**
 * Yields, for each layer from the top down, what the layers above remove from it. Skips layers from which nothing is removed. The columns
 * are valid until the next step.
 */
export function* laterRemovals(stack: Stack): Generator<LaterRemovals> {
  const { tree, removals } = indexOf(stack);
  if (removals.every(({ length }) => length === 0)) return;
  // By node of the image: the lowest of the layers visited so far that removes it.
  const removedAt = new Uint16Array(tree.count);
  let nodes = 0;
  for (const table of stack.layers) nodes = Math.max(nodes, table?.nodeCount ?? 0);
  const allRemoved = new Uint16Array(nodes);
  const allTops = new Uint32Array(nodes);
  let isAny = false;
  for (let layer = stack.layers.length - 1; layer >= 0; layer--) {
    const table = stack.layers[layer];
    const map = tree.maps[layer];
    if (isAny && table && map) {
      const removedIn = allRemoved.subarray(0, table.nodeCount);
      const top = allTops.subarray(0, table.nodeCount);
      removedIn[0] = 0;
      let isHere = false;
      for (let node = 1; node < table.nodeCount; node++) {
        const parent = table.nodeParent[node] as number;
        const above = removedIn[parent] as number;
        const own = removedAt[map[node] as number] as number;
        const isOwn = own !== 0 && (above === 0 || own < above);
        removedIn[node] = isOwn ? own : above;
        top[node] = isOwn ? node : (top[parent] as number);
        if (isOwn) isHere = true;
      }
      if (isHere) yield { layer, removedIn, top };
    }
    for (const node of removals[layer] ?? []) {
      removedAt[node] = layer;
      isAny = true;
    }
  }
}

/** Returns a number for a member's path, the same in all layers that have the path. */
export function pathNumber(stack: Stack, layer: number, member: number): number {
  return nodeOf(indexOf(stack).tree, layer, member);
}

/** Returns the numbers (see {@link pathNumber}) of paths whose files Windows merges, so that no layer's file hides another's. */
export function mergedPathNumbers(stack: Stack): ReadonlySet<number> {
  return mergedNodes(indexOf(stack).tree);
}

/** Which entries and bodies the top view shows. */
export class ShownEntries {
  readonly #stack: Stack;
  readonly #view: View;
  #others: ReadonlySet<number> | null = null;

  constructor(stack: Stack) {
    this.#stack = stack;
    this.#view = viewAtLayer(stack, stack.layers.length - 1);
  }

  /** Whether the view shows this entry at its own path. */
  has(layer: number, member: number): boolean {
    const node = nodeOf(indexOf(this.#stack).tree, layer, member);
    return this.#view.layer[node] === layer && this.#view.member[node] === member;
  }

  /** Whether the view needs the body of this regular file: at its own path, through a hard link, or merged with those of other layers. */
  hasBody(layer: number, member: number): boolean {
    if (this.has(layer, member)) return true;
    if (this.#stack.layers[layer]?.type[member] !== TYPE.file) return false;
    const { tree, links } = indexOf(this.#stack);
    this.#others ??= new Set(bodiesInUse(tree, this.#view, links));
    return this.#others.has(bodyKey(tree, links, layer, member));
  }
}
