/**
 * The registry of Windows images: which hives each layer has, what a layer changed in them, and what a stack of them shows.
 *
 * - **hive**: a base hive of the system (SYSTEM, SOFTWARE, SAM, SECURITY, DEFAULT), stored whole in a layer, or any other hive file,
 *   identified by its path. **delta**: a layer's changes to a base hive, in its folder `Hives`.
 * - **view**: what a hive and the deltas stacked on it show at a layer.
 *
 * `format/layer` finds the files. `image-registry.ts` opens and stacks them, `compare-registries.ts` compares
 * two of them, `registry-json.ts` has the JSON of the command line, and
 * `registry-reports.ts` answers the window's queries. It has its own door, because only the commands `hive` and `diff --registry` and the
 * window's Registry need it.
 */
export { SYSTEM_HIVES } from '#format/layer';
export * from './compare-registries.ts';
export * from './hive-file.ts';
export * from './hive-search.ts';
export * from './image-registry.ts';
export * from './reg-export.ts';
export * from './registry-json.ts';
export * from './registry-reports.ts';
