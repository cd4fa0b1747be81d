// Writes one Parquet file from rows, a row group at a time, so that a layer of any size takes the memory of one group.
import { closeSync, openSync, writeSync } from 'node:fs';
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { type Cell, type Column, type Row, SCHEMA_VERSION, VERSION_KEY } from '#catalog/layout';

/** Columns of one row group, parallel to the table's. All have the same length. */
export type RowGroup = readonly (readonly Cell[])[];

/** Rows of a group. A million entries are eight groups; a group of the longest usual paths takes some 100 MB while it is written. */
export const GROUP_ROWS = 131_072;

type SchemaElements = ConstructorParameters<typeof ParquetWriter>[0]['schema'];
type Element = SchemaElements[number];

const TEXT = { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } } as const;
const TIME = {
  type: 'INT64',
  converted_type: 'TIMESTAMP_MICROS',
  logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
} as const;

function elementsOf({ name, type }: Column): Element[] {
  const repetition_type = 'OPTIONAL';
  switch (type) {
    case 'text':
      return [{ name, ...TEXT, repetition_type }];
    case 'bytes':
      return [{ name, type: 'BYTE_ARRAY', repetition_type }];
    case 'int':
      return [{ name, type: 'INT32', repetition_type }];
    case 'long':
      return [{ name, type: 'INT64', repetition_type }];
    case 'time':
      return [{ name, ...TIME, repetition_type }];
    case 'flag':
      return [{ name, type: 'BOOLEAN', repetition_type }];
    case 'texts':
      return [
        { name, converted_type: 'LIST', logical_type: { type: 'LIST' }, repetition_type, num_children: 1 },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        { name: 'element', ...TEXT, repetition_type },
      ];
    case 'textMap':
      return [
        { name, converted_type: 'MAP', logical_type: { type: 'MAP' }, repetition_type, num_children: 1 },
        { name: 'key_value', repetition_type: 'REPEATED', num_children: 2 },
        { name: 'key', ...TEXT, repetition_type: 'REQUIRED' },
        { name: 'value', ...TEXT, repetition_type },
      ];
  }
}

/** Zstandard where Node has it (22.15 and later), otherwise gzip: every reader of Parquet knows both. */
const CODEC = typeof zstdCompressSync === 'function' ? 'ZSTD' : 'GZIP';
/** Pages are compressed one by one, and most are small: what a compressor allocates would take longer than its work. */
const COMPRESSORS = {
  ZSTD: (bytes: Uint8Array) => {
    const windowLog = Math.min(19, Math.max(10, Math.ceil(Math.log2(bytes.length + 1))));
    const params = { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_windowLog]: windowLog };
    return zstdCompressSync(bytes, { params, chunkSize: roomFor(bytes) });
  },
  GZIP: (bytes: Uint8Array) => gzipSync(bytes, { level: 1, chunkSize: roomFor(bytes) }),
};

function roomFor({ length }: Uint8Array): number {
  return Math.min(64 * 1024, length + 128);
}

/** A column with fewer rows or fewer different values than these takes no more room as it is. */
const FEWEST_ROWS = 64;
const FEWEST_VALUES = 16;

/** Whether compressing a column is worth its time: columns that repeat few values are written as numbers of these. */
function isWorthwhile(cells: readonly Cell[]): boolean {
  if (cells.length < FEWEST_ROWS) return false;
  const different = new Set<Cell>();
  for (const cell of cells) {
    different.add(cell);
    if (different.size > FEWEST_VALUES) return true;
  }
  return cells.length > GROUP_ROWS / 16;
}

/** Columns by which engines choose the files and row groups that a query needs to read. */
const WITH_STATISTICS: ReadonlySet<string> = new Set(['layer', 'path', 'image', 'chain', 'code', 'name', 'repository']);

/** Appends to an open file at the end of each row group. */
class FileWriter extends ByteWriter {
  readonly #handle: number;

  constructor(handle: number) {
    super(64 * 1024);
    this.#handle = handle;
  }

  flush(): void {
    const bytes = this.getBytes();
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#handle, bytes, at);
    this.index = 0;
  }

  override finish(): void {
    this.flush();
  }
}

/** Creates a Parquet file. `file` must not exist. Throws the system's errors; the caller removes an unfinished file. */
export function writeParquet(file: string, columns: readonly Column[], groups: Iterable<RowGroup>): void {
  const handle = openSync(file, 'wx', 0o666);
  try {
    const writer = new FileWriter(handle);
    const parquet = new ParquetWriter({
      writer,
      schema: [{ name: 'root', num_children: columns.length }, ...columns.flatMap(elementsOf)],
      codec: CODEC,
      compressors: COMPRESSORS,
      kvMetadata: [{ key: VERSION_KEY, value: SCHEMA_VERSION }],
      createdBy: 'layerscope',
    });
    for (const group of groups) {
      const columnData = columns.map(({ name }, index) => {
        const data = group[index] as Cell[];
        const codec = isWorthwhile(data) ? CODEC : 'UNCOMPRESSED';
        return { name, data, codec, statistics: WITH_STATISTICS.has(name), offsetIndex: false } as const;
      });
      parquet.write({ columnData, rowGroupSize: GROUP_ROWS });
    }
    parquet.finish();
  } finally {
    closeSync(handle);
  }
}

/** Lays rows out as groups. */
export function* groupsOf(columns: readonly Column[], rows: Iterable<Row>): Generator<RowGroup> {
  let group: Cell[][] = columns.map(() => []);
  for (const row of rows) {
    for (const [index, { name }] of columns.entries()) (group[index] as Cell[]).push(row[name] ?? null);
    if ((group[0] as Cell[]).length < GROUP_ROWS) continue;
    yield group;
    group = columns.map(() => []);
  }
  if ((group[0] as Cell[]).length > 0) yield group;
}
