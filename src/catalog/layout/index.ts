/**
 * How a catalog lies in its folder: its tables and their columns (`schema.ts`), and which files are its own (`catalog-files.ts`). The
 * writer, DuckDB's side and the window's reader share it.
 */
export * from './catalog-files.ts';
export * from './schema.ts';
