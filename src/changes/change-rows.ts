// Makes rows of changes, with what each path was and is now, in one pass over the nodes of the image's tree. Changes of layers, views and
// comparisons differ only in what they treat as modified.

import type { LayerTable } from '#format/layer';
import { DIFFERS, KIND, NO_ENTRY, REASON, type RowTable, TYPE } from '#model';
import { bodyKey, bodyKeyLayer, bodyKeyMember, inodeOf } from './hard-links.ts';
import type { ImageTree } from './image-tree.ts';
import { ImpliedFacts } from './implied-facts.ts';
import { type Fact, layRows, type RowDraft, setImplied, setMember } from './lay-rows.ts';
import { LinkNames } from './link-names.ts';
import { mergedNodes } from './merged-bodies.ts';
import { contentDifference, difference, NOTHING_SHOWN, type Shown, shownMode } from './same-entry.ts';
import { isShownByItself, linkedBodies } from './shown-bodies.ts';
import type { NodeNames } from './tree-order.ts';
import { ABSENT, IMPLIED, isFolder, isSameFolder, TOUCH, type View } from './view.ts';
import type { ViewPair } from './view-pair.ts';

/** Marks for nodes that become rows. */
const UNCHANGED = 1;
const ADDED = 2;
const MODIFIED = 3;
const REMOVED = 4;

/** Differences that make a folder modified. A different time alone doesn't. */
const FOLDER_BITS = DIFFERS.type | DIFFERS.mode | DIFFERS.owner | DIFFERS.attributes;
const MARKER = TOUCH.whiteout | TOUCH.opaque;

/**
 * Makes the rows. With `whole`: for every path of the later view, without removals; otherwise: for changes, and the folders that lead to
 * them.
 */
export function changeRows(comparison: ViewPair, whole: boolean): RowTable {
  const { tree, before, after, watcher } = comparison;
  const names = new LinkNames(comparison);
  const marks = new Uint8Array(tree.count);
  // By node that disappeared with an ancestor: the topmost ancestor that was removed or replaced; 0: none.
  const top = new Uint32Array(tree.count);
  let swallowed = false;
  for (let node = 1; node < tree.count; node++) {
    const parent = tree.parent[node] as number;
    const above = top[parent] as number;
    if (above !== 0) top[node] = above;
    else if (swallows(comparison, parent)) {
      top[node] = parent;
      swallowed = true;
    }
    const wasThere = before.type[node] !== ABSENT;
    const isThere = after.type[node] !== ABSENT;
    if (!isThere) {
      if (wasThere && top[node] === 0 && !whole) marks[node] = REMOVED;
    } else if (wasThere ? isModified(comparison, names, node) : after.type[node] !== IMPLIED) {
      marks[node] = wasThere ? MODIFIED : ADDED;
    } else if (whole || (watcher !== null && hidesByMarker(comparison, node))) marks[node] = UNCHANGED;
  }
  const rowOf = new Uint32Array(tree.count);
  const rows = layRows(tree, marks, rowOf, tree.caseInsensitive ? writtenNames(comparison) : tree);
  const filler = new RowFiller(comparison, names, rows);
  for (let node = 1; node < tree.count; node++) {
    const mark = marks[node] as number;
    if (mark !== 0) filler.fill(node, rowOf[node] as number, mark);
  }
  if (swallowed || hasMarkerRow(rows)) addHidden(comparison, rows, marks, rowOf, top);
  return rows;
}

/** Returns names as spelled by the layers that the rows come from. Layers below may use another case. */
function writtenNames({ tree, before, after }: ViewPair): NodeNames {
  const nameLayer = tree.nameLayer.slice();
  const nameNode = tree.nameNode.slice();
  for (let node = 1; node < tree.count; node++) {
    const view = after.type[node] === ABSENT ? before : after;
    const member = view.member[node] as number;
    if (member === NO_ENTRY) continue;
    const layer = view.layer[node] as number;
    nameLayer[node] = layer;
    nameNode[node] = (tree.layers[layer] as LayerTable).node[member] as number;
  }
  return { nameLayer, nameNode };
}

/** Whether the node was removed, or is no longer a folder, so that everything below it disappeared too. */
function swallows({ before, after }: ViewPair, node: number): boolean {
  const was = before.type[node] as number;
  if (was === ABSENT) return false;
  const is = after.type[node] as number;
  return is === ABSENT || (isFolder(was) && !isFolder(is));
}

/** Whether a path in both views was modified. */
function isModified(comparison: ViewPair, names: LinkNames, node: number): boolean {
  const { tree, before, after, from } = comparison;
  if (from === null) {
    const differs = differenceAt(comparison, names, node);
    return (differs & (isFolder(after.type[node] as number) ? FOLDER_BITS : ~DIFFERS.rewritten)) !== 0;
  }
  const layer = after.layer[node] as number;
  if (layer < from) return false;
  if (after.type[node] === IMPLIED) return !isFolder(before.type[node] as number);
  return after.type[node] !== TYPE.directory || !isSameFolder(tree, before, node, layer, after.member[node] as number);
}

