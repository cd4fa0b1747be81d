// The tables of a catalog, each declared once: the writer, the empty files and the tests are derived from these. docs/formats/catalog.md
// says the same in words. Columns are added at the end, never renamed; a column with a new meaning requires a new version.

/** Version of the schema, kept in each file's metadata under {@link VERSION_KEY}. */
export const SCHEMA_VERSION = '3';
export const VERSION_KEY = 'layerscope.catalog';

/**
 * `int` has 32 bits, `long` 64; `time` is microseconds since 1970, UTC. `texts` is a list of strings, `textMap` a map from string to
 * string.
 */
export type ColumnType = 'text' | 'bytes' | 'int' | 'long' | 'time' | 'flag' | 'texts' | 'textMap';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

/** A column's value in one row; null if there is none. `time` and `long` are bigints. */
export type Cell = string | Uint8Array | number | bigint | boolean | readonly string[] | ReadonlyMap<string, string> | null;

const column = (type: ColumnType, ...names: string[]): Column[] => names.map((name) => ({ name, type }));

/** Columns of each table, in the order in which files have them. */
export const TABLES = {
  entries: [
    ...column('text', 'layer', 'path'),
    ...column('bytes', 'pathBytes'),
    ...column('text', 'kind', 'type'),
    ...column('long', 'size'),
    ...column('int', 'mode'),
    ...column('long', 'uid', 'gid'),
    ...column('time', 'mtime'),
    ...column('text', 'link', 'content'),
  ],
  layers: [
    ...column('text', 'layer', 'digest', 'mediaType', 'compression'),
    ...column('long', 'bytes', 'tarBytes', 'fileBytes', 'entries', 'files'),
    ...column('flag', 'scanned', 'verified'),
  ],
  images: [
    ...column('text', 'image', 'source', 'reference', 'repository', 'tag', 'digest', 'configDigest', 'platform'),
    ...column('time', 'created'),
    ...column('texts', 'layers'),
    ...column('text', 'chain'),
    ...column('textMap', 'labels'),
    ...column('long', 'files', 'fileBytes', 'finalBytes', 'wastedBytes', 'blobBytes'),
    ...column('text', 'error', 'message'),
  ],
  history: [
    ...column('text', 'image'),
    ...column('int', 'step', 'layerIndex'),
    ...column('text', 'layer', 'chain', 'digest'),
    ...column('long', 'bytes'),
    ...column('text', 'createdBy'),
    ...column('time', 'created'),
    ...column('text', 'comment'),
  ],
  packages: [
    ...column('text', 'image', 'layer'),
    ...column('int', 'layerIndex'),
    ...column('text', 'type', 'name', 'arch', 'version', 'status', 'source', 'sourceVersion', 'license'),
    ...column('long', 'statedBytes'),
    ...column('text', 'location'),
    ...column('long', 'files', 'bytes'),
  ],
  findings: [
    ...column('text', 'image', 'layer'),
    ...column('int', 'layerIndex'),
    ...column('text', 'code', 'severity', 'path', 'message', 'foundIn', 'name'),
    ...column('long', 'line', 'fileOffset'),
    ...column('text', 'shown'),
    ...column('flag', 'visible'),
    ...column('int', 'removedIn'),
    ...column('flag', 'encrypted'),
    ...column('long', 'bytes'),
    ...column('text', 'sameAs'),
  ],
} as const satisfies Record<string, readonly Column[]>;

export type TableName = keyof typeof TABLES;
export const TABLE_NAMES = Object.keys(TABLES) as TableName[];

/** A row: the cells of a table by column. Omitted columns are null. */
export type Row = Readonly<Record<string, Cell>>;
