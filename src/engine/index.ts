/**
 * What a user can do, without any user interface: one file per verb. The command line and the host call it.
 *
 * - `image/`: choose an image and load its layers.
 * - `open/`: open an image by its name.
 * - `read/`: everything that can be shown of an image: lists, changes, comparisons, contents, waste, search.
 * - `export/`: save entries, layers and images as files.
 * - `provenance/`: where paths and layers come from, attestations and signatures.
 * - `check/`: the rules of `layerscope check`.
 * - `slim/`: what an image would weigh if its layers were made differently.
 * - `library/`: open archives, jobs and their topics, for the window.
 * - `store/`: stores of images and layers.
 * - `system/`: the cache folder, administrator rights.
 * - `turns/`: lets the event loop run during long work.
 *
 * Start with `image/types.ts`: most functions take a `LoadedImage`.
 */
export { preflight } from '#driver';
export * from './check/check-config.ts';
export * from './check/check-exclude.ts';
export { withoutIgnored } from './check/check-ignore.ts';
export * from './check/check-rules.ts';
export { parseByteSize } from './check/check-values.ts';
export { pipelineReports } from './check/pipeline-report.ts';
export * from './export/entry-export.ts';
export * from './export/export-path.ts';
export { exportImage } from './export/image-export.ts';
export * from './export/save-file.ts';
export * from './image/choose-image.ts';
export * from './image/inspect-archive.ts';
export * from './image/load-image.ts';
export { artifactReport } from './image/stated-reports.ts';
export type * from './image/types.ts';
export * from './library/jobs.ts';
export * from './library/library.ts';
export type { ExportRequest } from './library/library-exports.ts';
export type { OpenRequest } from './library/open-archives.ts';
export * from './library/state-topic.ts';
export * from './open/list-engine.ts';
export * from './open/named-images.ts';
export * from './open/open-named.ts';
export * from './provenance/image-provenance.ts';
export * from './provenance/sboms.ts';
export * from './provenance/verify-signatures.ts';
export * from './provenance/why-path.ts';
export * from './read/break-down.ts';
export * from './read/compare-images.ts';
export * from './read/config-differences.ts';
export { diffMarkdown } from './read/diff-markdown.ts';
export * from './read/entry-details.ts';
export * from './read/entry-json.ts';
export * from './read/find-paths.ts';
export * from './read/find-rewritten.ts';
export * from './read/find-row.ts';
export { folderFacts } from './read/folder-facts.ts';
export * from './read/json-lines.ts';
export * from './read/list-archive.ts';
export * from './read/list-changes.ts';
export * from './read/list-view.ts';
export * from './read/read-content.ts';
export * from './read/read-raw-entry.ts';
export * from './read/report-waste.ts';
export * from './read/resolve-path.ts';
export * from './read/row-paths.ts';
export { weighSlim } from './slim/weigh-slim.ts';
export { plannedWeight, planOf, type Weight, weightOf } from './slim/weights.ts';
export * from './slim/what-if.ts';
export { packSlim } from './slim/write-slim.ts';
export { commitCopy } from './store/images/commit-copy.ts';
export * from './store/images/layer-transfer.ts';
export { discardCopy } from './store/images/removal.ts';
export * from './store/images/store-home.ts';
export * from './store/images/stored-images.ts';
export * from './store/store-list.ts';
export { serveStores } from './store/thread/server.ts';
export type { ElevatedLaunch, StoreLocation } from './store/thread/store-service.ts';
export * from './store/thread/store-thread.ts';
export * from './system/cache-folder.ts';
export * from './system/elevated.ts';