/** Whether a folder remains but has a whiteout or opaque marker that hid content. */
function hidesByMarker({ tree, before, after, watcher }: ViewPair, node: number): boolean {
  if (watcher === null || ((watcher.marks[node] as number) & MARKER) === 0) return false;
  if (!isFolder(before.type[node] as number) || !isFolder(after.type[node] as number)) return false;
  for (let child = tree.firstChild[node] as number; child !== 0; child = tree.nextSibling[child] as number) {
    if (before.type[child] !== ABSENT) return true;
  }
  return false;
}

function differenceAt(comparison: ViewPair, names: LinkNames, node: number): number {
  const { before, after, twins, from, sums } = comparison;
  const isSame =
    before.member[node] === after.member[node] &&
    before.type[node] === after.type[node] &&
    twins[before.layer[node] as number] === twins[after.layer[node] as number];
  if (isSame && before.type[node] !== TYPE.hardlink) return 0;
  const was = shownAt(comparison, before, node);
  const is = shownAt(comparison, after, node);
  const bothFiles = was.body >= 0 && is.body >= 0;
  if (isSame) {
    // Both sides have the same hard link, but its target may be a different file on each.
    if (was.body === is.body) return 0;
    return bothFiles ? contentDifference(was, is, sums) : DIFFERS.content;
  }
  const bits = difference(was, is, sums);
  return from === null && bothFiles ? names.withoutRoles(node, bits) : bits;
}

/** Returns the entry that an implied folder takes its mode, owner and time from; null if there is none. */
function impliedFact(tree: ImageTree, lowest: number, layer: number, node: number): Fact | null {
  tree.impliedFacts ??= new ImpliedFacts(tree);
  const at = tree.impliedFacts.of(lowest, layer, node);
  return at === null ? null : { table: tree.layers[at.layer] as LayerTable, member: at.member };
}

function shownAt(comparison: ViewPair, view: View, node: number): Shown {
  const { tree, links, twins, beforeBase, afterBase } = comparison;
  const layer = view.layer[node] as number;
  if (view.type[node] === IMPLIED) {
    const fact = impliedFact(tree, view === comparison.before ? beforeBase : afterBase, layer, node);
    return fact === null ? NOTHING_SHOWN : { ...NOTHING_SHOWN, ...fact };
  }
  const member = view.member[node] as number;
  const key = bodyKey(tree, links, layer, member);
  return {
    table: tree.layers[layer] as LayerTable,
    member,
    body: key < 0 ? -1 : canonical(twins, key),
    bodyTable: key < 0 ? null : (tree.layers[bodyKeyLayer(key)] as LayerTable),
    bodyMember: key < 0 ? 0 : bodyKeyMember(key),
    size: bodySize(tree, key),
  };
}

function bodySize(tree: ImageTree, key: number): number {
  return key < 0 ? 0 : ((tree.layers[bodyKeyLayer(key)] as LayerTable).size[bodyKeyMember(key)] as number);
}

const NO_NODES: ReadonlySet<number> = new Set();

/** Fills rows from the two views. */
class RowFiller {
  readonly #comparison: ViewPair;
  readonly #names: LinkNames;
  readonly #rows: RowDraft;
  /** Bodies that the later view shows through links only; computed on first use. */
  #linked: Set<number> | null = null;
  /** Nodes of files that layers above don't hide, because Windows merges them. */
  readonly #merged: ReadonlySet<number>;
  /** Bodies already counted in the row of a link. */
  readonly #counted = new Set<number>();

  constructor(comparison: ViewPair, names: LinkNames, rows: RowDraft) {
    this.#comparison = comparison;
    this.#names = names;
    this.#rows = rows;
    this.#merged = comparison.watcher === null ? NO_NODES : mergedNodes(comparison.tree);
  }

