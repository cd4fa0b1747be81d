import { DIFFERS, displayPath, entryTypeName, KIND_NAMES, REASON_NAMES, type RowTable, rowPath } from '#model';

const MARKS = [' ', '+', '~', '-'] as const;

export interface RowTextOptions {
  /** Whether to include rows that are listed only because something below them changed. */
  readonly unchanged?: boolean;
}

/**
 * Formats rows as short lines in the order of the table: mark, path, `/` after folders, `(reason entries bytes)` if something is hidden,
 * and the bits for what differs in brackets.
 */
export function rowLines(rows: RowTable, { unchanged = false }: RowTextOptions = {}): string[] {
  const lines: string[] = [];
  for (let row = 0; row < rows.length; row++) {
    if (rows.kind[row] === 0 && !unchanged) continue;
    const type = entryTypeName(rows.type[row] as number);
    const reason = REASON_NAMES[rows.reason[row] as number];
    const hidden = `${reason === 'none' ? '' : `${reason} `}${rows.hiddenEntries[row]} ${rows.hiddenBytes[row]}`;
    const bits = Object.entries(DIFFERS).flatMap(([name, bit]) => ((rows.differs[row] as number) & bit ? [name] : []));
    lines.push(
      `${MARKS[rows.kind[row] as number]} ${displayPath(rowPath(rows, row))}${type === 'directory' ? '/' : ''}${hidden === '0 0' ? '' : ` (${hidden})`}${bits.length === 0 ? '' : ` [${bits}]`}`,
    );
  }
  return lines;
}

/** Returns the kind and path of every row that is a change. */
export function changedPaths(rows: RowTable): string[] {
  const lines: string[] = [];
  for (let row = 0; row < rows.length; row++) {
    if (rows.kind[row] !== 0) lines.push(`${KIND_NAMES[rows.kind[row] as number]} ${displayPath(rowPath(rows, row))}`);
  }
  return lines;
}
