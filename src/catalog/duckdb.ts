// DuckDB, which is loaded only if it is installed: its binaries are larger than the rest of the program.
import type * as Duck from '@duckdb/node-api';
import { loadOwnPackage } from '#files';
import { displayText, LayerscopeError } from '#model';

export type DuckDb = Pick<typeof Duck, 'DuckDBInstance' | 'DuckDBTypeId' | 'StatementType'>;

/** The version that this program was tested with. */
const DUCKDB_PACKAGE = '@duckdb/node-api@1.5.6-r.1';
const BINDINGS = '@duckdb/node-bindings';
const NATIVE = `${BINDINGS}-${process.platform}-${process.arch}`;
const DUCKDB = { name: '@duckdb/node-api', parts: [[BINDINGS], [NATIVE, `${NATIVE}-musl`], ['detect-libc']] } as const;

/**
 * Loads DuckDB from where the program is installed, or else from `folder`, where `npm install --prefix` puts it. Throws UNSUPPORTED with
 * the command that installs it.
 */
export function loadDuckDb(folder: string): DuckDb {
  const loaded = found(folder);
  if (loaded !== null) return loaded;
  const command = `npm install --prefix ${quoted(folder)} ${DUCKDB_PACKAGE}`;
  throw new LayerscopeError('UNSUPPORTED', `queries need DuckDB, which is not installed: ${command}`);
}

function found(folder: string): DuckDb | null {
  try {
    return loadOwnPackage(DUCKDB, folder) as DuckDb | null;
  } catch (error) {
    if (error instanceof LayerscopeError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new LayerscopeError('UNSUPPORTED', `DuckDB can’t be loaded: ${displayText(message.split('\n')[0] ?? '')}`, { cause: error });
  }
}

function quoted(folder: string): string {
  return /^[\w/.:\\-]+$/.test(folder) ? folder : `'${displayText(folder).replaceAll("'", "'\\''")}'`;
}
