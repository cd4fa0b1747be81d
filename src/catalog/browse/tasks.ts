// The worker's tasks. Each reads files of a table for a moment and reports how far it got.
import { opendirSync, statSync } from 'node:fs';
import path from 'node:path';
import { EMPTY_FILE, isOwnFile } from '#catalog/layout';
import { displayText, fileError, LayerscopeError } from '#model';
import { MOST_COMMAND, MOST_FILE_ROWS, MOST_FILE_TEXT, MOST_MESSAGE, MOST_SOURCE, MOST_TABLE_FILES } from './bounds.ts';
import type { FileProblem, FilesPart, Reached, RowHit, TableRow, TaskName, Tasks } from './messages.ts';
import { matcherOf } from './search-query.ts';
import { type CellValue, TableFile, tableError } from './table-file.ts';

/** How long a task may run before it reports how far it got, unless one row group takes longer. */
const MOMENT_MS = 150;

export const TASKS: { readonly [N in TaskName]: (input: Tasks[N]['input']) => Tasks[N]['output'] } = {
  list: listFiles,
  rows: readRows,
  search: searchRows,
};

function listFiles({ folder, table }: Tasks['list']['input']): Tasks['list']['output'] {
  const names: string[] = [];
  const at = path.join(folder, table);
  let changed: number | null = null;
  try {
    // Tells when a file was last added: the folder's time changes whenever a file is renamed into it.
    changed = statSync(at).mtimeMs;
    const listing = opendirSync(at);
    try {
      for (let entry = listing.readSync(); entry !== null; entry = listing.readSync()) {
        if (entry.name === EMPTY_FILE || !isOwnFile(table, entry.name)) continue;
        if (names.length >= MOST_TABLE_FILES) return { names, isCut: true, changed };
        names.push(entry.name);
      }
    } finally {
      listing.closeSync();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { names, isCut: false, changed };
    throw fileError(error, at);
  }
  return { names: names.sort(), isCut: false, changed };
}

/** Maximum number of characters, by column. */
const LIMITS: Readonly<Record<string, number>> = { createdBy: MOST_COMMAND, message: MOST_MESSAGE };

function readRows({ columns, ...part }: Tasks['rows']['input']): Tasks['rows']['output'] {
  const rows: TableRow[] = [];
  const files: number[] = [];
  const text = new Map<number, number>();
  const reached = inMoments(part, (file, number, group) => {
    if (file.rowsOf(group) * (group + 1) > MOST_FILE_ROWS) throw new LayerscopeError('TOO_LARGE', 'it has too many rows');
    const cells = file.readGroup(group, columns);
    for (let row = 0; row < cells.rows; row++) {
      const kept = columns.map((name) => [name, cut(cells[name]?.[row] ?? null, LIMITS[name])] as const);
      const length = kept.reduce((sum, [, cell]) => sum + (typeof cell === 'string' ? cell.length : 0), text.get(number) ?? 0);
      if (length > MOST_FILE_TEXT) throw new LayerscopeError('TOO_LARGE', 'it has too much text');
      text.set(number, length);
      rows.push(Object.fromEntries(kept));
      files.push(number);
    }
    return false;
  });
  return { ...reached, rows, files };
}

const SEARCHED = {
  entries: ['path', 'kind', 'type', 'size', 'content'],
  packages: ['layer', 'type', 'name', 'version', 'bytes'],
} as const;

/** The column that each query is compared with. */
const KEYS = { path: 'path', glob: 'path', package: 'name', content: 'content' } as const;

function searchRows({ query, most, ...part }: Tasks['search']['input']): Tasks['search']['output'] {
  const columns: readonly string[] = part.table === 'packages' ? SEARCHED.packages : SEARCHED.entries;
  const key = KEYS[query.what];
  const others = columns.filter((name) => name !== key);
  const hits: RowHit[] = [];
  let isCut = false;
  const reached = inMoments(part, (file, number, group) => {
    const { [key]: keys = [], plainBytes } = file.readGroup(group, [key]);
    const isMatch = matcherOf(query);
    const found: number[] = [];
    for (const [row, cell] of keys.entries()) if (typeof cell === 'string' && isMatch(cell)) found.push(row);
    if (found.length === 0) return false;
    // The other columns are only read if something was found.
    const cells = file.readGroup<string>(group, others, plainBytes);
    for (const row of found) {
      const hit = Object.fromEntries(columns.map((name) => [name, cut((name === key ? keys : cells[name])?.[row] ?? null)]));
      if (query.what === 'package' && !String(hit.version ?? '').startsWith(query.version)) continue;
      if (hits.length >= most) {
        isCut = true;
        return true;
      }
      hits.push({ file: number, row: hit });
    }
    return false;
  });
  return { ...reached, hits, isCut };
}

/**
 * Calls `read` for each row group until the time is up or `read` returns true. If a file can't be read, reports a problem and continues
 * with the next file.
 */
function inMoments({ folder, table, files, part }: FilesPart, read: (file: TableFile, number: number, group: number) => boolean): Reached {
  const end = performance.now() + MOMENT_MS;
  const problems: FileProblem[] = [];
  for (const [number, name] of files.entries()) {
    const whole = path.join(folder, table, name);
    try {
      using file = TableFile.open(whole, table);
      for (let group = number === 0 ? part : 0; group < file.groups; group++) {
        if (read(file, number, group)) return { done: number, part: group, problems };
        if (performance.now() > end && group + 1 < file.groups) return { done: number, part: group + 1, problems };
      }
    } catch (error) {
      const { code, message } = tableError(error, '');
      problems.push({ file: `${table}/${displayText(name)}`, code, message: message.replace(/^: /, '') });
    }
    if (performance.now() > end) return { done: number + 1, part: 0, problems };
  }
  return { done: files.length, part: 0, problems };
}

function cut(value: CellValue, most = MOST_SOURCE): CellValue {
  if (typeof value !== 'string' || value.length <= most) return value;
  // Doesn't cut through a surrogate pair.
  const text = `${value.slice(0, most).replace(/[\uD800-\uDBFF]$/, '')}…`;
  // A copy, because a slice keeps the whole string in memory.
  return Buffer.from(text, 'utf16le').toString('utf16le');
}
