// Reads columns of one of a catalog's Parquet files, a row group at a time. hyparquet parses the file, but what it would trust is checked
// first.
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { type ColumnMetaData, type FileMetaData, parquetMetadata, type RowGroup, type SchemaElement } from 'hyparquet';
import { readColumn } from 'hyparquet/src/column.js';
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import { type ColumnType, TABLES, type TableName } from '#catalog/layout';
import { displayText, fileError, LayerscopeError } from '#model';
import {
  MOST_CHUNK_BYTES,
  MOST_COLUMNS,
  MOST_FOOTER_BYTES,
  MOST_FOOTER_VALUES,
  MOST_GROUP_PLAIN_BYTES,
  MOST_GROUP_ROWS,
} from './bounds.ts';
import { checkPages, DECOMPRESSORS } from './page-check.ts';
import { checkThrift } from './thrift-check.ts';

/** A cell's value. 64-bit integers are rounded to the nearest JavaScript number; times are milliseconds since 1970, UTC. */
export type CellValue = string | number | boolean | null;

/** Columns of a row group. */
type GroupCells<Name extends string> = Record<Name, readonly CellValue[]> & {
  readonly rows: number;
  /** Total size of these columns' pages, decompressed. */
  readonly plainBytes: number;
};

/** Types of the columns that can be read: not bytes, lists or maps. */
type ReadType = Exclude<ColumnType, 'bytes' | 'texts' | 'textMap'>;

/** A Parquet file ends with the length of its footer and these bytes. */
const MAGIC = 'PAR1';
const TAIL_BYTES = 8;

const ELEMENTS: Readonly<Record<ReadType, Pick<SchemaElement, 'type' | 'converted_type'>>> = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  int: { type: 'INT32' },
  long: { type: 'INT64' },
  time: { type: 'INT64' },
  flag: { type: 'BOOLEAN' },
};

/** An open file of a table. The caller disposes of it. */
export class TableFile implements Disposable {
  readonly #handle: number;
  readonly #bytes: number;
  readonly #metadata: FileMetaData;
  readonly #table: TableName;

  private constructor(handle: number, bytes: number, metadata: FileMetaData, table: TableName) {
    this.#handle = handle;
    this.#bytes = bytes;
    this.#metadata = metadata;
    this.#table = table;
  }

