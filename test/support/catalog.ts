// Makes small fleets of images, and reads catalogs with DuckDB alone, without the program's own reader.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { TableName } from '#catalog';
import { archiveOf, Files, type LayerSpec, ociImage, ociLayout, writeFolder } from './image-builder.ts';

export type CatalogRow = Readonly<Record<string, unknown>>;

/** Runs a query on DuckDB, with `DIR` in it replaced by the folder. Large integers are numbers, times are strings. */
export async function duckRows(folder: string, sql: string): Promise<CatalogRow[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const result = await connection.runAndReadAll(sql.replaceAll('DIR', folder));
    return result.getRowObjects().map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, shown(value)])));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function shown(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value === null || typeof value !== 'object') return value;
  if ('items' in value) return value.items;
  if ('bytes' in value) return Buffer.from(value.bytes as Uint8Array).toString('latin1');
  return String(value);
}

/** Returns all of a table's rows. */
export function tableRows(folder: string, table: TableName): Promise<CatalogRow[]> {
  return duckRows(folder, `SELECT * FROM read_parquet('DIR/${table}/*.parquet')`);
}

export interface SmallImage {
  readonly name: string;
  readonly layers: readonly LayerSpec[];
  readonly created?: string;
  readonly history?: readonly string[];
  readonly config?: object;
}

/** Returns the images' descriptors; adds their blobs to `files`. */
export function fleetOf(files: Files, images: readonly SmallImage[]): ReturnType<typeof ociImage>[] {
  return images.map(({ name, layers, created, history, config }) =>
    ociImage(files, {
      layers: [...layers],
      config: {
        ...(created === undefined ? {} : { created }),
        ...(config === undefined ? {} : { config }),
        ...(history === undefined ? {} : { history: history.map((created_by) => ({ created_by })) }),
      },
      annotations: { 'org.opencontainers.image.ref.name': name, 'io.containerd.image.name': name },
    }),
  );
}

/** Writes an OCI layout with the images; returns its folder. */
export function writeLayout(folder: string, images: readonly SmallImage[]): string {
  const files = new Files();
  mkdirSync(folder, { recursive: true });
  writeFolder(folder, ociLayout(files, fleetOf(files, images)));
  return folder;
}

/** Writes an OCI archive with the images; returns the file. */
export function writeArchive(folder: string, name: string, images: readonly SmallImage[]): string {
  const files = new Files();
  const file = path.join(folder, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, archiveOf(ociLayout(files, fleetOf(files, images))));
  return file;
}
