/**
 * The columns of a {@link RowTable} that hold one number a row: the only place that names them all. Type, allocation, copies, views and
 * size are derived from it, so that a new column is one line here. What reads and fills a column says so itself.
 */
export const ROW_COLUMNS = {
  /** Row of the folder above, -1 at the top. Always smaller than the row itself. */
  parent: Int32Array,
  /** Row after the last one below this: `row + 1` for a leaf. */
  subtreeEnd: Uint32Array,
  /** {@link KIND} */
  kind: Uint8Array,
  /** Bits of {@link DIFFERS}: what differs from before, and what is known of a file's content; 0 for added, removed and unchanged rows. */
  differs: Uint16Array,
  /** {@link REASON}: why a row was removed, or what a modified or added one hides; 0 none. */
  reason: Uint8Array,
  /** Code of ENTRY_TYPES: as it is now, or as it was for a removed row. */
  type: Uint8Array,
  /** Bytes of the file now; of a removed file: before. 0 for everything but files (a hard link has the size of its body). */
  size: Float64Array,
  /** Bytes before, of a modified file; else 0. */
  previousSize: Float64Array,
  /** Bits of {@link COUNTED}: the sides on which the row's bytes are part of sums. Of the names that share a body only one has it. */
  counted: Uint8Array,
  /** Paths hidden with this row, not itself: of a removed folder, one replaced, or one made opaque. */
  hiddenEntries: Uint32Array,
  /** Bytes hidden by this row, its own body included if that is hidden: what the layers below still cost. */
  hiddenBytes: Float64Array,
  /** Seconds since 1970, UTC, with fraction. */
  mtime: Float64Array,
  /** Permission, set-id and sticky bits. */
  mode: Uint16Array,
  uid: Float64Array,
  gid: Float64Array,
  /** Layer (0 the bottom) that the row's entry comes from: of a removed row, the layer that had it. {@link NO_LAYER} for an implied folder. */
  layer: Uint16Array,
  /** Row of the entry in that layer's table (`LayerTable`), {@link NO_ENTRY} for an implied folder. */
  entry: Uint32Array,
  /** Layer of the entry that the row replaces or removes; {@link NO_LAYER} if there is none. */
  previousLayer: Uint16Array,
  /** That entry's row in its layer's table; {@link NO_ENTRY} if there is none. */
  previousEntry: Uint32Array,
} as const;

type RowColumnName = keyof typeof ROW_COLUMNS;

/** The columns of {@link ROW_COLUMNS}, all of one length. */
export type RowColumns = { readonly [Name in RowColumnName]: (typeof ROW_COLUMNS)[Name]['prototype'] };

type AnyColumn = RowColumns[RowColumnName];

export const ROW_COLUMN_NAMES: readonly RowColumnName[] = Object.keys(ROW_COLUMNS) as RowColumnName[];

/** Bytes that one row takes in these columns. */
export const ROW_COLUMN_BYTES: number = Object.values(ROW_COLUMNS).reduce((sum, { BYTES_PER_ELEMENT }) => sum + BYTES_PER_ELEMENT, 0);

/** `make` must return the type of array that the column has in {@link ROW_COLUMNS}: the compiler can't check it. */
function mapColumns(make: (name: RowColumnName) => AnyColumn): RowColumns {
  return Object.fromEntries(ROW_COLUMN_NAMES.map((name) => [name, make(name)])) as unknown as RowColumns;
}

function newColumn(name: RowColumnName, length: number): AnyColumn {
  const type: new (length: number) => AnyColumn = ROW_COLUMNS[name];
  return new type(length);
}

/** Columns of `length` rows, all zero. */
export function newColumns(length: number): RowColumns {
  return mapColumns((name) => newColumn(name, length));
}

/** Rows [from, to) as columns of their own: copies. */
export function copyColumns(columns: RowColumns, from: number, to: number): RowColumns {
  return mapColumns((name) => columns[name].slice(from, to));
}

/** The first `length` rows as views: no copies. */
export function viewColumns(columns: RowColumns, length: number): RowColumns {
  return mapColumns((name) => columns[name].subarray(0, length));
}

/** Writes all rows of `source` into `target`, from row `at`. Throws RangeError if they don't fit. */
export function writeColumns(target: RowColumns, source: RowColumns, at: number): void {
  for (const name of ROW_COLUMN_NAMES) target[name].set(source[name], at);
}

/** Copies of the rows whose numbers are in `rows`, in that order. */
export function pickColumns(columns: RowColumns, rows: Uint32Array): RowColumns {
  return mapColumns((name) => {
    const from = columns[name];
    const picked = newColumn(name, rows.length);
    for (let at = 0; at < rows.length; at++) picked[at] = from[rows[at] as number] as number;
    return picked;
  });
}

/** Whether every column has `length` rows. */
export function haveLength(columns: RowColumns, length: number): boolean {
  return ROW_COLUMN_NAMES.every((name) => columns[name].length === length);
}
