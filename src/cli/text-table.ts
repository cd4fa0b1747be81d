export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** Returns the width of a string on a terminal, in columns: 2 for wide East Asian characters, 0 for combining marks. */
function textWidth(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: most text is printable ASCII
  if (/^[\u0000-\u007e]*$/.test(text)) return text.length;
  let width = 0;
  for (const letter of text) {
    if (/\p{Mark}|\u200d|\ufe0f/u.test(letter)) continue;
    width += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
      letter,
    )
      ? 2
      : 1;
  }
  return width;
}

export function padText(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const space = ' '.repeat(Math.max(0, width - textWidth(text)));
  return align === 'right' ? space + text : text + space;
}

/** Shortens a string to `width` columns, replacing its end with `…`. */
export function shorten(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let out = '';
  let used = 1;
  for (const letter of text) {
    used += textWidth(letter);
    if (used > width) break;
    out += letter;
  }
  return `${out}…`;
}

/**
 * Formats the lines of a table, with two spaces between columns; a left-aligned last column isn't padded. `paint` colours each padded cell.
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: { readonly header?: (text: string) => string; readonly paint?: (cell: string, row: number, column: number) => string } = {},
): string[] {
  const widths = columns.map(({ title }, column) =>
    rows.reduce((width, row) => Math.max(width, textWidth(row[column] ?? '')), textWidth(title)),
  );
  const line = (cells: readonly string[], paint: (cell: string, column: number) => string): string =>
    cells
      .map((cell, column) => {
        const last = column === columns.length - 1 && columns[column]?.align !== 'right';
        return paint(last ? cell : padText(cell, widths[column] ?? 0, columns[column]?.align), column);
      })
      .join('  ')
      .trimEnd();
  const { header = (text: string) => text, paint = (cell: string) => cell } = options;
  return [
    header(
      line(
        columns.map(({ title }) => title),
        (cell) => cell,
      ),
    ),
    ...rows.map((row, index) => line(row, (cell, column) => paint(cell, index, column))),
  ];
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;

/** Draws a bar of `width` columns, filled to `share` (0 to 1) in eighths of a column; at least one eighth if `share` isn't 0. */
export function shareBar(share: number, width: number): string {
  const eighths = share <= 0 ? 0 : Math.max(1, Math.round(Math.min(1, share) * width * 8));
  return padText('█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? ''), width);
}
