// Converts a chunk of a result to rows of JavaScript values. The size of a row is computed before any of it is copied, because a few bytes
// in a file may stand for gigabytes in each row.
import type { DuckDBDataChunk, DuckDBVector } from '@duckdb/node-api';
import { formatSize, LayerscopeError } from '#model';
import type { DuckDb } from './duckdb.ts';
import { type PlainValue, plainValue } from './plain-value.ts';

/** Maximum total size, in bytes, of a row's strings and lists. */
const MOST_ROW_BYTES = 16 * 1024 * 1024;
/** Bytes per batch of rows, unless a single row has more. */
const PART_BYTES = 1024 * 1024;
/** Bytes per list item, besides its content. */
const ITEM_BYTES = 16;
/** Bytes per string in a vector: its length, then the string or a pointer to it. */
const TEXT_BYTES = 16;

/** Returns the size of a row's value, in bytes. */
type Measure = (row: number) => number;

/** The internal fields of vectors that are used here. */
interface Inside {
  readonly dataView?: DataView;
  readonly validity?: { itemValid(row: number): boolean };
  readonly listVector?: DuckDBVector;
  readonly structVector?: DuckDBVector;
  readonly structVec?: DuckDBVector;
  readonly entryVectors?: readonly DuckDBVector[];
  readonly childVector?: DuckDBVector;
  readonly childData?: DuckDBVector;
  getEntryOffset?(row: number): number;
  getEntryLength?(row: number): number;
}

/** Yields the rows of a chunk, in batches. Throws TOO_LARGE for a row with more than {@link MOST_ROW_BYTES}. */
export function* rowsOf(duck: DuckDb, chunk: DuckDBDataChunk): Generator<PlainValue[][]> {
  const vectors = Array.from({ length: chunk.columnCount }, (_, column) => chunk.getColumnVector(column));
  const measures = vectors.map((vector) => measureOf(duck, vector)).filter((measure) => measure !== null);
  const bytesOf: Measure = (row) => measures.reduce((sum, measure) => sum + measure(row), 0);
  const { rowCount } = chunk;
  for (let start = 0; start < rowCount; ) {
    let bytes = bytesOf(start);
    if (bytes > MOST_ROW_BYTES) {
      const most = formatSize(MOST_ROW_BYTES);
      throw new LayerscopeError(
        'TOO_LARGE',
        `a row of the answer takes ${formatSize(bytes)}, more than ${most}: left(COLUMN, 1000) returns the beginning of a string`,
      );
    }
    let end = start + 1;
    for (; end < rowCount; end++) {
      bytes += bytesOf(end);
      if (bytes > PART_BYTES) break;
    }
    // Vectors cache values that were read, so read from a slice: its cache is discarded with it.
    const columns = vectors.map((vector) => vector.slice(start, end - start).toArray());
    yield Array.from({ length: end - start }, (_, row) => columns.map((column) => plainValue(column[row] ?? null)));
    start = end;
  }
}

/** Returns a function that measures a vector's values; null for types with small values. */
function measureOf(duck: DuckDb, vector: DuckDBVector): Measure | null {
  const inside = vector as unknown as Inside;
  const { VARCHAR, BLOB, BIT, BIGNUM, GEOMETRY, ARRAY } = duck.DuckDBTypeId;
  const { typeId } = vector.type;
  if ([VARCHAR, BLOB, BIT, BIGNUM, GEOMETRY].includes(typeId)) {
    const { dataView, validity } = inside;
    if (dataView === undefined || validity === undefined) throw new Error('DuckDB’s layout of strings has changed');
    return (row) => (validity.itemValid(row) ? dataView.getUint32(row * TEXT_BYTES, true) : 0);
  }
  const same = inside.listVector ?? inside.structVector ?? inside.structVec;
  if (same !== undefined) return measureOf(duck, same);
  if (inside.entryVectors !== undefined) {
    const parts = inside.entryVectors.map((part) => measureOf(duck, part)).filter((part) => part !== null);
    return parts.length === 0 ? null : (row) => parts.reduce((sum, part) => sum + part(row), 0);
  }
  const items = inside.childVector ?? inside.childData;
  if (items === undefined) return null;
  const each = measureOf(duck, items);
  const length = typeId === ARRAY ? (vector.type as unknown as { readonly length: number }).length : 0;
  return (row) => {
    const isThere = inside.validity?.itemValid(row) !== false;
    const count = isThere ? (inside.getEntryLength?.(row) ?? length) : 0;
    const first = inside.getEntryOffset?.(row) ?? row * length;
    let bytes = count * ITEM_BYTES;
    if (each !== null) for (let at = first; at < first + count && bytes <= MOST_ROW_BYTES; at++) bytes += each(at);
    return bytes;
  };
}
