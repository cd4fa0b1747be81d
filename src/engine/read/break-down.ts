import {
  breakDown,
  changesOf,
  FILE_TYPES,
  firstOpen,
  type RowSum,
  type ScopeOfRows,
  type Stack,
  subtreeTotals,
  viewAt,
  wholeImage,
} from '#changes';
import type { BreakdownOf, BreakdownReport, PathSum } from '#contract';
import { displayText, escapePath, LayerscopeError, type RowTable, rowPath, TYPE } from '#model';
import { findRow } from './find-row.ts';

/** The rows that a breakdown sums, and their kind. */
interface Scope {
  readonly rows: RowTable;
  readonly scope: ScopeOfRows;
}

/** Returns layers that must exist for this breakdown. */
export function layersOf(of: BreakdownOf): number[] {
  if (of.what === 'image') return [];
  return of.what === 'view' ? [of.layer] : [of.from, of.to];
}

/**
 * Returns the kind of the breakdown's rows, a cache key, and `make`, which creates the rows and throws NOT_FOUND for layers that don't
 * exist.
 */
export function rowsToBreakDown(stack: Stack, of: BreakdownOf): Pick<Scope, 'scope'> & { readonly key: string; make(): RowTable } {
  if (of.what === 'image') return { scope: 'image', key: 'whole', make: () => wholeImage(stack) };
  // Sums don't require comparing contents, so these tables are cached apart from those that the window shows.
  const key = `sums/${of.what}/${layersOf(of).join('-')}`;
  if (of.what === 'view') return { scope: 'view', key, make: () => viewAt(stack, of.layer) };
  return { scope: 'changes', key, make: () => changesOf(stack, of.from, of.to, { sums: 'ignored' }) };
}

/**
 * Sums up rows by kind of file, folder and layer, and lists the biggest files; each list has at most `limit` entries. With `parts`, the
 * components of a path, only what is at or below that path is summed up. Throws NOT_FOUND if no row has that path.
 */
export function reportBreakdown(
  { rows, scope }: Scope,
  {
    parts = [],
    limit,
    caseInsensitive = false,
  }: { readonly parts?: readonly Uint8Array[]; readonly limit: number; readonly caseInsensitive?: boolean },
): BreakdownReport {
  const row = parts.length === 0 ? -1 : findRow(rows, parts, caseInsensitive);
  if (row === null) throw new LayerscopeError('NOT_FOUND', 'no such path among these rows');
  const found = breakDown(rows, scope, { row, limit });
  const named = ({ row: each, ...sums }: RowSum): PathSum => ({
    path: escapePath(rowPath(rows, each)),
    isFolder: isFolder(rows, each),
    ...sums,
  });
  const culprit = (each: number, bytes: number) =>
    each < 0 ? null : { path: escapePath(rowPath(rows, each)), isFolder: isFolder(rows, each), bytes };
  const {
    types,
    parts: children,
    biggest,
    largestFolder,
    largestBytes,
    mostHidden,
    mostHiddenBytes,
    mostHiddenIn,
    extensions: _,
    ...sums
  } = found;
  const hidden = culprit(mostHidden, mostHiddenBytes);
  return {
    ...sums,
    types: types.map(({ type, ...rest }) => ({
      type: FILE_TYPES[type] ?? 'other',
      ...rest,
      extensions: rest.extensions.map((each) => displayText(each)),
    })),
    parts: children.map(named),
    biggest: biggest.map(named),
    largestFolder: culprit(largestFolder, largestBytes),
    mostHidden: hidden === null ? null : { ...hidden, hiddenIn: mostHiddenIn },
  };
}

function isFolder(rows: RowTable, row: number): boolean {
  return (rows.subtreeEnd[row] as number) > row + 1 || rows.type[row] === TYPE.directory;
}

/** Returns folders that the window initially opens in these rows, ascending; see {@link firstOpen}. */
export function foldersToOpen(rows: RowTable): Uint32Array {
  return firstOpen(rows, subtreeTotals(rows));
}
