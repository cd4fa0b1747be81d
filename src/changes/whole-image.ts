import type { LayerTable } from '#format/layer';
import { COUNTED, KIND, type RowTable, TYPE } from '#model';
import { bodyKey, bodyKeyLayer, bodyKeyMember, inodeOf } from './hard-links.ts';
import type { ImageTree } from './image-tree.ts';
import { layRows, type RowDraft, setImplied, setMember } from './lay-rows.ts';
import { mergedBodies } from './merged-bodies.ts';
import { bodiesInUse, linkedBodies, nodeOf } from './shown-bodies.ts';
import { indexOf, viewAtLayer } from './stack.ts';
import type { Stack } from './types.ts';
import { ABSENT, IMPLIED, type View } from './view.ts';
import { forEachBody, hidersOf, wastedByNode } from './wasted-files.ts';

const SHOWN = 2;
const HIDDEN = 3;

/**
 * Returns all bytes of an image by path: a row for each path in its top view, and for each path whose files a later layer hides.
 * `hiddenBytes` are bytes of files at that path that the image contains but no longer shows. Kinds: `removed` if the image no longer shows
 * the path, `modified` if it shows the path and hides earlier files there, otherwise `unchanged`. The latest hidden file at a path is its
 * entry if the kind is `removed`, and its previous entry if the kind is `modified`; `hiddenBy` is the layer that last hid a file there. If
 * Windows merges a file from several layers, its size is their total. The sums of sizes and hidden bytes equal the stack's totals.
 */
export function wholeImage(stack: Stack): RowTable {
  const { tree, links } = indexOf(stack);
  const view = viewAtLayer(stack, stack.layers.length - 1);
  const wasted = wastedByNode(stack);
  const marks = new Uint8Array(tree.count);
  for (let node = 1; node < tree.count; node++) {
    if (view.type[node] !== ABSENT) marks[node] = SHOWN;
    else if ((wasted[node] as number) > 0) marks[node] = HIDDEN;
  }
  const hidden = lastHidden(stack, view, wasted);
  const rowOf = new Uint32Array(tree.count);
  const rows = layRows(tree, marks, rowOf);
  const linked = new Set(linkedBodies(tree, view, links));
  const mergedBytes = new Map<number, number>();
  for (const key of mergedBodies(tree, view)) {
    if (linked.has(key)) continue;
    const layer = bodyKeyLayer(key);
    const node = nodeOf(tree, layer, bodyKeyMember(key));
    mergedBytes.set(node, (mergedBytes.get(node) ?? 0) + (tree.layers[layer]?.size[bodyKeyMember(key)] ?? 0));
  }
  for (let node = 1; node < tree.count; node++) {
    if (marks[node] === 0) continue;
    const row = rowOf[node] as number;
    if (view.type[node] === ABSENT) {
      setHidden(rows, row, tree, hidden.get(node));
      rows.hiddenBytes[row] = wasted[node] as number;
      continue;
    }
    if (view.type[node] === IMPLIED) setImplied(rows, row, null);
    else {
      const layer = view.layer[node] as number;
      const entry = { table: tree.layers[layer] as LayerTable, member: view.member[node] as number };
      const target = inodeOf(tree, links, layer, entry.member);
      const inode = target === null ? entry : { table: tree.layers[target.layer] as LayerTable, member: target.member };
      const size = inode.table.type[inode.member] === TYPE.file ? (inode.table.size[inode.member] as number) : 0;
      setMember(rows, row, entry, layer, inode, size + (mergedBytes.get(node) ?? 0));
      // A body shown only through links counts at the first link.
      if (view.type[node] === TYPE.hardlink && linked.delete(bodyKey(tree, links, layer, entry.member))) rows.counted[row] = COUNTED.now;
    }
    if ((wasted[node] as number) <= 0) continue;
    rows.kind[row] = KIND.modified;
    rows.hiddenBytes[row] = wasted[node] as number;
    const key = hidden.get(node);
    if (key === undefined) continue;
    rows.previousLayer[row] = bodyKeyLayer(key);
    rows.previousEntry[row] = bodyKeyMember(key);
  }
  const nodes = [...hidden.keys()];
  const hiders = hidersOf(stack, nodes);
  nodes.forEach((node, place) => {
    // If a layer contains a file twice, no other layer hid the first copy, so the layer itself counts as the one that hid it.
    const hider = hiders.layer[place] as number;
    rows.hiddenBy[rowOf[node] as number] = hider < 0 ? bodyKeyLayer(hidden.get(node) as number) : hider;
  });
  return rows;
}

/** Returns, by node with hidden bytes, the latest file there that is not in use, encoded as one number (see {@link bodyKey}). */
function lastHidden(stack: Stack, view: View, wasted: Float64Array): Map<number, number> {
  const { tree, links } = indexOf(stack);
  const inUse = new Set(bodiesInUse(tree, view, links));
  const found = new Map<number, number>();
  forEachBody(stack, (node, layer, _size, member) => {
    if ((wasted[node] as number) <= 0) return;
    if (view.type[node] === TYPE.file && view.layer[node] === layer && view.member[node] === member) return;
    const key = layer * 0x1_0000_0000 + member;
    if (!inUse.has(key)) found.set(node, key);
  });
  return found;
}

/** Fills the row of a path that the image no longer shows: a file, or a folder on the way to one. */
function setHidden(rows: RowDraft, row: number, tree: ImageTree, key: number | undefined): void {
  if (key === undefined) setImplied(rows, row, null);
  else {
    const layer = bodyKeyLayer(key);
    const entry = { table: tree.layers[layer] as LayerTable, member: bodyKeyMember(key) };
    setMember(rows, row, entry, layer, entry, entry.table.size[entry.member] as number);
    rows.counted[row] = 0;
  }
  rows.kind[row] = KIND.removed;
}
