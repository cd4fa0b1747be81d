// Queries a catalog in SQL with DuckDB. The tables are views of the files; a query sees them and may read the files, and nothing else: it
// can't read other files, write any, load extensions or connect.
import { statSync } from 'node:fs';
import { totalmem } from 'node:os';
import path from 'node:path';
import type { DuckDBConnection, DuckDBInstance, DuckDBPreparedStatement } from '@duckdb/node-api';
import { type ColumnType, TABLE_NAMES, TABLES, type TableName } from '#catalog/layout';
import { displayText, LayerscopeError } from '#model';
import type { CatalogFolder } from './catalog-folder.ts';
import { duckError, firstLine, isOfQuery } from './duck-errors.ts';
import type { DuckDb } from './duckdb.ts';
import { PackedTables, type TableFiles } from './packed-tables.ts';
import type { PlainValue } from './plain-value.ts';
import { QueryGuard } from './query-guard.ts';
import { rowsOf } from './result-rows.ts';

/** Columns and some rows of a result. The first part has no rows. */
export interface ResultPart {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly PlainValue[])[];
}

export interface ReaderOptions {
  /** This user's cache folder, where tables are packed; null (default): every file is read where it is. */
  readonly cache?: string | null;
  readonly signal?: AbortSignal | undefined;
  /** Called when a query that DuckDB won't stop has been abandoned: only ending the process by a signal stops DuckDB's thread. */
  readonly onStuck?: () => void;
}

export interface QueryOptions {
  /** Called for each file that is left out of the answer because it can't be read or isn't a catalog's. */
  readonly onLeftOut?: ((file: string, reason: string) => void) | undefined;
}

/**
 * Maximum memory that DuckDB uses for tables, hash tables and sorted rows: a file of a few kilobytes may unpack to gigabytes. The limit
 * doesn't include strings that functions create; QueryGuard limits those.
 */
const MOST_MEMORY_BYTES = 1024 * 1024 * 1024;
/** Functions that a SELECT can call but that do more than read, or that run SQL that isn't checked here. */
const NOT_READING = /^(enable_|disable_|truncate_|force_|checkpoint$|write_log$|query$|json_execute_serialized_sql$)/i;

const SETTINGS = {
  memory_limit: `${Math.floor(Math.min(MOST_MEMORY_BYTES, totalmem() / 4) / 2 ** 20)}MiB`,
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  allow_community_extensions: 'false',
  // Nothing is written to disk, not even what doesn't fit in memory.
  temp_directory: '',
} as const;

const DUCK_TYPES: Readonly<Record<ColumnType, string>> = {
  text: 'VARCHAR',
  bytes: 'BLOB',
  int: 'INTEGER',
  long: 'BIGINT',
  time: 'TIMESTAMP WITH TIME ZONE',
  flag: 'BOOLEAN',
  texts: 'VARCHAR[]',
  textMap: 'MAP(VARCHAR, VARCHAR)',
};

/** The column that every file of a table must have. */
const KEY: Readonly<Record<TableName, string>> = {
  entries: 'path',
  layers: 'layer',
  images: 'source',
  history: 'step',
  packages: 'version',
  findings: 'code',
};

/** A catalog that can be queried. The caller disposes of it. */
export class CatalogReader implements Disposable {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #duck: DuckDb;
  readonly #folder: CatalogFolder;
  readonly #packs: PackedTables | null;
  /** Names of each table's files, without those found to be bad. */
  readonly #names: Map<TableName, string[]>;
  /** Left-out files that haven't been reported to a query yet. */
  readonly #leftOut: (readonly [file: string, reason: string])[] = [];
  readonly #guard: QueryGuard;
  #wasChecked = false;

  private constructor(
    duck: DuckDb,
    folder: CatalogFolder,
    { cache = null, signal, onStuck }: ReaderOptions,
    instance: DuckDBInstance,
    connection: DuckDBConnection,
  ) {
    this.#duck = duck;
    this.#folder = folder;
    this.#packs = cache === null ? null : new PackedTables(cache, folder);
    this.#instance = instance;
    this.#connection = connection;
    this.#guard = new QueryGuard({ signal, onStuck, interrupt: () => connection.interrupt() });
    this.#names = new Map(TABLE_NAMES.map((table) => [table, this.#regular(table)]));
    for (const file of folder.foreignFiles()) this.#leftOut.push([file, 'its name is not one of a catalog’s files']);
  }

