/**
 * Catalogs: the facts of many images as Parquet files in a folder, and questions to them in SQL.
 *
 * - **catalog**: the folder. A table is a folder in it, with a file for each layer or image; docs/formats/catalog.md says what they hold.
 * - **subject**: what is indexed: a file, a folder or an image by its name, which may hold several images.
 * - **facts of a layer**: its entries. They never change under its diffID, so they are written once, by whoever comes first.
 * - **facts of an image**: its history, packages and findings, by the image's id, which is its config's digest.
 * - **row of an image**: that a subject has an image under a name.
 *
 * - **question**: a query that ships with the program, in `questions/`.
 *
 * Begin with index-images.ts. layout/ declares the tables, catalog-folder.ts places the files, image-indexer.ts reads an image;
 * catalog-reader.ts asks, by DuckDB.
 */

export * from '#catalog/layout';
export { CatalogFolder } from './catalog-folder.ts';
export * from './catalog-reader.ts';
export { loadDuckDb } from './duckdb.ts';
export * from './index-images.ts';
export type { PlainValue } from './plain-value.ts';
export * from './questions.ts';