  /** Throws NOT_FOUND, PERMISSION, IO; or DAMAGED, TOO_LARGE, UNSUPPORTED with a message that names the file. */
  static open(file: string, table: TableName): TableFile {
    const handle = opened(file);
    try {
      const stats = fstatSync(handle);
      if (!stats.isFile()) throw new LayerscopeError('UNSUPPORTED', 'it is not a file');
      return new TableFile(handle, stats.size, readMetadata(handle, stats.size), table);
    } catch (error) {
      closeSync(handle);
      throw tableError(error, file);
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#handle);
  }

  get groups(): number {
    return this.#metadata.row_groups.length;
  }

  /** Returns the number of rows in a row group. Throws DAMAGED, TOO_LARGE. */
  rowsOf(index: number): number {
    const group = this.#metadata.row_groups[index];
    const rows = Number(group?.num_rows ?? 0);
    if (group === undefined || !(rows >= 0)) throw new LayerscopeError('DAMAGED', 'its rows can’t be read');
    if (rows > MOST_GROUP_ROWS) throw new LayerscopeError('TOO_LARGE', 'it has too many rows in one row group');
    return rows;
  }

  /**
   * Reads columns of a row group: for each wanted name, the cells of all rows. A column that the file lacks is all nulls. `heldBytes`:
   * `plainBytes` of the group's columns that were read before and are still in memory. Throws DAMAGED, TOO_LARGE, UNSUPPORTED, IO.
   */
  readGroup<Name extends string>(index: number, wanted: readonly Name[], heldBytes = 0): GroupCells<Name> {
    const rows = this.rowsOf(index);
    const group = this.#metadata.row_groups[index] as RowGroup;
    try {
      let plainBytes = 0;
      const columns = wanted.map((name) => {
        const read = this.#readColumn(group, name, rows, MOST_GROUP_PLAIN_BYTES - heldBytes - plainBytes);
        plainBytes += read.plainBytes;
        return [name, read.cells] as const;
      });
      return { ...(Object.fromEntries(columns) as Record<Name, readonly CellValue[]>), rows, plainBytes };
    } catch (error) {
      throw readError(error);
    }
  }

  #readColumn(group: RowGroup, name: string, rows: number, mostPlainBytes: number): ColumnCells {
    const chunk = group.columns.find(({ meta_data }) => meta_data?.path_in_schema.length === 1 && meta_data.path_in_schema[0] === name);
    const element = this.#metadata.schema.find((each) => each.name === name && each.type !== undefined);
    if (chunk === undefined || element === undefined || rows === 0) return { cells: nullCells(rows), plainBytes: 0 };
    const type = typeOf(this.#table, name);
    const { meta_data: facts, file_path: elsewhere } = chunk;
    if (facts === undefined || elsewhere !== undefined || element.type !== ELEMENTS[type].type || facts.type !== element.type) {
      throw new LayerscopeError('UNSUPPORTED', `its column ${displayText(name)} has another type`);
    }
    if (element.repetition_type !== 'OPTIONAL' && element.repetition_type !== 'REQUIRED') {
      throw new LayerscopeError('UNSUPPORTED', `its column ${displayText(name)} holds lists`);
    }
    const { codec } = facts;
    return cellsOf(this.#readChunk(facts), { type, codec, name, rows, repetition: element.repetition_type, mostPlainBytes });
  }

  #readChunk(facts: ColumnMetaData): Uint8Array<ArrayBuffer> {
    const start = Number(facts.dictionary_page_offset || facts.data_page_offset);
    const length = Number(facts.total_compressed_size);
    if (!(start >= 0 && length > 0 && start + length <= this.#bytes))
      throw new LayerscopeError('TRUNCATED', 'one of its columns is missing');
    if (length > MOST_CHUNK_BYTES) throw new LayerscopeError('TOO_LARGE', 'one of its columns is too large');
    return readBytes(this.#handle, start, length);
  }
}

let nulls: readonly null[] = [];

/** Reuses the previous list if it has the same length: a file may claim a million rows without having a single column. */
function nullCells(rows: number): readonly null[] {
  if (nulls.length !== rows) nulls = new Array<null>(rows).fill(null);
  return nulls;
}

/** Names the file in an error that occurred while reading it. */
export function tableError(error: unknown, file: string): LayerscopeError {
  const known = readError(error);
  if (!(known instanceof LayerscopeError)) return fileError(known, file);
  return new LayerscopeError(known.code, `${displayText(file)}: ${known.message}`, { cause: known });
}

/** Errors from hyparquet mean that the file is damaged; system errors and our own are kept. */
function readError(error: unknown): unknown {
  if (error instanceof LayerscopeError || (error as NodeJS.ErrnoException).syscall !== undefined) return error;
  return new LayerscopeError('DAMAGED', 'it can’t be read as Parquet', { cause: error });
}

function opened(file: string): number {
  try {
    // Opening a named pipe must not block until somebody writes to it.
    return openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw fileError(error, file);
  }
}

function readMetadata(handle: number, size: number): FileMetaData {
  if (size < 2 * MAGIC.length + 4) throw new LayerscopeError('TRUNCATED', 'it is too short');
  const tail = readBytes(handle, size - TAIL_BYTES, TAIL_BYTES);
  const view = new DataView(tail.buffer);
  if (new TextDecoder('latin1').decode(tail.subarray(4)) !== MAGIC)
    throw new LayerscopeError('TRUNCATED', 'it is not a complete Parquet file');
  const length = view.getUint32(0, true);
  if (length > size - TAIL_BYTES) throw new LayerscopeError('TRUNCATED', 'it was cut off');
  if (length > MOST_FOOTER_BYTES) throw new LayerscopeError('TOO_LARGE', 'its footer is too large');
  const footer = readBytes(handle, size - TAIL_BYTES - length, length + TAIL_BYTES);
  checkThrift(footer.subarray(0, length), MOST_FOOTER_VALUES);
  const metadata = parquetMetadata(footer.buffer, { geoparquet: false });
  if (metadata.schema.length > MOST_COLUMNS) throw new LayerscopeError('TOO_LARGE', 'it has too many columns');
  return metadata;
}

function readBytes(handle: number, start: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const read = readSync(handle, bytes, at, length - at, start + at);
    if (read === 0) throw new LayerscopeError('TRUNCATED', 'it was shortened while it was read');
    at += read;
  }
  return bytes;
}

function typeOf(table: TableName, name: string): ReadType {
  const type: ColumnType | undefined = TABLES[table].find((column) => column.name === name)?.type;
  if (type === undefined || type === 'bytes' || type === 'texts' || type === 'textMap') {
    throw new Error(`${table} has no such column to read: ${name}`);
  }
  return type;
}

interface ColumnFacts {
  readonly type: ReadType;
  readonly codec: ColumnMetaData['codec'];
  readonly name: string;
  readonly rows: number;
  readonly repetition: 'OPTIONAL' | 'REQUIRED';
  readonly mostPlainBytes: number;
}

interface ColumnCells {
  readonly cells: readonly CellValue[];
  readonly plainBytes: number;
}

/**
 * Decodes a column's pages. hyparquet gets the catalog's description of the column, not the file's, which may ask for other conversions.
 */
function cellsOf(bytes: Uint8Array<ArrayBuffer>, { type, codec, name, rows, repetition, mostPlainBytes }: ColumnFacts): ColumnCells {
  const plainBytes = checkPages({ bytes, codec, rows, isOptional: repetition === 'OPTIONAL', isFlag: type === 'flag', mostPlainBytes });
  const element = { name, repetition_type: repetition, ...ELEMENTS[type] } as const;
  const root = { element: { name: 'root', num_children: 1 }, children: [], count: 2, path: [] };
  const { data } = readColumn(
    { view: new DataView(bytes.buffer), offset: 0 },
    { groupStart: 0, selectStart: 0, selectEnd: rows, groupRows: rows },
    {
      pathInSchema: [name],
      type: element.type as NonNullable<SchemaElement['type']>,
      element,
      schemaPath: [root, { element, children: [], count: 1, path: [name] }],
      codec,
      compressors: DECOMPRESSORS,
      parsers: DEFAULT_PARSERS,
    },
  );
  const cells = data.flatMap((part) => Array.from(part as ArrayLike<unknown>, (value) => cellOf(value, type)));
  if (cells.length !== rows) throw new LayerscopeError('DAMAGED', 'one of its columns has the wrong number of rows');
  return { cells, plainBytes };
}

function cellOf(value: unknown, type: ReadType): CellValue {
  if (typeof value === 'bigint') return type === 'time' ? Number(value / 1000n) : Number(value);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}
