import type { LayerTable } from '#format/layer';
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

/** Maximum number of layers times paths that {@link changesOfEachLayer} goes through: 127 layers of 15 million paths. */
const MAX_LAYERS_BY_PATHS = 2e9;

function changesSomething(table: LayerTable | null): boolean {
  return table !== null && table.memberCount > 0;
}

/** What one layer changed. */
export interface LayerRows {
  readonly layer: number;
  /** As {@link changesOf} returns them. */
  readonly rows: RowTable;
}

/**
 * Yields what each layer changed, lowest layer first, leaving out layers that change nothing. Unlike calls of {@link changesOf}, doesn't
 * apply the layers below anew for each layer. Each layer still takes time in proportion to the number of paths in the image, so images
 * where the two multiply to far more than in real images are refused. Throws TOO_LARGE.
 */
export function* changesOfEachLayer(stack: Stack, { sums = 'trusted' }: SumOptions = {}): Generator<LayerRows, void> {
  const { tree, links } = indexOf(stack);
  const filled = tree.layers.filter(changesSomething).length;
  if (filled * tree.count > MAX_LAYERS_BY_PATHS)
    throw new LayerscopeError('TOO_LARGE', `an image of ${filled} layers and ${tree.count} paths can't be searched as a whole`);
  const applier = createApplier(tree);
  const before = emptyView(tree);
  const watcher: Watcher = { reasons: new Uint8Array(tree.count), marks: new Uint8Array(tree.count) };
  const twins = tree.layers.map((_, layer) => layer);
  for (const [layer, table] of tree.layers.entries()) {
    if (!changesSomething(table)) continue;
    before.type.set(applier.view.type);
    before.layer.set(applier.view.layer);
    before.member.set(applier.view.member);
    watcher.reasons.fill(0);
    watcher.marks.fill(0);
    applyLayer(applier, layer, watcher);
    const pair = { tree, before, after: applier.view, links, from: layer, beforeBase: 0, afterBase: 0, watcher, twins, sums };
    yield { layer, rows: changeRows(pair, false) };
  }
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
   * Returns the lowest layer of stack A with the same content (the same digest or diffID) as a layer of stack B; -1 if there is none. Files
   * from such layers are equal without being read. Default: the lowest layer with the same table object.
   */
  readonly twinOf?: (layer: number) => number;
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
    const lowest = lowestOf(tree.layers);
    const twins = tree.layers.map((table, layer) => (table === null ? layer : (lowest.get(table) as number)));
    return changeRows({ ...rest, tree, before: viewAtLayer(a, layerA), after: viewAtLayer(a, layerB), links, afterBase: 0, twins }, false);
  }
  const base = a.layers.length;
  const tables = [...a.layers, ...b.layers];
  if (tables.length >= NO_LAYER) throw new LayerscopeError('TOO_LARGE', `images of ${tables.length} layers together`);
  const tree = buildTree(tables, a.caseInsensitive || b.caseInsensitive);
  const view = (from: number, to: number): View => (to < from ? emptyView(tree) : viewOf(tree, from, to));
  const lowest = lowestOf(a.layers);
  const twinOf = options.twinOf ?? ((layer: number) => lowest.get(b.layers[layer] ?? null) ?? -1);
  const twins = tables.map((_, layer) => {
    const twin = layer < base ? -1 : twinOf(layer - base);
    return twin < 0 ? layer : twin;
  });
  const links = [...indexOf(a).links, ...indexOf(b).links.map((table) => shifted(table, base))];
  return changeRows({ ...rest, tree, before: view(0, layerA), after: view(base, base + layerB), links, afterBase: base, twins }, false);
}

/** Returns the lowest layer of each table. An image may have the same layer thousands of times. */
function lowestOf(layers: readonly (LayerTable | null)[]): ReadonlyMap<LayerTable | null, number> {
  const lowest = new Map<LayerTable | null, number>();
  for (const [layer, table] of layers.entries()) if (table !== null && !lowest.has(table)) lowest.set(table, layer);
  return lowest;
}

function shifted(table: LinkTable | null, base: number): LinkTable | null {
  return table === null ? null : { ...table, targetLayer: table.targetLayer.map((layer) => (layer === NO_LAYER ? layer : layer + base)) };
}
