/**
 * The registry of Windows images: which hives each layer has, what a layer changed in them, and what a stack of them shows.
 *
 * - **hive**: a base hive of the system (SYSTEM, SOFTWARE, SAM, SECURITY, DEFAULT), which a layer has as a whole, or any other hive file,
 *   named by its path. **delta**: a layer's changes to a base hive, in its folder `Hives`.
 * - **view**: what a hive and the deltas over it show at a layer.
 *
 * `format/layer` finds the files. `image-registry.ts` opens and stacks them, `registry-json.ts` has the JSON of the command line,
 * `registry-reports.ts` what the window asks for. A door of its own, because only the command `hive` and the window's Registry need it.
 */
export { SYSTEM_HIVES } from '#format/layer';
export * from './hive-file.ts';
export * from './hive-search.ts';
export * from './image-registry.ts';
export * from './reg-export.ts';
export * from './registry-json.ts';
export * from './registry-reports.ts';
