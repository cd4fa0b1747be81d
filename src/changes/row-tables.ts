import { LayerscopeError, layerRange, NO_LAYER, type RowTable } from '#model';
import { changeRows } from './change-rows.ts';
import type { LinkTable } from './hard-links.ts';
import { buildTree } from './image-tree.ts';
import type { UseOfSums } from './same-entry.ts';
import { indexOf, ownViewAtLayer, viewAtLayer } from './stack.ts';
import type { Stack } from './types.ts';
import { applyLayer, copyView, createApplier, emptyView, type View, viewOf, type Watcher } from './view.ts';
import type { ViewPair } from './view-pair.ts';

export interface SumOptions {
  /** Default: `trusted` for changes of layers, `hints` for comparisons. */
  readonly sums?: UseOfSums;
}

function checkLayer(stack: Stack, layer: number): void {
  if (!Number.isInteger(layer) || layer < 0 || layer >= stack.layers.length) {
    throw new LayerscopeError('NOT_FOUND', `no layer ${layer}: ${layerRange(stack.layers.length)}`);
  }
}

/** Applies the layers from `from` to `to` and records why nodes disappear. */
function watched(stack: Stack, from: number, to: number, sums: UseOfSums): ViewPair {
  const { tree, links } = indexOf(stack);
  const before = ownViewAtLayer(stack, from - 1);
  const watcher: Watcher = { reasons: new Uint8Array(tree.count), marks: new Uint8Array(tree.count) };
  const applier = createApplier(tree, copyView(before));
  for (let layer = from; layer <= to; layer++) applyLayer(applier, layer, watcher);
  const twins = tree.layers.map((_, layer) => layer);
  return { tree, before, after: applier.view, links, from, beforeBase: 0, afterBase: 0, watcher, twins, sums };
}

/**
 * Returns what the layers from `from` to `to` (inclusive, 0 is the bottom) changed together: rows for changes, and for the folders that
 * lead to them. A removed folder is one row with the sum of what it contained. A folder that remains while a whiteout or opaque marker hid
 * its content has that `reason` and the sum; the topmost hidden paths have rows below the folder. Files with equal sizes that can't be
 * compared without reading them are `unread`. Throws NOT_FOUND for a layer that doesn't exist or a reversed range.
 */
export function changesOf(stack: Stack, from: number, to: number, { sums = 'trusted' }: SumOptions = {}): RowTable {
  checkLayer(stack, from);
  checkLayer(stack, to);
  if (from > to) throw new LayerscopeError('NOT_FOUND', `no layers from ${from} to ${to}`);
  return changeRows(watched(stack, from, to, sums), false);
}

/**
 * Returns the file system as seen at a layer, with a row for each path of the view. Marks paths that this layer added or modified. Throws
 * NOT_FOUND for a layer that doesn't exist.
 */
export function viewAt(stack: Stack, layer: number): RowTable {
  checkLayer(stack, layer);
  return changeRows(watched(stack, layer, layer, 'trusted'), true);
}

export interface CompareViewsOptions extends SumOptions {
  /**
   * Whether layer `a` of stack A and layer `b` of stack B have the same content (the same digest or diffID). Files from such layers are
   * equal without being read. Default: whether they are the same table object.
   */
  readonly isSameLayer?: (a: number, b: number) => boolean;
}

/**
 * Compares the view of stack A at `layerA` with that of stack B at `layerB`: rows for what B added, modified (for folders, in more than the
 * time) or removed, and for the folders that lead to those. `layer` and `entry` refer to stack B (to A for removed rows), `previousLayer`
 * and `previousEntry` to A. Files with equal sizes that may have the same bytes are `unread`: the caller reads both. If the same names
 * share a body in both views, which of them are hard links doesn't matter. Layer -1 is an empty view. Throws NOT_FOUND for other layers
 * that don't exist.
 */
export function compareViews(a: Stack, layerA: number, b: Stack, layerB: number, options: CompareViewsOptions = {}): RowTable {
  if (layerA !== -1) checkLayer(a, layerA);
  if (layerB !== -1) checkLayer(b, layerB);
  const rest = { from: null, beforeBase: 0, watcher: null, sums: options.sums ?? ('hints' as const) };
  if (a === b) {
    const { tree, links } = indexOf(a);
    const twins = tree.layers.map((table, layer) => (table === null ? layer : tree.layers.indexOf(table)));
    return changeRows({ ...rest, tree, before: viewAtLayer(a, layerA), after: viewAtLayer(a, layerB), links, afterBase: 0, twins }, false);
  }
  const base = a.layers.length;
  const tables = [...a.layers, ...b.layers];
  if (tables.length >= NO_LAYER) throw new LayerscopeError('TOO_LARGE', `images of ${tables.length} layers together`);
  const tree = buildTree(tables, a.caseInsensitive || b.caseInsensitive);
  const view = (from: number, to: number): View => (to < from ? emptyView(tree) : viewOf(tree, from, to));
  const isSame = options.isSameLayer ?? ((one: number, two: number) => a.layers[one] !== null && a.layers[one] === b.layers[two]);
  const twins = tables.map((_, layer) => {
    if (layer < base) return layer;
    for (let one = 0; one < base; one++) if (isSame(one, layer - base)) return one;
    return layer;
  });
  const links = [...indexOf(a).links, ...indexOf(b).links.map((table) => shifted(table, base))];
  return changeRows({ ...rest, tree, before: view(0, layerA), after: view(base, base + layerB), links, afterBase: base, twins }, false);
}

function shifted(table: LinkTable | null, base: number): LinkTable | null {
  return table === null ? null : { ...table, targetLayer: table.targetLayer.map((layer) => (layer === NO_LAYER ? layer : layer + base)) };
}