  fill(node: number, row: number, mark: number): void {
    const { before, after, beforeBase, watcher } = this.#comparison;
    const rows = this.#rows;
    if (mark === REMOVED) {
      rows.kind[row] = KIND.removed;
      rows.reason[row] = watcher?.reasons[node] ?? REASON.none;
      this.#show(before, node, row, beforeBase);
      this.#setPrevious(node, row);
      return;
    }
    this.#show(after, node, row, this.#comparison.afterBase);
    if (mark === ADDED) rows.kind[row] = KIND.added;
    const was = before.type[node] as number;
    if (was === ABSENT) return;
    if (mark === MODIFIED) {
      rows.kind[row] = KIND.modified;
      rows.differs[row] = differenceAt(this.#comparison, this.#names, node);
      this.#setPrevious(node, row);
      const shown = shownAt(this.#comparison, before, node);
      rows.previousMode[row] = shownMode(shown);
      if (was === TYPE.file || was === TYPE.hardlink) rows.previousSize[row] = shown.size;
      // A folder became something else, or an implied folder, which has no entry, took the place of another entry.
      const isReplaced = isFolder(was) ? !isFolder(after.type[node] as number) : after.type[node] === IMPLIED;
      if (isReplaced) rows.reason[row] = REASON.replaced;
    }
    if (rows.reason[row] === REASON.none && hidesByMarker(this.#comparison, node)) {
      rows.reason[row] = ((watcher?.marks[node] ?? 0) & TOUCH.opaque) !== 0 ? REASON.opaque : REASON.whiteout;
    }
  }

  #show(view: View, node: number, row: number, base: number): void {
    const { tree, links } = this.#comparison;
    const layer = view.layer[node] as number;
    if (view.type[node] === IMPLIED) {
      setImplied(this.#rows, row, impliedFact(tree, base, layer, node));
      return;
    }
    const entry = { table: tree.layers[layer] as LayerTable, member: view.member[node] as number };
    let inode = entry;
    if (view.type[node] === TYPE.hardlink) {
      const target = inodeOf(tree, links, layer, entry.member);
      if (target !== null) inode = { table: tree.layers[target.layer] as LayerTable, member: target.member };
    }
    const size = inode.table.type[inode.member] === TYPE.file ? (inode.table.size[inode.member] as number) : 0;
    setMember(this.#rows, row, entry, layer - base, inode, size);
  }

  /** Fills in what the row replaces or removes, and the size of the body that is no longer shown under any name. */
  #setPrevious(node: number, row: number): void {
    const { tree, before, beforeBase, links, twins } = this.#comparison;
    if (before.type[node] === IMPLIED) return;
    const layer = before.layer[node] as number;
    const member = before.member[node] as number;
    this.#rows.previousLayer[row] = layer - beforeBase;
    this.#rows.previousEntry[row] = member;
    const type = before.type[node];
    if (type !== TYPE.file && type !== TYPE.hardlink) return;
    if (this.#merged.has(node) && this.#comparison.after.type[node] === TYPE.file) return;
    const key = bodyKey(tree, links, layer, member);
    if (key < 0 || this.#isShown(key)) return;
    if (type === TYPE.hardlink) {
      // The body is counted at its own name if the view had that name, otherwise at the first of its links.
      if (isShownByItself(tree, before, key, twins) || this.#counted.has(key)) return;
      this.#counted.add(key);
    }
    this.#rows.hiddenBytes[row] = bodySize(tree, key);
  }

  #isShown(key: number): boolean {
    const { tree, after, links, twins } = this.#comparison;
    if (isShownByItself(tree, after, key, twins)) return true;
    if (this.#linked === null) {
      this.#linked = new Set();
      for (const body of linkedBodies(tree, after, links)) this.#linked.add(canonical(twins, body));
    }
    return this.#linked.size > 0 && this.#linked.has(canonical(twins, key));
  }
}

function canonical(twins: readonly number[], key: number): number {
  return (twins[bodyKeyLayer(key)] as number) * 0x1_0000_0000 + bodyKeyMember(key);
}

/**
 * Counts each path that disappeared without its own row: in the row of the ancestor it disappeared with, and in the row of the folder whose
 * marker hid it.
 */
function addHidden(comparison: ViewPair, rows: RowDraft, marks: Uint8Array, rowOf: Uint32Array, top: Uint32Array): void {
  const { tree, before, after, watcher } = comparison;
  // By node: the nearest folder above whose row sums up what its marker hid; 0: none.
  const under = watcher === null ? null : new Uint32Array(tree.count);
  for (let node = 1; node < tree.count; node++) {
    let marker = 0;
    if (under !== null && watcher !== null) {
      const parent = tree.parent[node] as number;
      const isMarker =
        ((watcher.marks[parent] as number) & MARKER) !== 0 && marks[parent] !== 0 && isMarkerRow(rows, rowOf[parent] as number);
      marker = parent !== 0 && isMarker ? parent : (under[parent] as number);
      under[node] = marker;
    }
    if (before.type[node] === ABSENT || after.type[node] !== ABSENT) continue;
    const swallower = top[node] as number;
    if (swallower === 0 && marker === 0) continue;
    const layer = before.layer[node] as number;
    const size = before.type[node] === TYPE.file ? ((tree.layers[layer] as LayerTable).size[before.member[node] as number] as number) : 0;
    if (marks[swallower] !== 0 && swallower !== 0) addTo(rows, rowOf[swallower] as number, size);
    if (marker !== 0) addTo(rows, rowOf[marker] as number, size);
  }
}

function hasMarkerRow(rows: RowDraft): boolean {
  for (let row = 0; row < rows.length; row++) if (isMarkerRow(rows, row)) return true;
  return false;
}

/** Whether the row is a remaining folder that sums up what its opaque marker or whiteout hid. */
function isMarkerRow(rows: RowDraft, row: number): boolean {
  const reason = rows.reason[row];
  return rows.kind[row] !== KIND.removed && (reason === REASON.opaque || reason === REASON.whiteout);
}

function addTo(rows: RowDraft, row: number, size: number): void {
  rows.hiddenEntries[row] = (rows.hiddenEntries[row] as number) + 1;
  rows.hiddenBytes[row] = (rows.hiddenBytes[row] as number) + size;
}
