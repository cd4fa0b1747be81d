// DuckDB, which is loaded only where it is installed: its binaries are larger than the rest of the program.
import { createRequire } from 'node:module';
import path from 'node:path';
import type * as Duck from '@duckdb/node-api';
import { displayText, LayerscopeError } from '#model';

export type DuckDb = Pick<typeof Duck, 'DuckDBInstance' | 'StatementType'>;

/** The version that this program was tried with. */
const DUCKDB_PACKAGE = '@duckdb/node-api@1.5.6-r.1';
const NAME = '@duckdb/node-api';

/**
 * Loads DuckDB from where the program is installed, or else from `folder`, as npm's --prefix writes it there. Throws UNSUPPORTED with the
 * command that installs it.
 */
export async function loadDuckDb(folder: string): Promise<DuckDb> {
  try {
    return await import('@duckdb/node-api');
  } catch (error) {
    if (!isAbsent(error)) throw unusable(error);
  }
  try {
    return createRequire(path.join(folder, 'node_modules', 'any.js'))(NAME);
  } catch (error) {
    if (!isAbsent(error)) throw unusable(error);
    const command = `npm install --prefix ${quoted(folder)} ${DUCKDB_PACKAGE}`;
    throw new LayerscopeError('UNSUPPORTED', `questions are answered by DuckDB, which is not installed: ${command}`);
  }
}

function isAbsent(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: string };
  return (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') && message?.includes(`'${NAME}'`) === true;
}

function unusable(error: unknown): LayerscopeError {
  const message = error instanceof Error ? error.message : String(error);
  return new LayerscopeError('UNSUPPORTED', `DuckDB can’t be loaded: ${displayText(message.split('\n')[0] ?? '')}`, { cause: error });
}

function quoted(folder: string): string {
  return /^[\w/.:\\-]+$/.test(folder) ? folder : `'${displayText(folder).replaceAll("'", "'\\''")}'`;
}
