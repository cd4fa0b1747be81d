/**
 * How a catalog is laid out in its folder: its tables and their columns (`schema.ts`), and which files are its own (`catalog-files.ts`).
 * Shared by the writer, the queries with DuckDB and the window's reader.
 */
export * from './catalog-files.ts';
export * from './schema.ts';
