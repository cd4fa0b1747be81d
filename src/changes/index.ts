/**
 * Layers stacked into file systems, and what changes between them. Pure: no I/O, no clock.
 *
 * - **stack**: the layers of an image, one on another. **view**: the file system as seen at a layer.
 * - **change**: a path that a layer adds, modifies or removes. **comparison**: the changes between two views.
 * - **implied folder**: a folder without an entry of its own, on the way to one that has.
 * - **body**: the content of a regular file; hard links are further names of one body.
 *
 * Begin with `stack.ts` (`buildStack`) and `view.ts`, which knows what a whiteout does. `row-tables.ts` makes row tables of stacks:
 * changes, views and comparisons. The rest works on row tables by row number: filter, sort, fold, totals, treemap.
 */
export { bytesBefore, bytesNow, countBodies, type SideSums, sideSums } from './counted-bodies.ts';
export { keepRows } from './keep-rows.ts';
export { figuresWithout } from './kept-figures.ts';
export { history, lookup, resolveBody, resolveEntry, resolveEntryBody, type StreamAt, streamsOf } from './lookup.ts';
export { sortedByPathBytes } from './path-order.ts';
export { changesOf, compareViews, viewAt } from './row-tables.ts';
export { sameSums } from './same-entry.ts';
export { sortChildren } from './sort-children.ts';
export * from './sorted-rows.ts';
export { buildStack } from './stack.ts';
export { addTotals, emptyTotals, type SubtreeTotals, subtreeTotals } from './subtree-totals.ts';
export { type TreemapRect, treemap } from './treemap.ts';
export type * from './types.ts';
export { visibleRows } from './visible-rows.ts';
export { wastedByLayer, wastedFiles } from './wasted-files.ts';
