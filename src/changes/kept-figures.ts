import type { PathMatcher, PathState } from '#format/path';
import { TYPE } from '#model';
import { bodyKeyLayer, bodyKeyMember } from './hard-links.ts';
import { type ImageTree, imageNodeName } from './image-tree.ts';
import { bodiesInUse, nodeOf } from './shown-bodies.ts';
import { indexOf, viewAtLayer } from './stack.ts';
import type { Stack } from './types.ts';
import { forEachBody } from './wasted-files.ts';

/** Byte counts of an image without some of its files. */
export interface KeptFigures {
  /** By layer, bottom first: bytes of its regular files. */
  readonly layerBytes: readonly number[];
  /** Sum of {@link layerBytes}. */
  readonly fileBytes: number;
  /** The part of `fileBytes` that is in use: the top view still shows those files (each body counted once), or Windows merges them. */
  readonly finalBytes: number;
}

/**
 * Returns the totals without the bodies that patterns match. Patterns are matched against the path of the entry with the body, not those of
 * its hard links. `rest` is awaited between parts of the work: it lets other work run, and may throw to stop. Throws what
 * {@link PathMatcher.enter} throws.
 */
export async function figuresWithout(stack: Stack, matcher: PathMatcher, rest: () => Promise<void>): Promise<KeptFigures> {
  const { tree, links } = indexOf(stack);
  const view = viewAtLayer(stack, stack.layers.length - 1);
  const isLeftOut = await matchNodes(tree, matcher, rest);
  const isKept = (node: number): boolean => isLeftOut[node] === 0;
  const layerBytes = stack.layers.map(() => 0);
  forEachBody(stack, (node, layer, size) => {
    if (isKept(node)) layerBytes[layer] = (layerBytes[layer] as number) + size;
  });
  let finalBytes = 0;
  const addShown = (node: number, layer: number, member: number): void => {
    if (isKept(node)) finalBytes += stack.layers[layer]?.size[member] ?? 0;
  };
  for (let node = 1; node < tree.count; node++) {
    if (view.type[node] === TYPE.file) addShown(node, view.layer[node] as number, view.member[node] as number);
  }
  for (const key of bodiesInUse(tree, view, links)) {
    const layer = bodyKeyLayer(key);
    const member = bodyKeyMember(key);
    addShown(nodeOf(tree, layer, member), layer, member);
  }
  return { layerBytes, fileBytes: layerBytes.reduce((sum, bytes) => sum + bytes, 0), finalBytes };
}

/** Returns, by node of the tree, 1 if a pattern matches its path, otherwise 0. */
async function matchNodes(tree: ImageTree, matcher: PathMatcher, rest: () => Promise<void>): Promise<Uint8Array> {
  const matches = new Uint8Array(tree.count);
  // Set only for nodes with children. A parent's number is smaller than its children's, so its state is known first.
  const states: (PathState | undefined)[] = [matcher.root];
  for (let node = 1; node < tree.count; node++) {
    if (node % NODES_A_TURN === 0) await rest();
    const parent = states[tree.parent[node] as number] as PathState;
    const state = matcher.enter(parent, imageNodeName(tree, node));
    if (state.matches) matches[node] = 1;
    if (tree.firstChild[node] !== 0) states[node] = state;
  }
  return matches;
}

/** Number of nodes between calls of `rest`. With ordinary patterns, these take a few milliseconds. */
const NODES_A_TURN = 1000;
