import { FLAG } from '#format/layer';
import { TYPE, type WasteCause } from '#model';
import { bodyKeyLayer, bodyKeyMember } from './hard-links.ts';
import { findPath, imageNodePath } from './image-tree.ts';
import { bodiesInUse, nodeOf } from './shown-bodies.ts';
import { indexOf, viewAtLayer } from './stack.ts';
import type { Stack, Waste } from './types.ts';
import { ABSENT, applyLayer, createApplier } from './view.ts';

/** A file that was rewritten with the same bytes; `bytes`: total of the copies. */
export interface UnchangedFile {
  readonly path: Uint8Array;
  readonly bytes: number;
}

/**
 * Returns the bytes that the image contains but hides: for at most `limit` files, and by cause for all files. The largest file for each
 * cause is listed before others. `unchanged` are files known to have been rewritten with the same bytes; their cause is `rewritten` if that
 * explains all their hidden bytes.
 */
export function wasteOf(stack: Stack, limit: number, unchanged: readonly UnchangedFile[] = []): Waste {
  const { tree } = indexOf(stack);
  const wasted = wastedByNode(stack);
  const nodes: number[] = [];
  for (let node = 0; node < tree.count; node++) if ((wasted[node] as number) > 0) nodes.push(node);
  nodes.sort((a, b) => (wasted[b] as number) - (wasted[a] as number) || a - b);
  const same = new Map<number, number>();
  for (const { path, bytes } of unchanged) {
    const node = findPath(tree, path);
    same.set(node, (same.get(node) ?? 0) + bytes);
  }
  const hiders = hidersOf(stack, nodes);
  const causeOf = (place: number): WasteCause => {
    const node = nodes[place] as number;
    if (hiders.deleted[place] === 1) return 'deleted';
    return (same.get(node) ?? 0) >= (wasted[node] as number) ? 'rewritten' : 'overwritten';
  };
  const sums = new Map<WasteCause, { bytes: number; files: number }>();
  const listed = new Set<number>();
  nodes.forEach((node, place) => {
    const cause = causeOf(place);
    const sum = sums.get(cause) ?? { bytes: 0, files: 0 };
    sums.set(cause, { bytes: sum.bytes + (wasted[node] as number), files: sum.files + 1 });
    if (sum.files === 0 && listed.size < limit) listed.add(place);
  });
  for (let place = 0; place < nodes.length && listed.size < limit; place++) listed.add(place);
  const places = [...listed].sort((a, b) => a - b);
  const layersOf = new Map<number, number[]>(places.map((place) => [nodes[place] as number, []]));
  forEachBody(stack, (node, layer) => {
    const layers = layersOf.get(node);
    if (layers !== undefined && layers.at(-1) !== layer) layers.push(layer);
  });
  const files = places.map((place) => {
    const node = nodes[place] as number;
    const layers = layersOf.get(node) ?? [];
    const hider = hiders.layer[place] as number;
    return {
      path: imageNodePath(tree, node),
      wastedBytes: wasted[node] as number,
      layers,
      // If a layer contains a file twice, no other layer hid the first copy, so the layer itself counts as the one that hid it.
      hiddenBy: hider < 0 ? (layers.at(-1) ?? 0) : hider,
      cause: causeOf(place),
    };
  });
  const groups = [...sums].map(([cause, sum]) => ({ cause, ...sum })).sort((a, b) => b.bytes - a.bytes);
  return { files, groups };
}

/** Returns, by node of the image, the bytes that the image contains but hides. Their sum is `wastedBytes`. */
export function wastedByNode(stack: Stack): Float64Array {
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
  for (const key of bodiesInUse(tree, view, links)) {
    const layer = bodyKeyLayer(key);
    const member = bodyKeyMember(key);
    takeShown(nodeOf(tree, layer, member), layer, member);
  }
  return wasted;
}

/** Returns for each of `nodes` the layer that last hid its file (-1: none), and whether that layer deleted the file. */
export function hidersOf(stack: Stack, nodes: readonly number[]): { readonly layer: Int32Array; readonly deleted: Uint8Array } {
  const { tree } = indexOf(stack);
  const applier = createApplier(tree);
  const { view } = applier;
  const layer = new Int32Array(nodes.length).fill(-1);
  const deleted = new Uint8Array(nodes.length);
  const wasFile = new Uint8Array(nodes.length);
  const places = new Map(nodes.map((node, place) => [node, place]));
  /** By index in `nodes`: 1 + the last layer in which the node was looked at. */
  const seen = new Uint32Array(nodes.length);
  const look = (node: number, at: number): void => {
    const place = places.get(node);
    if (place === undefined || seen[place] === at + 1) return;
    seen[place] = at + 1;
    const type = view.type[node] as number;
    if (wasFile[place] === 1 && (type === ABSENT || view.layer[node] === at)) {
      layer[place] = at;
      deleted[place] = type === ABSENT ? 1 : 0;
    }
    wasFile[place] = type === TYPE.file ? 1 : 0;
  };
  // Looks only at what each layer touches, because there may be thousands of layers.
  stack.layers.forEach((table, at) => {
    if (table === null) return;
    const gone: number[] = [];
    applier.gone = gone;
    applyLayer(applier, at);
    for (const node of gone) look(node, at);
    for (const node of tree.maps[at] ?? []) look(node, at);
  });
  return { layer, deleted };
}

/**
 * Returns, by layer from the bottom, the bytes of the layer that no path shows. Their sum is `wastedBytes`. `top`: the path to look at,
 * with everything below it; empty: all paths.
 */
export function wastedByLayer(stack: Stack, top: Uint8Array = new Uint8Array(0)): number[] {
  const { tree, links } = indexOf(stack);
  const view = viewAtLayer(stack, stack.layers.length - 1);
  const wasted = stack.layers.map(() => 0);
  const isWithin = new Uint8Array(tree.count);
  isWithin[findPath(tree, top)] = 1;
  for (let node = 1; node < tree.count; node++) if (isWithin[tree.parent[node] as number] === 1) isWithin[node] = 1;
  const add = (node: number, layer: number, bytes: number): void => {
    if (isWithin[node] === 1) wasted[layer] = (wasted[layer] ?? 0) + bytes;
  };
  const takeShown = (node: number, layer: number, member: number): void => add(node, layer, -(stack.layers[layer]?.size[member] ?? 0));
  forEachBody(stack, add);
  for (let node = 1; node < tree.count; node++) {
    if (view.type[node] === TYPE.file) takeShown(node, view.layer[node] as number, view.member[node] as number);
  }
  for (const key of bodiesInUse(tree, view, links)) {
    const layer = bodyKeyLayer(key);
    const member = bodyKeyMember(key);
    takeShown(nodeOf(tree, layer, member), layer, member);
  }
  return wasted;
}

/** Visits the body of every regular file, layer by layer, including those replaced within their own layer. */
export function forEachBody(stack: Stack, visit: (node: number, layer: number, size: number, member: number) => void): void {
  const { tree } = indexOf(stack);
  stack.layers.forEach((table, layer) => {
    if (table === null) return;
    for (let member = 0; member < table.memberCount; member++) {
      if (table.type[member] !== TYPE.file || ((table.flags[member] as number) & (FLAG.rawOnly | FLAG.whiteout | FLAG.opaque)) !== 0)
        continue;
      visit(nodeOf(tree, layer, member), layer, table.size[member] as number, member);
    }
  });
}
