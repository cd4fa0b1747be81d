/**
 * A catalog for the window: its images and layers, and searches over all of them. Files are read by hyparquet, not DuckDB, on a worker and
 * within fixed bounds (`bounds.ts`), because a catalog may come from anybody.
 *
 * - `catalog-list.ts`: open catalogs. Begin there.
 * - `read-overview.ts`, `overview.ts`: what is read first, and what is made of it. `search.ts`: a search, part by part.
 * - `catalog-thread.ts`: the program's side of the worker; `tasks.ts`: what the worker does.
 * - `table-file.ts` reads a file; `thrift-check.ts` and `page-check.ts` check what hyparquet would trust.
 */

export { looksLikeCatalog } from '#catalog/layout';
export * from './catalog-list.ts';
export * from './catalog-thread.ts';
