/**
 * Layers stacked into file systems, and what changes between them. Pure: no I/O, no clock.
 *
 * - **stack**: the layers of an image, applied one on another. **view**: the file system as seen at a layer.
 * - **change**: a path that a layer adds, modifies or removes. **comparison**: the changes between two views.
 * - **implied folder**: a folder without its own entry, but with entries below it.
 * - **body**: the content of a regular file; hard links are further names of one body.
 *
 * Begin with `stack.ts` (`buildStack`) and `view.ts`, which applies whiteouts. `row-tables.ts` makes row tables from stacks: changes, views
 * and comparisons. The rest works on row tables by row number: filter, sort, fold, totals, treemap.
 */
export { type BodyFate, bodyFates } from './body-fates.ts';
export { breakDown, type RowSum, type ScopeOfRows } from './break-down.ts';
export { bytesBefore, bytesNow, countBodies, type SideSums, sideSums } from './counted-bodies.ts';
export { ALL_DIFFERENCES, countDifferences, DIFFERENCE_CLASS, differenceClass } from './difference-classes.ts';
export { FILE_TYPES, fileTypeOf } from './file-types.ts';
export { firstOpen } from './first-open.ts';
export { keepRows } from './keep-rows.ts';
export { figuresWithout } from './kept-figures.ts';
export { type LaterRemovals, laterRemovals, mergedPathNumbers, pathNumber, ShownEntries } from './later-removals.ts';
export {
  history,
  lookup,
  type PathVersion,
  pathVersions,
  resolveBody,
  resolveEntry,
  resolveEntryBody,
  type StreamAt,
  streamsOf,
} from './lookup.ts';
export { type MatchedSums, matchedSumSteps } from './matched-sums.ts';
export { NodeViews } from './node-views.ts';
export { PathFollower } from './path-follower.ts';
export { sortedByPathBytes } from './path-order.ts';
export { changesOf, changesOfEachLayer, compareViews, viewAt } from './row-tables.ts';
export { sameSums } from './same-entry.ts';
export { type SlimLayer, type SlimPlan, slimBytes, slimPlan } from './slim-plan.ts';
export { sortChildren } from './sort-children.ts';
export * from './sorted-rows.ts';
export { buildStack, buildStackInTurns } from './stack.ts';
export { addTotals, emptyTotals, type SubtreeTotals, subtreeTotals } from './subtree-totals.ts';
export { type TreemapRect, treemap } from './treemap.ts';
export type * from './types.ts';
export { visibleRows } from './visible-rows.ts';
export { wastedByLayer, wasteOf } from './wasted-files.ts';
export { wholeImage } from './whole-image.ts';
