/**
 * A catalog in the window: its images and layers, and searches over all of them. Files are read by hyparquet, not DuckDB, on a worker and
 * within fixed limits (`bounds.ts`), because a catalog may come from anybody.
 *
 * - `catalog-list.ts`: open catalogs. Begin there.
 * - `read-overview.ts` reads what the window shows first, and `overview.ts` assembles it. `search.ts`: a search, part by part.
 * - `catalog-thread.ts`: the main thread's side of the worker; `tasks.ts`: the worker's tasks.
 * - `table-file.ts` reads a file; `thrift-check.ts` and `page-check.ts` check what hyparquet would trust.
 */

export { looksLikeCatalog } from '#catalog/layout';
export * from './catalog-list.ts';
export * from './catalog-thread.ts';
