import { TYPE } from '#model';
import { bodyKeyLayer, bodyKeyMember } from './hard-links.ts';
import { imageNodePath } from './image-tree.ts';
import { linkedBodies, nodeOf } from './shown-bodies.ts';
import { indexOf, viewAtLayer } from './stack.ts';
import type { Stack } from './types.ts';
import { forEachBody } from './wasted-files.ts';

/** Bytes of an image without some of its files. */
export interface KeptFigures {
  /** By layer, the bottom first: bytes of its regular files. */
  readonly layerBytes: readonly number[];
  /** Sum of {@link layerBytes}. */
  readonly fileBytes: number;
  /** Bytes of them that the top view still shows, each body once. */
  readonly finalBytes: number;
}

/** Totals without the bodies whose paths are left out. The path (raw bytes) is that of the entry with the body, not of its hard links. */
export function figuresWithout(stack: Stack, isLeftOut: (path: Uint8Array) => boolean): KeptFigures {
  const { tree, links } = indexOf(stack);
  const view = viewAtLayer(stack, stack.layers.length - 1);
  // By node: 1 kept, 2 left out, 0 unknown.
  const known = new Uint8Array(tree.count);
  const isKept = (node: number): boolean => {
    if (known[node] === 0) known[node] = isLeftOut(imageNodePath(tree, node)) ? 2 : 1;
    return known[node] === 1;
  };
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
  for (const key of linkedBodies(tree, view, links)) {
    const layer = bodyKeyLayer(key);
    const member = bodyKeyMember(key);
    addShown(nodeOf(tree, layer, member), layer, member);
  }
  return { layerBytes, fileBytes: layerBytes.reduce((sum, bytes) => sum + bytes, 0), finalBytes };
}
