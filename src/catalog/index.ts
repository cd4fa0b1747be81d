/**
 * Catalogs: the facts of many images as Parquet files in a folder, queried in SQL.
 *
 * - **catalog**: the folder. A table is a subfolder, with a file for each layer or image; docs/formats/catalog.md describes the files.
 * - **subject**: a file, a folder or an image name that is indexed. It may contain several images.
 * - **facts of a layer**: its entries. For a given diffID they never change, so they are written only once, by whichever process is first.
 * - **facts of an image**: its history, packages and findings, by the image's id, which is its config's digest.
 * - **row of an image**: records that a subject has an image under a name.
 *
 * - **question**: a query that ships with the program, in `questions/`.
 *
 * Begin with index-images.ts. layout/ declares the tables, catalog-folder.ts places the files, image-indexer.ts reads an image;
 * catalog-reader.ts runs queries, with DuckDB.
 */

export * from '#catalog/layout';
export { CatalogFolder } from './catalog-folder.ts';
export * from './catalog-reader.ts';
export { loadDuckDb } from './duckdb.ts';
export * from './index-images.ts';
export type { PlainValue } from './plain-value.ts';
export * from './questions.ts';
