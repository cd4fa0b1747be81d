import type { RowColumns } from './row-columns.ts';

/**
 * Changes, a view or a comparison as columns: one row a path, in depth-first order, siblings by the bytes of their names.
 * The root itself is no row. Rows that only lead to others (unchanged folders) are there too, with kind `unchanged`.
 * Sizes are bytes. All are plain typed arrays: they cross structured clone, workers and the wire as they are.
 */
export interface RowTable extends RowColumns {
  readonly length: number;
  /** Offsets in `names`, one more than there are rows: the name of row r is names[nameStart[r] .. nameStart[r+1]]. */
  readonly nameStart: Uint32Array;
  /** Last path components, one after another, raw bytes. */
  readonly names: Uint8Array;
  /** Raw link target of symlinks and hard links, by row. Few rows have one. */
  readonly links: ReadonlyMap<number, Uint8Array>;
}

export const KIND = { unchanged: 0, added: 1, modified: 2, removed: 3 } as const;
export const KIND_NAMES = ['unchanged', 'added', 'modified', 'removed'] as const;
export type KindName = (typeof KIND_NAMES)[number];

export const DIFFERS = {
  content: 1, // the bytes of a file are known to differ
  type: 2,
  mode: 4,
  owner: 8,
  time: 16,
  attributes: 32,
  link: 64,
  rewritten: 128, // no difference: the layer has the file again with the same bytes
  unread: 256, // a file of the same size whose bytes were not compared or could not be read
  device: 512, // device numbers
} as const;

/** The bits for a file's content: at most one of them is set. */
export const CONTENT_BITS = DIFFERS.content | DIFFERS.rewritten | DIFFERS.unread;

const DIFFERENCE_WORDS = Object.entries(DIFFERS).filter(([, bit]) => (bit & (DIFFERS.rewritten | DIFFERS.unread)) === 0);

/** What differs from before, in words. `rewritten` and `unread` are not differences. */
export function differenceWords(bits: number): string[] {
  return DIFFERENCE_WORDS.filter(([, bit]) => bits & bit).map(([word]) => word);
}

/** {@link differenceWords} for people: begins with `rewritten` or `unread` if that bit is set. */
export function changeWords(bits: number): string[] {
  const first = (bits & DIFFERS.rewritten) !== 0 ? ['rewritten'] : (bits & DIFFERS.unread) !== 0 ? ['unread'] : [];
  return [...first, ...differenceWords(bits)];
}

/** Sides on which a row's bytes are part of sums. */
export const COUNTED = {
  now: 1, // `size`, of a row that wasn't removed
  before: 2, // `previousSize`; of a removed row `size`
} as const;

export const REASON = { none: 0, whiteout: 1, opaque: 2, replaced: 3 } as const;
export const REASON_NAMES = ['none', 'whiteout', 'opaque', 'replaced'] as const;

export const NO_LAYER = 0xffff;
export const NO_ENTRY = 0xffff_ffff;

/** Last path component of a row, raw bytes: a view, not a copy. */
export function rowName(table: RowTable, row: number): Uint8Array {
  return table.names.subarray(table.nameStart[row], table.nameStart[row + 1]);
}

/** Full path of a row, raw bytes joined by `/`. */
export function rowPath(table: RowTable, row: number): Uint8Array<ArrayBuffer> {
  let length = -1;
  for (let at = row; at >= 0; at = table.parent[at] as number) length += rowName(table, at).length + 1;
  const path = new Uint8Array(Math.max(length, 0));
  let end = path.length;
  for (let at = row; at >= 0; at = table.parent[at] as number) {
    const name = rowName(table, at);
    path.set(name, end - name.length);
    end -= name.length;
    if (end > 0) path[--end] = 0x2f;
  }
  return path;
}
