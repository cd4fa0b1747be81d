/**
 * What a user can do, without any user interface: one file a verb. The command line and the host call it.
 *
 * - `image/`: choose an image and load its layers.
 * - `read/`: everything that can be shown of an image: lists, changes, comparisons, contents, waste, search.
 * - `export/`: save entries, layers and images as files.
 * - `check/`: the rules of `layerscope check`.
 * - `library/`: open archives, jobs and their topics, for the window.
 * - `store/`: stores of images and layers.
 * - `system/`: the cache folder, administrator rights.
 *
 * Start with `image/types.ts`: most functions take a `LoadedImage`.
 */
export { preflight } from '#driver';
export * from './check/check-config.ts';
export * from './check/check-exclude.ts';
export * from './check/check-rules.ts';
export { parseByteSize } from './check/check-values.ts';
export * from './export/entry-export.ts';
export * from './export/export-path.ts';
export { exportImage } from './export/image-export.ts';
export * from './export/replace-file.ts';
export * from './export/save-file.ts';
export * from './image/choose-image.ts';
export * from './image/inspect-archive.ts';
export * from './image/load-image.ts';
export type * from './image/types.ts';
export * from './library/jobs.ts';
export * from './library/library.ts';
export type { ExportRequest } from './library/library-exports.ts';
export * from './library/state-topic.ts';
export * from './read/compare-images.ts';
export * from './read/config-differences.ts';
export * from './read/entry-details.ts';
export * from './read/entry-json.ts';
export * from './read/find-rewritten.ts';
export * from './read/find-row.ts';
export * from './read/json-lines.ts';
export * from './read/list-archive.ts';
export * from './read/list-changes.ts';
export * from './read/list-view.ts';
export * from './read/read-content.ts';
export * from './read/read-raw-entry.ts';
export * from './read/report-waste.ts';
export * from './read/resolve-path.ts';
export * from './store/images/layer-transfer.ts';
export * from './store/images/store-home.ts';
export * from './store/images/stored-images.ts';
export * from './store/store-list.ts';
export { serveStores } from './store/thread/server.ts';
export type { ElevatedLaunch, StoreLocation } from './store/thread/store-service.ts';
export * from './store/thread/store-thread.ts';
export * from './system/cache-folder.ts';
export * from './system/elevated.ts';
