import type { Cell, Column, Row } from '#catalog/layout';
import { cellChunks } from './parquet/cell-chunks.ts';
import type { RowGroup } from './parquet/chunks.ts';

/** Rows per group. A million entries are eight groups. */
export const GROUP_ROWS = 131_072;
/** Columns by which query engines select the files and row groups to read. */
const BOUNDED: ReadonlySet<string> = new Set(['layer', 'path', 'image', 'chain', 'code', 'name', 'repository']);

/** Splits rows into row groups. */
export function* groupsOf(columns: readonly Column[], rows: Iterable<Row>): Generator<RowGroup> {
  let group: Row[] = [];
  for (const row of rows) {
    if (group.push(row) < GROUP_ROWS) continue;
    yield groupOf(columns, group);
    group = [];
  }
  if (group.length > 0) yield groupOf(columns, group);
}

function groupOf(columns: readonly Column[], rows: readonly Row[]): RowGroup {
  const chunks = columns.flatMap((column) => {
    const cells = rows.map((row): Cell => row[column.name] ?? null);
    return cellChunks(column, cells, BOUNDED.has(column.name));
  });
  return { rows: rows.length, chunks };
}
