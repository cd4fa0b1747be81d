/**
 * Windows registry hives (regf): intact ones, damaged ones as far as they are readable, dirty ones with their logs, and stacks of the delta
 * hives that Windows keeps per layer. Pure and read-only. A hive is one `Uint8Array`; keys and values are created as they are read and not
 * kept.
 *
 * - **hive**: a file that contains a tree of keys. **bin**, **cell**: what its bytes are divided into. **log**: changes not yet in the
 * file.
 * - **layered hive**, **delta**: a hive whose records state how they combine with those in the hives below: merge, tombstone, supersede.
 * - **view**: what a stack of hives shows together.
 * - **remnant**: the record of a deleted key or value in a free cell. It isn't part of any walk, view or comparison.
 *
 * Begin with `hive.ts` (`openHive`), then `walk-hive.ts` for one hive, `walk-view.ts` for a stack and `view-changes.ts` for what a layer
 * changed. Files that read records begin with the layout of their bytes.
 */

export { MAX_HIVE_BYTES } from './base-block.ts';
export { type DataPieces, joinData } from './data.ts';
export { type Hive, isHive, needsLogs, openHive } from './hive.ts';
export { foldKeyName } from './key-names.ts';
export { type HiveProblem, ProblemList } from './problems.ts';
export { createRegFile, type RegFile } from './reg-file.ts';
export { findRemnants, type HiveRemnant } from './remnants.ts';
export type { SecurityAt } from './security-cell.ts';
export { type HiveValue, VALUE_TYPE, valueTypeName } from './value-record.ts';
export { dataText, isTextType, stringsOf } from './value-text.ts';
export { type HiveChange, type ValueChange, viewChanges, viewSteps } from './view-changes.ts';
export { findKeys, type KeyAt, type WalkedKey, walkHive } from './walk-hive.ts';
export { type LayerHive, type ShownKey, type ShownValue, viewKeyAt, walkView } from './walk-view.ts';
