/** A table, or only a heading if there are no columns. Strings are Markdown: wrap untrusted ones in {@link codeSpan}. */
export interface MarkdownTable {
  readonly title: string;
  readonly columns: readonly { readonly title: string; readonly align?: 'right' }[];
  readonly rows: readonly (readonly string[])[];
  /** Number of further rows that aren't in `rows`. */
  readonly more?: number;
}

/** Number of characters reserved for each table's line `and N more`. */
const RESERVED_A_TABLE = 40;
/** Number of characters reserved for the note about omitted rows at the end. */
const RESERVED = 120;

/**
 * Joins an opening, a heading and tables into a document of at most `limit` UTF-16 units. If not all rows fit, the tables take turns in
 * adding a row, so that each has its first rows. The fixed parts alone must fit.
 */
export function markdownDocument(opening: readonly string[], tables: readonly MarkdownTable[], limit: number): string {
  const heads = tables.map(headOf);
  const fixed = [...opening, ...heads].reduce((sum, text) => sum + text.length + 2, RESERVED + RESERVED_A_TABLE * tables.length);
  const shown = fitRows(tables, limit - fixed);
  const cut = tables.reduce((sum, { rows }, index) => sum + rows.length - (shown[index] as number), 0);
  const parts = tables.map((table, index) => {
    const count = shown[index] as number;
    const rest = table.rows.length - count + (table.more ?? 0);
    const lines = [heads[index] as string, ...table.rows.slice(0, count).map(rowLine)];
    return `${lines.join('\n')}\n${rest > 0 ? `\nand ${rest} more\n` : ''}`;
  });
  const note = cut === 0 ? '' : `\n${cut} rows are left out: a comment holds ${limit} characters.\n`;
  return `${opening.join('\n\n')}\n\n${parts.join('\n')}${note}`;
}

function headOf({ title, columns }: MarkdownTable): string {
  if (columns.length === 0) return `**${title}**`;
  const titles = columns.map((column) => column.title);
  return `**${title}**\n\n${rowLine(titles)}\n${rowLine(columns.map(({ align }) => (align === 'right' ? '--:' : '---')))}`;
}

function rowLine(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Returns how many rows of each table fit into `room`. */
function fitRows(tables: readonly MarkdownTable[], room: number): number[] {
  const shown = tables.map(() => 0);
  const open = new Set(tables.keys());
  let left = room;
  for (let row = 0; open.size > 0; row++) {
    for (const index of open) {
      const cells = tables[index]?.rows[row];
      const length = cells === undefined ? 0 : rowLine(cells).length + 1;
      if (cells === undefined || length > left) {
        open.delete(index);
        continue;
      }
      left -= length;
      shown[index] = row + 1;
    }
  }
  return shown;
}
