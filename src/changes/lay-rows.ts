import { type LayerTable, linkName } from '#format/layer';
import { COUNTED, NO_ENTRY, NO_LAYER, newColumns, type RowTable, TYPE } from '#model';
import type { ImageTree } from './image-tree.ts';
import { IMPLIED_META } from './same-entry.ts';
import { depthFirstOrder, type NodeNames } from './tree-order.ts';

/** A row table under construction. */
export interface RowDraft extends RowTable {
  readonly links: Map<number, Uint8Array>;
}

/**
 * Makes rows for the nodes whose `marks` are not 0, and for the folders that lead to them, which get the mark 1. Fills in parents, subtree
 * ends and names (from `shown`), and each node's row in `rowOf`. All other columns stay empty; every kind is `unchanged`.
 */
export function layRows(tree: ImageTree, marks: Uint8Array, rowOf: Uint32Array, shown: NodeNames = tree): RowDraft {
  const { parent } = tree;
  let length = 0;
  let nameBytes = 0;
  for (let node = tree.count - 1; node > 0; node--) {
    if (marks[node] === 0) continue;
    const above = parent[node] as number;
    if (marks[above] === 0) marks[above] = 1;
    length++;
    nameBytes += nameLength(tree, shown, node);
  }
  const rows: RowDraft = {
    length,
    ...newColumns(length),
    nameStart: new Uint32Array(length + 1),
    names: new Uint8Array(nameBytes),
    links: new Map(),
  };
  rows.layer.fill(NO_LAYER);
  rows.entry.fill(NO_ENTRY);
  rows.previousLayer.fill(NO_LAYER);
  rows.previousEntry.fill(NO_ENTRY);
  rows.hiddenBy.fill(NO_LAYER);
  const { layers } = tree;
  const { nameLayer, nameNode } = shown;
  const { parent: rowParent, names, nameStart } = rows;
  const order = depthFirstOrder(tree, shown);
  let row = 0;
  let at = 0;
  for (let place = 0; place < order.length && row < length; place++) {
    const node = order[place] as number;
    if (marks[node] === 0) continue;
    rowOf[node] = row;
    const above = parent[node] as number;
    rowParent[row] = above === 0 ? -1 : (rowOf[above] as number);
    // Copied byte by byte, because creating a view for each name would take longer than the copy.
    const { nodeNames, nodeNameStart } = layers[nameLayer[node] as number] as LayerTable;
    const nameOf = nameNode[node] as number;
    const end = nodeNameStart[nameOf + 1] as number;
    for (let from = nodeNameStart[nameOf] as number; from < end; from++) names[at++] = nodeNames[from] as number;
    nameStart[++row] = at;
  }
  for (row = length - 1; row >= 0; row--) {
    const end = Math.max(rows.subtreeEnd[row] as number, row + 1);
    rows.subtreeEnd[row] = end;
    const above = rows.parent[row] as number;
    if (above >= 0 && (rows.subtreeEnd[above] as number) < end) rows.subtreeEnd[above] = end;
  }
  return rows;
}

function nameLength(tree: ImageTree, { nameLayer, nameNode: nodes }: NodeNames, node: number): number {
  const table = tree.layers[nameLayer[node] as number] as LayerTable;
  const nameNode = nodes[node] as number;
  return (table.nodeNameStart[nameNode + 1] as number) - (table.nodeNameStart[nameNode] as number);
}

/** Fills a row for an implied folder. `facts`: the entry that it takes its mode, owner and time from. */
export function setImplied(rows: RowDraft, row: number, facts: Fact | null): void {
  if (facts === null) rows.mode[row] = IMPLIED_META.mode;
  else setFacts(rows, row, facts);
  rows.type[row] = TYPE.directory;
}

/** A member of a layer's table. */
export interface Fact {
  readonly table: LayerTable;
  readonly member: number;
}

/**
 * Fills a row from a member. `size`: the size of the body that the row shows; `layer`: the number to store in the `layer` column; `inode`:
 * the target of a hard link, otherwise the member itself.
 */
export function setMember(rows: RowDraft, row: number, entry: Fact, layer: number, inode: Fact, size: number): void {
  const { table, member } = entry;
  setFacts(rows, row, inode);
  rows.type[row] = table.type[member] as number;
  rows.size[row] = size;
  // A hard link adds nothing to sums, because the body belongs to its target.
  if (table.type[member] === TYPE.file) rows.counted[row] = COUNTED.now;
  rows.layer[row] = layer;
  rows.entry[row] = member;
  // Copied, because cloning a view would clone all link names of the layer.
  if (table.link[member] !== 0) rows.links.set(row, (linkName(table, member) as Uint8Array).slice());
}

function setFacts(rows: RowDraft, row: number, { table, member }: Fact): void {
  const meta = table.metas[table.meta[member] as number];
  rows.mtime[row] = (table.mtimeSeconds[member] as number) + (table.mtimeNanos[member] ?? 0) / 1e9;
  rows.mode[row] = (meta?.mode ?? 0) & 0o7777;
  rows.uid[row] = meta?.uid ?? 0;
  rows.gid[row] = meta?.gid ?? 0;
}
