import { FLAG } from '#format/layer';
import { TYPE } from '#model';
import { bodyKeyLayer, bodyKeyMember } from './hard-links.ts';
import { imageNodePath } from './image-tree.ts';
import { linkedBodies, nodeOf } from './shown-bodies.ts';
import { indexOf, viewAtLayer } from './stack.ts';
import type { Stack, WastedFile } from './types.ts';

/** Paths with bytes that the image contains without showing them, most first, at most `limit`. All together have `wastedBytes`. */
export function wastedFiles(stack: Stack, limit: number): WastedFile[] {
  const { tree, links } = indexOf(stack);
  const view = viewAtLayer(stack, stack.layers.length - 1);
  const wasted = new Float64Array(tree.count);
  forEachBody(stack, (node, _, size) => {
    wasted[node] = (wasted[node] as number) + size;
  });
  const takeShown = (node: number, layer: number, member: number): void => {
    wasted[node] = (wasted[node] as number) - (stack.layers[layer]?.size[member] ?? 0);
  };
  for (let node = 1; node < tree.count; node++) {
    if (view.type[node] === TYPE.file) takeShown(node, view.layer[node] as number, view.member[node] as number);
  }
  for (const key of linkedBodies(tree, view, links)) {
    const layer = bodyKeyLayer(key);
    const member = bodyKeyMember(key);
    takeShown(nodeOf(tree, layer, member), layer, member);
  }
  const nodes: number[] = [];
  for (let node = 0; node < tree.count; node++) if ((wasted[node] as number) > 0) nodes.push(node);
  nodes.sort((a, b) => (wasted[b] as number) - (wasted[a] as number) || a - b);
  nodes.length = Math.min(nodes.length, Math.max(limit, 0));
  const layersOf = new Map<number, number[]>(nodes.map((node) => [node, []]));
  forEachBody(stack, (node, layer) => {
    const layers = layersOf.get(node);
    if (layers !== undefined && layers.at(-1) !== layer) layers.push(layer);
  });
  return nodes.map((node) => ({
    path: imageNodePath(tree, node),
    wastedBytes: wasted[node] as number,
    layers: layersOf.get(node) ?? [],
  }));
}

/** By layer, the bottom first: bytes that it wrote and nothing shows. Together they are `wastedBytes`. */
export function wastedByLayer(stack: Stack): number[] {
  const { tree, links } = indexOf(stack);
  const view = viewAtLayer(stack, stack.layers.length - 1);
  const wasted = stack.layers.map(() => 0);
  const add = (layer: number, bytes: number): void => {
    wasted[layer] = (wasted[layer] ?? 0) + bytes;
  };
  const takeShown = (layer: number, member: number): void => add(layer, -(stack.layers[layer]?.size[member] ?? 0));
  forEachBody(stack, (_node, layer, size) => add(layer, size));
  for (let node = 1; node < tree.count; node++) {
    if (view.type[node] === TYPE.file) takeShown(view.layer[node] as number, view.member[node] as number);
  }
  for (const key of linkedBodies(tree, view, links)) takeShown(bodyKeyLayer(key), bodyKeyMember(key));
  return wasted;
}

/** Visits the body of every regular file, layer by layer, including those replaced within their own layer. */
export function forEachBody(stack: Stack, visit: (node: number, layer: number, size: number) => void): void {
  const { tree } = indexOf(stack);
  stack.layers.forEach((table, layer) => {
    if (table === null) return;
    for (let member = 0; member < table.memberCount; member++) {
      if (table.type[member] !== TYPE.file || ((table.flags[member] as number) & (FLAG.rawOnly | FLAG.whiteout | FLAG.opaque)) !== 0)
        continue;
      visit(nodeOf(tree, layer, member), layer, table.size[member] as number);
    }
  });
}