  /** Throws IO if DuckDB can't be started; CANCELLED. */
  static async open(duck: DuckDb, folder: CatalogFolder, options: ReaderOptions = {}): Promise<CatalogReader> {
    const instance = await duck.DuckDBInstance.create(':memory:', { ...SETTINGS });
    const reader = new CatalogReader(duck, folder, options, instance, await instance.connect());
    try {
      await reader.#guard.wait(() => reader.#prepareTables());
    } catch (error) {
      reader[Symbol.dispose]();
      throw duckError(error);
    }
    return reader;
  }

  [Symbol.dispose](): void {
    // DuckDB's stuck thread still uses the connection and the instance.
    if (this.#guard.isStuck) return;
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  /**
   * Runs one SELECT with its parameters (`$name`). Files that can't be read are left out and reported; the answer comes from the others.
   * Throws USAGE for SQL that isn't a SELECT or that DuckDB refuses; TOO_LARGE for a row or query that takes too much memory; DAMAGED,
   * CANCELLED.
   */
  async *query(sql: string, values: Readonly<Record<string, string>>, options: QueryOptions = {}): AsyncGenerator<ResultPart> {
    let isBegun = false;
    try {
      for (const [file, reason] of this.#leftOut.splice(0)) options.onLeftOut?.(file, reason);
      for (;;) {
        try {
          for await (const part of this.#run(sql, values)) {
            isBegun ||= part.rows.length > 0;
            yield part;
          }
          return;
        } catch (error) {
          this.#guard.throwIfStopped();
          if (isBegun || this.#wasChecked || isOfQuery(error) || !(await this.#guard.wait(() => this.#leaveOut(sql, options)))) throw error;
        }
      }
    } catch (error) {
      throw duckError(error);
    }
  }

  async #prepareTables(): Promise<void> {
    await this.#pack();
    for (const table of TABLE_NAMES) {
      this.#guard.throwIfStopped();
      await this.#openTable(table);
    }
    await this.#lock();
  }

  /** Returns the names of a table's files that are regular files. Opening a pipe would block forever. */
  #regular(table: TableName): string[] {
    return this.#folder.files(table).filter((name) => {
      const isFile = statSync(path.join(this.#folder.path, table, name), { throwIfNoEntry: false })?.isFile() === true;
      if (!isFile) this.#leftOut.push([path.join(table, name), 'it is not a file']);
      return isFile;
    });
  }

  async *#run(sql: string, values: Readonly<Record<string, string>>): AsyncGenerator<ResultPart> {
    const guard = this.#guard;
    const prepared = await guard.wait(() => this.#prepare(sql));
    try {
      bind(prepared, values);
      const result = await guard.wait(() => prepared.stream());
      const columns = result.deduplicatedColumnNames();
      yield { columns, rows: [] };
      for (;;) {
        const chunk = await guard.wait(() => result.fetchChunk());
        if (chunk === null || chunk.rowCount === 0) return;
        for (const rows of rowsOf(this.#duck, chunk)) yield { columns, rows };
      }
    } finally {
      if (!guard.isStuck) prepared.destroySync();
    }
  }

  async #prepare(sql: string): Promise<DuckDBPreparedStatement> {
    if (sql.trim() === '') throw new LayerscopeError('USAGE', 'the query is empty');
    const statements = await this.#connection.extractStatements(sql);
    if (statements.count !== 1) throw new LayerscopeError('USAGE', `expected one query, not ${statements.count}`);
    await this.#refuseOtherThanReading(sql);
    const prepared = await statements.prepare(0);
    if (prepared.statementType === this.#duck.StatementType.SELECT) return prepared;
    prepared.destroySync();
    throw new LayerscopeError('USAGE', 'catalogs are read-only: the query must be a SELECT');
  }

  /** Throws USAGE if a query calls a function that changes what DuckDB does, or one that runs SQL from a string. */
  async #refuseOtherThanReading(sql: string): Promise<void> {
    const prepared = await this.#connection.prepare('SELECT json_serialize_sql($1::VARCHAR)');
    try {
      prepared.bindVarchar(1, sql);
      const [row] = (await prepared.runAndReadAll()).getRows();
      const tree = JSON.parse(String(row?.[0])) as { readonly error?: boolean };
      // If the query can't be serialized as a tree, all its words are checked.
      for (const name of tree.error === true ? sql.split(/[^\w]+/) : functionNames(tree)) {
        if (NOT_READING.test(name)) throw new LayerscopeError('USAGE', `catalogs are read-only: a query can’t call ${displayText(name)}`);
      }
    } finally {
      prepared.destroySync();
    }
  }

  #filesOf(table: TableName): TableFiles {
    const names = this.#names.get(table) ?? [];
    if (this.#packs !== null) return this.#packs.find(this.#folder, table, names);
    const loose = names.map((name) => path.join(this.#folder.path, table, name));
    return { pack: null, loose, looseNames: names, isWorthPacking: false };
  }

  async #makeView(table: TableName): Promise<void> {
    const { pack, loose } = this.#filesOf(table);
    await this.#connection.run(`CREATE OR REPLACE VIEW ${table} AS ${selectOf(table, pack === null ? loose : [pack, ...loose])}`);
  }

  /** Creates a table's view. DuckDB reads all footers for it, so files with bad footers are found here. */
  async #openTable(table: TableName): Promise<void> {
    try {
      await this.#makeView(table);
    } catch (error) {
      if (!(await this.#dropBad(table))) throw error;
      await this.#makeView(table);
    }
  }

  /** Packs the tables that have many files. If that fails, the files are read where they are. */
  async #pack(): Promise<void> {
    const packs = this.#packs;
    if (packs === null) return;
    for (const table of TABLE_NAMES) {
      this.#guard.throwIfStopped();
      const files = this.#filesOf(table);
      if (!files.isWorthPacking) continue;
      try {
        await this.#makePack(packs, table, files);
      } catch {
        // Either a file or the old pack is bad, or the cache can't be written. Bad files are left out before the second attempt.
        this.#guard.throwIfStopped();
        try {
          if (!(await this.#dropBad(table))) continue;
          await this.#makePack(packs, table, this.#filesOf(table));
        } catch {
          // The table isn't packed, so each query reads its files where they are.
        }
      }
    }
  }

  async #makePack(packs: PackedTables, table: TableName, { pack, loose }: TableFiles): Promise<void> {
    const select = selectOf(table, pack === null ? loose : [pack, ...loose]);
    await packs.make(this.#folder, table, this.#names.get(table) ?? [], async (file) => {
      await this.#connection.run(`COPY (${select}) TO ${quoted(file)} (FORMAT parquet, COMPRESSION zstd)`);
    });
  }

  /**
   * Allows access to the views' files, by name, and locks the settings. Allowing the whole folder would let functions in a SELECT create
   * files in it.
   */
  async #lock(): Promise<void> {
    const files = TABLE_NAMES.flatMap((table) => {
      const { pack, loose } = this.#filesOf(table);
      // If the pack turns out to be bad, the table's own files are read instead.
      const inside =
        pack === null ? [] : [pack, ...(this.#names.get(table) ?? []).map((name) => path.join(this.#folder.path, table, name))];
      return [...inside, ...loose];
    });
    await this.#connection.run(`SET allowed_paths = [${[...new Set(files)].map(quoted).join(', ')}]`);
    await this.#connection.run('SET enable_external_access = false');
    await this.#connection.run('SET lock_configuration = true');
  }

  /**
   * Reads each file of the tables that a query uses, and leaves out those that can't be read. Returns whether there were any such files.
   */
  async #leaveOut(sql: string, { onLeftOut }: QueryOptions): Promise<boolean> {
    this.#wasChecked = true;
    const used = this.#connection.getTableNames(sql, false);
    let found = false;
    for (const table of TABLE_NAMES) {
      if (used.length > 0 && !used.some((name) => name.toLowerCase() === table)) continue;
      if (!(await this.#dropBad(table))) continue;
      found = true;
      for (const [file, reason] of this.#leftOut.splice(0)) onLeftOut?.(file, reason);
      await this.#makeView(table);
    }
    return found;
  }

  /** Leaves out the files of a table that can't be read, and forgets a bad pack. Returns whether it found any such file or pack. */
  async #dropBad(table: TableName): Promise<boolean> {
    const files = this.#filesOf(table);
    const isPackBad = files.pack !== null && (await this.#problemOf(table, files.pack)) !== null;
    if (isPackBad) this.#packs?.forget(table);
    const bad = await this.#badFiles(table, isPackBad ? this.#filesOf(table) : files);
    this.#drop(table, bad);
    return isPackBad || bad.length > 0;
  }

  async #badFiles(table: TableName, { loose, looseNames }: TableFiles): Promise<[string, string][]> {
    const bad: [string, string][] = [];
    for (const [index, file] of loose.entries()) {
      this.#guard.throwIfStopped();
      const reason = await this.#problemOf(table, file);
      if (reason !== null) bad.push([looseNames[index] ?? '', reason]);
    }
    return bad;
  }

  #drop(table: TableName, bad: readonly (readonly [name: string, reason: string])[]): void {
    const names = new Set(bad.map(([name]) => name));
    this.#names.set(
      table,
      (this.#names.get(table) ?? []).filter((name) => !names.has(name)),
    );
    for (const [name, reason] of bad) this.#leftOut.push([path.join(table, name), reason]);
  }

  /** Returns why a file can't be read; null if it can. */
  async #problemOf(table: TableName, file: string): Promise<string | null> {
    const from = `read_parquet(${quoted(file)})`;
    try {
      const described = await this.#connection.runAndReadAll(`SELECT * FROM (DESCRIBE SELECT * FROM ${from})`);
      const types = new Map(described.getRows().map((row) => [String(row[0]), String(row[1])] as const));
      const wrong = TABLES[table].find(({ name, type }) => types.has(name) && types.get(name) !== DUCK_TYPES[type]);
      if (!types.has(KEY[table])) return `it has no column ${KEY[table]}`;
      if (wrong !== undefined) return `its column ${wrong.name} is not a catalog’s`;
      await this.#connection.run(`SELECT bit_xor(hash(COLUMNS(*))) FROM ${from}`);
      return null;
    } catch (error) {
      return firstLine(error);
    }
  }
}

/**
 * Returns a SELECT with all columns of a table. Older files of the same version may lack the last columns, which are then null. Files from
 * newer programs may have more columns, which are included.
 */
function selectOf(table: TableName, files: readonly string[]): string {
  const columns = TABLES[table].map(({ name, type }) => `CAST(NULL AS ${DUCK_TYPES[type]}) AS ${name}`).join(', ');
  const none = `SELECT ${columns} WHERE false`;
  if (files.length === 0) return none;
  return `${none} UNION ALL BY NAME SELECT * FROM read_parquet([${files.map(quoted).join(', ')}], union_by_name = true)`;
}

function bind(prepared: DuckDBPreparedStatement, values: Readonly<Record<string, string>>): void {
  const names = Array.from({ length: prepared.parameterCount }, (_, index) => prepared.parameterName(index + 1));
  for (const [index, name] of names.entries()) {
    const value = values[name];
    if (value === undefined) throw new LayerscopeError('USAGE', `the query needs --param ${displayText(name)}=…`);
    prepared.bindVarchar(index + 1, value);
  }
  const unused = Object.keys(values).find((name) => !names.includes(name));
  if (unused !== undefined) throw new LayerscopeError('USAGE', `the query has no parameter $${displayText(unused)}`);
}

/** Yields the names of the functions in a query's tree, as serialized by DuckDB. */
function* functionNames(tree: unknown): Generator<string> {
  const left = [tree];
  while (left.length > 0) {
    const node = left.pop();
    if (typeof node !== 'object' || node === null) continue;
    if ('function_name' in node && typeof node.function_name === 'string') yield node.function_name;
    for (const part of Object.values(node)) left.push(part);
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
