import type { HexShape } from './preview.ts';

// Compares the bytes of two files at equal offsets, as `cmp` does, and lays them out in rows.

/** A row of a dump of both files. `changed` rows differ; a `fold` stands for `count` equal rows. */
export type ByteRow =
  | { readonly kind: 'same' | 'changed'; readonly row: number }
  | { readonly kind: 'removed' | 'added'; readonly row: number }
  | { readonly kind: 'fold'; readonly row: number; readonly count: number };

/** Number of equal rows shown before and after a difference. */
const CONTEXT = 2;
/** Minimum number of equal rows that are worth folding into one line. */
const LEAST_FOLDED = 3;

/** Counts the bytes that differ, including those beyond the end of the shorter file. */
export function countDifferingBytes(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length);
  let count = Math.max(a.length, b.length) - shorter;
  for (let at = 0; at < shorter; at++) if (a[at] !== b[at]) count++;
  return count;
}

/**
 * Returns the rows of a dump with `columns` bytes per row. Long runs of equal rows are folded, except for those that begin at a row in
 * `opened`. `split`: a differing row has both sides; otherwise there is a row for each side that has bytes there.
 */
export function byteRows(
  a: Uint8Array,
  b: Uint8Array,
  { columns, split, opened }: { readonly columns: number; readonly split: boolean; readonly opened: ReadonlySet<number> },
): readonly ByteRow[] {
  const count = Math.ceil(Math.max(a.length, b.length) / columns);
  const rows: ByteRow[] = [];
  const same = (from: number, to: number) => {
    for (let row = from; row < to; row++) rows.push({ kind: 'same', row });
  };
  let row = 0;
  while (row < count) {
    const from = row;
    while (row < count && !differs(a, b, row, columns)) row++;
    const head = from + (from === 0 ? 0 : CONTEXT);
    const tail = row - (row === count ? 0 : CONTEXT);
    if (opened.has(head) || tail - head < LEAST_FOLDED) same(from, row);
    else {
      same(from, head);
      rows.push({ kind: 'fold', row: head, count: tail - head });
      same(tail, row);
    }
    const changed = row;
    while (row < count && differs(a, b, row, columns)) row++;
    if (split) for (let each = changed; each < row; each++) rows.push({ kind: 'changed', row: each });
    else pushSides(rows, { from: changed, to: row, endA: Math.ceil(a.length / columns), endB: Math.ceil(b.length / columns) });
  }
  return rows;
}

/** Adds differing rows. At each offset, side A's row is directly above side B's, so that bytes can be compared by eye. */
function pushSides(rows: ByteRow[], { from, to, endA, endB }: Readonly<Record<'from' | 'to' | 'endA' | 'endB', number>>): void {
  for (let row = from; row < to; row++) {
    if (row < endA) rows.push({ kind: 'removed', row });
    if (row < endB) rows.push({ kind: 'added', row });
  }
}

function differs(a: Uint8Array, b: Uint8Array, row: number, columns: number): boolean {
  // Beyond both ends, both bytes are undefined, and so equal.
  for (let at = row * columns; at < (row + 1) * columns; at++) if (a[at] !== b[at]) return true;
  return false;
}

/** Consecutive bytes in a row, in hex and as text, that either all differ from the other file's or all don't. */
export interface BytePart {
  readonly differs: boolean;
  readonly hex: string;
  readonly text: string;
}

/** Splits a row of `bytes` into parts that differ from `other` and parts that don't. A row at the end of the file is padded with blanks. */
export function byteParts(
  bytes: Uint8Array,
  other: Uint8Array,
  row: number,
  { columns, group }: Pick<HexShape, 'columns' | 'group'>,
): readonly BytePart[] {
  const parts: { differs: boolean; hex: string; text: string }[] = [];
  for (let i = 0; i < columns; i++) {
    const at = row * columns + i;
    const byte = bytes[at];
    const isDifferent = byte !== undefined && byte !== other[at];
    const gap = i === 0 || i % group !== 0 ? '' : i % 8 === 0 ? '  ' : ' ';
    const hex = byte === undefined ? '  ' : byte.toString(16).padStart(2, '0');
    const text = byte === undefined ? '' : byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·';
    const last = parts.at(-1);
    if (last?.differs === isDifferent) {
      last.hex += gap + hex;
      last.text += text;
      continue;
    }
    // A gap before or after a difference isn't marked.
    if (last !== undefined && isDifferent) last.hex += gap;
    parts.push({ differs: isDifferent, hex: isDifferent ? hex : gap + hex, text });
  }
  return parts;
}
