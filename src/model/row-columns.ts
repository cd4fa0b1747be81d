/**
 * All columns of a {@link RowTable} with one number per row. Type, allocation, copies, views and size are derived from this list, so adding
 * a column takes one line here; only code that reads or fills a column names it explicitly.
 */
export const ROW_COLUMNS = {
  /** Row of the parent folder, -1 at the top. Always smaller than the row itself. */
  parent: Int32Array,
  /** Row after the last one in this row's subtree: `row + 1` for a leaf. */
  subtreeEnd: Uint32Array,
  /** {@link KIND} */
  kind: Uint8Array,
  /** Bits of {@link DIFFERS}: what has changed, and what is known about a file's content; 0 for added, removed and unchanged rows. */
  differs: Uint16Array,
  /** {@link REASON}: why a row was removed, or why a modified or added row hides something; 0: none. */
  reason: Uint8Array,
  /** Code of ENTRY_TYPES: the present type or, for a removed row, the former one. */
  type: Uint8Array,
  /** Present size of the file; for a removed file, its former size. A hard link has the size of its body; anything else has 0. */
  size: Float64Array,
  /** Previous size of a modified file; otherwise 0. */
  previousSize: Float64Array,
  /** Bits of {@link COUNTED}: the sides whose totals include the row's bytes. If a body has several names, only one of them counts. */
  counted: Uint8Array,
  /** Number of other paths hidden with this row: those in a folder that was removed, replaced or made opaque. */
  hiddenEntries: Uint32Array,
  /** Bytes hidden by this row, including its own body if it is hidden. Hidden bytes still take space in the layers below. */
  hiddenBytes: Float64Array,
  /** Seconds since 1970, UTC, with fraction. */
  mtime: Float64Array,
  /** Permission, set-id and sticky bits. */
  mode: Uint16Array,
  /** Previous mode of a modified row; otherwise 0. */
  previousMode: Uint16Array,
  uid: Float64Array,
  gid: Float64Array,
  /**
   * Layer (0 is the bottom) that the row's entry comes from; for a removed row, the layer that contained the entry. {@link NO_LAYER} for an
   * implied folder.
   */
  layer: Uint16Array,
  /** Row of the entry in the table (`LayerTable`) of the layer in `layer`; {@link NO_ENTRY} for an implied folder. */
  entry: Uint32Array,
  /** Layer of the entry that the row replaces or removes; {@link NO_LAYER} if there is none. */
  previousLayer: Uint16Array,
  /** Row of the replaced or removed entry in the table of `previousLayer`; {@link NO_ENTRY} if there is none. */
  previousEntry: Uint32Array,
  /** In a whole image, the layer that hid the row's `hiddenBytes`; otherwise {@link NO_LAYER}. */
  hiddenBy: Uint16Array,
} as const;

type RowColumnName = keyof typeof ROW_COLUMNS;

/** The columns of {@link ROW_COLUMNS}, all with the same length. */
export type RowColumns = { readonly [Name in RowColumnName]: (typeof ROW_COLUMNS)[Name]['prototype'] };

type AnyColumn = RowColumns[RowColumnName];

export const ROW_COLUMN_NAMES: readonly RowColumnName[] = Object.keys(ROW_COLUMNS) as RowColumnName[];

/** Bytes that one row takes in all columns. */
export const ROW_COLUMN_BYTES: number = Object.values(ROW_COLUMNS).reduce((sum, { BYTES_PER_ELEMENT }) => sum + BYTES_PER_ELEMENT, 0);

/** Makes every column. `make` must return an array of the column's type in {@link ROW_COLUMNS}, which the compiler can't check. */
function mapColumns(make: (name: RowColumnName) => AnyColumn): RowColumns {
  return Object.fromEntries(ROW_COLUMN_NAMES.map((name) => [name, make(name)])) as unknown as RowColumns;
}

function newColumn(name: RowColumnName, length: number): AnyColumn {
  const type: new (length: number) => AnyColumn = ROW_COLUMNS[name];
  return new type(length);
}

/** Creates columns of `length` rows, all zero. */
export function newColumns(length: number): RowColumns {
  return mapColumns((name) => newColumn(name, length));
}

/** Copies rows [from, to) into new columns. */
export function copyColumns(columns: RowColumns, from: number, to: number): RowColumns {
  return mapColumns((name) => columns[name].slice(from, to));
}

/** Returns views of the first `length` rows, without copying. */
export function viewColumns(columns: RowColumns, length: number): RowColumns {
  return mapColumns((name) => columns[name].subarray(0, length));
}

/** Writes all rows of `source` into `target`, from row `at`. Throws RangeError if the rows don't fit. */
export function writeColumns(target: RowColumns, source: RowColumns, at: number): void {
  for (const name of ROW_COLUMN_NAMES) target[name].set(source[name], at);
}

/** Copies the rows numbered in `rows`, in that order. */
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
